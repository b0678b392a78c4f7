"""What labels by lot say of all items is unbiased, and its intervals hold."""

import numpy as np
import pytest

from routing.audit import Audit, audit_pool, wilson
from routing.pairs import Floats
from routing.selection import Chosen, select
from tests.counts import n_runs


def pool(seed: int, n: int = 400) -> tuple[Floats, Floats]:
    """Draw errors and a gain that knows something of them."""
    rng = np.random.default_rng(seed)
    wrong = (rng.random(n) < 0.3).astype(np.float64)
    return wrong, wrong + rng.normal(size=n)


def audits(n: int) -> tuple[Floats, list[tuple[Audit, Chosen]]]:
    """Route one pool many times, by other lots."""
    wrong, gain = pool(1)
    found = []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        chosen = select(gain, np.ones(len(gain)), 160, rng, reserve=0.3)
        audit = audit_pool(wrong, chosen)
        assert audit is not None
        found.append((audit, chosen))
    return wrong, found


def test_estimates_are_unbiased_and_intervals_hold() -> None:
    wrong, found = audits(n_runs(300, 3000))
    for name in ("ai_accuracy", "label_accuracy"):
        said, truths = [], []
        for audit, chosen in found:
            left = np.where(chosen.human, 0.0, wrong)
            truths.append(1 - (wrong if name == "ai_accuracy" else left).mean())
            said.append(getattr(audit, name))
        off = np.array([one.value for one in said]) - np.array(truths)
        assert abs(off.mean()) < 4 * off.std() / np.sqrt(len(off))
        inside = [s.low <= t <= s.high for s, t in zip(said, truths, strict=True)]
        assert np.mean(inside) > 0.9


def test_labels_chosen_by_gain_alone_would_mislead() -> None:
    wrong, found = audits(5)
    by_gain = found[0][1].human & ~found[0][1].is_reserve
    assert wrong[by_gain].mean() > wrong.mean() + 0.1


def test_estimate_is_the_same_as_weighting_by_propensity() -> None:
    wrong, found = audits(3)
    for audit, chosen in found:
        asked = chosen.human
        weighted = (wrong[asked] / chosen.propensity[asked]).sum() / len(wrong)
        assert audit.ai_accuracy.value == pytest.approx(1 - weighted)


def test_share_of_errors_found_holds_the_truth() -> None:
    wrong, found = audits(n_runs(200, 1000))
    inside = []
    for audit, chosen in found:
        assert audit.errors_found is not None
        truth = wrong[chosen.human].sum() / wrong.sum()
        inside.append(audit.errors_found.low <= truth <= audit.errors_found.high)
    assert np.mean(inside) > 0.9


def test_without_a_reserve_nothing_is_said() -> None:
    wrong, gain = pool(2)
    rng = np.random.default_rng(0)
    assert audit_pool(wrong, select(gain, np.ones(400), 100, rng)) is None


def test_errors_found_is_unknown_where_there_are_none() -> None:
    rng = np.random.default_rng(0)
    chosen = select(np.zeros(100), np.ones(100), 50, rng, reserve=0.5)
    audit = audit_pool(np.zeros(100), chosen)
    assert audit is not None
    assert audit.errors_found is None
    assert audit.ai_accuracy.value == 1
    assert audit.ai_accuracy.low < 0.95


def test_wilson_by_hand() -> None:
    share = wilson(5, 10)
    assert share.value == 0.5
    assert (share.low, share.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
