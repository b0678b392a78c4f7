"""Consent and profile before the first item."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import (
    ConsentRecord,
    Participant,
    Project,
    Role,
    SurveyAnswer,
)
from annotation.people_templates import SURVEY
from annotation.services.participants import ensure_participant
from annotation.services.versions import publish_consent, publish_survey
from annotation.surveys import DECLINED
from tests.factories import make_member, make_user
from tests.people.conftest import LogIn

SCOPES = [{"name": "research", "text": "used for research", "is_required": True}]


@pytest.fixture
def annotator(project: Project) -> User:
    """A member who has done nothing yet."""
    return make_member(project)


def filled_in(project: Project, **more: object) -> dict[str, object]:
    """Return a form that agrees to taking part alone and declines every question."""
    sent: dict[str, object] = {
        "consent": project.consent_documents.latest("number").number,
        "survey": project.survey_versions.latest("number").number,
        "agree": ["research"],
    }
    sent |= {f"q-{question['name']}": DECLINED for question in SURVEY}
    return sent | {
        f"q-{name}" if name != "agree" else name: v for name, v in more.items()
    }


def person_in(project: Project, user: User) -> Participant:
    """Return a user's participant."""
    return Participant.objects.get(project=project, user=user)


def test_boxes_start_empty_and_nothing_is_stored_by_looking(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    page = log_in(annotator).get(reverse("start", args=[project.slug]))
    assert page.status_code == 200
    assert " checked" not in page.content.decode()
    assert not Participant.objects.filter(user=annotator).exists()


def test_consent_and_profile_make_a_person_ready(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    sent = filled_in(
        project,
        agree=["research", "ratings"],
        age="25 to 34",
        purposes=["Play", "Writing"],
        use="Every day",
        value_truth="0",
    )
    for _ in range(2):
        answer = client.post(reverse("start", args=[project.slug]), sent)
        assert answer.headers["Location"] == reverse("annotate", args=[project.slug])
    participant = person_in(project, annotator)
    assert participant.is_ready
    assert ConsentRecord.objects.get().granted == ["research", "ratings"]
    stored = {row.question: row for row in SurveyAnswer.objects.all()}
    assert len(stored) == len(SURVEY)
    assert (stored["age"].state, stored["age"].value) == ("answered", "25 to 34")
    assert stored["value_truth"].value == 0
    assert stored["country"].state == "prefer_not"
    order = stored["purposes"].order_shown
    assert sorted(order or []) == sorted(SURVEY[4]["options"])


def test_what_is_missing_is_said_at_its_field_and_nothing_is_stored(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    sent = filled_in(project, agree=[], value_truth="", age="25 to 34")
    answer = log_in(annotator).post(reverse("start", args=[project.slug]), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2 points are still open." in page
    assert 'id="q-value_truth-problem"' in page
    assert 'value="25 to 34" checked' in page
    assert not Participant.objects.filter(user=annotator).exists()


def test_a_question_that_was_not_shown_is_stored_so(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    sent = filled_in(project, use="Never", purposes=[])
    client = log_in(annotator)
    assert client.post(reverse("start", args=[project.slug]), sent).status_code == 302
    assert SurveyAnswer.objects.get(question="purposes").state == "not_shown"


def test_the_order_of_options_stays_when_the_page_comes_back(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    address = reverse("start", args=[project.slug])

    def order(page: str) -> list[str]:
        options = SURVEY[4]["options"]
        return sorted(options, key=lambda option: page.index(f'value="{option}"'))

    first = order(client.get(address).content.decode())
    assert first == order(client.post(address, {}).content.decode())
    client.post(address, filled_in(project))
    assert SurveyAnswer.objects.get(question="purposes").order_shown == first


def test_a_refusal_is_answered_by_a_page_and_stores_nothing(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    sent = filled_in(project) | {"do": "refuse"}
    answer = log_in(annotator).post(reverse("start", args=[project.slug]), sent)
    assert "You do not take part" in answer.content.decode()
    assert not Participant.objects.filter(user=annotator).exists()


def test_a_text_that_changed_meanwhile_is_shown_again(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    owner = project.created_by
    client = log_in(annotator)
    other = log_in(make_member(project))
    address = reverse("start", args=[project.slug])
    sent = filled_in(project)
    assert other.post(address, sent).status_code == 302
    publish_consent(project=project, user=owner, text="New text.", scopes=SCOPES)
    answer = client.post(address, sent)
    assert answer.status_code == 422
    assert "have changed meanwhile" in answer.content.decode()
    assert client.post(address, filled_in(project)).status_code == 302


def test_a_new_consent_starts_empty_and_keeps_the_profile(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    address = reverse("start", args=[project.slug])
    client.post(address, filled_in(project, age="25 to 34"))
    publish_consent(
        project=project, user=project.created_by, text="New text.", scopes=SCOPES
    )
    assert not person_in(project, annotator).is_ready
    page = client.get(address).content.decode()
    assert 'name="agree" value="research">' in page
    assert 'value="25 to 34" checked' in page
    client.post(address, filled_in(project, age="25 to 34"))
    assert person_in(project, annotator).is_ready
    assert ConsentRecord.objects.count() == 2


def test_a_new_survey_asks_only_what_is_new(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    address = reverse("start", args=[project.slug])
    client.post(address, filled_in(project, age="25 to 34"))
    fresh = [*SURVEY, {"name": "mood", "type": "text", "title": "How are you?"}]
    publish_survey(project=project, user=project.created_by, questions=fresh)
    assert not person_in(project, annotator).is_ready
    page = client.get(address).content.decode()
    assert 'value="25 to 34" checked' in page
    assert "How are you?" in page


@pytest.mark.parametrize("role", list(Role.values))
def test_every_member_starts_in_the_same_way(
    project: Project, log_in: LogIn, role: str
) -> None:
    user = make_member(project, role)
    client = log_in(user)
    address = reverse("start", args=[project.slug])
    assert client.post(address, filled_in(project)).status_code == 302
    assert person_in(project, user).is_ready


def test_an_outsider_finds_nothing(project: Project, log_in: LogIn) -> None:
    client = log_in(make_user())
    for name in ("start", "guidelines", "your_data", "your_data_file"):
        assert client.get(reverse(name, args=[project.slug])).status_code == 404
    for name in ("start", "consent_withdraw", "your_data"):
        assert client.post(reverse(name, args=[project.slug])).status_code == 404
    assert not Participant.objects.exists()


def test_other_methods_are_refused(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    assert client.put(reverse("start", args=[project.slug])).status_code == 405
    assert client.post(reverse("guidelines", args=[project.slug])).status_code == 405


def test_who_is_asked_twice_is_one_participant(
    project: Project, annotator: User
) -> None:
    first = ensure_participant(project=project, user=annotator)
    assert ensure_participant(project=project, user=annotator) == first


def test_the_guidelines_are_shown_to_every_member(
    project: Project, log_in: LogIn, annotator: User
) -> None:
    client = log_in(annotator)
    address = reverse("guidelines", args=[project.slug])
    page = client.get(address).content.decode()
    assert "<h2" in page
    assert "Version 1" in page
    text = client.get(address, {"fragment": "1"}).content.decode()
    assert text.startswith("<article")
    assert "<html" not in text


def test_a_consent_text_is_never_trusted(
    project: Project, log_in: LogIn, annotator: User, client: Client
) -> None:
    evil = "<script>alert(1)</script> [a](javascript:alert(1))"
    publish_consent(project=project, user=project.created_by, text=evil, scopes=SCOPES)
    page = log_in(annotator).get(reverse("start", args=[project.slug]))
    body = page.content.decode()
    assert "<script>alert" not in body
    assert 'href="javascript:' not in body
