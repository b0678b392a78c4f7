"""Everybody sees, downloads and takes back their own data, and nobody another's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import ConsentRecord, Membership, Participant, Project, Role
from annotation.services.members import remove_member
from annotation.services.versions import publish_consent
from tests.consent.conftest import WORDS, logged_in
from tests.factories import make_member, make_user

Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db
PAGES = ("your_data", "your_data_file", "consent_withdraw")


def file_of(client: Client, project: Project) -> dict[str, Any]:
    """Return one's own data as downloaded."""
    answer = client.get(reverse("your_data_file", args=[project.slug]))
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    found: dict[str, Any] = json.loads(answer.getvalue())
    return found


def test_the_page_shows_what_is_held(study: Project, join: Join) -> None:
    person = join()
    page = logged_in(person.user).get(reverse("your_data", args=[study.slug]))
    body = page.content.decode()
    for words in (person.pseudonym, "25 to 34", "tides of Valdivia", WORDS, "draft"):
        assert words in body
    assert "no-cache" in page.headers["Cache-Control"]


def test_the_download_holds_everything_and_nothing_of_others(
    study: Project, join: Join
) -> None:
    person, other = join(), join()
    found = file_of(logged_in(person.user), study)
    assert found["pseudonym"] == person.pseudonym
    told = {entry["question"]: entry for entry in found["profile"]}
    assert told["age"]["value"] == "25 to 34"
    assert told["use"]["state"] == "prefer_not"
    (consent,) = found["consents"]
    assert "ratings" in consent["agreed_to"]
    assert consent["consent_version"] == 1
    answers = [a for one in found["assignments"] for a in one["answers"]]
    assert len(answers) == 3
    assert answers[0]["answers_as_shown"]["rationale"] == WORDS
    states = sorted(one["state"] for one in found["assignments"])
    assert states == ["open", "skipped", "submitted", "submitted", "submitted"]
    assert [one["draft"] for one in found["assignments"] if one["draft"]]
    assert found["flags"][0]["note"] == WORDS
    whole = json.dumps(found)
    assert other.pseudonym not in whole
    for row in other.annotations.all():
        assert str(row.public_id) not in whole
    assert "model-" not in whole


def test_a_silent_check_looks_like_any_other_item(study: Project, join: Join) -> None:
    person = join()
    for purpose in ("monitoring", "attention", "mirror"):
        person.assignments.filter(state="submitted", purpose="main").update(
            purpose=purpose
        )
        whole = json.dumps(file_of(logged_in(person.user), study))
        assert purpose not in whole
        person.assignments.filter(purpose=purpose).update(purpose="main")


