"""What each size of budget asks for, and is expected to buy, as the page shows it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from annotation.models import Project
from routing.models import RoutingRun
from routing.selectors.budget import Pool, Size, asked_size, paid_size, pool_of
from routing.selectors.drawing import Drawing, draw
from routing.selectors.effort import effort_rule
from routing.selectors.estimates import Estimate, Point
from routing.selectors.page import pool_before
from routing.selectors.state import RoutingState
from routing.selectors.what_if import ORACLE, WhatIf, what_if

# Of all sizes these are told before anything is known of quality.
TENTHS = (1, 2, 5, 10)


def what_if_context(
    project: Project, now: RoutingState, run: RoutingRun | None, asked: QueryDict
) -> dict[str, Any]:
    """Return what the panels of the budget need, before a fit and after it.

    `run`: the newest fit, which can be that of a policy that has ended.
    """
    if run is None:
        return _before(project, now, asked)
    figures = run.figures
    size = fit_size(run, asked)
    found = what_if(figures, size, shown_of(asked))
    drawing = draw(found) if found else None
    return {
        "size": size,
        "effort_at": effort_rule(project).at(size.n_items, _n_done(now)),
        "what_if": found,
        "drawing": drawing,
        "what_if_query": urlencode(_query(asked), doseq=True),
        "what_if_data": _data(size.pool, found, drawing),
    }


def fit_size(run: RoutingRun, asked: Mapping[str, str]) -> Size:
    """Return the size of budget that is looked at, else that of the policy."""
    return asked_size(pool_of(run.figures), asked, paid_size(run.figures))


def shown_of(asked: QueryDict) -> tuple[str, ...]:
    """Return the strategies that are drawn beside the chosen one."""
    return tuple(asked.getlist("show")) if "shown" in asked else (ORACLE,)


def _before(project: Project, now: RoutingState, asked: QueryDict) -> dict[str, Any]:
    """Return what can be said before a seed: what each size asks for."""
    pool, usual = pool_before(project, now)
    size = asked_size(pool, asked, usual)
    counts = {round(tenth * pool.n_items / 10) for tenth in TENTHS} | {size.n_items}
    return {
        "size": size,
        "effort_at": effort_rule(project).at(size.n_items, now.seed.n_labelled),
        "sizes": [pool.size(n) for n in sorted(counts)],
        "what_if_data": _data(pool, None, None),
    }


def _n_done(now: RoutingState) -> int:
    """Return how many items people have labelled under the policy after its seed."""
    if now.spending is None:
        return 0
    return max(now.spending.n_labelled - now.seed.n_labelled, 0)


def _query(asked: QueryDict) -> dict[str, list[str]]:
    names = ("usd", "items", "at", "show", "shown")
    return {name: asked.getlist(name) for name in names if name in asked}


def _data(
    pool: Pool, found: WhatIf | None, drawing: Drawing | None
) -> dict[str, object]:
    """Return what a script needs to follow the budget before the server answers."""
    told: dict[str, object] = {"items": pool.n_items, "usd": float(pool.label_usd)}
    told["costs"] = pool.costs
    if found is not None and drawing is not None:
        told["axis"] = [drawing.low, drawing.high]
        told["chosen"] = [_numbers(one) for one in found.chosen.points]
        told["random"] = [_numbers(one) for one in found.random.points]
    return told


def _numbers(point: Point) -> list[float]:
    return [point.share, *_three(point.right), *_three(point.gain)]


def _three(found: Estimate) -> tuple[float, float, float]:
    return found.mean, found.low, found.high
