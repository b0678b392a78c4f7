"""Strength from an ensemble's mean and spread, against an integral by quadrature."""

from math import exp, log, sqrt

import numpy as np
import pytest

from models_service.strength import grade_of, moderated, strength_of

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


def averaged(mean: float, spread: float) -> float:
    """Return E[sigmoid(z)] over z ~ N(mean, spread²), by Gauss-Hermite quadrature."""
    values = 1 / (1 + np.exp(-(mean + spread * NODES)))
    return float(WEIGHTS @ values / WEIGHTS.sum())


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("mean", [-4.0, -1.0, 0.0, 0.2, 1.0, 2.0, 6.0])
def test_probability_is_the_average_over_the_spread(mean: float, spread: float) -> None:
    assert moderated(mean, spread) == pytest.approx(averaged(mean, spread), abs=0.02)


def test_without_spread_it_is_the_sigmoid() -> None:
    assert moderated(1.2) == pytest.approx(1 / (1 + exp(-1.2)))
    assert strength_of(1.2) == pytest.approx(2 / (1 + exp(-1.2)) - 1)


def test_spread_weakens_and_never_turns() -> None:
    strengths = [strength_of(2.0, spread) for spread in (0.0, 0.5, 1.0, 4.0, 20.0)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 0.7 and 0 < strengths[-1] < 0.1
    assert moderated(-2.0, 3.0) == pytest.approx(1 - moderated(2.0, 3.0))


def test_grade_in_steps_by_hand() -> None:
    # 2 · sigmoid(2) - 1 = 0.762 of three steps is 2.28; with a spread of sqrt(8 / pi)
    # the mean is divided by sqrt(2): 2 · sigmoid(1.414) - 1 = 0.609, 1.83 steps; of
    # five steps 3.81 and 3.04.
    wide = sqrt(8 / np.pi)
    assert (grade_of(2.0, 0.0, 3), grade_of(2.0, wide, 3)) == (2, 2)
    assert (grade_of(2.0, 0.0, 5), grade_of(2.0, wide, 5)) == (4, 3)
    assert (grade_of(-4.0, 0.0, 3), grade_of(-4.0, 12.0, 3)) == (-3, -1)
    assert (grade_of(0.0, 1.0, 3), grade_of(1e-9, 0.0, 3)) == (0, 1)
    # 2 · 3/4 - 1 = 1/2 of three steps lies between one and two.
    assert (grade_of(log(3), 0.0, 3), grade_of(log(3) + 1e-12, 0.0, 3)) == (1, 1)


def test_spread_is_not_negative() -> None:
    with pytest.raises(ValueError, match="no spread"):
        moderated(1.0, -0.1)
