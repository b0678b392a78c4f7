"""Step recruit: take over what a platform says of its submissions, all or nothing."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.formats.statuses import StatusLine, read_statuses
from annotation.models import Enrolment, Project
from annotation.services.endings import close
from annotation.services.enrolments import find_enrolments
from annotation.services.events import record
from annotation.words import gettext as _

State = Enrolment.State
# What ends a part here. The other statuses are kept beside the state only.
ENDS = {
    "returned": State.RETURNED,
    "timed_out": State.TIMED_OUT,
    "screened_out": State.SCREENED_OUT,
}
# People who gave up before they came are in the platform's list and not here.
HARMLESS = ("returned", "timed_out", "active", "screened_out")
MAX_TOLD = 50


@dataclass(frozen=True)
class StatusesTaken:
    """How many lines were read, how many changed a state, how many are not here."""

    n_lines: int
    n_ended: int
    n_unknown: int


@transaction.atomic
def take_statuses(*, project: Project, content: bytes, by: User) -> StatusesTaken:
    """Take a platform's list over: statuses are kept, and who returned gives back.

    Raises InvalidError with every line that is wrong; nothing is changed then.
    """
    read = read_statuses(content)
    problems = list(read.problems)
    known: list[tuple[StatusLine, Enrolment]] = []
    n_unknown = 0
    here = find_enrolments(project, [line.external_id for line in read.lines])
    for line in read.lines:
        enrolment = here.get(line.external_id)
        if enrolment is not None:
            known.append((line, enrolment))
        elif line.status in HARMLESS:
            n_unknown += 1
        else:
            problems.append(
                Problem(
                    f"row {line.row}",
                    _(
                        "Row {row}: nobody with this id has begun this study "
                        "by its link. Is it the list of another study? Else "
                        "take the line out."
                    ).format(row=line.row),
                )
            )
    if problems:
        raise InvalidError(
            _("Nothing was changed, because some lines need mending."),
            problems=problems[:MAX_TOLD],
        )
    n_ended = sum(_take(line, enrolment, by) for line, enrolment in known)
    record(
        project=project,
        user=by,
        kind="statuses_taken",
        n_lines=len(read.lines),
        n_ended=n_ended,
    )
    return StatusesTaken(len(read.lines), n_ended, n_unknown)


def _take(line: StatusLine, enrolment: Enrolment, by: User) -> bool:
    if enrolment.provider_status != line.status:
        enrolment.provider_status = line.status
        enrolment.save(update_fields=["provider_status"])
    state = ENDS.get(line.status)
    if state is None:
        return False
    return close(participant=enrolment.participant, state=state, by=by)
