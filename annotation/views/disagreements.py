"""Pages on which owners and researchers read where annotators disagree."""

import uuid
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import access
from annotation.selectors.charts import kept_figures
from annotation.selectors.comments import talks_of
from annotation.selectors.disagreements import (
    Wanted,
    disagreement_page,
    last_run,
    measured_questions,
    place_of,
    question_of,
)
from annotation.selectors.item_detail import item_detail

KINDS = {"": "All", "side": "Side flips", "taste": "Same side, other strength"}
MAX_DIGITS = 4


@login_required
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the items on which people disagree, the most first."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    wanted = Wanted.from_parts(request.GET.dict())
    questions = measured_questions(seat.project)
    question = question_of(questions, wanted)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "wanted": wanted,
        "question": question,
        "questions": questions,
        "kinds": KINDS,
        "query": urlencode(wanted.parts),
        "run": last_run(seat.project),
        "page": disagreement_page(seat.project, wanted, question, _page(request)),
        "figures": kept_figures(seat.project),
    }
    return render(request, "annotation/manage/disagreements.html", context)


@login_required
@require_safe
def disagreement(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show one item of that list to read: its texts and what each person said."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    item = access.item(seat, public_id)
    wanted = Wanted.from_parts(request.GET.dict())
    question = question_of(measured_questions(seat.project), wanted)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "query": urlencode(wanted.parts),
        "place": place_of(seat.project, wanted, question, item),
        "detail": item_detail(item),
        "talks": talks_of(item),
    }
    return render(request, "annotation/manage/disagreement.html", context)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_number else 1
