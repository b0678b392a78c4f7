"""PURE: what labels by lot say of all items: unbiased, and with an interval.

Labels that were chosen by gain say nothing of the rest; those of the reserve, or of a
random sample that nothing was fitted on, do.
"""

from dataclasses import dataclass

import numpy as np

from routing.pairs import Bools, Floats
from routing.selection import Chosen

Z = 1.959964
LEAST = 5


@dataclass(frozen=True)
class Estimate:
    """A figure of all items, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Audit:
    """What is estimated of a routed pool.

    `ai_accuracy`: share of all items whose AI label is people's; `label_accuracy`: of
    the labels after routing; `errors_found`: share of the AI's errors that people
    mended, None where none is known.
    """

    ai_accuracy: Estimate
    label_accuracy: Estimate
    errors_found: Estimate | None


def wilson(n_hits: float, n: int) -> Estimate:
    """Return a share with Wilson's interval.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if n < 1:
        raise ValueError("n must be at least 1")
    share, weight = n_hits / n, 1 + Z * Z / n
    middle = (share + Z * Z / (2 * n)) / weight
    half = Z * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / weight
    return Estimate(
        share, max(0.0, float(middle - half)), min(1.0, float(middle + half))
    )


def audit_pool(wrong: Floats, chosen: Chosen) -> Audit | None:
    """Estimate from what people labelled how the whole pool is; None with no reserve.

    Of the items chosen by gain everything is known; of all others the reserve is a
    random sample. So every figure is what is known plus a share of the rest; that is
    the same as counting each label 1 / propensity times.

    Parameters
    ----------
    wrong : float64 [n]
        1 where people's label is not the AI's; read only where people labelled.
    """
    drawn = chosen.is_reserve
    n, n_drawn = len(wrong), int(drawn.sum())
    if n_drawn < LEAST:
        return None
    by_gain: Bools = chosen.human & ~drawn
    rest = wilson(float(wrong[drawn].sum()), n_drawn)
    n_rest, n_left = n - int(by_gain.sum()), n - int(chosen.human.sum())
    found, mended = float(wrong[by_gain].sum()), float(wrong[chosen.human].sum())

    def of_all(known: float, n_unknown: int) -> Estimate:
        low, high = (1 - (known + n_unknown * b) / n for b in (rest.high, rest.low))
        return Estimate(1 - (known + n_unknown * rest.value) / n, low, high)

    return Audit(
        of_all(found, n_rest),
        of_all(0.0, n_left),
        _found(mended, n_left, rest),
    )


def _found(mended: float, n_left: int, rest: Estimate) -> Estimate | None:
    if not mended:
        return None
    value, low, high = (
        mended / (mended + n_left * share)
        for share in (rest.value, rest.high, rest.low)
    )
    return Estimate(value, low, high)
