"""The published sets of pairs as rows of the command; they stay where they are."""

import gzip
import json
import os
from itertools import permutations
from pathlib import Path
from typing import Any

from routing.pair_file import Columns

DATA = os.environ.get("POLYPHONY_DATA_DIR", "")
PEOPLE = ("annotator1", "annotator2", "annotator3")
PANDALM = Columns(PEOPLE, "gpt", ("pandalm",))
LLMBAR = Columns(("gold",), "ai", ("judge",), ("ai_swapped",))
JUDGES = ("GPT-4", "ChatGPT", "LLaMA2", "PaLM2")
ORDERED_PAIRS = tuple(permutations(JUDGES, 2))
# Whatever else stands there ("garbage", null) is no verdict.
_SIDES = {"0": "tie", "Tie": "tie", "1": "a", "2": "b"}

Row = dict[str, Any]


def side_of(value: object) -> str | None:
    """Return the side that a set writes as 1, 2, 0 or "Tie"."""
    return _SIDES.get(str(value))


def _read(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _by_index(path: Path) -> dict[int, Row]:
    return {row["idx"]: row for row in _read(path)}


def pandalm_rows(folder: Path) -> list[Row]:
    """Return the pairs of PandaLM with three people and two AI labels."""
    gpt = {
        row["idx"]: row for row in _read(folder / "gpt-3.5-turbo-testset-v1.jsonl.gz")
    }
    other = {
        row["idx"]: row for row in _read(folder / "pandalm-7b-testset-v1.jsonl.gz")
    }
    return [
        {
            "prompt": f"{row['instruction']}\n{row['input']}",
            "completion_a": row["response1"],
            "completion_b": row["response2"],
            **{name: side_of(row[name]) for name in PEOPLE},
            "gpt": side_of(gpt[row["idx"]]["gpt_result"]),
            "pandalm": side_of(other[row["idx"]]["pandalm_result"]),
        }
        for row in _read(folder / "testset-v1.jsonl.gz")
    ]


def llmbar_rows(folder: Path, ai: str, judge: str) -> list[Row]:
    """Return the pairs of LLMBar with one judge as the AI and one as the second."""
    said: dict[tuple[str, int, str], Row] = {}
    for row in _read(folder / "verdicts.jsonl.gz"):
        said[row["subset"], row["index"], row["evaluator"]] = row["results"][-1]

    def winner(row: Row, name: str, swap: bool) -> str | None:
        key = (row["subset"], row["index"], f"{name}/Vanilla")
        return side_of(said[key][f"swap = {swap}"]["winner"])

    return [
        {
            "prompt": row["input"],
            "completion_a": row["output_1"],
            "completion_b": row["output_2"],
            "gold": side_of(row["label"]),
            "ai": winner(row, ai, False),
            "ai_swapped": winner(row, ai, True),
            "judge": winner(row, judge, False),
        }
        for row in _read(folder / "items.jsonl.gz")
    ]
