"""Pairs whose truth is known, drawn with a seed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from routing.features.space import fallback_space
from routing.pair_file import Columns, read_pairs
from routing.strategies import Known, know

TOPICS = (
    "rivers mountains maps",
    "poems novels plays",
    "atoms acids metals",
    "courts laws judges",
    "bread soups spices",
    "chords songs drums",
    "stars orbits comets",
    "cells genes plants",
)
GOOD, BAD = "clear careful exact helpful", "vague hasty wrong rude"
WORDS = ("the", "and", "with", "from", "into", "about", "under", "over", "near", "past")
SIDES = np.array(["a", "b"])
COLUMNS = Columns(("person",), "ai", ("judge",), ("ai_swapped",), ("sure",))

Row = dict[str, Any]


def draw_rows(
    n: int,
    seed: int,
    *,
    hard: Sequence[int] = (),
    p_hard: float = 0.65,
    p_easy: float = 0.05,
    judge_knows: float = 0.0,
    tells: bool = True,
) -> list[Row]:
    """Draw pairs in which one completion is better, and an AI that errs by topic.

    On `hard` topics the AI errs with `p_hard`, else with `p_easy`. The judge differs
    from the AI where that errs with the chance `judge_knows`, and elsewhere with 0.1.
    The texts show which completion is better, unless `tells` is false.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        topic = int(rng.integers(len(TOPICS)))
        truth = int(rng.integers(2))
        texts = [
            _completion(TOPICS[topic], side == (truth if tells else 0), rng)
            for side in (0, 1)
        ]
        is_wrong = bool(rng.random() < (p_hard if topic in hard else p_easy))
        ai = truth ^ int(is_wrong)
        p_differs = judge_knows if is_wrong and judge_knows else 0.1
        rows.append(
            {
                "prompt": f"{TOPICS[topic]} question {number}",
                "completion_a": texts[0],
                "completion_b": texts[1],
                "person": str(SIDES[truth]),
                "ai": str(SIDES[ai]),
                "judge": str(SIDES[ai ^ int(rng.random() < p_differs)]),
                "ai_swapped": str(SIDES[ai ^ int(rng.random() < 0.1)]),
                "sure": round(float(rng.random()), 3),
                "topic": topic,
            }
        )
    return rows


def _completion(topic: str, is_good: bool, rng: np.random.Generator) -> str:
    own = (GOOD if is_good else BAD).split()
    words = [*rng.choice(own, 3), *rng.choice(topic.split(), 3), *rng.choice(WORDS, 8)]
    return " ".join(map(str, rng.permutation(words)))


def write(rows: Sequence[Row], folder: Path, name: str = "pairs.jsonl") -> Path:
    """Write rows as JSON lines."""
    path = folder / name
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def known_of(rows: Sequence[Row], folder: Path, columns: Columns = COLUMNS) -> Known:
    """Return the pairs of rows with what is computed once."""
    pairs = read_pairs(write(rows, folder), columns).pairs
    return know(pairs, fallback_space(pairs))
