"""The charts of the newest fit as files: pictures with their words, and tables."""

from dataclasses import dataclass, replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation import access
from annotation.access import Seat
from annotation.errors import NotFoundError
from routing.models import RoutingRun
from routing.selectors.audit_page import audit_csv, audit_of
from routing.selectors.drawing import Stroke, draw
from routing.selectors.learned import Lane, tags_csv, tags_of
from routing.selectors.state import newest_fit
from routing.selectors.what_if import curve_csv, what_if
from routing.views.what_if import fit_size, shown_of

# Where the plot of the curve lies in its picture.
LEFT, TOP, WIDTH, HEIGHT = 72, 76, 664, 294
# Where the lanes of the tags lie in theirs.
LANE_LEFT, LANE_WIDTH, LANE_TOP, LANE_HEIGHT, GROUP_HEIGHT = 330, 350, 104, 28, 30


@dataclass(frozen=True)
class Name:
    """The name of a line, in pixels of the picture."""

    stroke: Stroke
    x: float
    y: float


@dataclass(frozen=True)
class LaneRow:
    """A tag in the picture, in pixels."""

    lane: Lane
    y: float
    at: float
    low: float
    high: float


@login_required
@require_safe
def curve_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the curve as one picture, with the strategies that the page shows."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    run = _fit_run(seat)
    size = fit_size(run, request.GET)
    found = what_if(run.figures, size, shown_of(request.GET))
    if found is None:
        raise NotFoundError
    drawing = draw(found)
    context = {
        "project": seat.project,
        "what_if": found,
        "drawing": drawing,
        "made_at": _made_at(run),
        "names": [
            Name(one, LEFT + WIDTH * one.left / 100, TOP + 13 + HEIGHT * one.top / 100)
            for one in drawing.strokes
        ],
        "y_lines": [
            replace(tick, at=TOP + HEIGHT * (1 - tick.at / 100))
            for tick in drawing.y_ticks
        ],
        "x_lines": [
            replace(tick, at=LEFT + WIDTH * tick.at / 100) for tick in drawing.x_ticks
        ],
    }
    return _picture(request, "routing/curve.svg", context, f"what-if-{slug}")


@login_required
@require_safe
def tags_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the tags that gain most and least as one picture."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    run = _fit_run(seat)
    tags = tags_of(seat.project, run.figures)
    if tags is None:
        raise NotFoundError
    y = float(LANE_TOP)
    groups = []
    for title, lanes in tags.groups:
        rows = [
            _lane_row(lane, y + GROUP_HEIGHT + LANE_HEIGHT * place)
            for place, lane in enumerate(lanes)
        ]
        groups.append((title, y, rows))
        y += GROUP_HEIGHT + LANE_HEIGHT * len(lanes)
    context = {
        "project": seat.project,
        "tags": tags,
        "groups": groups,
        "made_at": _made_at(run),
        "bottom": y,
        "height": y + 56,
        "zero": LANE_LEFT + LANE_WIDTH * tags.zero / 100,
        "right": LANE_LEFT + LANE_WIDTH,
    }
    return _picture(request, "routing/tags.svg", context, f"tags-{slug}")


def _lane_row(lane: Lane, y: float) -> LaneRow:
    at, low, high = (
        LANE_LEFT + LANE_WIDTH * one / 100 for one in (lane.at, lane.low, lane.high)
    )
    return LaneRow(lane, y, at, low, high)


@login_required
@require_safe
def curve_table(request: HttpRequest, slug: str) -> HttpResponse:
    """Send every point of the curve as CSV."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    return _table(curve_csv(_fit_run(seat).figures), f"what-if-{slug}")


@login_required
@require_safe
def tags_table(request: HttpRequest, slug: str) -> HttpResponse:
    """Send every tag as CSV."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    return _table(tags_csv(_fit_run(seat).figures), f"tags-{slug}")


@login_required
@require_safe
def audit_table(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the audit as CSV, by tag and by stratum; 404 while it is computed anew."""
    seat = access.seat(request.user, slug, roles=access.MANAGERS)
    audit = audit_of(seat.project, _fit_run(seat))
    if audit is None or audit.state != "told":
        raise NotFoundError
    return _table(audit_csv(audit), f"audit-{slug}")


def _fit_run(seat: Seat) -> RoutingRun:
    run = newest_fit(seat.project)
    if run is None:
        raise NotFoundError
    return run


def _made_at(run: RoutingRun) -> str:
    return f"{run.applied_at:%Y-%m-%d}"


def _picture(
    request: HttpRequest, template: str, context: dict[str, object], name: str
) -> HttpResponse:
    response = render(request, template, context)
    response["Content-Type"] = "image/svg+xml"
    response["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return response


def _table(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
