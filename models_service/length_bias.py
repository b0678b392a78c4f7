"""PURE: whether a judge likes long answers more than people do."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.reliability import sigmoid
from models_service.resampling import draws, ratio, resample

# Standard deviation of the prior of a coefficient, in log-odds. A judge that always
# names the longer answer has no finite coefficient without one.
PRIOR_SD = 5.0
N_STEPS = 200


@dataclass(frozen=True)
class LengthBias:
    """What length does to a judge where it names a side.

    `coefficient`: change of its log-odds for an answer that is longer by one standard
    deviation, where people's choice is the same; 0 = length does nothing of itself.
    `label_coefficient`: change for the answer that people prefer. `judge_longer`,
    `people_longer`: how often each names the longer answer, where lengths differ.
    """

    n_items: int
    coefficient: Interval
    label_coefficient: Interval
    judge_longer: Interval
    people_longer: Interval


def length_bias(
    judge: Floats,
    labels: Floats,
    length_difference: Floats,
    rng: np.random.Generator,
    n_resamples: int = 200,
) -> LengthBias:
    """Return how length moves a judge, with what people say held fixed.

    A logistic regression without an intercept, since which completion is 0 is
    arbitrary: log-odds that the judge names completion 0 = a * length + b * label,
    with a weak normal prior on both; intervals over resampled items.

    Parameters
    ----------
    judge, labels : float, shape [n_items]
        Choice of the judge, and of most people: 1, 0, -1, NaN. Items on which the
        judge names no side, or people have no majority, are left out.
    length_difference : float, shape [n_items]
        Length of completion 0 less that of completion 1; NaN = not known.
    """
    known = ~np.isnan(judge) & (judge != 0) & ~np.isnan(labels + length_difference)
    side, label, length = judge[known], labels[known], length_difference[known]
    scale = float(np.sqrt(np.mean(length**2))) if length.size else 0.0
    x = np.stack([length / scale if scale else length, label], axis=1)
    fitted = _fit(x, side, np.ones(side.size))
    counts = draws(side.size, n_resamples, rng)
    drawn = np.array([_fit(x, side, weights) for weights in counts])
    ends = np.quantile(drawn, [0.025, 0.975], axis=0)
    return LengthBias(
        n_items=int(known.sum()),
        coefficient=_interval(fitted, ends, 0, side.size),
        label_coefficient=_interval(fitted, ends, 1, side.size),
        judge_longer=_longer(judge, length_difference, rng),
        people_longer=_longer(labels, length_difference, rng),
    )


def _interval(fitted: Floats, ends: Floats, at: int, n: int) -> Interval:
    if n < 2:
        nan = float("nan")
        return Interval(nan, nan, nan)
    return Interval(float(fitted[at]), float(ends[0, at]), float(ends[1, at]))


def _longer(choices: Floats, length: Floats, rng: np.random.Generator) -> Interval:
    """Return how often a side that was named is that of the longer completion."""
    named = ~np.isnan(choices + length) & (choices != 0) & (length != 0)
    hits = (np.sign(length[named]) == choices[named]).astype(float)
    return resample(np.stack([hits, np.ones_like(hits)], axis=1), ratio, rng)


def _fit(x: Floats, side: Floats, weights: Floats) -> Floats:
    """Return the coefficients of largest posterior, by Newton's method.

    Raises
    ------
    ArithmeticError
        If it does not converge; the problem is strictly convex.
    """
    prior = np.eye(x.shape[1]) / PRIOR_SD**2

    def height(at: Floats) -> float:
        said = -np.logaddexp(0, -side * (x @ at))
        return float(weights @ said - at @ prior @ at / 2)

    found = np.zeros(x.shape[1])
    for _ in range(N_STEPS):
        # P(judge says what it did not say).
        rest = sigmoid(-side * (x @ found))
        gradient = x.T @ (weights * side * rest) - prior @ found
        curvature = (x * (weights * rest * (1 - rest))[:, None]).T @ x + prior
        step: Floats = np.linalg.solve(curvature, gradient).astype(float)
        if np.abs(step).max() < 1e-9 * (1 + np.abs(found).max()):
            return found
        found = found + _uphill(height, found, step, float(gradient @ step)) * step
    raise ArithmeticError("the regression on length did not converge")


def _uphill(
    height: Callable[[Floats], float], found: Floats, step: Floats, slope: float
) -> float:
    """Return how much of a Newton step to go, so that the posterior grows by it.

    The curve flattens where sides are told apart, and a whole step leads too far.
    """
    here, share = height(found), 1.0
    # The slack is that of the sums: at the top no step makes a difference any more.
    slack = 1e-12 * (1 + abs(here))
    while height(found + share * step) < here + 1e-4 * share * slope - slack:
        share /= 2
    return share
