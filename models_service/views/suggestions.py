"""The page of suggestions to people: the policy, its history, and what it does."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation import access
from annotation.access import Seat
from annotation.errors import InvalidError
from annotation.models import Project, SuggestionPolicy
from annotation.suggestions import BLIND
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _
from models_service.agreeing import MIN_OTHERS
from models_service.anchoring import MIN_PER_ARM
from models_service.crossed import MIN_PEOPLE
from models_service.selectors import suggestions_page
from models_service.selectors.suggestions_page import Report
from models_service.services.anchoring import choose_policy, request_anchoring
from models_service.views.machines import base_context
from models_service.views.suggestion_form import SuggestionForm, initial


@login_required
@require_http_methods(METHODS)
def suggestions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show when people see what a machine said, and what that does; POST sets it."""
    if request.method != "POST":
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return _page(request, seat, None)
    seat = access.seat(request.user, slug, roles=OWNERS)
    form = SuggestionForm(request.POST, offered=suggestions_page.choices(seat.project))
    if not form.is_valid():
        return _page(request, seat, form)
    before = seat.project.suggestion_policy_id
    try:
        policy = choose_policy(
            project=seat.project,
            by=person(request),
            machine=form.chosen(),
            arms=form.arms(),
            has_reason=form.cleaned_data["has_reason"],
        )
    except InvalidError as error:
        form.say(error.problems)
        return _page(request, seat, form)
    messages.success(request, _saved(policy, before))
    return redirect("suggestions", slug)


def _saved(policy: SuggestionPolicy | None, before: int | None) -> str:
    if (policy and policy.pk) == before:
        return _("Nothing has changed.")
    if policy is None:
        return _("Nobody sees what an AI said any more. What was seen stays stored.")
    return _(
        "This is policy {number}. Items that people hold keep the one they came under."
    ).format(number=policy.number)


@login_required
@require_POST
def suggestions_refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the figures anew."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    request_anchoring(project=seat.project)
    messages.success(request, _("A worker computes the figures anew."))
    return redirect("suggestions", slug)


def _page(
    request: HttpRequest, seat: Seat, form: SuggestionForm | None
) -> HttpResponse:
    project = seat.project
    policy = _policy(project)
    report = suggestions_page.report_of(project)
    past = suggestions_page.history(project)
    offered = suggestions_page.choices(project)
    shown = form or SuggestionForm(initial=initial(policy), offered=offered)
    context = base_context(seat) | {
        "form": shown,
        "choices": list(zip(shown["machine"], [None, *offered], strict=True)),
        "policy": policy,
        "arms": suggestions_page.arms_in_words(policy.arms) if policy else "",
        "history": [
            (one, suggestions_page.arms_in_words(one.policy.arms) if one.policy else "")
            for one in past
        ],
        "reaches": suggestions_page.reaches(),
        "sizes": suggestions_page.SIZES,
        "report": report,
        "is_awaited": bool(past)
        and (report is None or report.requested_at is not None),
        "least": {
            "people": MIN_PEOPLE,
            "others": MIN_OTHERS,
            "answers": MIN_PER_ARM,
        },
    }
    if report is not None:
        context["of_machine"] = report.figures["machine"]
        context["n_other_machines"] = report.figures["n_other_machines"]
        if report.figures["n"]:
            context |= _told(report)
    status = 422 if form is not None else 200
    return render(request, "models_service/suggestions.html", context, status=status)


def _policy(project: Project) -> SuggestionPolicy | None:
    if project.suggestion_policy_id is None:
        return None
    found = SuggestionPolicy.objects.select_related("machine")
    return found.get(pk=project.suggestion_policy_id)


def _told(report: Report) -> dict[str, Any]:
    figures = report.figures
    return {
        "figures": figures,
        "finding": suggestions_page.finding_of(figures),
        "arm_rows": suggestions_page.arm_rows(figures),
        "effects": _effects("", figures["effects"]),
        "has_hedged_beside": any(
            (one["arm"], one["than"]) == ("shown", "hedged")
            and one["n"]
            and one["n_than"]
            for one in figures["effects"]
        ),
        "reliance": [
            _effects(title, [one for one in told if one["than"] == BLIND])
            for title, told in (
                (
                    _("Where most of the others say what the AI says"),
                    figures["when_with"],
                ),
                (
                    _("Where most of the others say something else"),
                    figures["when_against"],
                ),
            )
        ],
        "changes": suggestions_page.changes_in_words(figures["changes"]),
        "change_parts": suggestions_page.change_parts(figures["changes"]),
    }


def _effects(title: str, told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = suggestions_page.effect_rows(told)
    return {
        "title": title,
        "rows": rows,
        "reach": round(100 * suggestions_page.reach_of(told)),
        "is_drawn": any(row.value.at is not None for row in rows),
    }
