"""PURE: the demo's items for routing, and what its simulated judges and people say.

Called by routing.services.demo. Questions and answers are our own; who is better is
known by how they were made. All chance comes from generators with a stated seed.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any, Literal

from annotation.formats.types import CompletionDraft, ItemDraft, LabelDraft, Message
from routing.demo.sums import sums

FILE = Path(__file__).parent / "advice.jsonl"
NAME = "Demo: routed preferences"
DESCRIPTION = (
    "Which of two short answers is better, 240 times: people label the pairs where they"
    " change the most, within a budget, and an AI labels the others. The AI, its second"
    " judge and the people who labelled the seed are simulated, by a random generator"
    " with a fixed seed."
)
SEED = 5
N_SUMS_EACH = 20
QUESTION: Mapping[str, Any] = {
    "name": "preference",
    "type": "comparison",
    "title": "Which answer is better?",
    "strength": 1,
    "allow_tie": True,
}
ORDERS = ((0, 1), (1, 0))
# How the worse answer is worse: wrong; wrong and at length; right, but at length.
Flaw = Literal["wrong", "wordy and wrong", "wordy"]
FLAWS: Sequence[Flaw] = ("wrong", "wordy and wrong", "wordy")
_OPENINGS = (
    "Great question! ",
    "Thank you for asking, I am happy to help. ",
    "This comes up a lot, so let us look at it together. ",
    "Of course! Here is all that you need to know. ",
)
_CLOSINGS = (
    " Many experts agree on that, and it has proven itself time and again. Just try it"
    " and you will see how easy it is!",
    " I hope that clears everything up for you. Do come back whenever anything else is"
    " on your mind, as no question is too small.",
    " In short, there is no need to worry about it any further, since this is how"
    " everybody does it and it always works out in the end.",
)


@dataclass(frozen=True)
class DemoJudge:
    """A judge by its evidence in nats: for what is better, longer, and shown first.

    `sums`: for what is better where there is something to work out. `noise`: the
    standard deviation of what it adds by chance to both orders alike; to each alone it
    adds a quarter of that.
    """

    name: str
    better: float
    sums: float
    longer: float
    first: float
    noise: float


# The first one's label is taken. Its errors lie with sums and with long answers, and
# the second, which works things out, contradicts it there.
JUDGES = (
    DemoJudge("Demo AI, fluent", 3.0, 1.1, longer=0.9, first=0.2, noise=1.2),
    DemoJudge("Demo AI, exact", 1.6, 3.0, longer=0.0, first=0.2, noise=1.3),
)


@dataclass(frozen=True)
class Person:
    """A simulated person: how often they name the better answer, and their pace.

    `pace`: a factor of the time that they take.
    """

    name: str
    right: float
    pace: float


PEOPLE = (
    Person("simulated-reader-1", 0.97, 0.9),
    Person("simulated-reader-2", 0.95, 1.2),
    Person("simulated-reader-3", 0.93, 1.0),
    Person("simulated-reader-4", 0.9, 0.8),
)


@dataclass(frozen=True)
class RoutedItem:
    """An item with the side of its better answer: 1 = stored first, else -1."""

    draft: ItemDraft
    sign: int
    flaw: Flaw


@dataclass(frozen=True)
class _Text:
    external_id: str
    category: str
    level: str
    prompt: str
    better: str
    worse: str
    flaw: Flaw


def routed_items() -> tuple[RoutedItem, ...]:
    """Return the items with the labels of the judges, in an order by lot."""
    rng = random.Random(SEED)  # noqa: S311 - a demo
    texts = [*_advice(rng), *_sums(rng)]
    rng.shuffle(texts)
    return tuple(_item(row, text, rng) for row, text in enumerate(texts, start=1))


def answers_of(item: RoutedItem, person: Person) -> dict[str, Any]:
    """Return what a person says, in canonical order; the same each time."""
    rng = random.Random(f"{person.name}:{item.draft.external_id}")  # noqa: S311 - a demo
    side = item.sign if rng.random() < person.right else -item.sign
    clear = item.flaw != "wordy" and side == item.sign
    strength = rng.choice((2, 3, 3) if clear else (1, 1, 2))
    levels = ("Guess", "Fairly sure", "Certain")
    return {
        "preference": {"value": side * strength},
        "confidence": levels[strength - 1],
    }


def seconds_of(item: RoutedItem, person: Person) -> float:
    """Return how long a person takes, by what is to be read: 15 to 60 seconds."""
    rng = random.Random(f"{person.name}:{item.draft.external_id}:s")  # noqa: S311 - a demo
    texts = [one.content for one in item.draft.messages]
    texts += [one.text for one in item.draft.completions]
    reading = len(" ".join(texts).split()) / 4
    return min(max(person.pace * (16 + reading) * rng.uniform(0.8, 1.3), 15.0), 60.0)


def _advice(rng: random.Random) -> Iterator[_Text]:
    """Yield each piece of advice three times: asked otherwise, and with each flaw."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        told = f"A friend asked me: “{row['ask']}” What should I answer?"
        for flaw, ask in zip(FLAWS, (row["ask"], row["again"], told), strict=True):
            full = f"{row['right']} {row['detail']}"
            yield _Text(
                f"advice-{number:02}-{flaw.replace(' ', '-')}",
                row["subject"],
                row["level"],
                ask,
                row["right"] if flaw == "wordy and wrong" else full,
                _flawed(row["right"], row["wrong"], flaw, rng),
                flaw,
            )


