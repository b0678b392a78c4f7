"""What is kept of a suggestion: in the person's own copy, and after a withdrawal."""

import json
from typing import Any

import pytest

from annotation.models import (
    Annotation,
    ConsentDocument,
    ConsentRecord,
    Exposure,
    MachineAnnotator,
    Participant,
    Project,
)
from annotation.services.own_copy import own_json
from annotation.services.suggestions import shown_with
from annotation.services.withdrawals import withdraw
from tests.suggestions.conftest import REASON, answer, claim, suggest


def copy_of(person: Participant) -> list[dict[str, Any]]:
    """Return the items of a person's own copy."""
    found = json.loads(b"".join(own_json(person)))["assignments"]
    assert isinstance(found, list)
    return found


def work(person: Participant) -> None:
    lent = claim(person)
    shown_with(lent, Project.objects.get(pk=person.project_id))
    answer(lent)


@pytest.mark.parametrize("arm", ["shown", "hedged", "revealed"])
def test_the_copy_tells_what_was_seen(
    pool: Project, machine: MachineAnnotator, person: Participant, arm: str
) -> None:
    suggest(pool, machine, {arm: 1}, has_reason=True)
    work(person)
    (entry,) = copy_of(person)
    row = Exposure.objects.get()
    assert entry["is_suggestion_visible"] is True
    assert entry["suggestion"]["words"] == row.words != ""
    assert entry["suggestion"]["reason"] == REASON
    assert entry["suggestion"]["visible_at"]


def test_the_copy_tells_nothing_that_is_hidden(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    suggest(pool, machine, {"blind": 1}, has_reason=True)
    work(person)
    (entry,) = copy_of(person)
    assert (entry["is_suggestion_visible"], entry["suggestion"]) == (False, None)


@pytest.mark.parametrize(("manner", "n_left"), [("erase", 0), ("anonymise", 1)])
def test_a_withdrawal_forgets_what_was_seen_where_it_erases(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    manner: str,
    n_left: int,
) -> None:
    document = ConsentDocument.objects.create(
        project=pool, number=1, text="Yes?", scopes=[], on_withdrawal=manner
    )
    ConsentRecord.objects.create(participant=person, document=document)
    suggest(pool, machine, {"revealed": 1})
    work(person)
    lent = claim(person)
    shown_with(lent, Project.objects.get(pk=pool.pk))
    withdraw(participant=person)
    kept = Exposure.objects.exclude(visible_at=None)
    assert kept.count() == n_left
    assert Annotation.objects.count() == 1
    if manner == "erase":
        assert not Exposure.objects.exists()
