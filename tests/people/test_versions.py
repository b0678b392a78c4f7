"""Versions: edited in place until somebody has met them, frozen afterwards."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotation.consent import required
from annotation.errors import InvalidError
from annotation.models import Participant, Project
from annotation.services.assignments import claim_next
from annotation.services.participants import give_consent, save_profile
from annotation.services.versions import (
    publish_consent,
    publish_guidelines,
    publish_questions,
    publish_survey,
)
from annotation.surveys import DECLINED, parse_survey, read_replies
from tests.factories import make_items, make_participant

OTHER = [{"name": "better", "type": "comparison", "title": "Better?", "strength": 1}]
SCOPES = [{"name": "research", "text": "used for research", "is_required": True}]


def hand_out(project: Project) -> Participant:
    """Give an item to somebody, who has thereby met the questions and guidelines."""
    make_items(project, 1)
    participant = make_participant(project)
    assert claim_next(participant=participant, project=project) is not None
    return participant


def test_questions_that_nobody_met_are_edited_in_place(project: Project) -> None:
    owner = project.created_by
    published = publish_questions(project=project, user=owner, questions=OTHER)
    assert (published.number, published.is_new) == (1, False)
    assert project.questions_versions.get().questions == OTHER


def test_questions_that_somebody_met_are_frozen(project: Project) -> None:
    hand_out(project)
    before = project.current_questions()
    assert before is not None
    published = publish_questions(
        project=project, user=project.created_by, questions=OTHER
    )
    assert (published.number, published.is_new) == (2, True)
    kept = project.questions_versions.get(number=1)
    assert kept.questions == before.questions


def test_publishing_the_same_questions_again_changes_nothing(project: Project) -> None:
    hand_out(project)
    owner = project.created_by
    publish_questions(project=project, user=owner, questions=OTHER)
    again = publish_questions(project=project, user=owner, questions=OTHER)
    assert (again.number, again.is_changed) == (2, False)
    assert project.questions_versions.count() == 2


def test_malformed_questions_are_refused_with_every_fault(project: Project) -> None:
    with pytest.raises(InvalidError) as caught:
        publish_questions(
            project=project,
            user=project.created_by,
            questions=[{"name": "a b", "type": "comparison", "strength": 9}],
        )
    assert [problem.path for problem in caught.value.problems] == [
        "questions[0].name",
        "questions[0].strength",
    ]


@pytest.mark.parametrize("names", [["", "b"], ["a", "a"]])
def test_criteria_need_a_name_each(project: Project, names: list[str]) -> None:
    criteria = [{"name": name} for name in names]
    rating = {"name": "r", "type": "rating", "criteria": criteria}
    with pytest.raises(InvalidError) as caught:
        publish_questions(project=project, user=project.created_by, questions=[rating])
    assert caught.value.problems[0].path == "questions[0].criteria"


def test_guidelines_follow_the_same_rule(project: Project) -> None:
    owner = project.created_by
    assert not publish_guidelines(project=project, user=owner, text="Read.").is_new
    assert project.guidelines_versions.get().text == "Read.\n"
    hand_out(project)
    assert publish_guidelines(project=project, user=owner, text="Read all.").is_new
    assert project.guidelines_versions.get(number=1).text == "Read.\n"


def ready(project: Project) -> Participant:
    """Return a participant who gave consent and declined every question."""
    participant = make_participant(project)
    Participant.objects.filter(pk=participant.pk).update(is_ready=False)
    version = project.survey_versions.latest("number")
    questions = parse_survey(version.questions)
    replies, _ = read_replies(questions, {q.name: [DECLINED] for q in questions})
    document = project.consent_documents.latest("number")
    give_consent(
        participant=participant,
        document=document,
        granted=required(document.scopes),
    )
    save_profile(participant=participant, version=version, replies=replies)
    participant.refresh_from_db()
    assert participant.is_ready
    return participant


def test_a_new_consent_text_asks_everybody_again(project: Project) -> None:
    participant = ready(project)
    published = publish_consent(
        project=project, user=project.created_by, text="New text.", scopes=SCOPES
    )
    participant.refresh_from_db()
    assert published.is_new
    assert not participant.is_ready


def test_a_consent_text_that_nobody_agreed_to_is_edited_in_place(
    project: Project,
) -> None:
    published = publish_consent(
        project=project, user=project.created_by, text="New text.", scopes=SCOPES
    )
    assert not published.is_new
    assert project.consent_documents.get().text == "New text.\n"


def test_a_new_survey_asks_everybody_again(project: Project) -> None:
    participant = ready(project)
    survey = [{"name": "field", "type": "text", "title": "Your subject?"}]
    published = publish_survey(
        project=project, user=project.created_by, questions=survey
    )
    participant.refresh_from_db()
    assert published.is_new
    assert not participant.is_ready


def test_a_survey_without_questions_keeps_people_at_work(project: Project) -> None:
    participant = ready(project)
    publish_survey(project=project, user=project.created_by, questions=[])
    participant.refresh_from_db()
    assert participant.is_ready


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("  ", SCOPES),
        ("Text", []),
        ("Text", [{**SCOPES[0], "is_required": False}]),
        ("Text", [{**SCOPES[0], "name": "two words"}]),
        ("Text", [{**SCOPES[0], "text": ""}]),
        ("Text", [SCOPES[0], SCOPES[0]]),
    ],
)
def test_a_consent_that_cannot_be_given_is_refused(
    project: Project, text: str, scopes: list[dict[str, object]]
) -> None:
    with pytest.raises(InvalidError):
        publish_consent(
            project=project, user=project.created_by, text=text, scopes=scopes
        )


# --- the pages --------------------------------------------------------------------


def test_json_text_is_published(project: Project, owner: Client) -> None:
    address = reverse("settings_questions", args=[project.slug])
    sent = {"do": "save_json", "json": json.dumps(OTHER)}
    for _ in range(2):
        assert owner.post(address, sent).status_code == 302
    assert project.questions_versions.get().questions == OTHER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"name": ]', "Line 1, column 11"),
        ('{"name": "a"}', "must be a list of objects"),
        ("[1]", "must be a list of objects"),
        ('[{"name": "a", "type": "poem"}]', "questions[0].type"),
        ("[]", "at least one"),
    ],
)
def test_json_text_with_a_fault_is_named_and_kept(
    project: Project, owner: Client, text: str, said: str
) -> None:
    before = project.questions_versions.get().questions
    answer = owner.post(
        reverse("settings_questions", args=[project.slug]),
        {"do": "save_json", "json": text},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert text.replace('"', "&quot;") in page
    assert project.questions_versions.get().questions == before


def test_saving_the_guidelines_after_an_item_was_handed_out_says_so(
    project: Project, owner: Client
) -> None:
    hand_out(project)
    address = reverse("settings_guidelines", args=[project.slug])
    assert "so a change makes a new version" in owner.get(address).content.decode()
    answer = owner.post(address, {"do": "save", "text": "Anew."}, follow=True)
    assert "This is version 2 of the guidelines." in answer.content.decode()


def test_a_preview_is_rendered_and_stores_nothing(
    project: Project, owner: Client
) -> None:
    text = "# Head\n\n<script>alert(1)</script> **bold**"
    answer = owner.post(
        reverse("settings_preview", args=[project.slug]), {"text": text}
    )
    page = answer.content.decode()
    assert "<strong>bold</strong>" in page
    assert "<script>" not in page
    assert project.guidelines_versions.get().text != text


def test_consent_is_edited_with_its_scopes(project: Project, owner: Client) -> None:
    sent = {
        "do": "save",
        "text": "We study this.",
        "scopes.n": "2",
        "scopes[0].text": "used for research",
        "scopes[0].name": "research",
        "scopes[0].is_required": "on",
        "scopes[1].text": "published",
        "scopes[1].name": "publication",
    }
    address = reverse("settings_consent", args=[project.slug])
    assert owner.post(address, sent).status_code == 302
    document = project.consent_documents.get()
    assert [scope["is_required"] for scope in document.scopes] == [True, False]
    fault = owner.post(address, {**sent, "scopes[1].name": "two words"})
    assert fault.status_code == 422
    assert "Each scope needs a name" in fault.content.decode()
