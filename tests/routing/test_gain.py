"""The learned gain: trusts what the seed shows, and nothing else."""

import numpy as np
import pytest

from routing.features.bins import Tags
from routing.features.signals import Signals
from routing.gain import Design, Gain, design_of, fit_gain
from routing.pairs import Floats
from tests.counts import n_runs


def fit(x: Floats, wrong: Floats, n_seed: int, seed: int = 0) -> Gain:
    """Fit on the first rows."""
    names = tuple(f"signal {number}" for number in range(x.shape[1]))
    rows, group = np.arange(n_seed), np.arange(len(x))
    rng = np.random.default_rng(seed)
    return fit_gain(Design(names, x), wrong, rows, group, rng)


def draw(
    seed: int, strength: float, n: int = 1200, odds: float = -1.0
) -> tuple[Floats, Floats]:
    """Draw three signals; errors follow the first one so strongly."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    chance = 1 / (1 + np.exp(-odds - strength * x[:, 0]))
    return x, (rng.random(n) < chance).astype(np.float64)


def test_a_signal_that_tells_is_trusted() -> None:
    x, wrong = draw(1, 2.0)
    gain = fit(x, wrong, 300)
    assert gain.is_informative
    assert gain.weights["signal 0"] > 5 * abs(gain.weights["signal 1"])


def test_a_signal_that_points_the_other_way_is_turned_round() -> None:
    x, wrong = draw(2, -2.0)
    gain = fit(x, wrong, 300)
    best = np.argsort(-gain.p_wrong[300:])[:200] + 300
    assert wrong[best].mean() > wrong[300:].mean() + 0.2


def test_chances_are_calibrated_on_items_it_has_not_seen() -> None:
    x, wrong = draw(3, 1.5, 6000)
    p_wrong, truth = fit(x, wrong, 1000).p_wrong[1000:], wrong[1000:]
    for low in (0.1, 0.3, 0.5):
        rows = (p_wrong >= low) & (p_wrong < low + 0.2)
        assert truth[rows].mean() == pytest.approx(p_wrong[rows].mean(), abs=0.07)


@pytest.mark.parametrize("odds", [-2.0, -1.0, 0.0])
def test_nothing_to_learn_is_mostly_seen_and_never_costs(odds: float) -> None:
    found, gained = [], []
    for seed in range(n_runs(30, 200)):
        x, wrong = draw(100 + seed, 0.0, 400, odds)
        gain = fit(x, wrong, 150, seed)
        found.append(gain.is_informative)
        chosen = np.argsort(-gain.p_wrong[150:], kind="stable")[:60] + 150
        gained.append(wrong[chosen].mean() - wrong[150:].mean())
    assert np.mean(found) < 0.3
    error = np.std(gained) / np.sqrt(len(gained))
    assert abs(np.mean(gained)) < 3 * error


def test_without_preference_all_chances_are_the_base_rate() -> None:
    x, wrong = draw(4, 2.0)
    gain = fit(x, wrong, 20)
    assert not gain.is_informative
    assert gain.note == "A seed of 20 items is too small; 30 are needed."
    assert len(np.unique(gain.p_wrong)) == 1


@pytest.mark.parametrize(
    ("wrong", "note"),
    [
        (0.0, "The AI differs from people on only 0 items of the seed."),
        (1.0, "The AI agrees with people on only 0 items of the seed."),
    ],
)
def test_an_ai_that_is_always_the_same_leaves_nothing_to_learn(
    wrong: float, note: str
) -> None:
    x, _ = draw(5, 1.0)
    assert fit(x, np.full(len(x), wrong), 100).note == note


def test_labels_that_were_chosen_do_not_raise_the_base_rate() -> None:
    rng = np.random.default_rng(8)
    x, wrong = rng.normal(size=(400, 3)), np.zeros(400)
    wrong[:100:10] = 1.0  # one of ten drawn ones is wrong, and half of the chosen ones
    wrong[100:200:2] = 1.0
    is_chosen = np.arange(400) >= 100
    design, group = Design(("one", "two", "three"), x), np.arange(400)
    seed = np.arange(200)
    gain = fit_gain(design, wrong, seed, group, rng, is_chosen)
    assert not gain.is_informative
    assert gain.p_wrong[0] == pytest.approx(11 / 102)


def test_labels_outside_the_seed_are_not_read() -> None:
    x, wrong = draw(6, 2.0)
    other = wrong.copy()
    other[300:] = 1 - other[300:]
    assert fit(x, wrong, 300).p_wrong.tolist() == fit(x, other, 300).p_wrong.tolist()


def test_exchanged_completions_change_no_feature_but_the_place_of_the_ai() -> None:
    rng = np.random.default_rng(7)
    n = 60
    ai = np.where(rng.random(n) < 0.5, 1.0, -1.0)
    state = rng.integers(0, 2, (n, 1))
    signals = Signals(("judge",), state, 1, np.zeros((n, 0)))
    measures, form = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    margin = rng.normal(size=n)
    one, other = (
        design_of(
            signals,
            sign * ai,
            (("m", "k"), measures),
            (("length", "lines"), sign * form),
            sign * margin,
            Tags(("law",), np.eye(60, dtype=bool)[:, :1]),
        )
        for sign in (1.0, -1.0)
    )
    same = [number for number, name in enumerate(one.names) if name != "ai: a"]
    assert one.names == other.names
    assert one.x[:, same] == pytest.approx(other.x[:, same])
