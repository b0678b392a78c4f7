"""The curve of the newest fit as files: a picture with its words, and a table."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from routing.models import RoutingRun
from routing.selectors.audit_page import audit_csv, audit_of
from routing.selectors.state import newest_run, policy_of
from routing.selectors.what_if import curve_csv, curve_of
from routing.views.learned import strategy_words

# Where the plot lies in the picture.
LEFT, TOP, WIDTH, HEIGHT = 72, 100, 664, 270


@login_required
@require_safe
def curve_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the curve as one picture."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    run = _fit_run(seat)
    curve = curve_of(run.figures)
    if curve is None:
        raise NotFoundError
    context = {
        "project": seat.project,
        "curve": curve,
        "strategy": strategy_words(run.figures),
        "made_at": f"{run.applied_at:%Y-%m-%d}",
        "y_lines": [
            replace(tick, at=TOP + HEIGHT * (1 - tick.at / 100))
            for tick in curve.y_ticks
        ],
        "x_lines": [
            replace(tick, at=LEFT + WIDTH * tick.at / 100) for tick in curve.x_ticks
        ],
    }
    response = render(request, "routing/curve.svg", context)
    response["Content-Type"] = "image/svg+xml"
    return _named(response, f"what-if-{slug}.svg")


@login_required
@require_safe
def curve_table(request: HttpRequest, slug: str) -> HttpResponse:
    """Send every point of the curve as CSV."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    text = curve_csv(_fit_run(seat).figures)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    return _named(response, f"what-if-{slug}.csv")


@login_required
@require_safe
def audit_table(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the audit as CSV, by tag and by stratum; 404 while it is computed anew."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    audit = audit_of(seat.project, _fit_run(seat))
    if audit is None or audit.state != "told":
        raise NotFoundError
    response = HttpResponse(audit_csv(audit), content_type="text/csv; charset=utf-8")
    return _named(response, f"audit-{slug}.csv")


def _fit_run(seat: Seat) -> RoutingRun:
    policy = policy_of(seat.project)
    run = newest_run(policy, RoutingRun.Kind.FIT) if policy else None
    if run is None:
        raise NotFoundError
    return run


def _named(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
