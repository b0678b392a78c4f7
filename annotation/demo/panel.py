"""PURE: the demo's panel: a study with simulated people, its items and what they say.

Called by services.demo_panel. Two camps of people judge by different taste, so that
there is something to disagree about; the words are written for the demo.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from annotation.formats.shapes import read_items, recognise
from annotation.formats.types import ItemDraft
from annotation.project_templates import TEMPLATES

PATH = Path(__file__).parent / "panel.jsonl"
NAME = "Demo: a recruited panel"
DESCRIPTION = (
    "Ten simulated people, recruited by a link, judge advice and opinions: with quotas,"
    " checks, marked words, a second protocol, pay and what they disagree about."
)
REASON = "Both have a point. The first one leaves the choice to the person."
ASKED = "You were very sure here. What decided it for you?"
COMMENT = "Is a joke in an answer a fault here?"
FLAGGED = "Both answers could be shorter."
TAGS = ["Helps", "Well said", "Wrong", "Unfair", "Filler"]
MARKS: Mapping[str, Any] = {
    "name": "marks",
    "type": "spans",
    "title": "Words that decided",
    "help": "Mark what speaks for or against an answer.",
    "is_required": False,
    "reasons": TAGS,
}
QUESTIONS: Sequence[Mapping[str, Any]] = (
    TEMPLATES["pairwise"].questions[0],
    MARKS,
    *TEMPLATES["pairwise"].questions[2:],
)
QUOTAS: Sequence[Mapping[str, Any]] = (
    {"kind": "per_item", "questions": ["reside_country"], "n": 3},
    {
        "kind": "at_least",
        "questions": ["gender"],
        "amounts": {"Female": 40, "Male": 30},
    },
    {"kind": "category_each", "n": 3},
)
# What the second protocol asks: a mark for each answer, on this scale.
LOW, HIGH = 1, 7
Ending = Literal["completed", "working", "left", "timed_out"]
STRONGEST = 3
# Who is so fast has not read, and one of the simulated people is.
HASTY_S = 20


@dataclass(frozen=True)
class PanelItem:
    """An item: what each camp tends to answer, and what people say and mark.

    `leans`: -3 to 3 by camp, positive for A. `says`: reasons by side, "A" or "B".
    `marks`: spans in canonical places, as an answer has them.
    """

    draft: ItemDraft
    leans: Sequence[int]
    says: Mapping[str, Sequence[str]]
    marks: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Person:
    """A simulated person.

    `id`: under which they come, which says that they are simulated. `camp`: 0 or 1.
    `pace_s`: seconds an item takes. `n_items`: how many they answer. `days_ago`: when.
    """

    id: str
    camp: int
    profile: Mapping[str, Sequence[str]]
    pace_s: int
    n_items: int
    ending: Ending
    days_ago: int


def panel_items() -> list[PanelItem]:
    """Return the panel's items, those that are checks among them.

    Raises ValueError where a mark's words are not in its text, since the file is ours.
    """
    lines = PATH.read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    told = {row["external_id"]: row for row in rows}
    plain = [
        {name: value for name, value in row.items() if name not in _OURS}
        for row in rows
    ]
    drafts = read_items(enumerate(plain, start=1), recognise(plain))
    found = []
    for draft in drafts:
        if not isinstance(draft, ItemDraft):
            raise ValueError(f"{PATH.name}: {draft!r}")
        row = told[draft.external_id]
        marks = [_mark(draft, *mark) for mark in row["marks"]]
        found.append(PanelItem(draft, row["leans"], row["says"], marks))
    return found


_OURS = ("leans", "says", "marks")


def _mark(
    draft: ItemDraft, completion: int, words: str, polarity: str, tag: str, note: str
) -> Mapping[str, Any]:
    start = draft.completions[completion].text.index(words)
    span = {
        "completion": completion,
        "start": start,
        "end": start + len(words),
        "polarity": polarity,
    }
    return span | {"tag": tag} | ({"note": note} if note else {})


def answers_to(item: PanelItem, person: Person, n_before: int) -> dict[str, Any]:
    """Return what a person answers to an item, in canonical order.

    The same person answers the same item alike each time.
    """
    rng = random.Random(f"{person.id}:{item.draft.external_id}")  # noqa: S311 - a demo
    value = item.leans[person.camp] + rng.choice((-1, 0, 0, 1))
    if person.pace_s < HASTY_S:
        value = rng.choice((3, 3, -3))
    value = max(-STRONGEST, min(STRONGEST, value))
    answers: dict[str, Any] = {"preference": {"value": value}}
    # Most write a reason, some mark words, and nobody is sure of everything.
    if value and rng.random() < 0.75:
        answers["rationale"] = rng.choice(item.says["A" if value > 0 else "B"])
    if item.marks and (n_before % 2 == person.camp or rng.random() < 0.3):
        answers["marks"] = _some(item.marks, value, rng)
    levels = ("Guess", "Fairly sure", "Certain")
    answers["confidence"] = levels[min(abs(value), len(levels) - 1)]
    return answers


def marks_to(item: PanelItem, person: Person) -> list[int]:
    """Return how a person rates both answers by themselves, in canonical order.

    Mostly as they compare them, but less sharply: some pairs come out equal, and a
    few the other way round.
    """
    rng = random.Random(f"{person.id}:{item.draft.external_id}:marks")  # noqa: S311 - a demo
    value = answers_to(item, person, 0)["preference"]["value"]
    lead = value + rng.choice((-2, -1, 0, 0, 0, 1, 2))
    best = rng.choice((HIGH - 1, HIGH))
    worse = max(LOW, best - abs(lead))
    return [best, worse] if lead >= 0 else [worse, best]


def _some(
    marks: Sequence[Mapping[str, Any]], value: int, rng: random.Random
) -> list[Mapping[str, Any]]:
    """Return the marks that fit a verdict, or else one of them."""
    fitting = [mark for mark in marks if _speaks_for_a(mark) == (value > 0)]
    return fitting or [rng.choice(marks)]


def _speaks_for_a(mark: Mapping[str, Any]) -> bool:
    return bool((mark["completion"] == 0) == (mark["polarity"] == "for"))


def _profile(
    gender: str, age: str, country: str, education: str, **more: str
) -> Mapping[str, Sequence[str]]:
    told = {
        "lm_familiarity": "Somewhat familiar",
        "lm_direct_use": "Yes",
        "lm_frequency_use": "Every week",
        "gender": gender,
        "age": age,
        "reside_country": country,
        "birth_country": country,
        "education": education,
        "english_proficiency": "Fluent",
        **more,
    }
    return {name: [value] for name, value in told.items()}


_UNIVERSITY, _SCHOOL = "University Bachelors Degree", "Completed Secondary School"
_ASIAN = {"ethnicity": "British Indian", "religion": "Hindu, not strict"}
_BAPTIST = {"ethnicity": "Black American", "religion": "Baptist"}
_KIKUYU = {"ethnicity": "Kikuyu", "religion": "My church, every Sunday"}
_YOUNG, _GROWN, _OLD = "18-24 years old", "35-44 years old", "65+ years old"
_CAME: Sequence[tuple[int, Mapping[str, Sequence[str]], int, int, Ending, int]] = (
    (0, _profile("Female", _YOUNG, "GB", _UNIVERSITY, **_ASIAN), 62, 6, "completed", 3),
    (1, _profile("Male", _GROWN, "US", _SCHOOL, **_BAPTIST), 48, 6, "completed", 3),
    (0, _profile("Female", _OLD, "GB", _SCHOOL), 95, 6, "completed", 2),
    (
        1,
        _profile("Female", _GROWN, "KE", _UNIVERSITY, **_KIKUYU),
        57,
        6,
        "completed",
        2,
    ),
    (0, _profile("Male", _YOUNG, "US", _UNIVERSITY), 17, 6, "completed", 2),
    (1, _profile("Female", _GROWN, "IN", _UNIVERSITY), 71, 6, "completed", 1),
    (0, _profile("Male", _OLD, "DE", _SCHOOL), 84, 4, "timed_out", 1),
    (1, _profile("Male", _YOUNG, "GB", _SCHOOL), 39, 2, "left", 1),
    (0, _profile("Female", _GROWN, "NZ", _UNIVERSITY), 66, 5, "working", 0),
    (1, _profile("Female", _YOUNG, "US", _UNIVERSITY), 52, 3, "working", 0),
)
PEOPLE: Sequence[Person] = tuple(
    Person(f"simulated-{number:02}", *rest)
    for number, rest in enumerate(_CAME, start=1)
)
