"""A form with every type and rule, and answers to it at random."""

import random
from typing import Any

FORM: list[dict[str, Any]] = [
    {"name": "preference", "type": "comparison", "title": "Better?", "strength": 3},
    {
        "name": "kind",
        "type": "choice",
        "title": "Kind",
        "options": ["facts", "code"],
        "is_required": False,
        "show_if": {"question": "preference", "answers": ["better"]},
    },
    {
        "name": "fluent",
        "type": "choice",
        "title": "Fluent?",
        "options": ["yes", "no"],
        "per_completion": True,
        "is_required": False,
        "required_if": {"question": "kind", "answers": ["facts"]},
    },
    {
        "name": "marks",
        "type": "rating",
        "title": "Marks",
        "low": 1,
        "high": 5,
        "criteria": [{"name": "clear", "title": "Clear"}],
        "is_required": False,
        "show_if": {"question": "fluent", "answers": ["no"]},
    },
    {
        "name": "order",
        "type": "ranking",
        "title": "Order",
        "is_required": False,
        "show_if": {"question": "marks", "answers": ["lowest", "na"]},
    },
    {
        "name": "tags",
        "type": "tags",
        "title": "Tags",
        "reasons": ["long", "short"],
        "is_required": False,
        "show_if": {"question": "preference", "answers": []},
    },
    {
        "name": "why",
        "type": "rationale",
        "title": "Why?",
        "is_required": False,
        "min_chars": 3,
        "required_if": {"question": "order", "answers": ["tie", "unacceptable"]},
    },
    {
        "name": "more",
        "type": "text",
        "title": "More",
        "is_required": False,
        "show_if": {"question": "why", "answers": []},
    },
    {
        "name": "sure",
        "type": "confidence",
        "title": "Sure?",
        "levels": ["low", "high"],
        "is_required": False,
        "required_if": {"question": "tags", "answers": ["long"]},
    },
]


def random_answers(rng: random.Random) -> dict[str, Any]:
    """Return well-formed answers to some of the questions, also to hidden ones."""
    grade = rng.randint(-3, 3)
    each = rng.choice([["yes", "no"], ["no", None], ["yes", "yes"], [None, "no"]])
    tiers = rng.choice([[[0], [1]], [[1], [0]], [[0, 1]], [[1]]])
    given = {
        "preference": {"value": grade},
        "kind": rng.choice(["facts", "code"]),
        "fluent": each,
        "marks": {"clear": [rng.choice([1, 2, 5, "na", None]) for _ in range(2)]},
        "order": {"tiers": tiers, "unacceptable": [0] if tiers == [[1]] else []},
        "tags": rng.choice([["long"], ["short"], ["short", "long"]]),
        "why": rng.choice(["  ", "Because.", "\u2028", "x", "\x1f "]),
        "more": rng.choice(["word", " "]),
        "sure": rng.choice(["low", "high"]),
    }
    return {name: value for name, value in given.items() if rng.random() < 0.85}
