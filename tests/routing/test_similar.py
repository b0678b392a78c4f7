"""How far people differ on similar items, told by others of other prompts alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from routing.features.similar import differ_near, split_of, unit
from routing.pairs import Pairs, target_of
from routing.splits import Split
from routing.strategies import DIFFER, learn
from tests.routing.worlds import draw_rows, known_of

NAN = float("nan")
NOTHING = np.zeros(0, dtype=np.int64)


def two_camps(n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Return items in two places; in the second one people differ."""
    rng = np.random.default_rng(0)
    is_second = np.arange(n) % 2 == 1
    place = np.where(is_second[:, None], [[0.0, 1.0]], [[1.0, 0.0]])
    place = unit((place + 0.1 * rng.random((n, 2))).astype(np.float32))
    return place, np.where(is_second, 1 / 3, 0.0)


def test_split_is_the_share_against_the_side_with_most() -> None:
    people = np.array(
        [[1, 1, -1], [1, 0, -1], [1, 1, 1], [1, NAN, NAN], [NAN, NAN, NAN]]
    )
    assert split_of(people).tolist()[:3] == pytest.approx([1 / 3, 2 / 3, 0.0])
    assert np.isnan(split_of(people)[3:]).all()


def test_it_is_told_by_what_is_near() -> None:
    place, split = two_camps()
    found = differ_near(place, split, np.arange(60), np.arange(80))
    assert found == pytest.approx(split, abs=1e-6)


def test_nobody_s_own_prompt_is_used() -> None:
    place, split = two_camps()
    group = np.arange(80) // 4
    first = differ_near(place, split, np.arange(60), group)
    changed = split.copy()
    changed[:4] = 0.5
    again = differ_near(place, changed, np.arange(60), group)
    assert again[:4].tolist() == first[:4].tolist()
    assert (again[4:] > first[4:]).any()
    one = differ_near(place, split, np.arange(60), np.zeros(80, dtype=np.int64))
    assert np.isnan(one).all()


def test_labels_outside_the_rows_are_not_read() -> None:
    place, split = two_camps()
    hidden = np.where(np.arange(80) < 60, split, 9.0)
    rows, group = np.arange(60), np.arange(80)
    assert differ_near(place, hidden, rows, group).tolist() == (
        differ_near(place, split, rows, group).tolist()
    )


@pytest.mark.parametrize("split", [np.full(80, NAN), np.zeros(80)])
def test_where_nothing_tells_nothing_is_said(split: np.ndarray) -> None:
    place, _ = two_camps()
    assert np.isnan(differ_near(place, split, np.arange(60), np.arange(80))).all()
    assert np.isnan(differ_near(place, split, np.arange(20), np.arange(80))).all()


def test_it_enters_tags_and_the_learned_gain(tmp_path: Path) -> None:
    known = known_of(draw_rows(150, 4, hard=(1,)), tmp_path)
    seed = np.arange(100)
    alone = learn(known, Split(seed, NOTHING, NOTHING), np.random.default_rng(0))
    assert alone.differ is None
    side = known.pairs.people[:, 0]
    rng = np.random.default_rng(1)
    other = np.where(rng.random(150) < 0.3, -side, side)
    three = replace(known.pairs, people=np.stack([side, side, other], axis=1))
    found = learn(
        replace(known, pairs=three),
        Split(seed, NOTHING, NOTHING),
        np.random.default_rng(0),
    )
    assert found.differ is not None
    assert np.isfinite(found.differ).all()
    assert f"{DIFFER}: high" in found.tags.names
    assert f"{DIFFER}: high" not in alone.tags.names


# --- how strongly people prefer ---


def test_weak_preferences_are_softer_labels() -> None:
    people = np.array([[1.0, 1.0], [-1.0, NAN], [0.0, 1.0]])
    pairs = Pairs((), (), (), np.ones(3), people, np.arange(3))
    assert target_of(pairs).tolist() == [1.0, 0.0, 0.75]
    grades = np.array([[1 / 3, 1.0], [-1 / 3, NAN], [0.0, 2 / 3]])
    soft = target_of(replace(pairs, grades=grades))
    assert soft == pytest.approx([5 / 6, 1 / 3, 2 / 3])


def test_proxy_learns_from_how_strongly(tmp_path: Path) -> None:
    known = known_of(draw_rows(150, 4), tmp_path)
    split = Split(np.arange(100), NOTHING, NOTHING)
    sure = learn(known, split, np.random.default_rng(0))
    unsure = replace(known, target=0.5 + (known.target - 0.5) / 3)
    soft = learn(unsure, split, np.random.default_rng(0))
    assert np.abs(soft.margin).mean() < 0.6 * np.abs(sure.margin).mean()
