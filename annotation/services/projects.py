"""Step set-up: make a project from a template, and change its settings."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from annotation.consent import consent_sha256
from annotation.errors import InvalidError
from annotation.models import (
    ConsentDocument,
    GuidelinesVersion,
    Membership,
    Project,
    QuestionsVersion,
    Role,
    SurveyVersion,
)
from annotation.people_templates import PEOPLE_TEMPLATES, PeopleTemplate
from annotation.project_templates import TEMPLATES, ProjectTemplate
from annotation.services.assignments import set_overlap
from annotation.services.events import record
from annotation.services.field_problems import problems_of
from annotation.words import gettext as _

RESERVED_SLUGS = frozenset({"new"})
SLUG_LENGTH = 50


def questions_sha256(questions: Sequence[Any]) -> str:
    """Return the hash by which two lists of questions are known to be equal."""
    canonical = json.dumps(questions, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def create_project(
    *,
    user: User,
    name: str,
    template: str,
    description: str = "",
    overlap: int = 1,
    people: str = "short",
) -> Project:
    """Make a project whose owner is `user`, with version 1 of all its texts.

    `people` names the consent and survey. Raises InvalidError for an unknown template,
    an empty name or a wrong overlap.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise InvalidError(_("A project needs a name of at most 120 characters."))
    if template not in TEMPLATES:
        raise InvalidError(
            _("There is no template {template!r}. Choose one of {templates}.").format(
                template=template, templates=", ".join(TEMPLATES)
            )
        )
    if people not in PEOPLE_TEMPLATES:
        known = ", ".join(PEOPLE_TEMPLATES)
        raise InvalidError(
            _("There is no survey {people!r}. Choose one of {known}.").format(
                people=people, known=known
            )
        )
    if not 1 <= overlap <= 100:
        raise InvalidError(_("The overlap is a number from 1 to 100."))
    project = _create(
        name,
        description=description.strip(),
        created_by=user,
        overlap=overlap,
        seed=secrets.randbits(62),
    )
    Membership.objects.create(project=project, user=user, role=Role.OWNER)
    _first_versions(project, TEMPLATES[template], PEOPLE_TEMPLATES[people])
    return project


def _first_versions(
    project: Project, template: ProjectTemplate, people: PeopleTemplate
) -> None:
    questions = [dict(question) for question in template.questions]
    QuestionsVersion.objects.create(
        project=project,
        number=1,
        questions=questions,
        sha256=questions_sha256(questions),
    )
    GuidelinesVersion.objects.create(
        project=project, number=1, text=template.guidelines
    )
    erase = ConsentDocument.OnWithdrawal.ERASE
    ConsentDocument.objects.create(
        project=project,
        number=1,
        text=people.consent_text,
        sha256=consent_sha256(people.consent_text, people.scopes, erase),
        scopes=[dict(scope) for scope in people.scopes],
        on_withdrawal=erase,
    )
    SurveyVersion.objects.create(
        project=project,
        number=1,
        questions=[dict(question) for question in people.survey],
    )


def _create(name: str, **values: Any) -> Project:
    """Create the row under a slug of its name, with a random end where it is taken.

    The constraint decides: a look before would let two projects of one name, made at
    the same moment, both find the slug free.
    """
    base = slugify(name)[:SLUG_LENGTH].strip("-") or "project"
    if base not in RESERVED_SLUGS:
        try:
            with transaction.atomic():
                return Project.objects.create(slug=base, name=name, **values)
        except IntegrityError:
            pass
    slug = f"{base}-{secrets.token_hex(4)}"
    return Project.objects.create(slug=slug, name=name, **values)


@dataclass(frozen=True)
class Settings:
    """What an owner may set of a project at any time."""

    name: str
    description: str
    overlap: int
    lease_s: int
    grace_s: int
    editing: str
    is_paused: bool


@transaction.atomic
def update_project(*, project: Project, user: User, settings: Settings) -> Project:
    """Change a project's settings; a new overlap reaches items at once.

    Raises InvalidError for a value out of range.
    """
    row = Project.objects.select_for_update().get(pk=project.pk)
    before = row.overlap
    for field in fields(settings):
        setattr(row, field.name, getattr(settings, field.name))
    row.name = " ".join(row.name.split())
    row.description = row.description.strip()
    try:
        row.clean_fields(exclude=("created_by",))
    except ValidationError as error:
        raise InvalidError(
            _("The settings need mending."),
            problems=problems_of(error, row),
        ) from error
    row.save(update_fields=[field.name for field in fields(settings)])
    if row.overlap != before:
        set_overlap(project=row, overlap=row.overlap)
    record(project=row, user=user, kind="settings_changed", overlap=row.overlap)
    return row
