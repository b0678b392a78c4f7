"""Step set-up: what a policy for suggestions must fulfil, alone and beside checks."""

import math
from collections.abc import Mapping

from annotation.allocation.insertion import ROUNDING, SILENT, CheckRules, read_rules
from annotation.answers import Question, main_question, parse_questions
from annotation.models import MachineAnnotator, PreAnnotation, Project
from annotation.questions import Problem
from annotation.suggestion_words import TOLD
from annotation.suggestions import (
    ARMS,
    MAX_WEIGHT,
    PROTOCOL_TYPES,
    blind_percent,
    least_blind,
)
from annotation.words import gettext as _
from annotation.words import join_or


def policy_problems(
    project: Project,
    machine: MachineAnnotator,
    arms: Mapping[str, int],
    temperature: float | None,
) -> list[Problem]:
    """Return every fault of a policy for this project; [] = none."""
    problems = [*_machine_problems(project, machine), *_arm_problems(arms)]
    if temperature is not None and not (math.isfinite(temperature) and temperature > 0):
        text = _("A temperature is a number above 0.")
        problems.append(Problem("temperature", text))
    rules = read_rules(project.check_rules)
    if not problems and stands_out(rules, arms):
        problems.append(Problem("arms.blind", _few_blind(rules)))
    return problems


def _machine_problems(project: Project, machine: MachineAnnotator) -> list[Problem]:
    text = ""
    version = project.current_questions()
    main = main_question(parse_questions(version.questions)) if version else None
    if machine.project_id != project.pk:
        text = _("This AI annotator belongs to another project. Choose one of this.")
    elif machine.archived_at is not None:
        text = _("This AI annotator is archived. Choose one that is in use.")
    elif machine.kind == MachineAnnotator.Kind.TAGGER:
        text = _("A tagger judges no completion. Choose a judge or a reward model.")
    elif main is None or main.type not in TOLD:
        text = _(
            "Nothing can be suggested for this project's main question: it is neither "
            "a comparison nor a ranking nor a rating."
        )
    elif not _answers(machine, main):
        text = _(
            "This AI annotator does not answer “{title}”. Choose one that does."
        ).format(title=main.title)
    return [Problem("machine", text)] if text else []


def _answers(machine: MachineAnnotator, main: Question) -> bool:
    """Tell whether a machine answers the main question, by its protocol.

    Without a protocol, as for labels of a file, what it has said so far tells.
    """
    if machine.protocol:
        return PROTOCOL_TYPES.get(machine.protocol) == main.type
    said = PreAnnotation.objects.filter(machine=machine, status="ok")
    return not said.exists() or said.filter(answers__has_key=main.name).exists()


def _arm_problems(arms: Mapping[str, int]) -> list[Problem]:
    problems = [
        Problem(
            f"arms.{arm[:30]}",
            _("There is no arm {arm!r}. The arms are {arms}.").format(
                arm=arm[:30], arms=join_or(ARMS)
            ),
        )
        for arm in arms
        if arm not in ARMS
    ]
    problems += [
        Problem(
            f"arms.{arm}",
            _("A weight is a whole number from 0 to {most}.").format(most=MAX_WEIGHT),
        )
        for arm in ARMS
        if type(arms.get(arm, 0)) is not int or not 0 <= arms.get(arm, 0) <= MAX_WEIGHT
    ]
    if not problems and not any(arms.values()):
        text = _("Give at least one arm a weight, or choose no AI annotator.")
        problems.append(Problem("arms", text))
    return problems


def stands_out(rules: CheckRules, arms: Mapping[str, int]) -> bool:
    """Tell whether silent checks and repeats, which have none, would be told apart."""
    return blind_percent(arms) < least_blind(rules.silent_share) - ROUNDING


def _few_blind(rules: CheckRules) -> str:
    return _(
        "Silent checks and repeats have no suggestion and would stand out. Let at "
        "least {percent} % of the items be blind, or make the silent checks rarer."
    ).format(percent=_least(rules))


def _least(rules: CheckRules) -> int:
    return math.ceil(least_blind(rules.silent_share) - ROUNDING)


def check_problems(project: Project, rules: CheckRules) -> list[Problem]:
    """Return why these rules do not fit the suggestions in force; [] where they do."""
    policy = project.suggestion_policy
    if policy is None or not stands_out(rules, policy.arms):
        return []
    first = next(kind for kind in SILENT if rules.every(kind))
    text = _(
        "People see suggestions here, and what is mixed in unseen has none, so it "
        "would stand out. Let at least {percent} % of the items be blind first, or "
        "make the silent checks rarer."
    ).format(percent=_least(rules))
    return [Problem(f"{first}_every", text)]
