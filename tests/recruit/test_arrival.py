"""A recruitment link: who gets in, what is kept of the ids, and who may return."""

import re
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Enrolment,
    Event,
    ExternalIdentity,
    Invitation,
    Participant,
    Project,
)
from annotation.services.enrolments import new_resume_code
from annotation.services.identities import decrypt
from tests.factories import make_user
from tests.recruit.conftest import PID, client_of, link_of, pid, recruiting

CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}")


def arrive(client: Client, address: str, external_id: str = PID, **more: str):  # type: ignore[no-untyped-def]  # the test client's own response
    """Follow the link with ids, as a browser does."""
    sent = {"PROLIFIC_PID": external_id, "STUDY_ID": "st1", "SESSION_ID": "se1", **more}
    return client.get(address, sent, follow=True)


def begin(client: Client, project: Project, external_id: str = PID) -> tuple[str, str]:
    """Begin by a fresh link; return its address and the resume code shown."""
    address = reverse("arrive", args=[link_of(project).secret])
    arrive(client, address, external_id)
    page = client.post(address).content.decode()
    found = CODE.search(page)
    assert found, page
    return address, found.group()


def give_consent(project: Project) -> None:
    """Let the one participant have something stored."""
    person = Participant.objects.get(
        project=project, source=Participant.Source.RECRUITED
    )
    person.consent_records.create(document=project.consent_documents.get())


def test_a_newcomer_begins_without_a_password(project: Project, client: Client) -> None:
    begin(client, project)
    enrolment = Enrolment.objects.get(project=project)
    person = enrolment.participant
    assert (enrolment.state, enrolment.provider) == ("working", "prolific")
    assert enrolment.due_at is not None
    assert (person.source, person.n_wanted) == ("recruited", 2)
    assert person.user is not None
    assert not person.user.has_usable_password()
    assert client.get(reverse("study", args=[project.slug])).status_code == 200
    assert Invitation.objects.get(kind="recruitment").n_used == 1


def test_nothing_is_made_before_the_person_begins(
    project: Project, client: Client
) -> None:
    address = reverse("arrive", args=[link_of(project).secret])
    page = arrive(client, address)
    assert page.status_code == 200
    assert b"Begin" in page.content
    assert not Enrolment.objects.exists()
    assert Invitation.objects.get(kind="recruitment").n_used == 0


def test_ids_leave_the_address_at_once(project: Project, client: Client) -> None:
    address = reverse("arrive", args=[link_of(project).secret])
    page = arrive(client, address)
    assert page.redirect_chain == [(address, 302)]
    assert PID.encode() not in page.content
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]


def test_ids_are_stored_encrypted_and_nowhere_else(
    project: Project, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        begin(client, project)
    identity = ExternalIdentity.objects.get(project=project)
    assert decrypt(identity.value_encrypted) == PID
    assert '"session": "se1"' in decrypt(identity.details_encrypted or b"")
    assert PID not in caplog.text
    tables = connection.introspection.table_names()
    with connection.cursor() as db:
        for table in tables:
            db.execute(f'SELECT t::text FROM "{table}" t')
            assert not [row for row in db.fetchall() if PID in row[0]], table
    for session in Session.objects.all():
        assert PID not in str(session.get_decoded())


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "carries no PROLIFIC_PID"),
        ({"PROLIFIC_PID": "  "}, "carries no PROLIFIC_PID"),
        ({"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"}, "placeholder"),
        ({"PROLIFIC_PID": "someone"}, "is no id of Prolific"),
        ({"PROLIFIC_PID": PID + "0"}, "is no id of Prolific"),
        ({"OTHER": "x"}, "carries no PROLIFIC_PID"),
    ],
)
def test_a_missing_or_malformed_id_is_said(
    project: Project, client: Client, sent: dict[str, str], words: str
) -> None:
    address = reverse("arrive", args=[link_of(project).secret])
    page = client.get(address, sent, follow=True)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert client.post(address).status_code == 422
    assert not Enrolment.objects.exists()


def test_the_same_browser_goes_on(project: Project, client: Client) -> None:
    address, _ = begin(client, project)
    page = arrive(client, address)
    assert page.redirect_chain[-1][0] == reverse("study", args=[project.slug])
    assert Enrolment.objects.count() == 1


