"""Step route: estimates of a fit as plain JSON, rounded alike everywhere."""

from dataclasses import asdict
from typing import Any

from annotation.agreement.intervals import wilson_interval
from routing.curve import Estimate

DIGITS = 6
Figures = dict[str, Any]


def plain(found: Estimate) -> Figures:
    """Return an estimate as JSON."""
    return {name: round(value, DIGITS) for name, value in asdict(found).items()}


def plain_share(n_hits: int, n: int) -> Figures:
    """Return a share with Wilson's interval as JSON."""
    found = wilson_interval(n_hits, n)
    return plain(Estimate(found.value, found.low, found.high))
