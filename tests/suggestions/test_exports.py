"""An export tells of each answer what its author had seen of a verdict, and when."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.package import FolderPackage
from annotation.models import (
    Annotation,
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Exposure,
    MachineAnnotator,
    Participant,
    Project,
    QuestionsVersion,
)
from annotation.people_templates import CONSENT_SCOPES
from annotation.services.datasets import write_dataset
from annotation.services.submissions import submit
from annotation.services.suggestions import shown_with
from tests.pools import QUESTIONS
from tests.suggestions.conftest import answer, claim, draw_so_that, suggest

WORDS = "my-own-words-5519"
SCOPES = [dict(scope) for scope in CONSENT_SCOPES]
Export = Callable[..., Path]


@pytest.fixture
def export(pool: Project, tmp_path: Path) -> Export:
    """Write a data set of the pool; return its folder."""

    def write(**options: Any) -> Path:
        folder = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        write_dataset(
            project=pool,
            options=parse_options({"format": "raw", "include_superseded": True})
            if not options
            else parse_options(options),
            package=FolderPackage(folder),
            salt=b"the same salt in every test",
            on_progress=lambda done, total: None,
        )
        return folder

    return write


def agree(person: Participant, *granted: str) -> None:
    """Let a person agree to these scopes."""
    document, _ = ConsentDocument.objects.get_or_create(
        project=person.project, number=1, defaults={"text": "Yes?", "scopes": SCOPES}
    )
    ConsentRecord.objects.create(
        participant=person, document=document, granted=list(granted)
    )


def annotations(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("data/annotations/*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def seen(person: Participant) -> Assignment:
    lent = claim(person)
    shown_with(lent, Project.objects.get(pk=person.project_id))
    return lent


def test_a_revealed_answer_and_its_change_are_told_apart(
    pool: Project, machine: MachineAnnotator, person: Participant, export: Export
) -> None:
    agree(person, "research", "ratings")
    policy = suggest(pool, machine, {"revealed": 1, "blind": 3})
    wanted = ["blind", "blind", "revealed"]
    draw_so_that(policy, person, lambda drawn: drawn[:3] == wanted)
    while True:
        lent = seen(person)
        first = answer(lent, 3)
        if first.suggestion is not None:
            break
    answer(lent, -3)
    # In a test's one transaction both answers have the time of its beginning.
    Annotation.objects.filter(public_id=first.annotation_id).update(
        created_at="2000-01-01T00:00:00Z"
    )
    Exposure.objects.filter(pk=lent.pk).update(visible_at="2001-01-01T00:00:00Z")
    rows = annotations(export())
    mine = [row for row in rows if row["suggestion_arm"] == "revealed"]
    assert [row["is_suggestion_visible"] for row in mine] == [False, True]
    assert [row["was_changed_after_suggestion"] for row in mine] == [True, True]
    assert {row["suggestion_propensity"] for row in mine} == {0.25}
    assert {row["suggestion_machine"] for row in mine} == {machine.name}
    said = {"preference": {"value": 2}}
    assert all(json.loads(row["suggestion_answers"]) == said for row in mine)
    assert {row["first_answers"] for row in mine} == {mine[0]["answers"]}
    assert {row["suggestion_visible_at"][:4] for row in mine} == {"2001"}
    blind = [row for row in rows if row["suggestion_arm"] == "blind"]
    assert len(blind) == len(rows) - 2 == 2
    for row in blind:
        assert row["is_suggestion_visible"] is False
        assert row["suggestion_visible_at"] is None
        assert row["was_changed_after_suggestion"] is None
        assert row["first_answers"] == row["answers"]


def test_what_was_shown_from_the_beginning_is_told_and_counted(
    pool: Project, machine: MachineAnnotator, person: Participant, export: Export
) -> None:
    agree(person, "research", "ratings")
    suggest(pool, machine, {"shown": 1})
    answer(seen(person))
    folder = export()
    (row,) = annotations(folder)
    assert row["is_suggestion_visible"] is True
    assert row["was_changed_after_suggestion"] is None
    assert "verdict on the item was seen: 1." in (folder / "README.md").read_text()
    own = export(format="native")
    (path,) = own.glob("data/native/*.jsonl")
    labels = [
        label
        for line in path.read_text().splitlines()
        for label in json.loads(line).get("labels", ())
        if not label["is_machine"]
    ]
    told = labels[0]["metadata"]["polyphony"]["suggestion"]
    assert (told["arm"], told["propensity"]) == ("shown", 1)
    assert told["first_answers"] == labels[0]["answers"]


def test_nothing_is_told_where_nothing_was_drawn(
    pool: Project, machine: MachineAnnotator, person: Participant, export: Export
) -> None:
    agree(person, "research", "ratings")
    answer(claim(person))
    folder = export(format="raw", file_type="csv")
    (path,) = folder.glob("data/annotations/*.csv")
    (row,) = csv.DictReader(path.open(encoding="utf-8", newline=""))
    assert row["suggestion_arm"] == row["first_answers"] == ""
    assert "was seen" not in (folder / "README.md").read_text().split("## Columns")[0]


@pytest.mark.parametrize("granted", [("free_text",), ()])
def test_first_answers_hold_no_words_that_may_not_leave(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    export: Export,
    granted: tuple[str, ...],
) -> None:
    why = {"name": "why", "type": "rationale", "title": "Why?"}
    QuestionsVersion.objects.update(questions=[*QUESTIONS, why])
    agree(person, "research", "ratings", *granted)
    suggest(pool, machine, {"blind": 1})
    lent = Assignment.objects.select_related("project").get(pk=seen(person).pk)
    submit(
        assignment=lent,
        submission_id=lent.public_id,
        answers={"preference": {"value": 1}, "why": WORDS},
    )
    (row,) = annotations(export())
    assert (WORDS in row["first_answers"]) == bool(granted)
