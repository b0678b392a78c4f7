"""For owners: say what is right for an item and use it as a check, or end that."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError
from annotation.gold import Gold, InvalidGoldError, read_gold
from annotation.models import CheckItem, Item, Project
from annotation.questions import Question, parse_questions
from annotation.selectors.item_detail import item_detail
from annotation.services.checks import end_check, use_as_check
from annotation.views.gold_form import GoldForm, initial_of
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _


@require_http_methods(METHODS)
@login_required
def item_gold(request: HttpRequest, slug: str, public_id: uuid.UUID) -> HttpResponse:
    """Show and store what is right for an item."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    item = access.item(seat, public_id)
    questions = _questions(seat.project)
    if request.method != "POST":
        initial = initial_of(_stored(item, questions), questions)
        form = GoldForm(questions, item.n_completions, initial=initial)
        return _page(request, seat, item, form)
    form = GoldForm(questions, item.n_completions, request.POST)
    if not form.is_valid():
        return _page(request, seat, item, form, status=422)
    try:
        use_as_check(item=item, gold=form.gold(), by=person(request))
    except (InvalidError, ConflictError) as error:
        words = [problem.message for problem in error.problems] or [error.message]
        form.add_error(None, " ".join(words))
        return _page(request, seat, item, form, status=422)
    messages.success(request, _("The item is a check now. It counts for nothing else."))
    if form.cleaned_data["is_in_pool"]:
        messages.success(
            request, _("It stays in the pool, and its answers are graded.")
        )
    return redirect("item", slug, item.public_id)


@require_POST
@login_required
def item_gold_end(
    request: HttpRequest, slug: str, public_id: uuid.UUID
) -> HttpResponse:
    """Ask nobody this check any more."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    item = access.item(seat, public_id)
    check = CheckItem.objects.filter(item=item).first()
    if check is not None:
        is_back = end_check(check=check, by=person(request))
        messages.success(
            request,
            _("The item is no check any more, and back in the pool.")
            if is_back
            else _(
                "Nobody gets this check any more. It stays out of the pool, "
                "because people have met it as a check."
            ),
        )
    return redirect("item", slug, item.public_id)


def _questions(project: Project) -> tuple[Question, ...]:
    version = project.current_questions()
    return parse_questions(version.questions if version else None)


def _stored(item: Item, questions: tuple[Question, ...]) -> Gold | None:
    """Return the known answer of the item, None where it does not fit any more."""
    if not item.gold:
        return None
    try:
        return read_gold(item.gold, questions, item.n_completions)
    except InvalidGoldError:
        return None


def _page(
    request: HttpRequest, seat: Seat, item: Item, form: GoldForm, status: int = 200
) -> HttpResponse:
    context = {
        "seat": seat,
        "project": seat.project,
        "tab": "items",
        "item": item,
        "detail": item_detail(item),
        "form": form,
        "check": CheckItem.objects.filter(item=item).first(),
    }
    return render(request, "annotation/manage/item_gold.html", context, status=status)
