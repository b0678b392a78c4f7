"""The page of routing: where it stands, its policy, decisions, money and figures."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from annotation import access
from annotation.access import Seat
from annotation.errors import ConflictError, InvalidError
from annotation.models import Project
from annotation.selectors.jobs import shown_job
from annotation.selectors.workers import workers_alive
from annotation.views.live_parts import live_part
from annotation.views.person import person
from annotation.views.settings_common import METHODS, OWNERS
from annotation.words import gettext as _
from routing.models import RoutingPolicy
from routing.selectors.ai_costs import ai_money
from routing.selectors.described import tag_offer
from routing.selectors.effort import effort_rule
from routing.selectors.new_items import new_items_of
from routing.selectors.page import (
    action_of,
    cost_of_all,
    lacking,
    offers,
    parts_of,
)
from routing.selectors.state import (
    COLLECTING,
    EXHAUSTED,
    FITTING,
    ROUTED,
    RoutingState,
    is_unended,
    newest_fit,
    policy_of,
    state_of,
)
from routing.selectors.taught_here import taught_here
from routing.services.by_hand import request_by_hand
from routing.services.policies import end_policy, set_policy
from routing.services.reading import read_policy
from routing.views.learned import learned_context
from routing.views.policy_form import PolicyForm, initial, percent, used_budget
from routing.views.what_if import what_if_context

# How often the page asks while a job is at work, and while people label the seed.
EVERY_S, EVERY_SEED_S = 2, 5


@login_required
@require_http_methods(METHODS)
def routing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where routing stands; POST sets the policy, for owners."""
    if request.method != "POST":
        seat = access.seat(request.user, slug, roles=access.MANAGERS)
        return _page(request, seat, None)
    seat = access.seat(request.user, slug, roles=OWNERS)
    tags = tag_offer(seat.project, policy_of(seat.project))
    form = PolicyForm(request.POST, offered=offers(seat.project), tags=tags)
    if not form.is_valid():
        return _page(request, seat, form)
    try:
        policy = set_policy(
            project=seat.project,
            by=person(request),
            draft=read_policy(seat.project, form.raw()),
        )
    except InvalidError as error:
        form.say(error.problems)
        return _page(request, seat, form)
    said = _("This is policy {number}. Its seed is drawn now.")
    messages.success(request, said.format(number=policy.number))
    return redirect("routing", slug)


@login_required
@require_GET
def routing_live(request: HttpRequest, slug: str) -> HttpResponse:
    """Return what changes while a job is at work or people label the seed.

    It asks again until then; 304 where all is as the page has it. Where a fit holds
    that the page does not show yet, it is told to fetch what was learned.
    """
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    context = live_context(seat)
    body = render_to_string("routing/live_part.html", context, request=request)
    response = live_part(request, body)
    if request.GET.get("fit", context["fit_stamp"]) != context["fit_stamp"]:
        response["HX-Trigger"] = "routing-learned"
    return response


@login_required
@require_POST
def routing_run(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the next run of the policy in force; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    try:
        request_by_hand(project=seat.project, user=person(request))
    except ConflictError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("A worker takes it up."))
    return redirect("routing", slug)


@login_required
@require_POST
def routing_end(request: HttpRequest, slug: str) -> HttpResponse:
    """End the policy in force; owners only."""
    seat = access.seat(request.user, slug, roles=OWNERS)
    try:
        end_policy(project=seat.project, by=person(request))
    except ConflictError as error:
        messages.error(request, error.message)
    else:
        said = _(
            "The policy has ended. What waited returns to people, and what was left to "
            "the AI stays so."
        )
        messages.success(request, said)
    return redirect("routing", slug)


def live_context(seat: Seat) -> dict[str, Any]:
    """Return what the part of the page needs that changes by itself."""
    now = state_of(seat.project)
    parts = parts_of(seat.project, now.policy)
    return {
        "seat": seat,
        "project": seat.project,
        "now": now,
        "job": shown_job(now.job) if now.job else None,
        "is_at_work": is_unended(now.job),
        "is_embedding": is_unended(now.embedding),
        "embedding": shown_job(now.embedding) if now.embedding else None,
        "alive": workers_alive(),
        "asks_every": _asks_every(now),
        "fit_stamp": str(now.fit_run.applied_at) if now.fit_run else "",
        "action": action_of(now),
        "steps": [
            (COLLECTING, _("Label the seed")),
            (FITTING, _("Learn")),
            (ROUTED, _("Label what is chosen")),
            (EXHAUSTED, _("All is done")),
        ],
        "parts": [
            (title, [one for one in parts if one.source == source])
            for source, title in (
                ("human", _("Items that people label")),
                ("ai", _("Items that take the AI's label")),
                ("waiting", _("Items without a decision yet")),
            )
        ],
        "n_decided": sum(one.n for one in parts),
        **_effort(seat.project, now),
    }


def _effort(project: Project, now: RoutingState) -> dict[str, Any]:
    """Return the work of people that is still to come."""
    if now.policy is None:
        return {}
    rule = effort_rule(project)
    return {"effort": rule.less(rule.at(now.n_to_come), now.n_answered)}


def _asks_every(now: RoutingState) -> int:
    """Return after how many seconds the page asks again; 0 = it does not."""
    if is_unended(now.job) or is_unended(now.embedding):
        return EVERY_S
    return EVERY_SEED_S if now.state in (COLLECTING, FITTING) else 0


def _page(request: HttpRequest, seat: Seat, form: PolicyForm | None) -> HttpResponse:
    project = seat.project
    offered = form.offered if form else offers(project)
    live = live_context(seat)
    now: RoutingState = live["now"]
    wanted = lacking(project, list(offered))
    n_items, all_usd = cost_of_all(project)
    begun = initial(project, now.policy, offered, n_items)
    run = newest_fit(project)
    run_told = learned_context(project, run)
    sizes = what_if_context(project, now, run, request.GET)
    used = None
    if form is None and "use" in request.GET and sizes["size"].n_items:
        used = used_budget(sizes["size"], int(begun["n_seed"]) if run else 0)
        begun |= {"budget": used.budget, "budget_unit": used.unit}
    tags = tag_offer(project, now.policy)
    told = {
        "tab": "routing",
        "lacking": wanted,
        "form": form or PolicyForm(initial=begun, offered=offered, tags=tags),
        "judges": _judges(now.policy),
        "taught": [one.name for one in taught_here(project)],
        "new_items": new_items_of(now.policy) if now.policy else None,
        "shares": _shares(now.policy),
        "n_items": n_items,
        "ai_money": ai_money(now.policy) if now.policy else None,
        "all_usd": all_usd,
        "used": used,
    }
    context = live | run_told | sizes | told
    status = 422 if form is not None else 200
    return render(request, "routing/routing.html", context, status=status)


def _judges(policy: RoutingPolicy | None) -> list[str]:
    if policy is None:
        return []
    return list(policy.judges.order_by("name").values_list("name", flat=True))


def _shares(policy: RoutingPolicy | None) -> dict[str, str]:
    """Return the shares of a policy as they are written."""
    if policy is None:
        return {}
    return {
        "budget": percent(float(policy.budget)),
        "audit": percent(policy.audit_share),
        "reserve": percent(policy.reserve_share),
        "stop": percent(policy.stop_gain),
        "length": percent(policy.length_share or None),
    }
