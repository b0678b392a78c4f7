"""PURE: read the demo's items: three files in Polyphony's own rows.

Called by services.demo. A label by a person in these files is what the demo's second
annotator answers; a label by a machine is stored as a pre-annotation.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from annotation.formats.shapes import read_items, recognise
from annotation.formats.types import ItemDraft, RowProblem
from annotation.project_templates import TEMPLATES

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class DemoSet:
    """One project of the demo.

    `template`: its key in project_templates. `file`: its items. `replies`: what the
    second annotator answers to each item, by external id, in canonical order.
    """

    name: str
    description: str
    template: str
    items: tuple[ItemDraft, ...]
    replies: Mapping[str, Mapping[str, Any]]


_SETS = (
    (
        "Demo: two answers",
        "Which of two answers is better, and by how much? Everyday and expert"
        " questions in five languages.",
        "pairwise",
        "comparison.jsonl",
    ),
    (
        "Demo: order of answers",
        "Three or four answers put in order, best first.",
        "ranking",
        "ranking.jsonl",
    ),
    (
        "Demo: marks for answers",
        "Each answer is rated by itself: helpful, correct, clear and safe.",
        "rating",
        "rating.jsonl",
    ),
)

# What the demo's annotators tell of themselves; they decline every other question.
PROFILES: Mapping[str, Mapping[str, list[str]]] = {
    "demo-annotator": {
        "age": ["35 to 44"],
        "education": ["Vocational training"],
        "use": ["Now and then"],
        "purposes": ["Looking things up", "Writing"],
        "value_truth": ["90"],
        "value_respect": ["60"],
        "value_brief": ["70"],
        "field": ["gardening and small repairs"],
    },
    "demo-annotator-2": {
        "age": ["25 to 34"],
        "education": ["Master or similar"],
        "use": ["Every day"],
        "purposes": ["Work or study", "Programming"],
        "value_truth": ["95"],
        "value_respect": ["40"],
        "value_brief": ["55"],
        "field": ["statistics"],
    },
}


def demo_sets() -> list[DemoSet]:
    """Return the three projects of the demo with their items."""
    return [
        _set(name, description, template, FOLDER / file)
        for name, description, template, file in _SETS
    ]


def _set(name: str, description: str, template: str, path: Path) -> DemoSet:
    items = list(_items(path, template))
    replies = {
        item.external_id: label.answers
        for item in items
        for label in item.labels
        if not label.is_machine
    }
    machine_only = tuple(
        replace(item, labels=tuple(x for x in item.labels if x.is_machine))
        for item in items
    )
    return DemoSet(name, description, template, machine_only, replies)


def _items(path: Path, template: str) -> Iterator[ItemDraft]:
    """Read a file; its labels answer the questions of the template.

    Raises ValueError where a row is not right, since the files are our own.
    """
    questions = [dict(question) for question in TEMPLATES[template].questions]
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [{**json.loads(line), "questions": questions} for line in lines]
    for draft in read_items(enumerate(rows, start=1), recognise(rows)):
        if isinstance(draft, RowProblem):
            raise ValueError(f"{path.name}, row {draft.row}: {draft.problem}")
        if isinstance(draft, ItemDraft):
            yield draft
