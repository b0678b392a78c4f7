"""Pages on which owners and researchers read where annotators disagree."""

import uuid
from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from annotation import access
from annotation.answers import Problem, Question, parse_questions
from annotation.errors import ConflictError, InvalidError
from annotation.models import Item
from annotation.selectors.adjudications import decisions_on
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
from annotation.services import adjudications
from annotation.views.adjudication_form import AdjudicationForm
from annotation.words import gettext as _

KINDS = {
    "": gettext_lazy("All"),
    "side": gettext_lazy("Side flips"),
    "taste": gettext_lazy("Same side, other strength"),
}
SETTLING = {
    "": gettext_lazy("Any"),
    "open": gettext_lazy("Not settled"),
    "settled": gettext_lazy("Settled"),
}
MAX_DIGITS = 4


@login_required
@require_safe
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the items on which people disagree, the most first."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    wanted = Wanted.from_parts(request.GET.dict())
    questions = measured_questions(seat.project)
    question = question_of(questions, wanted)
    figures = kept_figures(seat.project)
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "wanted": wanted,
        "question": question,
        "questions": questions,
        "kinds": [
            (words, _with_kind(wanted, kind), kind == wanted.kind)
            for kind, words in KINDS.items()
        ],
        "settlings": SETTLING,
        "query": urlencode(wanted.parts),
        "run": last_run(seat.project),
        "page": disagreement_page(seat.project, wanted, question, _page(request)),
        "figures": figures,
        # As of the figures: counting it anew reads all that was ever shown.
        "n_seen": figures.numbers.get("n_seen", 0) if figures else 0,
    }
    return render(request, "annotation/manage/disagreements.html", context)


def _with_kind(wanted: Wanted, kind: str) -> str:
    return urlencode(replace(wanted, kind=kind).parts)


@login_required
@require_safe
def disagreement(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show one item of that list to read: its texts and what each person said."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    item = access.item(seat, public_id)
    decisions = decisions_on(item)
    form = AdjudicationForm(
        _asked(seat),
        item.n_completions,
        initial={"shown": decisions.n_shown},
    )
    context = _reading(request, seat, item) | {"decisions": decisions, "form": form}
    return render(request, "annotation/manage/disagreement.html", context)


@login_required
@require_POST
def adjudicate(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Settle an item or open it again; where something is missing, show the form."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    item = access.item(seat, public_id)
    form = AdjudicationForm(_asked(seat), item.n_completions, request.POST)
    try:
        _decide(request, seat, item, form)
    except (ConflictError, InvalidError) as error:
        decisions = decisions_on(item)
        if isinstance(error, ConflictError):
            # What others decided is on the page now; the words given so far stay.
            given = request.POST.copy()
            given["shown"] = str(decisions.n_shown)
            form = AdjudicationForm(_asked(seat), item.n_completions, given)
        context = _reading(request, seat, item) | {
            "decisions": decisions,
            "form": form,
            "problems": error.problems or [Problem("", error.message)],
        }
        page = "annotation/manage/disagreement.html"
        return render(request, page, context, status=error.status)
    address = reverse("disagreement", args=[slug, public_id])
    query = urlencode(Wanted.from_parts(request.GET.dict()).parts)
    return redirect(f"{address}{f'?{query}' if query else ''}#adjudication")


def _decide(
    request: HttpRequest, seat: access.Seat, item: Item, form: AdjudicationForm
) -> None:
    """Do what the pressed button says; a choice that is not offered is a problem."""
    if not form.is_valid():
        raise InvalidError(
            _("The item is not settled yet."),
            problems=[
                Problem(name, " ".join(str(one) for one in sentences))
                for name, sentences in form.errors.items()
            ],
        )
    by = User.objects.get(pk=seat.user_id)
    reason, n_shown = form.cleaned_data["reason"], form.cleaned_data["shown"]
    if request.POST.get("do") == "reopen":
        adjudications.reopen(
            item=item, by=by, role=seat.role, reason=reason, n_shown=n_shown
        )
        messages.success(request, _("The item is open again."))
        return
    adjudications.settle(
        item=item,
        by=by,
        role=seat.role,
        answers=form.answers(),
        reason=reason,
        n_shown=n_shown,
    )
    messages.success(request, _("The item is settled."))


def _asked(seat: access.Seat) -> tuple[Question, ...]:
    version = seat.project.current_questions()
    return parse_questions(version.questions) if version else ()


def _reading(request: HttpRequest, seat: access.Seat, item: Item) -> dict[str, object]:
    wanted = Wanted.from_parts(request.GET.dict())
    question = question_of(measured_questions(seat.project), wanted)
    return {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "query": urlencode(wanted.parts),
        "is_walk": True,
        "place": place_of(seat.project, wanted, question, item),
        "detail": item_detail(item),
        "talks": talks_of(item),
    }


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_number else 1
