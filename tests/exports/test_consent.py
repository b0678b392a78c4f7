"""Each export holds what its people agreed to release, and the card accounts for it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from annotation.consent import FREE_TEXT_TYPES
from annotation.formats.exports.catalogue import FORMATS
from annotation.models import (
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Flag,
    Participant,
    Project,
    SurveyAnswer,
)
from annotation.people_templates import CONSENT_SCOPES
from annotation.questions import QUESTION_TYPES
from annotation.services.exports import stream_annotations
from tests.exports.conftest import Write
from tests.exports.study import MAIN, SALT, Study, grade, marks

EVERYTHING = ["research", "ratings", "free_text", "demographics", "special"]
SURVEY = [
    {"name": "age", "type": "single", "title": "?", "options": ["old", "young"]},
    {"name": "faith", "type": "text", "title": "?", "sensitivity": "special"},
    {"name": "field", "type": "text", "title": "?"},
    {"name": "mood", "type": "text", "title": "?", "sensitivity": "plain"},
]
TOLD = {"age": "old", "faith": "the moon", "field": "tides", "mood": "good"}
WORDS = "Because of the tides."


@pytest.fixture
def study(db: None) -> Study:
    """A divided consent, two people who release everything, an answer each."""
    study = Study("consents", MAIN)
    ConsentDocument.objects.update(scopes=[dict(scope) for scope in CONSENT_SCOPES])
    study.survey.questions = SURVEY
    study.survey.save()
    item = study.item([("user", "Why?")], ["So.", "Thus."], external_id="why")
    for name in ("anna", "ben"):
        person = study.person(name, EVERYTHING)
        answers = grade(2, reasons=["correct"]) | marks([4, 1], [4, 2])
        study.answer(item, person, answers | {"rationale": WORDS})
        SurveyAnswer.objects.bulk_create(
            SurveyAnswer(
                participant=person,
                version=study.survey,
                question=question,
                state="answered",
                value=value,
            )
            for question, value in TOLD.items()
        )
    return study


def agree(name: str, scopes: Sequence[str]) -> None:
    """Let a person say anew what may be released."""
    person = Participant.objects.get(pseudonym=name)
    document = ConsentDocument.objects.get()
    ConsentRecord.objects.create(
        participant=person, document=document, granted=list(scopes)
    )


def without(scope: str) -> list[str]:
    """Return every scope but one."""
    return [name for name in EVERYTHING if name != scope]


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table written as JSON lines."""
    path = folder / f"data/{name}/train-00000-of-00001.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def texts(folder: Path) -> dict[str, str]:
    """Return every data file of a data set."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted((folder / "data").rglob("*.jsonl"))
    }


def streamed(project: Project) -> list[dict[str, Any]]:
    """Return the rows of the stream."""
    lines = b"".join(stream_annotations(project, SALT)).splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("form", [*FORMATS])
def test_answers_that_are_not_released_are_in_no_format(
    study: Study, write: Write, form: str
) -> None:
    _, before = write(study.project, format=form)
    agree("ben", without("ratings"))
    _, after = write(study.project, format=form)
    assert before.answers.exported - after.answers.exported == before.answers.stored / 2
    assert after.answers.dropped["not_released"] == 1
    assert "its author did not agree to its release" in after.card


def test_the_stream_leaves_them_out_too(study: Study) -> None:
    assert len(streamed(study.project)) == 2
    agree("ben", without("ratings"))
    assert len(streamed(study.project)) == 1


@pytest.mark.parametrize("form", [*FORMATS])
def test_words_that_are_not_released_are_in_no_format(
    study: Study, write: Write, form: str
) -> None:
    whole = "".join(texts(write(study.project, format=form)[0]).values())
    assert WORDS in whole
    for name in ("anna", "ben"):
        agree(name, without("free_text"))
    folder, written = write(study.project, format=form)
    whole = "".join(texts(folder).values())
    assert WORDS not in whole
    assert "tides" not in whole
    assert "the moon" not in whole
    assert written.answers.exported == 2
    assert written.answers.withheld == {"free_text": 2}
    assert "| answers: words of their own | 2 |" in written.card
    assert WORDS not in json.dumps(streamed(study.project))


def test_words_of_skips_and_flags_are_words_too(study: Study, write: Write) -> None:
    item = study.item([("user", "How?")], ["So.", "Thus."], external_id="how")
    ben = Participant.objects.get(pseudonym="ben")
    Assignment.objects.create(
        project=study.project,
        item=item,
        participant=ben,
        state="skipped",
        questions_version=study.version,
        skip_reason=WORDS,
    )
    Flag.objects.create(
        project=study.project, item=item, participant=ben, kind="other", note=WORDS
    )
    agree("ben", without("free_text"))
    folder, written = write(study.project, format="raw")
    (skip,), (flag,) = table(folder, "skips"), table(folder, "flags")
    assert (skip["reason"], flag["note"]) == ("", "")
    assert "| flags: words of their own | 1 |" in written.card
    agree("ben", without("ratings"))
    folder, _ = write(study.project, format="raw")
    assert not (folder / "data/flags/train-00000-of-00001.jsonl").read_text()


def test_taking_one_scope_back_changes_its_cells_alone(
    study: Study, write: Write
) -> None:
    before, _ = write(study.project, format="raw")
    agree("ben", without("demographics"))
    after, written = write(study.project, format="raw")
    old, new = table(before, "survey_answers"), table(after, "survey_answers")
    changed = [now for was, now in zip(old, new, strict=True) if was != now]
    assert [(row["question"], row["state"], row["value"]) for row in changed] == [
        ("age", "withheld", None)
    ]
    profiles = [json.loads(row["profile"]) for row in table(after, "participants")]
    assert sorted(len(profile) for profile in profiles) == [3, 4]
    assert written.people.withheld == {"demographics": 1}
    assert "| people: answers about the person | 1 |" in written.card
    for name in ("annotations", "judgements", "items", "completions"):
        # Only the column that says what was agreed to follows.
        rows = [table(folder, name) for folder in (before, after)]
        for row in (*rows[0], *rows[1]):
            row.pop("consent_scopes", None)
        assert rows[0] == rows[1]


def test_special_categories_need_a_scope_of_their_own(
    study: Study, write: Write
) -> None:
    agree("ben", without("special"))
    folder, _ = write(study.project, format="raw")
    states = [row["state"] for row in table(folder, "survey_answers")]
    assert states.count("withheld") == 1
    assert "".join(texts(folder).values()).count("the moon") == 2


def test_who_releases_nothing_is_not_among_the_people(
    study: Study, write: Write
) -> None:
    agree("ben", ["research"])
    folder, written = write(study.project, format="raw")
    assert len(table(folder, "participants")) == 1
    assert written.people.dropped == {"not_released": 1}


def test_the_last_word_counts(study: Study, write: Write) -> None:
    agree("ben", without("ratings"))
    agree("ben", EVERYTHING)
    _, written = write(study.project, format="native")
    assert written.answers.dropped.total() == 0


def test_an_undivided_document_releases_everything(study: Study, write: Write) -> None:
    ConsentDocument.objects.update(
        scopes=[{"name": "research", "text": "used", "is_required": True}]
    )
    agree("ben", ["research"])
    folder, written = write(study.project, format="raw")
    assert written.answers.exported == 2
    assert "withheld" not in "".join(texts(folder).values())
    _, published = write(study.project, format="raw", only_publishable=True)
    assert published.answers.dropped == {"not_publishable": 2}


def test_a_release_of_answers_is_a_leave_to_publish(study: Study, write: Write) -> None:
    agree("ben", without("ratings"))
    _, written = write(study.project, format="raw", only_publishable=True)
    assert written.answers.exported == 1


def test_every_type_of_question_says_whether_it_is_free_text() -> None:
    assert set(FREE_TEXT_TYPES) == set(QUESTION_TYPES)


def test_who_never_agreed_is_no_row_of_the_people(study: Study, write: Write) -> None:
    Participant.objects.create(
        project=study.project,
        pseudonym="refuser",
        source=Participant.Source.RECRUITED,
    )
    folder, _ = write(study.project, format="raw")
    assert len(table(folder, "participants")) == 2
