"""The quotas in force, and what people's profiles say of their strata."""

from collections import defaultdict
from collections.abc import Sequence

from annotation.allocation.quotas import Quota, read_quotas
from annotation.countries import COUNTRIES
from annotation.models import (
    DerivedAttribute,
    Participant,
    Project,
    QuotaVersion,
    SurveyAnswer,
)
from annotation.selectors.profile import current_survey
from annotation.surveys import SurveyQuestion, parse_survey

CHOSEN, LEFT = "yes", "no"


def stratum_values(project: Project) -> dict[str, tuple[str, ...]]:
    """Return what the questions that can make strata can be answered; one query.

    Own words count by the coarser category that researchers gave them. A number has
    no values: a quota cuts it into bands. Each option of a question that takes several
    answers is asked as a question of its own: chosen, or not.
    """
    found: dict[str, tuple[str, ...]] = {}
    for question in _questions(project):
        if question.type == "single":
            found[question.name] = question.options
        elif question.type == "country":
            found[question.name] = tuple(COUNTRIES)
        elif question.type in ("number", "slider"):
            found[question.name] = ()
        elif question.type == "several":
            found |= {_of_option(question, o): (CHOSEN, LEFT) for o in question.options}
        elif question.is_categorised and question.categories:
            simplified = (category.simplified for category in question.categories)
            found[question.name] = tuple(dict.fromkeys(simplified))
    return found


def rare_names(project: Project) -> list[str]:
    """Return what seldom makes strata: sliders, and options of many; one query."""
    names: list[str] = []
    for question in _questions(project):
        if question.type == "slider":
            names.append(question.name)
        elif question.type == "several":
            names += [_of_option(question, option) for option in question.options]
    return names


def _of_option(question: SurveyQuestion, option: str) -> str:
    return f"{question.name}/{option}"


def _questions(project: Project) -> tuple[SurveyQuestion, ...]:
    version = current_survey(project)
    return parse_survey(version.questions) if version else ()


def newest_quotas(project: Project) -> QuotaVersion | None:
    """Return the newest version of the quotas; one query."""
    return project.quota_versions.order_by("-number").first()


def quotas_in_force(project: Project) -> tuple[Quota, ...]:
    """Return the quotas in force; one query."""
    version = newest_quotas(project)
    if version is None:
        return ()
    # They were checked when they were published; the survey may have changed since.
    return read_quotas(version.quotas)


def profiles(
    project: Project, people: Sequence[Participant]
) -> dict[int, dict[str, str]]:
    """Return by participant what each told, in strata's terms; three queries.

    Of several versions of the survey the newest answer counts; a question that was
    declined or not shown is left out, and so are own words without a category.
    """
    answers = SurveyAnswer.objects.filter(participant__project=project)
    derived = DerivedAttribute.objects.filter(
        participant__project=project,
        level=DerivedAttribute.Level.SIMPLIFIED,
        is_current=True,
    )
    if len(people) == 1:
        answers = answers.filter(participant=people[0])
        derived = derived.filter(participant=people[0])
    asked = _questions(project)
    answers = answers.exclude(question__in=[q.name for q in asked if q.type == "text"])
    options = {q.name: q for q in asked if q.type == "several"}
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for answer in answers.order_by("version__number"):
        is_told = answer.state == SurveyAnswer.State.ANSWERED
        if is_told and isinstance(answer.value, (str, int)):
            found[answer.participant_id][answer.question] = str(answer.value)
        else:
            found[answer.participant_id].pop(answer.question, None)
        if question := options.get(answer.question):
            chosen = answer.value if is_told else None
            _tell_options(found[answer.participant_id], question, chosen)
    for attribute in derived:
        found[attribute.participant_id][attribute.question] = attribute.value
    return found


def _tell_options(
    told: dict[str, str], question: SurveyQuestion, chosen: object
) -> None:
    """Say of each option whether it was chosen; nothing where nothing was told."""
    for option in question.options:
        name = _of_option(question, option)
        if isinstance(chosen, list):
            told[name] = CHOSEN if option in chosen else LEFT
        else:
            told.pop(name, None)
