"""Storing items and labels: idempotent, apart, all or nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from annotation.formats.types import (
    CompletionDraft,
    ItemDraft,
    LabelDraft,
    LabelsDraft,
    Message,
    RowProblem,
)
from annotation.models import (
    Annotation,
    Assignment,
    Completion,
    ExternalIdentity,
    FrontierEntry,
    Item,
    Participant,
    PreAnnotation,
    Project,
)
from annotation.services.identities import decrypt
from annotation.services.imports import store_items

QUESTIONS = [{"name": "preference", "type": "comparison", "title": "Better?"}]
MakeProject = Callable[..., Project]


def draft(number: int, **changes: object) -> ItemDraft:
    made = ItemDraft(
        row=number,
        messages=(Message("user", f"Question {number}?"),),
        completions=(CompletionDraft("One.", "alpha"), CompletionDraft("Two.", "beta")),
        external_id=f"q{number}",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def label(annotator: str, value: int, *, is_machine: bool = False) -> LabelDraft:
    return LabelDraft(annotator, is_machine, {"preference": {"value": value}})


@pytest.fixture
def project(make_pool: MakeProject) -> Project:
    return make_pool(0)


def test_same_items_twice_add_nothing(project: Project) -> None:
    items = [draft(1), draft(2, external_id="")]
    assert store_items(project=project, items=items).n_added == 2
    again = store_items(project=project, items=items)
    assert (again.n_added, again.n_known) == (0, 2)
    assert (Item.objects.count(), Completion.objects.count()) == (2, 4)
    assert FrontierEntry.objects.count() == 2


def test_same_item_twice_in_one_batch_is_stored_once(project: Project) -> None:
    counts = store_items(project=project, items=[draft(1), draft(1)])
    assert (counts.n_added, counts.n_known) == (1, 1)


def test_changed_text_under_a_known_id_is_refused(project: Project) -> None:
    store_items(project=project, items=[draft(1)])
    problems: list[RowProblem] = []
    changed = draft(1, messages=(Message("user", "Another?"),))
    store_items(project=project, items=[changed], on_problem=problems.append)
    assert [(p.row, p.field) for p in problems] == [(1, "external_id")]
    assert Item.objects.get().messages[0]["content"] == "Question 1?"


def test_labels_of_people_and_machines_never_mix(project: Project) -> None:
    labels = (label("anna", 1), label("judge", -1, is_machine=True))
    store_items(project=project, items=[draft(1, labels=labels)], questions=QUESTIONS)
    assert Annotation.objects.get().answers == {"preference": {"value": 1}}
    assert PreAnnotation.objects.get().answers == {"preference": {"value": -1}}
    assert FrontierEntry.objects.get().n_taken == 0


def test_people_of_a_file_are_known_by_an_encrypted_id(project: Project) -> None:
    # No token of a cipher can hold a space, as it may hold four letters by chance.
    items = [draft(n, labels=(label("anna b", 1),)) for n in (1, 2)]
    store_items(project=project, items=items, questions=QUESTIONS)
    person = Participant.objects.get()
    identity = ExternalIdentity.objects.get()
    assert identity.participant == person
    assert decrypt(identity.value_encrypted) == "anna b"
    assert "anna" not in person.pseudonym
    assert b"anna b" not in bytes(identity.value_encrypted)


def test_same_labels_twice_add_nothing(project: Project) -> None:
    labels = (label("anna", 1), label("judge", -1, is_machine=True))
    items = [draft(1, labels=labels)]
    store_items(project=project, items=items, questions=QUESTIONS)
    counts = store_items(project=project, items=items, questions=QUESTIONS)
    assert (counts.n_annotations, counts.n_pre_annotations) == (0, 0)
    assert counts.n_known_labels == 2
    assert (Annotation.objects.count(), Participant.objects.count()) == (1, 1)


def test_machine_that_changed_its_mind_keeps_its_first_label(project: Project) -> None:
    first, second = (label("judge", value, is_machine=True) for value in (1, -1))
    items = [draft(1, labels=(first, second))]
    counts = store_items(project=project, items=items, questions=QUESTIONS)
    assert (counts.n_pre_annotations, counts.n_other_labels) == (1, 1)
    assert PreAnnotation.objects.get().answers == {"preference": {"value": 1}}


def test_second_answer_of_one_person_is_a_round_of_its_own(project: Project) -> None:
    labels = (label("anna", 1), label("anna", 2))
    store_items(project=project, items=[draft(1, labels=labels)], questions=QUESTIONS)
    rounds = Assignment.objects.order_by("round").values_list("round", flat=True)
    assert list(rounds) == [1, 2]


def test_labels_alone_find_their_item_or_are_refused(project: Project) -> None:
    store_items(project=project, items=[draft(1)])
    problems: list[RowProblem] = []
    brought = [
        LabelsDraft(1, "q1", (label("judge", 1, is_machine=True),)),
        LabelsDraft(2, "q9", (label("judge", 1, is_machine=True),)),
    ]
    store_items(
        project=project,
        items=brought,
        questions=QUESTIONS,
        on_problem=problems.append,
    )
    assert PreAnnotation.objects.count() == 1
    assert [problem.row for problem in problems] == [2]


def test_overlap_and_priority_of_an_item_are_kept(project: Project) -> None:
    store_items(project=project, items=[draft(1, overlap=5, priority=3), draft(2)])
    entries = FrontierEntry.objects.order_by("item__number")
    assert [(e.target, e.rank) for e in entries] == [(5, -3), (1, 0)]