def test_many_answers_come_in_batches(
    study: Project, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = join()
    whole = file_of(logged_in(person.user), study)
    monkeypatch.setattr("annotation.selectors.own_answers.BATCH", 2)
    assert file_of(logged_in(person.user), study) == whole


@pytest.mark.parametrize("role", [Role.OWNER, Role.RESEARCHER, Role.ANNOTATOR])
def test_no_role_reaches_the_data_of_another(
    study: Project, join: Join, role: str
) -> None:
    person = join()
    client = logged_in(make_member(study, role))
    page = client.get(reverse("your_data", args=[study.slug])).content.decode()
    assert "Nothing is kept about you here" in page
    assert person.pseudonym not in page
    file = client.get(reverse("your_data_file", args=[study.slug]))
    assert file.status_code == 404
    client.post(reverse("consent_withdraw", args=[study.slug]), {"sure": "1"})
    person.refresh_from_db()
    assert person.is_ready


def test_an_outsider_finds_nothing(study: Project, join: Join) -> None:
    join()
    for name in PAGES:
        address = reverse(name, args=[study.slug])
        assert logged_in(make_user()).get(address).status_code == 404
        assert Client().get(address).status_code == 302


def test_who_left_the_project_still_reaches_their_own(
    study: Project, join: Join
) -> None:
    person = join()
    membership = Membership.objects.get(project=study, user=person.user)
    remove_member(membership=membership, by=study.created_by)
    client = logged_in(person.user)
    assert file_of(client, study)["pseudonym"] == person.pseudonym
    for name in ("your_data", "consent_withdraw"):
        assert client.get(reverse(name, args=[study.slug])).status_code == 200


def test_a_scope_is_taken_back_and_given_again(study: Project, join: Join) -> None:
    person = join()
    client = logged_in(person.user)
    address = reverse("your_data", args=[study.slug])
    for agreed in (["research", "ratings"], ["research", "ratings", "special"]):
        for _ in range(2):
            assert client.post(address, {"agree": agreed}).status_code == 302
    said = ConsentRecord.objects.filter(participant=person).order_by("id")
    assert [len(one.granted) for one in said] == [5, 2, 3]
    person.refresh_from_db()
    assert person.is_ready


def test_a_needed_scope_is_not_taken_back_alone(study: Project, join: Join) -> None:
    person = join()
    client = logged_in(person.user)
    answer = client.post(reverse("your_data", args=[study.slug]), {"agree": "ratings"})
    assert answer.status_code == 422
    assert "To take it back, withdraw." in answer.content.decode()
    assert ConsentRecord.objects.filter(participant=person).count() == 1


def test_under_an_old_text_scopes_can_be_taken_back_only(
    study: Project, join: Join
) -> None:
    person = join()
    scopes = study.consent_documents.get().scopes
    publish_consent(
        project=study, user=study.created_by, text="We ask anew.", scopes=scopes
    )
    client = logged_in(person.user)
    address = reverse("your_data", args=[study.slug])
    assert client.post(address, {"agree": ["research"]}).status_code == 302
    refused = client.post(address, {"agree": ["research", "ratings"]})
    assert refused.status_code == 422
    assert "Read the new one" in refused.content.decode()
    said = ConsentRecord.objects.filter(participant=person).latest("id")
    assert (said.granted, said.document.number) == (["research"], 1)
    person.refresh_from_db()
    assert not person.is_ready


def test_a_new_text_shows_what_changed_and_what_was_agreed(
    study: Project, join: Join
) -> None:
    person = join()
    document = study.consent_documents.get()
    publish_consent(
        project=study,
        user=study.created_by,
        text=document.text.replace("invented name", "made-up name"),
        scopes=[*document.scopes[:4], {"name": "training", "text": "used to train"}],
        on_withdrawal="anonymise",
    )
    page = logged_in(person.user).get(reverse("start", args=[study.slug]))
    body = page.content.decode()
    assert "<del>invented </del><ins>made-up </ins>" in body
    assert "New: <ins>used to train (your choice)</ins>" in body
    assert "No longer asked: <del>released with what I tell about my health" in body
    assert "New for a withdrawal" in body
    assert "You had agreed to: research, ratings" in body


def test_a_withdrawal_asks_first_and_says_what_happens(
    study: Project, join: Join
) -> None:
    person = join()
    client = logged_in(person.user)
    address = reverse("consent_withdraw", args=[study.slug])
    asked = client.get(address).content.decode()
    assert "your profile and your drafts are erased" in asked
    unsure = client.post(address)
    assert unsure.status_code == 422
    assert "Tick the box first" in unsure.content.decode()
    person.refresh_from_db()
    assert person.is_ready
    done = client.post(address, {"sure": "1"}).content.decode()
    assert "You have withdrawn" in done
    assert client.post(address, {"sure": "1"}).status_code == 302
    page = client.get(reverse("your_data", args=[study.slug])).content.decode()
    assert "Nothing is kept about you here" in page


def test_owners_see_how_many_and_not_who(study: Project, join: Join) -> None:
    person = join("rosalind")
    owner = logged_in(study.created_by)
    address = reverse("people", args=[study.slug])
    assert "withdrawn" not in owner.get(address).content.decode()
    client = logged_in(person.user)
    client.post(reverse("consent_withdraw", args=[study.slug]), {"sure": "1"})
    page = owner.get(address).content.decode()
    assert "1 participant has withdrawn" in page
    assert "withdrawn-" not in page
