"""Judges of published data sets come out as published, through our own combining.

Each test also runs on an own-written miniature in the same format, whose figures are
worked out by hand.
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotation.agreement.coefficients import Floats
from models_service.combining import ORDER_INCONSISTENT, Combined, combine
from models_service.comparing import compare
from models_service.verdicts import OrderVerdict
from models_service.weight import carries_weight, position_bias_of
from tests.models.cases import BACKWARD, FORWARD, case, pairwise

MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


# --- LLMBar: one human label, and verdicts in both orders ---


def in_order(order: tuple[int, int], winner: str | None) -> OrderVerdict:
    """Return a published verdict, which names a completion, as said of places."""
    if winner is None:
        return OrderVerdict(order, "unparsable", "It was published as such.")
    place = order.index(int(winner) - 1)
    return pairwise(order, "AB"[place])


def judged(folder: Path, evaluator: str, subset: str) -> tuple[list[Combined], Floats]:
    """Return a judge's combined verdicts on a part, and the human labels, 1 or -1."""
    labels = {
        row["index"]: 1.0 if row["label"] == 1 else -1.0
        for row in rows_of(folder / "items.jsonl.gz")
        if row["subset"] == subset
    }
    verdicts: dict[int, Combined] = {}
    for row in rows_of(folder / "verdicts.jsonl.gz"):
        if (row["evaluator"], row["subset"]) == (evaluator, subset):
            said = row["results"][-1]
            verdicts[row["index"]] = combine(
                in_order(FORWARD, said["swap = False"]["winner"]),
                in_order(BACKWARD, said["swap = True"]["winner"]),
            )
    assert verdicts.keys() == labels.keys()
    return [verdicts[at] for at in labels], np.array(list(labels.values()))


def accuracy(verdicts: list[Combined], labels: Floats) -> float:
    """Return the mean accuracy over both orders: a flagged tie is right in one."""
    points = []
    for one, label in zip(verdicts, labels, strict=True):
        if one.status != "ok":
            points.append(0.0)
        elif ORDER_INCONSISTENT in one.flags:
            points.append(0.5)
        else:
            points.append(float(np.sign(one.value["value"]) == label))
    return float(np.mean(points))


PARTS = [
    # Miniature: (1 + 1) / 2 and (1 + 1/2) / 2; (1 + 1/2) / 2 and, with one unread, 0.
    (MINIATURES, "GPT-4/Vanilla", "Natural", 1.0, 1.0, True),
    (MINIATURES, "GPT-4/Vanilla", "Adversarial/Neighbor", 0.75, 0.5, True),
    (MINIATURES, "ChatGPT/Vanilla", "Natural", 0.75, 0.5, True),
    (MINIATURES, "ChatGPT/Vanilla", "Adversarial/Neighbor", 0.0, 1.0, True),
    *(
        pytest.param(Path(REAL), *row, marks=needs_data)
        for row in (
            ("GPT-4/Vanilla", "Natural", 0.9545, 0.9495, True),
            ("GPT-4/Vanilla", "Adversarial/Neighbor", 0.7873, 0.9328, True),
            ("GPT-4/Vanilla", "Adversarial/GPTInst", 0.8641, 0.9457, True),
            ("GPT-4/Vanilla", "Adversarial/GPTOut", 0.7766, 0.9362, True),
            ("ChatGPT/Vanilla", "Natural", 0.8131, 0.7071, True),
            ("ChatGPT/Vanilla", "Adversarial/Neighbor", 0.1940, 0.7164, True),
            ("ChatGPT/Vanilla", "Adversarial/GPTInst", 0.2663, 0.6196, False),
            ("ChatGPT/Vanilla", "Adversarial/GPTOut", 0.4149, 0.5957, False),
        )
    ),
]


@pytest.mark.parametrize(
    ("folder", "evaluator", "part", "right", "consistent", "has_weight"), PARTS
)
def test_judges_of_llmbar_come_out_as_published(
    folder: Path,
    evaluator: str,
    part: str,
    right: float,
    consistent: float,
    has_weight: bool,
) -> None:
    verdicts, labels = judged(folder / "llmbar", evaluator, f"LLMBar/{part}")
    assert accuracy(verdicts, labels) == pytest.approx(right, abs=5e-5)
    bias = position_bias_of(verdicts)
    assert 1 - bias.flips.value == pytest.approx(consistent, abs=5e-5)
    assert carries_weight(bias).carries is has_weight


# --- PandaLM: three people and two judges ---

CODES = {"1": 1.0, "2": -1.0, "0": 0.0, "Tie": 0.0}


@pytest.mark.parametrize(
    ("folder", "file", "key", "share"),
    [
        (MINIATURES, "gpt-3.5-turbo", "gpt_result", 0.5),
        (MINIATURES, "pandalm-7b", "pandalm_result", 0.5),
        pytest.param(
            Path(REAL), "gpt-3.5-turbo", "gpt_result", 0.7043, marks=needs_data
        ),
        pytest.param(
            Path(REAL), "pandalm-7b", "pandalm_result", 0.7023, marks=needs_data
        ),
    ],
)
def test_judges_of_pandalm_agree_with_the_majority_as_published(
    folder: Path, file: str, key: str, share: float
) -> None:
    rows = rows_of(folder / "pandalm" / "testset-v1.jsonl.gz")
    people = np.array(
        [[CODES[str(row[f"annotator{n}"])] for row in rows] for n in (1, 2, 3)]
    )
    said = {
        row["idx"]: CODES.get(str(row[key]), float("nan"))
        for row in rows_of(folder / "pandalm" / f"{file}-testset-v1.jsonl.gz")
    }
    judge = np.array([said[row["idx"]] for row in rows])
    length = np.array([len(row["response1"]) - len(row["response2"]) for row in rows])
    found = compare(people, judge, np.random.default_rng(1), length.astype(float), 200)
    # The published share counts what could not be read as wrong.
    assert found.majority.value * found.n_items / len(rows) == pytest.approx(
        share, abs=5e-5
    )
    if folder != MINIATURES:
        # Two lines: one person against the others is far above these judges, which in
        # turn are above the longer answer.
        assert found.lines.person.low > 0.9 > found.lines.judge.high
        assert found.lines.judge_less_longer.low > 0


def test_published_verdicts_are_said_of_places() -> None:
    assert case().completions
    assert in_order(BACKWARD, "1").value == {"value": 1}
    assert in_order(BACKWARD, "2").value == {"value": -1}
