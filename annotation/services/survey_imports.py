"""Step import: a survey with a row for each respondent, as its owner reads it."""

from django.contrib.auth.models import User

from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.formats.respondent_look import Question, look_at
from annotation.formats.respondents import Survey
from annotation.models import Job
from annotation.services.imports import ALL, GOOD, local_path
from annotation.services.jobs import create_job
from annotation.services.uploads import Upload
from annotation.words import gettext as _

MOST_WORDS = 20


def questions_of(upload: Upload) -> tuple[Question, ...] | None:
    """Return what a survey's table asks; None where the upload is none."""
    with local_path(upload.stored) as path:
        return look_at(path)


def request_survey_import(
    *, seat: Seat, upload: Upload, survey: Survey, mode: str
) -> Job:
    """Make the job that brings in what respondents judged, with their profiles.

    Raises InvalidError with every problem that can be seen before the table is read.
    """
    if mode not in (ALL, GOOD):
        raise InvalidError(_("mode must be “all” or “good”."))
    problems = _problems(survey)
    if problems:
        raise InvalidError(_("The survey needs a decision."), problems=problems)
    return create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.IMPORT,
        parameters={
            "name": upload.name,
            "mode": mode,
            "respondents": survey.to_json(),
        },
        file=upload.stored,
    )


def _problems(survey: Survey) -> list[Problem]:
    problems = []
    if not (survey.ranks or survey.rates or survey.chooses):
        said = _("Say of one question at least what people ranked, rated or chose.")
        problems.append(Problem("questions", said))
    words = survey.scale
    if survey.rates and not 2 <= len(words) <= MOST_WORDS:
        said = _("A scale has 2 to {n} words, one on each line, worst first.").format(
            n=MOST_WORDS
        )
        problems.append(Problem("scale", said))
    if len(set(words)) < len(words) or survey.na in words:
        said = _("A word stands in the scale once, and not applicable is none of them.")
        problems.append(Problem("scale", said))
    return problems
