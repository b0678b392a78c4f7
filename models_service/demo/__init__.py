"""PURE: the demo's items for AI annotators, with what people and judges say of them.

Called by services.demo. The file holds questions with a better and a worse answer, our
own; the people and the judges are simulated and named so. The same seed gives the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

import numpy as np

from annotation.formats.types import (
    CompletionDraft,
    ItemDraft,
    LabelDraft,
    Message,
)

FILE = Path(__file__).parent / "short_answers.jsonl"
NAME = "Demo: AI annotators"
DESCRIPTION = (
    "Short answers, judged by simulated people, by two simulated judges in both"
    " orders, and by a reward model that was trained on what the people say."
)
QUESTION: Mapping[str, Any] = {
    "name": "preference",
    "type": "comparison",
    "title": "Which answer is better?",
    "strength": 1,
    "allow_tie": True,
}
SEED = 11
ORDERS = ((0, 1), (1, 0))
# How often each person names the better answer.
PEOPLE: Mapping[str, float] = {
    "simulated-1": 0.95,
    "simulated-2": 0.9,
    "simulated-3": 0.85,
    "simulated-4": 0.8,
    "simulated-5": 0.7,
}


@dataclass(frozen=True)
class DemoJudge:
    """A judge by its evidence in nats: for what is better, longer, and shown first.

    `noise`: the standard deviation of what it adds by chance, to both orders alike and
    half of it to each alone.
    """

    name: str
    better: float
    longer: float
    first: float
    noise: float


JUDGES = (
    DemoJudge("Demo judge, careful", better=2.0, longer=0.2, first=0.2, noise=1.4),
    DemoJudge("Demo judge, hasty", better=0.4, longer=1.2, first=0.9, noise=1.2),
)


@dataclass(frozen=True)
class _Row:
    number: int
    external_id: str
    category: str
    prompt: str
    better: str
    worse: str

    @property
    def sign(self) -> int:
        """Return 1 where the better answer is stored first, else -1."""
        return 1 if self.number % 2 else -1

    @property
    def completions(self) -> tuple[str, str]:
        """Return both answers in storage order."""
        both = (self.better, self.worse)
        return both if self.sign > 0 else both[::-1]


def demo_items() -> tuple[ItemDraft, ...]:
    """Return the items with all their labels."""
    rng = np.random.default_rng(SEED)
    return tuple(_item(row, rng) for row in _rows())


def _rows() -> Iterator[_Row]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        yield _Row(number=number, **json.loads(line))


def _item(row: _Row, rng: np.random.Generator) -> ItemDraft:
    return ItemDraft(
        row=row.number,
        messages=(Message("user", row.prompt),),
        completions=tuple(CompletionDraft(text) for text in row.completions),
        external_id=row.external_id,
        language="en",
        category=row.category,
        source="demo",
        labels=(*_of_people(row, rng), *_of_judges(row, rng)),
    )


def _of_people(row: _Row, rng: np.random.Generator) -> list[LabelDraft]:
    said = rng.random(len(PEOPLE))
    return [
        _label(name, row.sign if draw < right else -row.sign, is_machine=False)
        for (name, right), draw in zip(PEOPLE.items(), said, strict=True)
    ]


def _of_judges(row: _Row, rng: np.random.Generator) -> list[LabelDraft]:
    first, second = map(len, row.completions)
    longer = (first > second) - (first < second)
    labels = []
    for judge in JUDGES:
        chance = judge.noise * float(rng.standard_normal())
        evidence = judge.better * row.sign + judge.longer * longer + chance
        for order in ORDERS:
            pull = judge.first if order[0] == 0 else -judge.first
            pull += judge.noise / 2 * float(rng.standard_normal())
            labels.append(_verdict(judge, evidence + pull, order))
    return labels


def _verdict(judge: DemoJudge, logit: float, order: Sequence[int]) -> LabelDraft:
    """Return what a judge says in one order; `logit`: for completion 0."""
    p = 1 / (1 + exp(-abs(logit)))
    label = _label(judge.name, 1 if logit > 0 else -1, is_machine=True)
    more = {"order": tuple(order), "probability": round(p, 4)}
    return LabelDraft(**{**vars(label), **more})


def _label(name: str, value: int, *, is_machine: bool) -> LabelDraft:
    return LabelDraft(
        annotator=name,
        is_machine=is_machine,
        answers={QUESTION["name"]: {"value": value}},
        questions=(QUESTION,),
    )
