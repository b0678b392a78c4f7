"""A withdrawal erases or anonymises as the text said, and keeps the books right."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.db import DataError, connection, transaction

from annotation import models
from annotation.errors import ConflictError
from annotation.models import (
    Annotation,
    Assignment,
    ConsentDocument,
    ConsentRecord,
    Draft,
    Event,
    ExternalIdentity,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.services import withdrawals
from annotation.services.assignments import claim_next
from annotation.services.drafts import save_draft
from annotation.services.frontier import rebuild_frontier
from annotation.services.identities import encrypt, fingerprint
from annotation.services.participants import give_consent, save_profile
from annotation.services.submissions import submit
from annotation.services.withdrawals import finish_all, withdraw
from tests.consent.conftest import ANSWERS, WORDS, ready
from tests.factories import make_participant, make_project

Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db


def everything() -> str:
    """Return every row of every table of the app as text, the item pool apart."""
    tables = apps.get_app_config("annotation").get_models()
    return "\n".join(
        serializers.serialize("json", table._default_manager.order_by("pk"))
        for table in tables
    )


def rows_of(person: Participant) -> str:
    """Return the rows that belong to a person."""
    found: list[Any] = [*Participant.objects.filter(pk=person.pk)]
    for name in ("Assignment", "Annotation", "Flag", "SurveyAnswer", "ConsentRecord"):
        table = getattr(models, name)
        found += table._default_manager.filter(participant=person).order_by("pk")
    found += Draft.objects.filter(assignment__participant=person).order_by("pk")
    return str(serializers.serialize("json", found))


def manner(project: Project, value: str) -> None:
    """Let the text say what a withdrawal does."""
    ConsentDocument.objects.filter(project=project).update(on_withdrawal=value)


def test_erasing_leaves_no_word_of_the_person(study: Project, join: Join) -> None:
    person = join("rosalind")
    mark = fingerprint(study, "abc")
    ExternalIdentity.objects.create(
        project=study,
        participant=person,
        provider="panel",
        value_encrypted=encrypt("abc"),
        value_hmac=mark,
    )
    secrets_of_them = (WORDS, "Valdivia", person.pseudonym, mark, str(person.public_id))
    before = everything()
    assert all(one in before for one in secrets_of_them)
    assert withdraw(participant=person).done_at is not None
    after = everything()
    assert not any(one in after for one in secrets_of_them)
    assert f'"user": {person.user_id}' not in rows_of(person)


def test_the_tombstone_keeps_the_counts(study: Project, join: Join) -> None:
    person = join()
    ids = set(person.annotations.values_list("public_id", flat=True))
    tombstone = withdraw(participant=person)
    assert (tombstone.n_answers, tombstone.manner) == (3, "erase")
    stored = Annotation.objects.filter(participant=person)
    assert set(stored.values_list("public_id", flat=True)) == ids
    assert all(row.answers == {} and row.active_ms is None for row in stored)
    assert all(row.created_at.hour == row.created_at.minute == 0 for row in stored)
    states = set(person.assignments.values_list("state", flat=True))
    assert states == {Assignment.State.WITHDRAWN}


def test_anonymising_keeps_the_answers_without_the_person(
    study: Project, join: Join
) -> None:
    manner(study, "anonymise")
    person = join()
    user, name = person.user_id, person.pseudonym
    withdraw(participant=person)
    person.refresh_from_db()
    assert person.user is None
    assert person.pseudonym != name
    assert not person.survey_answers.exists()
    answers = [row.answers for row in person.annotations.all()]
    assert len(answers) == 3
    assert all(answer["rationale"] == WORDS for answer in answers)
    assert not Draft.objects.filter(assignment__participant=person).exists()
    kinds = Event.objects.filter(data__participant=person.pk)
    assert kinds.exists()
    assert not kinds.filter(user=user).exists()


@pytest.mark.parametrize("value", ["erase", "anonymise"])
def test_places_are_free_again_and_the_counters_agree(
    study: Project, join: Join, value: str
) -> None:
    manner(study, value)
    leaver, stayer = join(), join()
    kept = rows_of(stayer)
    withdraw(participant=leaver)
    assert rebuild_frontier(project=study) == 0
    taken = FrontierEntry.objects.filter(project=study)
    held = Assignment.objects.filter(
        participant=stayer, state__in=("submitted", "open", "queued")
    ).count()
    assert sum(entry.n_taken for entry in taken) == held
    leaver.refresh_from_db()
    assert leaver.n_done == 0
    assert rows_of(stayer) == kept


def test_withdrawing_twice_is_withdrawing_once(study: Project, join: Join) -> None:
    person = join()
    first = withdraw(participant=person)
    before = everything()
    assert withdraw(participant=person).pk == first.pk
    assert finish_all() == 0
    assert everything() == before


def test_a_withdrawal_goes_on_where_it_was_killed(
    study: Project, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "BATCH", 1)
    person = join()
    tombstone = withdraw(participant=person)
    assert tombstone.done_at is None
    assert person.annotations.exclude(answers={}).count() == 2
    assert rebuild_frontier(project=study) == 0
    with monkeypatch.context() as patch:
        patch.setattr(withdrawals, "_END_AND_ERASE", "SELECT 1 / 0, %s")
        with pytest.raises(ExceptionGroup) as failed, transaction.atomic():
            finish_all()
    assert isinstance(failed.value.exceptions[0], DataError)
    assert person.annotations.exclude(answers={}).count() == 2
    assert finish_all() == 1
    assert not person.annotations.exclude(answers={}).exists()
    tombstone.refresh_from_db()
    assert tombstone.n_answers == 3
    assert rebuild_frontier(project=study) == 0


def test_nothing_can_follow_a_withdrawal(study: Project, join: Join) -> None:
    person = join()
    done = person.assignments.filter(state="submitted")[0]
    held = person.assignments.get(state="open")
    version = study.survey_versions.get()
    withdraw(participant=person)
    for assignment in (done, held):
        with pytest.raises(ConflictError, match="withdrawn"):
            submit(assignment=assignment, submission_id=uuid.uuid4(), answers=ANSWERS)
        with pytest.raises(ConflictError):
            save_draft(assignment=assignment, answers=ANSWERS, revision=0)
    with pytest.raises(ConflictError, match="withdrawn"):
        give_consent(
            participant=person,
            document=study.consent_documents.get(),
            granted=["research"],
        )
    with pytest.raises(ConflictError, match="withdrawn"):
        save_profile(participant=person, version=version, replies=())


def test_the_log_names_nobody(study: Project, join: Join) -> None:
    person = join()
    user = person.user
    assert user is not None
    tombstone = withdraw(participant=person)
    told = Event.objects.get(kind="consent_withdrawn")
    assert told.user is None
    assert told.data == {"withdrawal": tombstone.pk, "manner": "erase"}
    named = Event.objects.filter(user=user).values_list("data", flat=True)
    assert str(person.pk) not in json.dumps(list(named))


def test_what_they_agreed_to_is_kept_with_the_tombstone(
    study: Project, join: Join
) -> None:
    person = join()
    withdraw(participant=person)
    given, taken_back = ConsentRecord.objects.filter(participant=person).order_by("id")
    assert "ratings" in given.granted
    assert given.withdrawn_at is None
    assert taken_back.withdrawn_at is not None
    assert taken_back.granted == []


def test_who_comes_back_is_somebody_new(study: Project, join: Join) -> None:
    person = join()
    user = person.user
    assert user is not None
    withdraw(participant=person)
    again = ready(study, user)
    assert again.pk != person.pk
    assert again.n_done == 0
    assert claim_next(participant=again, project=study) is not None


def test_other_projects_of_the_person_stay(study: Project, join: Join) -> None:
    person = join()
    other = make_participant(make_project(), person.user)
    withdraw(participant=person)
    other.refresh_from_db()
    assert other.user_id == person.user_id
    assert other.is_ready


def test_every_table_with_a_person_knows_what_a_withdrawal_does() -> None:
    """A new table that names participants must be decided on."""
    named = {
        field.model.__name__
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.related_model is Participant
    }
    assert named <= set(withdrawals.TABLES)
    fields = {field.name for field in Annotation._meta.concrete_fields}
    assert fields == withdrawals.ANSWER_KEPT | withdrawals.ANSWER_ERASED


def test_counts_that_no_answer_has_reached_are_no_hindrance(study: Project) -> None:
    person = make_participant(study)
    # As an answer to the second place leaves it, where none was to the first.
    with connection.cursor() as db:
        db.execute(
            "UPDATE participant SET firsts = '{0, NULL, 1}' WHERE id = %s", [person.pk]
        )
    withdraw(participant=person)
    person.refresh_from_db()
    assert person.firsts == [0, 0, 1]
