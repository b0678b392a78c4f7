"""The members of a jury, and which of their verdicts it hears."""

import json
from dataclasses import dataclass
from typing import Any

from annotation.answers import Question, parse_questions
from annotation.models import MachineAnnotator, Project, QuestionsVersion
from annotation.selectors.choices import purposes_of, questions_of
from models_service.prompts.base import question_for
from models_service.specs import JURY

# So many members must have a verdict on an item: one alone is no jury.
QUORUM = 2

# Whether the rows of one member under one version of the questions are a verdict: that
# which all orders make together, or else every single one. One that answers other
# questions alone, but not the comparison of its version, is none.
IS_HEARD = """
    CASE WHEN bool_or({rows}."order" = '{{}}')
    THEN bool_or({rows}."order" = '{{}}' AND {rows}.status = 'ok' AND {says})
    ELSE bool_and({rows}.status = 'ok' AND {says}) END
""".replace(
    "{says}",
    "{rows}.answers ->> (%(comparisons)s::jsonb ->> {rows}.questions_version_id::text)"
    " IS NOT NULL",
)


@dataclass(frozen=True)
class Seat:
    """A member of a jury, as its version froze it.

    Its evidence is divided by `temperature` and counts with `weight`, at least 0.
    `is_calibrated`: people's labels told the temperature. `carries`: what its place
    says did not weigh more than its content (models_service.weight).
    """

    machine: MachineAnnotator
    temperature: float
    weight: float
    is_calibrated: bool
    carries: bool


def is_jury(machine: MachineAnnotator) -> bool:
    """Tell whether a machine annotator is a jury."""
    return machine.backend == JURY


def seats_of(machine: MachineAnnotator) -> list[Seat]:
    """Return the members of a jury, in their order; one query."""
    told = {one["id"]: one for one in machine.parameters["members"]}
    found = MachineAnnotator.objects.filter(
        project_id=machine.project_id, public_id__in=told
    )
    by_id = {str(one.public_id): one for one in found}
    return [
        Seat(
            by_id[key],
            one["temperature"],
            one["weight"],
            one["is_calibrated"],
            one["carries"],
        )
        for key, one in told.items()
        if key in by_id
    ]


def compared_by(questions: QuestionsVersion) -> Question | None:
    """Return the comparison of a version of questions, which a jury answers, if any."""
    return question_for("pairwise", parse_questions(questions.questions))


def heard_questions(project: Project) -> dict[int, Question]:
    """Return the comparisons that verdicts may answer to be heard; two queries.

    By version of the questions: those of the project that ask what its newest one
    asks, and those of imported files.
    """
    asked, purposes = questions_of(project), purposes_of(project)
    compared = {
        pk: question
        for pk, questions in asked.items()
        if (question := question_for("pairwise", questions)) is not None
    }
    own = [pk for pk in asked if purposes[pk] == QuestionsVersion.Purpose.PROJECT]
    newest = compared.get(max(own)) if own else None
    if newest is None:
        return {}
    return {
        pk: question
        for pk, question in compared.items()
        if purposes[pk] == QuestionsVersion.Purpose.IMPORTED
        or (pk in own and question.name == newest.name)
    }


def heard_values(machine: MachineAnnotator) -> dict[str, Any]:
    """Return what a statement needs to find the verdicts that a jury hears.

    Three queries. `members` are those that carry weight; `comparisons`: the name of the
    comparison in each of the `versions`, as JSON.
    """
    heard = heard_questions(machine.project)
    return {
        "members": [one.machine.pk for one in seats_of(machine) if one.weight > 0],
        "versions": list(heard),
        "comparisons": json.dumps({pk: asked.name for pk, asked in heard.items()}),
        "quorum": QUORUM,
    }