def _sums(rng: random.Random) -> Iterator[_Text]:
    for number, one in enumerate(sums(rng, N_SUMS_EACH), start=1):
        flaw = rng.choice(FLAWS[:2])
        yield _Text(
            f"sum-{number:03}",
            "sums",
            one.level,
            one.ask,
            one.right,
            _flawed(one.right, one.slip, flaw, rng),
            flaw,
        )


def _flawed(right: str, wrong: str, flaw: Flaw, rng: random.Random) -> str:
    if flaw == "wrong":
        return wrong
    core = wrong if flaw == "wordy and wrong" else right
    return rng.choice(_OPENINGS) + core + rng.choice(_CLOSINGS)


def _item(row: int, text: _Text, rng: random.Random) -> RoutedItem:
    sign = rng.choice((1, -1))
    both = (text.better, text.worse)[::sign]
    draft = ItemDraft(
        row=row,
        messages=(Message("user", text.prompt),),
        completions=tuple(CompletionDraft(one) for one in both),
        external_id=text.external_id,
        language="en",
        category=text.category,
        source="demo",
        metadata={"level": text.level},
        labels=tuple(_of_judges(text, both, sign, rng)),
    )
    return RoutedItem(draft, sign, text.flaw)


def _of_judges(
    text: _Text, both: Sequence[str], sign: int, rng: random.Random
) -> Iterator[LabelDraft]:
    longer = 1 if len(both[0]) > len(both[1]) else -1
    # Two answers that are both right differ less.
    share = 0.5 if text.flaw == "wordy" else 1.0
    for judge in JUDGES:
        better = judge.sums if text.category == "sums" else judge.better
        if text.level == "hard":
            better *= 0.7
        evidence = share * better * sign + judge.longer * longer
        evidence += judge.noise * rng.gauss(0, 1)
        for order in ORDERS:
            pull = judge.first if order[0] == 0 else -judge.first
            pull += judge.noise / 4 * rng.gauss(0, 1)
            yield _verdict(judge, evidence + pull, order)


def _verdict(judge: DemoJudge, logit: float, order: tuple[int, int]) -> LabelDraft:
    """Return what a judge says in one order; `logit`: for completion 0."""
    return LabelDraft(
        annotator=judge.name,
        is_machine=True,
        answers={QUESTION["name"]: {"value": 1 if logit > 0 else -1}},
        order=order,
        probability=round(1 / (1 + exp(-abs(logit))), 4),
        questions=(QUESTION,),
    )
