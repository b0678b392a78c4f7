"""Stored items and answers in the hand, without a database."""

import json
from typing import Any

from annotation.answers import parse_questions
from annotation.formats.exports.types import (
    Machine,
    Person,
    StoredAnswer,
    StoredCompletion,
    StoredItem,
    Version,
)

COMPARISON: dict[str, Any] = {
    "name": "preference",
    "type": "comparison",
    "title": "Which is better?",
    "strength": 3,
    "allow_both_bad": True,
    "reasons": ["correct", "clear"],
    "levels": ["sure", "unsure"],
}
RANKING: dict[str, Any] = {
    "name": "ranking",
    "type": "ranking",
    "title": "Which order?",
}
RATING: dict[str, Any] = {
    "name": "ratings",
    "type": "rating",
    "title": "How good?",
    "criteria": [
        {"name": "helpful", "title": "Helpful"},
        {"name": "correct", "title": "Correct"},
    ],
    "low": 0,
    "high": 4,
}
RATIONALE: dict[str, Any] = {
    "name": "rationale",
    "type": "rationale",
    "title": "Why?",
    "is_required": False,
}
JUDGE = Machine("judge", "judge", "m", "", "", "{}", "ok", 0.75, "A", None, None)


def version(*questions: dict[str, Any], purpose: str = "project") -> Version:
    """Return a questions version."""
    return Version(1, purpose, questions, parse_questions(questions))


def person(name: str = "p1", **facts: Any) -> Person:
    """Return a person under a pseudonym."""
    return Person(name, **facts)


def answer(key: str, given: dict[str, Any], /, **facts: Any) -> StoredAnswer:
    """Return a current answer of a person to the questions version 1."""
    machine = facts.get("machine")
    values: dict[str, Any] = {
        "id": key,
        "item_id": "item-1",
        "item_external_id": "q1",
        "person": None if machine else person(f"p-{key}"),
        "machine": None,
        "source": "machine" if machine else "web",
        "created_at": "2026-01-02T03:04:05.000006Z",
        "answers": json.dumps(given),
        "version": 1,
        "guidelines_version": 1,
        "order": (0, 1),
        "purpose": "main",
        "round": 1,
        "state": "submitted",
        "fate": "current",
        "active_ms": 5000,
        "total_ms": 6000,
        "shown_at": None,
        "layout": "",
        "view": "",
        "is_suggestion_visible": False,
        "metadata": "{}",
    }
    return StoredAnswer(**(values | facts))


def item(*answers: StoredAnswer, n_completions: int = 2) -> StoredItem:
    """Return an item with completions A0, A1, … by models m0, m1, …"""
    return StoredItem(
        id="item-1",
        number=1,
        external_id="q1",
        created_at="2026-01-01T00:00:00.000000Z",
        messages=[{"role": "user", "content": "Why?"}],
        language="en",
        category="",
        source="",
        metadata="{}",
        gold=None,
        overlap=None,
        priority=0,
        completions=[
            StoredCompletion(n, f"A{n}", f"m{n}", "", "{}")
            for n in range(n_completions)
        ],
        answers=answers,
    )
