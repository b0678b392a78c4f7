"""A person's own copy holds everything that names them: to read, as JSON, as tables."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import (
    CheckPlan,
    Conversation,
    DerivedAttribute,
    Participant,
    PastSurveyAnswer,
    Project,
    ProtocolPair,
    QualificationAttempt,
    QuotaHold,
    Role,
    StandingChange,
    Turn,
)
from annotation.selectors.own_copy import AT_HEAD, LEFT_OUT, TABLES, WITH_ITEMS
from annotation.services.comments import reply
from annotation.services.own_copy import own_json
from annotation.services.pay import mark_paid
from tests.consent.conftest import WORDS, logged_in
from tests.consent.test_every_export import arrive
from tests.consent.test_every_export import study as full_study

__all__ = ["full_study"]
Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db
ANSWER = "The team says so."


def zip_of(client: Client, project: Project) -> dict[str, str]:
    """Return the files of the download by name."""
    answer = client.get(reverse("your_data_zip", args=[project.slug]))
    assert answer.status_code == 200
    assert f"{project.slug}-my-data.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def told_much(person: Participant) -> None:
    """Add what only some people have: a row of each further kind."""
    owner = person.project.created_by
    thread = person.threads.get()
    reply(thread=thread, by=owner, role=Role.OWNER, text=ANSWER)
    CheckPlan.objects.create(participant=person)
    QualificationAttempt.objects.create(
        participant=person,
        number=1,
        n_asked=4,
        n_correct=3,
        pass_percent=70,
        is_passed=True,
    )
    StandingChange.objects.create(
        participant=person, standing="active", reason="Very careful.", by=owner
    )
    DerivedAttribute.objects.create(
        participant=person,
        question="field",
        level="categorised",
        value="Oceans",
        method="person",
    )
    told = person.survey_answers.all()[0]
    PastSurveyAnswer.objects.create(
        participant=person,
        version=told.version,
        question=told.question,
        state="answered",
        value="an earlier age",
        given_at=told.created_at,
    )
    talk = Conversation.objects.create(project=person.project, participant=person)
    Turn.objects.create(conversation=talk, number=0, user_message="Hello model.")
    held = person.assignments.all()[0]
    ProtocolPair.objects.create(
        project=person.project,
        item=held.item,
        participant=person,
        comes_first="main",
        is_settled=True,
    )
    QuotaHold.objects.create(
        assignment=held, participant=person, category="maths", cells=[]
    )


def personal_tables() -> set[str]:
    """Return the tables that name a participant or a log-in, or belong to one."""
    tables = [one for one in apps.get_models() if one.__module__[:7] != "django."]
    fields = [field for table in tables for field in table._meta.concrete_fields]
    theirs: set[Any] = set()
    more: set[Any] = {Participant}
    while more - theirs:
        theirs |= more
        more = {f.model for f in fields if f.related_model in theirs and not f.null}
    named = {field.model for field in fields if field.related_model is User}
    return {table.__name__ for table in theirs | named}


def test_every_table_that_leads_to_a_person_is_in_the_copy_or_on_the_list() -> None:
    told = {name for table in TABLES for name in table.models}
    told |= {*AT_HEAD, *WITH_ITEMS}
    assert told & set(LEFT_OUT) == set()
    assert personal_tables() - told - set(LEFT_OUT) == set()


def test_every_kind_has_its_rows_in_each_form(full_study: Project) -> None:
    person = arrive(full_study, "recruited")
    told_much(person)
    mark_paid(project=full_study, ids=None, by=full_study.created_by)
    found = zip_of(logged_in(person.user), full_study)
    document = json.loads(found["your-data.json"])
    page = unescape(found["your-data.html"])
    for table in TABLES:
        rows = list(csv.DictReader(io.StringIO(found[f"tables/{table.name}.csv"])))
        assert len(rows) == len(document[table.name]) > 0, table.name
        assert list(rows[0]) == list(document[table.name][0])
        assert table.title in page
    answers = [a for one in document["assignments"] for a in one["answers"]]
    rows = list(csv.DictReader(io.StringIO(found["tables/answers.csv"])))
    assert [row["id"] for row in rows] == [answer["id"] for answer in answers]
    for words in ("Very careful.", ANSWER, "Hello model.", "5f" + "1" * 22, "Oceans"):
        assert words in found["your-data.json"]
        assert words in page


def test_the_copy_tells_ones_own_id_times_and_pay(full_study: Project) -> None:
    person = arrive(full_study, "recruited")
    mark_paid(project=full_study, ids=None, by=full_study.created_by)
    client = logged_in(person.user)
    document = json.loads(zip_of(client, full_study)["your-data.json"])
    assert document["external_id"] == "5f" + "1" * 22
    assert document["external_details"]["session"] == "session"
    (pay,) = document["pay"]
    assert (pay["amount_before_top_up"], pay["paid_amount"]) == ("3.00", "3.00")
    assert (pay["platform"], pay["n_items"]) == ("Prolific", 3)
    page = client.get(reverse("your_data", args=[full_study.slug])).content.decode()
    assert "Your part and your pay" in page
    assert "3.00 GBP" in page


def test_a_copy_at_work_does_not_tell_silent_checks(
    full_study: Project,
) -> None:
    person = arrive(full_study, "recruited")
    document = full_copy(person)
    check, *counted = person.assignments.filter(annotation__isnull=False)
    for one in counted:
        QuotaHold.objects.create(
            assignment=one, participant=person, category="maths", cells=[]
        )
    before = full_copy(person)
    assert before["groups"] == [{"category": "maths", "groups": []}]
    # What the last answer was makes no difference but for the check itself.
    QuotaHold.objects.filter(assignment=counted[-1]).delete()
    type(check).objects.filter(pk=counted[-1].pk).update(purpose="monitoring")
    Participant.objects.filter(pk=person.pk).update(n_checks=1)
    assert full_copy(person) == before
    assert before | {"groups": []} == document
    person.enrolment.state = "completed"
    person.enrolment.save()
    (pay,) = full_copy(person)["pay"]
    assert (pay["n_items"], pay["n_checks_among_them"]) == (3, 1)


def full_copy(person: Participant) -> dict[str, Any]:
    """Return the copy of somebody as a program reads it."""
    found: dict[str, Any] = json.loads(b"".join(own_json(person)))
    return found


def test_the_page_is_written_for_people(study: Project, join: Join) -> None:
    person = join()
    found = zip_of(logged_in(person.user), study)
    page = unescape(found["your-data.html"])
    assert "A is better" in page
    assert "name: rosalind" not in page
    assert f"name: {person.user}" in page
    for sign in ('{"', '["', "T00:", "+00:00"):
        assert sign not in page
    answers = json.loads(found["your-data.json"])["assignments"][0]["answers"]
    assert "A is better" in answers[0]["in_words"].values()


def test_no_word_of_another_and_no_model_is_in_it(study: Project, join: Join) -> None:
    person, other = join("rosalind"), join("barbara")
    whole = "".join(zip_of(logged_in(person.user), study).values())
    assert person.pseudonym in whole
    for words in (other.pseudonym, "barbara", "model-", "salt"):
        assert words not in whole


def test_what_people_write_is_no_formula_and_no_markup(
    study: Project, join: Join
) -> None:
    person = join()
    flag = person.project.flags.get(participant=person)
    flag.note = "=1+1<script>alert(1)</script>"
    flag.save()
    found = zip_of(logged_in(person.user), study)
    (row,) = csv.DictReader(io.StringIO(found["tables/flags.csv"]))
    assert row["note"] == "'" + flag.note
    assert "<script" not in found["your-data.html"]


def test_the_page_shows_comments_of_both_sides(study: Project, join: Join) -> None:
    person = join()
    reply(
        thread=person.threads.get(), by=study.created_by, role=Role.OWNER, text=ANSWER
    )
    page = logged_in(person.user).get(reverse("your_data", args=[study.slug]))
    body = page.content.decode()
    assert body.index(ANSWER) < body.rindex(WORDS)
    assert ", the team" in body


def test_who_was_not_recruited_has_no_pay(study: Project, join: Join) -> None:
    found = zip_of(logged_in(join().user), study)
    assert json.loads(found["your-data.json"])["pay"] == []
    assert "tables/pay.csv" not in found


def test_an_outsider_and_who_has_nothing_get_no_copy(study: Project) -> None:
    owner = logged_in(study.created_by)
    address = reverse("your_data_zip", args=[study.slug])
    assert owner.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert owner.post(address).status_code == 405