def test_another_browser_needs_the_resume_code(
    project: Project, client: Client
) -> None:
    address, code = begin(client, project)
    give_consent(project)
    other = Client()
    page = arrive(other, address)
    assert b"Resume code" in page.content
    assert other.post(address).status_code == 409
    wrong = other.post(address, {"resume_code": "AAAA-AAAA-AAAA"})
    assert wrong.status_code == 422
    assert other.get(reverse("study", args=[project.slug])).status_code == 302
    right = other.post(address, {"resume_code": f" {code.lower()} "})
    assert right.headers["Location"] == reverse("study", args=[project.slug])
    assert other.get(reverse("study", args=[project.slug])).status_code == 200
    assert client.get(reverse("study", args=[project.slug])).status_code == 200


def test_guessing_the_resume_code_ends_soon(
    project: Project, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tries are counted by the hour of the clock, which does not end meanwhile.
    clock = SimpleNamespace(time=lambda: 0.0)
    monkeypatch.setattr("annotation.services.enrolments.time", clock)
    address, code = begin(client, project)
    give_consent(project)
    other = Client()
    arrive(other, address)
    for _ in range(10):
        other.post(address, {"resume_code": "AAAA-AAAA-AAAA"})
    assert other.post(address, {"resume_code": code}).status_code == 429


def test_a_new_resume_code_ends_the_old_one(project: Project, client: Client) -> None:
    address, code = begin(client, project)
    give_consent(project)
    client.post(reverse("study_code", args=[project.slug]))
    other = Client()
    arrive(other, address)
    assert other.post(address, {"resume_code": code}).status_code == 422
    fresh = new_resume_code(enrolment=Enrolment.objects.get())
    assert other.post(address, {"resume_code": fresh}).status_code == 302


def test_who_has_stored_nothing_begins_afresh_elsewhere(
    project: Project, client: Client
) -> None:
    address, _ = begin(client, project)
    other = Client()
    arrive(other, address)
    assert CODE.search(other.post(address).content.decode())
    assert Enrolment.objects.count() == 1
    # Whoever came first no longer sees what the second one will tell.
    assert client.get(reverse("study", args=[project.slug])).status_code == 302
    assert other.get(reverse("study", args=[project.slug])).status_code == 200


def test_an_owner_who_tries_the_link_stays_who_they_are(project: Project) -> None:
    client = client_of(project.created_by)
    address = reverse("arrive", args=[link_of(project).secret])
    assert b"Log out and open the study" in arrive(client, address).content
    client.post(address)
    assert not Enrolment.objects.exists()


def test_a_second_person_at_one_browser_is_somebody_else(
    project: Project, client: Client
) -> None:
    begin(client, project, pid(1))
    begin(client, project, pid(2))
    users = {e.participant.user_id for e in Enrolment.objects.all()}
    assert len(users) == 2


def test_a_full_or_ended_link_takes_nobody_but_those_who_return(
    project: Project, client: Client
) -> None:
    made = link_of(project, n_max=1)
    address = reverse("arrive", args=[made.secret])
    arrive(client, address)
    client.post(address)
    other = Client()
    assert arrive(other, address, pid(2)).status_code == 409
    assert other.post(address).status_code == 409
    assert arrive(client, address).status_code == 200
    assert Enrolment.objects.count() == 1


def test_a_recruitment_link_is_no_invitation_and_the_other_way_round(
    project: Project, client: Client
) -> None:
    made = link_of(project)
    assert client.get(reverse("join", args=[made.secret])).status_code == 404
    assert client.get(reverse("arrive", args=["nothing"])).status_code == 404


def test_the_same_id_in_two_projects_is_two_people(client: Client, db: None) -> None:
    for project in (recruiting(), recruiting()):
        begin(client, project)
    assert Participant.objects.filter(source="recruited").count() == 2
    assert len(set(ExternalIdentity.objects.values_list("value_hmac", flat=True))) == 2


def test_events_hold_no_id(project: Project, client: Client) -> None:
    begin(client, project)
    assert Event.objects.filter(kind="enrolled").count() == 1
    assert PID not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_person_with_a_log_in_has_no_study_page(project: Project) -> None:
    address = reverse("study", args=[project.slug])
    assert client_of(make_user()).get(address).status_code == 404
    assert client_of(project.created_by).get(address).status_code == 404
