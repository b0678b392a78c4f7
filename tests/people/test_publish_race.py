"""Two owners who publish at the same moment."""

from collections.abc import Callable

import pytest

from annotation.models import (
    Assignment,
    ConsentDocument,
    ConsentRecord,
    GuidelinesVersion,
    QuestionsVersion,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.services import participants, versions
from tests.assign.test_crossings import crossed
from tests.factories import make_items, make_participant, make_project

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_owners_who_publish_at_once_make_one_version_each() -> None:
    project = make_project()
    owner = project.created_by
    person = make_participant(project)
    survey, document = SurveyVersion.objects.get(), ConsentDocument.objects.get()
    ConsentRecord.objects.create(participant=person, document=document)
    SurveyAnswer.objects.create(
        participant=person, version=survey, question="age", state="skipped"
    )
    Assignment.objects.create(
        project=project,
        item=make_items(project, 1)[0],
        participant=person,
        state="released",
        questions_version=QuestionsVersion.objects.get(),
        guidelines_version=GuidelinesVersion.objects.get(),
    )
    scopes = [dict(scope) for scope in document.scopes]

    def publish(kind: str, text: str) -> Callable[[], versions.Published]:
        question = {"name": text, "type": "rationale", "title": text}
        calls: dict[str, Callable[[], versions.Published]] = {
            "questions": lambda: versions.publish_questions(
                project=project, user=owner, questions=[question]
            ),
            "guidelines": lambda: versions.publish_guidelines(
                project=project, user=owner, text=text
            ),
            "consent": lambda: versions.publish_consent(
                project=project, user=owner, text=text, scopes=scopes
            ),
            "survey": lambda: versions.publish_survey(
                project=project, user=owner, questions=survey.questions[: len(text)]
            ),
        }
        return calls[kind]

    for kind in ("questions", "guidelines", "consent", "survey"):
        with crossed(publish(kind, "a"), publish(kind, "bb")) as second:
            pass
        assert second.result().is_changed, kind
    for model in (QuestionsVersion, GuidelinesVersion, ConsentDocument, SurveyVersion):
        newest = model.objects.order_by("-number").first()
        assert newest is not None
        # The second owner's is in force: the first one's was met by nobody yet.
        assert newest.number == 2
    assert QuestionsVersion.objects.get(number=2).questions[0]["name"] == "bb"
    assert GuidelinesVersion.objects.get(number=2).text == "bb\n"


def test_consent_given_while_a_new_text_is_published_is_asked_for_again() -> None:
    project = make_project()
    person = make_participant(project)
    document, survey = ConsentDocument.objects.get(), SurveyVersion.objects.get()
    SurveyAnswer.objects.create(
        participant=person, version=survey, question="age", state="skipped"
    )
    ConsentRecord.objects.create(
        participant=make_participant(project), document=document
    )
    person.is_ready = False
    person.save()

    def agree() -> None:
        participants.give_consent(
            participant=person,
            document=document,
            granted=[scope["name"] for scope in document.scopes],
        )

    def publish() -> None:
        versions.publish_consent(
            project=project,
            user=project.created_by,
            text="Another text.",
            scopes=document.scopes,
        )

    with crossed(agree, publish) as published:
        pass
    published.result()
    person.refresh_from_db()
    assert not person.is_ready
