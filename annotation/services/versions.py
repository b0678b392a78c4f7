"""Step set-up: the versions of questions, guidelines, consent and survey.

A version that nobody has met is edited in place; one that somebody has met is frozen,
and a change makes the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.answers import (
    InvalidQuestionsError,
    Problem,
    Question,
    parse_questions,
)
from annotation.consent import CLASSES, MANNERS, consent_sha256
from annotation.errors import InvalidError
from annotation.models import (
    ConsentDocument,
    ConsentRecord,
    GuidelinesVersion,
    Participant,
    Project,
    QuestionsVersion,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.questions import main_question
from annotation.second_form import other_kind, read_form
from annotation.selectors.met import guidelines_are_met, questions_are_met
from annotation.services.events import record
from annotation.services.projects import questions_sha256
from annotation.surveys import InvalidSurveyError, parse_survey
from annotation.words import gettext as _

EVENTS = {
    QuestionsVersion.Purpose.PROJECT: "questions_published",
    QuestionsVersion.Purpose.SECOND_PROTOCOL: "second_questions_published",
}


@dataclass(frozen=True)
class Published:
    """What a change led to: the number now in force, and whether it is a new one."""

    number: int
    is_new: bool
    is_changed: bool = True


@transaction.atomic
def publish_questions(
    *,
    project: Project,
    user: User,
    questions: Sequence[Mapping[str, Any]],
    purpose: QuestionsVersion.Purpose = QuestionsVersion.Purpose.PROJECT,
) -> Published:
    """Put questions in force, in place or as a new version.

    `purpose`: the project's own, or those of its second protocol, which have versions
    of their own. Raises InvalidError with every fault named, and where the project's
    own would no longer fit beside a second protocol that runs.
    """
    raw = [dict(question) for question in questions]
    try:
        parsed = parse_questions(raw)
    except InvalidQuestionsError as error:
        raise InvalidError(
            _("The questions need mending."), problems=error.problems
        ) from error
    locked = _lock(project)
    if purpose == QuestionsVersion.Purpose.PROJECT and locked.protocol_rules:
        _check_beside_second(locked, parsed)
    # The lock makes a claim at this moment wait: it would else be given questions
    # that change under it.
    current = (
        QuestionsVersion.objects.select_for_update()
        .filter(project=project, purpose=purpose)
        .order_by("-number")
        .first()
    )
    sha256 = questions_sha256(raw)
    if current is not None and current.sha256 == sha256:
        return Published(current.number, is_new=False, is_changed=False)
    if current is not None and not questions_are_met(project, current):
        current.questions, current.sha256 = raw, sha256
        current.save(update_fields=["questions", "sha256"])
        return Published(current.number, is_new=False)
    number = current.number + 1 if current else 1
    QuestionsVersion.objects.create(
        project=project, number=number, purpose=purpose, questions=raw, sha256=sha256
    )
    kind = EVENTS[purpose]
    record(project=project, user=user, kind=kind, number=number)
    return Published(number, is_new=True)


@transaction.atomic
def publish_guidelines(*, project: Project, user: User, text: str) -> Published:
    """Put guidelines in force, in place or as a new version."""
    text = _stored(text)
    _lock(project)
    current = (
        GuidelinesVersion.objects.select_for_update()
        .filter(project=project)
        .order_by("-number")
        .first()
    )
    if current is not None and current.text == text:
        return Published(current.number, is_new=False, is_changed=False)
    if current is not None and not guidelines_are_met(project, current):
        current.text = text
        current.save(update_fields=["text"])
        return Published(current.number, is_new=False)
    number = current.number + 1 if current else 1
    GuidelinesVersion.objects.create(project=project, number=number, text=text)
    record(project=project, user=user, kind="guidelines_published", number=number)
    return Published(number, is_new=True)


@transaction.atomic
def publish_consent(
    *,
    project: Project,
    user: User,
    text: str,
    scopes: Sequence[Mapping[str, Any]],
    on_withdrawal: str = ConsentDocument.OnWithdrawal.ERASE,
) -> Published:
    """Put a consent text in force; a new version asks every participant again.

    Text, scopes and what a withdrawal does are one: a change of any is a new version.

    Raises InvalidError for an empty text or scopes that cannot be told apart.
    """
    text = _stored(text)
    kept = _checked_scopes(text, scopes)
    if on_withdrawal not in MANNERS:
        raise InvalidError(_("Choose what becomes of the answers of who withdraws."))
    _lock(project)
    current = (
        ConsentDocument.objects.select_for_update()
        .filter(project=project)
        .order_by("-number")
        .first()
    )
    values = {
        "text": text,
        "scopes": kept,
        "on_withdrawal": str(on_withdrawal),
        "sha256": consent_sha256(text, kept, on_withdrawal),
    }
    if current is not None and _is_same(current, values):
        return Published(current.number, is_new=False, is_changed=False)
    if current is not None and not consent_is_met(current):
        ConsentDocument.objects.filter(pk=current.pk).update(**values)
        return Published(current.number, is_new=False)
    number = current.number + 1 if current else 1
    ConsentDocument.objects.create(project=project, number=number, **values)
    _ask_everybody_again(project)
    record(project=project, user=user, kind="consent_published", number=number)
    return Published(number, is_new=True)


def _is_same(document: ConsentDocument, values: Mapping[str, Any]) -> bool:
    """Tell whether a document says this already; old hashes cover the text alone."""
    names = ("text", "scopes", "on_withdrawal")
    return all(getattr(document, name) == values[name] for name in names)


def consent_is_met(document: ConsentDocument) -> bool:
    """Tell whether somebody has agreed to this text."""
    return ConsentRecord.objects.filter(document=document).exists()


def _checked_scopes(
    text: str, scopes: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    kept = [_scope(scope) for scope in scopes]
    names = [scope["name"] for scope in kept]
    if not text.strip():
        raise InvalidError(_("Write what people agree to."))
    if not any(scope["is_required"] for scope in kept):
        raise InvalidError(_("Mark at least one scope as needed to take part."))
    if not all(str(name).isidentifier() for name in names) or not all(
        scope["text"] for scope in kept
    ):
        raise InvalidError(
            _("Each scope needs a name of letters, digits and _, and a sentence.")
        )
    if len(set(names)) < len(names):
        raise InvalidError(_("Two scopes have the same name. Rename one."))
    return kept


def _scope(raw: Mapping[str, Any]) -> dict[str, Any]:
    scope = {
        "name": str(raw.get("name", "")).strip(),
        "text": str(raw.get("text", "")).strip(),
        "is_required": bool(raw.get("is_required")),
    }
    covers = [name for name in CLASSES if name in (raw.get("covers") or ())]
    # Left out where there is none, as in the documents made before.
    return scope | ({"covers": covers} if covers else {})


@transaction.atomic
def publish_survey(
    *, project: Project, user: User, questions: Sequence[Mapping[str, Any]]
) -> Published:
    """Put a profile survey in force; a new version asks every participant again.

    Raises InvalidError with every fault named.
    """
    raw = [dict(question) for question in questions]
    try:
        parse_survey(raw)
    except InvalidSurveyError as error:
        raise InvalidError(
            _("The survey needs mending."), problems=error.problems
        ) from error
    _lock(project)
    current = (
        SurveyVersion.objects.select_for_update()
        .filter(project=project)
        .order_by("-number")
        .first()
    )
    if current is not None and current.questions == raw:
        return Published(current.number, is_new=False, is_changed=False)
    if current is not None and not survey_is_met(current):
        current.questions = raw
        current.save(update_fields=["questions"])
        return Published(current.number, is_new=False)
    number = current.number + 1 if current else 1
    SurveyVersion.objects.create(project=project, number=number, questions=raw)
    if raw:
        _ask_everybody_again(project)
    record(project=project, user=user, kind="survey_published", number=number)
    return Published(number, is_new=True)


def survey_is_met(version: SurveyVersion) -> bool:
    """Tell whether somebody has answered this survey."""
    return SurveyAnswer.objects.filter(version=version).exists()


def _check_beside_second(project: Project, questions: Sequence[Question]) -> None:
    """Refuse a change of kind after which items would be asked the same thing twice."""
    second = (
        QuestionsVersion.objects.filter(
            project=project, purpose=QuestionsVersion.Purpose.SECOND_PROTOCOL
        )
        .order_by("-number")
        .first()
    )
    if second is None or other_kind(questions) == read_form(second.questions).kind:
        return
    path = f"questions[{list(questions).index(main_question(questions))}].type"
    text = _(
        "The second protocol of this project does not fit beside this question. "
        "Switch it off first, or keep the kind of question that is asked."
    )
    raise InvalidError(_("The questions need mending."), problems=[Problem(path, text)])


def _lock(project: Project) -> Project:
    """Let one owner at a time publish: two would else both follow the same version."""
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _ask_everybody_again(project: Project) -> None:
    Participant.objects.filter(project=project, is_ready=True).update(is_ready=False)


def _stored(text: str) -> str:
    """Return a text as it is stored: unix line ends, no NUL, one end of line."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip() + "\n"
