"""PURE: what the place shown does to a judge, and whether its verdicts carry weight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from annotation.agreement import Interval, wilson_interval
from annotation.agreement.coefficients import Floats
from annotation.words import gettext as _
from models_service.combining import ORDER_INCONSISTENT, Combined

# A judge that tosses a coin in each order contradicts itself on half of the items, one
# that always names one place on all. It carries no weight once the lower end of the
# 95 % interval of its share of contradictions exceeds this: half of a coin's share.
MAX_FLIP_SHARE = 0.25
# Mean pull of the place over the mean evidence for a completion: above this, where an
# answer stands decides more than what it says.
MAX_BIAS_RATIO = 1.0
# With fewer items the ratio is chance.
MIN_ITEMS = 20


@dataclass(frozen=True)
class PositionBias:
    """What the place shown does to a judge's verdicts, over items in both orders.

    `mean_bias` has the unit of `Combined.bias`, positive towards the place shown
    first, with a normal interval. `mean_evidence`: mean size of the evidence for a
    completion, in nats; None where verdicts have no logit. `flips`: share of items on
    which the two orders contradict each other, with Wilson's interval.
    """

    n_items: int
    mean_bias: Interval
    mean_evidence: float | None
    n_flips: int
    flips: Interval

    @property
    def bias_ratio(self) -> float | None:
        """Return how much the place weighs against the content; inf = it alone does."""
        if self.mean_evidence is None or np.isnan(self.mean_bias.value):
            return None
        size = abs(self.mean_bias.value)
        if self.mean_evidence == 0:
            return float("inf") if size else 0.0
        return size / self.mean_evidence


@dataclass(frozen=True)
class Weight:
    """Whether a judge's verdicts carry weight, and in sentences why not."""

    carries: bool
    reasons: tuple[str, ...] = ()


def position_bias(
    biases: Sequence[float], is_flipped: Sequence[bool], logits: Sequence[float] = ()
) -> PositionBias:
    """Return a judge's position bias from what was stored of its verdicts.

    Parameters
    ----------
    biases : float, shape [n_items]
        `Combined.bias` of each item that was judged in both orders.
    is_flipped : bool, shape [n_items]
        Whether its verdict has the flag `order_inconsistent`.
    logits : float, shape [n_items] or [0]
        `Combined.logit`; empty for rankings and ratings.
    """
    n_flips = sum(map(bool, is_flipped))
    evidence = float(np.mean(np.abs(logits))) if len(logits) else None
    return PositionBias(
        n_items=len(is_flipped),
        mean_bias=_mean_interval(np.asarray(biases, dtype=float)),
        mean_evidence=evidence,
        n_flips=n_flips,
        flips=wilson_interval(n_flips, len(is_flipped)),
    )


def position_bias_of(verdicts: Iterable[Combined]) -> PositionBias:
    """Return the position bias of a judge over its verdicts in both orders."""
    known = [one for one in verdicts if one.status == "ok" and one.bias is not None]
    return position_bias(
        [one.bias for one in known if one.bias is not None],
        [ORDER_INCONSISTENT in one.flags for one in known],
        [one.logit for one in known if one.logit is not None],
    )


def carries_weight(
    bias: PositionBias,
    max_flip_share: float = MAX_FLIP_SHARE,
    max_bias_ratio: float = MAX_BIAS_RATIO,
) -> Weight:
    """Tell whether a judge's verdicts carry weight, by the limits stated above."""
    reasons = []
    if bias.n_items and bias.flips.low > max_flip_share:
        text = _(
            "It contradicts itself on {share:.0%} of {n} items when the answers swap "
            "places; the limit is {limit:.0%}."
        )
        reasons.append(
            text.format(share=bias.flips.value, n=bias.n_items, limit=max_flip_share)
        )
    ratio = bias.bias_ratio
    if ratio is not None and bias.n_items >= MIN_ITEMS and ratio > max_bias_ratio:
        reasons.append(
            _("Where an answer stands weighs more with it than what the answer says.")
        )
    return Weight(not reasons, tuple(reasons))


def _mean_interval(values: Floats) -> Interval:
    nan = float("nan")
    if not values.size:
        return Interval(nan, nan, nan)
    mean = float(values.mean())
    if values.size < 2:
        return Interval(mean, nan, nan)
    half = NormalDist().inv_cdf(0.975) * float(values.std(ddof=1)) / sqrt(values.size)
    return Interval(mean, mean - half, mean + half)
