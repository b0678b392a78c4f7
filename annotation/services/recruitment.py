"""Step recruit: what an owner sets of recruiting, and the links for a platform."""

from dataclasses import dataclass, fields
from decimal import Decimal

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.answers import Problem
from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Enrolment,
    Invitation,
    Participant,
    Project,
    Recruitment,
    Role,
)
from annotation.recruiting import PARAMETER, PROVIDERS
from annotation.services.events import record
from annotation.services.field_problems import problems_of
from annotation.services.invitations import NewInvitation, create_invitation
from annotation.words import gettext as _

MAX_ITEMS = 100_000
MAX_MINUTES = 60 * 24 * 90


@dataclass(frozen=True)
class RecruitmentSettings:
    """What an owner sets; the fields are those of the table `recruitment`.

    The names of parameters count for an own panel only: a known platform has its own.
    """

    provider: str
    completion_code: str
    id_parameter: str = ""
    study_parameter: str = ""
    session_parameter: str = ""
    screen_out_code: str = ""
    completion_url: str = ""
    screen_out_url: str = ""
    n_items_wanted: int | None = None
    when_done: str = Recruitment.WhenDone.STOP
    is_empty_done: bool = True
    time_allowed_min: int | None = None
    pay_kind: str = Recruitment.PayKind.FIXED
    pay_amount: Decimal = Decimal(0)
    screen_out_amount: Decimal = Decimal(0)
    is_pay_partial: bool = True
    currency: str = "GBP"
    floor_per_hour: Decimal = Decimal(0)
    clock: str = Recruitment.Clock.TOTAL
    top_up: str = Recruitment.TopUp.MEDIAN


@transaction.atomic
def save_recruitment(
    *, project: Project, user: User, settings: RecruitmentSettings
) -> Recruitment:
    """Store how a project recruits; a new number of items reaches who is at work.

    Raises InvalidError with every problem.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    row = Recruitment.objects.filter(project=project).first() or Recruitment(
        project=project
    )
    before = row.n_items_wanted
    for field in fields(settings):
        setattr(row, field.name, getattr(settings, field.name))
    _name_parameters(row)
    _check(row)
    row.save()
    if row.n_items_wanted != before:
        at_work = Enrolment.objects.filter(
            project=project, state=Enrolment.State.WORKING
        )
        Participant.objects.filter(pk__in=at_work.values("participant")).update(
            n_wanted=row.n_items_wanted
        )
    record(project=project, user=user, kind="recruitment_changed", recruitment=row.pk)
    return row


def _name_parameters(row: Recruitment) -> None:
    platform = PROVIDERS.get(row.provider)
    if platform is None:
        raise InvalidError(
            _("There is no platform {provider!r}.").format(provider=row.provider)
        )
    if platform.name != Recruitment.Provider.PANEL:
        row.id_parameter, row.study_parameter, row.session_parameter = (
            platform.parameters
        )
    elif not row.id_parameter:
        row.id_parameter = platform.parameters[0]
    row.completion_code = row.completion_code.strip()
    row.screen_out_code = row.screen_out_code.strip()
    row.currency = row.currency.strip().upper()


def _check(row: Recruitment) -> None:
    problems = []
    try:
        row.clean_fields(exclude=("project",))
    except ValidationError as error:
        problems += problems_of(error, row)
    names = [name for name in row.parameters if name]
    for name in names:
        if not PARAMETER.fullmatch(name):
            problems.append(
                Problem(
                    "id_parameter",
                    _(
                        "“{name}” cannot be a parameter. Begin with a letter, then "
                        "use letters, digits and the signs . _ -"
                    ).format(name=name),
                )
            )
    if len(set(names)) < len(names):
        problems.append(
            Problem("session_parameter", _("Two parameters have the same name."))
        )
    if row.screen_out_code and row.screen_out_code == row.completion_code:
        problems.append(
            Problem(
                "screen_out_code",
                _(
                    "This is the completion code. Use another one, so that the "
                    "two can be told apart at the platform."
                ),
            )
        )
    if not (
        len(row.currency) == 3 and row.currency.isalpha() and row.currency.isascii()
    ):
        problems.append(
            Problem("currency", _("Write the currency as three letters, such as GBP."))
        )
    problems += _out_of_range(row)
    if problems:
        raise InvalidError(_("The settings need mending."), problems=problems)


def _out_of_range(row: Recruitment) -> list[Problem]:
    problems = []
    if row.n_items_wanted is not None and not 1 <= row.n_items_wanted <= MAX_ITEMS:
        problems.append(
            Problem(
                "n_items_wanted",
                _("Ask for 1 to {max_items:,} items, or for all.").format(
                    max_items=MAX_ITEMS
                ),
            )
        )
    if (
        row.time_allowed_min is not None
        and not 1 <= row.time_allowed_min <= MAX_MINUTES
    ):
        problems.append(
            Problem(
                "time_allowed_min",
                _("Allow from 1 to {max_minutes:,} minutes.").format(
                    max_minutes=MAX_MINUTES
                ),
            )
        )
    for name in ("pay_amount", "screen_out_amount", "floor_per_hour"):
        if getattr(row, name) < 0:
            problems.append(Problem(name, _("This cannot be below 0.")))
    return problems


def create_link(
    *, project: Project, user: User, days: int, n_max: int, note: str = ""
) -> NewInvitation:
    """Make a recruitment link for `n_max` people that ends after `days` days.

    Raises ConflictError where the project does not recruit yet, InvalidError for a
    value out of range.
    """
    if not Recruitment.objects.filter(project=project).exists():
        raise ConflictError(
            _("Save how people are recruited first; the link is made from it."),
            code="not_recruiting",
        )
    return create_invitation(
        project=project,
        user=user,
        role=Role.ANNOTATOR,
        days=days,
        n_max=n_max,
        note=note,
        kind=Invitation.Kind.RECRUITMENT,
    )
