"""Repeats beside suggestions: never of what was seen, held against blind answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.allocation.insertion import CheckRules
from annotation.models import (
    Annotation,
    Assignment,
    MachineAnnotator,
    Participant,
    Project,
)
from annotation.selectors.habit_signs import signs_of
from annotation.services.suggestions import shown_with
from tests.suggestions.conftest import (
    answer,
    claim,
    draw_so_that,
    end,
    exposure,
    suggest,
)
from tests.suggestions.test_exports import export

__all__ = ["export"]
pytestmark = pytest.mark.django_db
Export = Callable[..., Path]


def with_repeats(pool: Project) -> None:
    """Let nearly every second item be a repeat, as soon as one can be."""
    rules = CheckRules(mirror_every=2, mirror_after_items=1, mirror_after_min=0)
    Project.objects.filter(pk=pool.pk).update(check_rules=rules.to_json())


def work(pool: Project, person: Participant, n: int) -> list[Assignment]:
    """Open and answer the next items."""
    done = []
    for _ in range(n):
        lent = claim(person)
        shown_with(lent, Project.objects.get(pk=pool.pk))
        answer(lent, 1)
        done.append(lent)
    return done


@pytest.mark.parametrize(
    "arms", [{"shown": 1, "blind": 1}, {"revealed": 1, "blind": 1}]
)
def test_what_was_seen_is_not_repeated(
    pool: Project, machine: MachineAnnotator, person: Participant, arms: dict[str, int]
) -> None:
    policy = suggest(pool, machine, arms)
    draw_so_that(policy, person, lambda drawn: drawn[:8].count("blind") == 4)
    with_repeats(pool)
    done = work(pool, person, 24)
    first = {one.item_id: one for one in done if one.purpose == "main"}
    repeats = [one.item_id for one in done if one.purpose == "mirror"]
    rows = [exposure(first[item]) for item in repeats]
    assert len(repeats) >= 3
    assert {row.arm for row in rows if row is not None} == {"blind"}


def repeated_after(
    pool: Project, machine: MachineAnnotator, person: Participant, arm: str
) -> tuple[int, int]:
    """Let a person change an answer, and repeat the first; return how they are told."""
    suggest(pool, machine, {arm: 1})
    lent = work(pool, person, 1)[0]
    answer(lent, -2)
    end(pool)
    repeat = claim(person)
    Assignment.objects.filter(pk=repeat.pk).update(
        item_id=lent.item_id, purpose="mirror", order=list(reversed(lent.order or []))
    )
    answer(repeat, -1)
    Annotation.objects.filter(assignment=repeat).update(item_id=lent.item_id)
    return signs_of(pool, {})[person.pk].repeats


def test_a_repeat_is_held_against_the_blind_answer(
    pool: Project, machine: MachineAnnotator, person: Participant, export: Export
) -> None:
    assert repeated_after(pool, machine, person, "revealed") == (1, 1)
    first = Annotation.objects.order_by("id").first()
    assert first is not None
    (path,) = export().glob("data/checks/*.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [json.loads(row["reference"]) for row in rows] == [first.answers]


def test_without_a_blind_answer_a_repeat_is_held_against_nothing(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    assert repeated_after(pool, machine, person, "shown") == (0, 0)
