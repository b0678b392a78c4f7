"""The bridge from what people were shown, and what they answered, to numpy."""

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from annotation.answers import Question, main_question
from annotation.models import MachineAnnotator, Project, SuggestionPolicy
from annotation.selectors import blind
from annotation.selectors.choices import comparable, purposes_of, questions_of
from annotation.suggestions import ARMS
from models_service.agreeing import said, with_others
from models_service.anchoring import Exposures

BATCH = 10_000

# The first answer is the earliest that was no retraction, whatever came of it.
_SHOWN = """
    SELECT a.item_id, a.participant_id, e.policy_id, e.arm, a.questions_version_id,
        i.n_completions, f.answers::text, f.active_ms, v.answers::text,
        CASE WHEN n.id <> f.id THEN n.answers::text END
    FROM suggestion_policy p
    JOIN exposure e ON e.policy_id = p.id
    JOIN assignment a ON a.id = e.assignment_id AND a.state = 'submitted'
    JOIN item i ON i.id = a.item_id
    JOIN pre_annotation v ON v.id = e.pre_annotation_id
    JOIN annotation n ON n.id = a.annotation_id
    JOIN annotation f ON f.id = (
        SELECT min(o.id) FROM annotation o
        WHERE o.assignment_id = a.id AND NOT o.is_retraction)
    WHERE p.id = ANY(%(policies)s) AND a.questions_version_id = ANY(%(versions)s)
    ORDER BY a.id
"""
_COUNTS = """
    SELECT p.id = ANY(%(policies)s), e.arm, a.state, count(*)
    FROM suggestion_policy p
    JOIN exposure e ON e.policy_id = p.id
    JOIN assignment a ON a.id = e.assignment_id
    WHERE p.project_id = %(project)s AND a.state IN ('submitted', 'skipped')
    GROUP BY 1, 2, 3
"""
_BLIND = f"""
    SELECT a.item_id, a.participant_id, a.questions_version_id, i.n_completions,
        n.answers::text
    FROM assignment a JOIN item i ON i.id = a.item_id
    {blind.EXPOSURE} JOIN annotation n ON n.id = {blind.ANSWER}
    WHERE a.item_id = ANY(%(items)s) AND a.state = 'submitted' AND a.purpose = 'main'
      AND a.questions_version_id = ANY(%(versions)s)
    ORDER BY a.id
"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Shown:
    """All answers to items with a drawn arm, of the `machine` of the newest policy.

    `n_unclear` more cannot be compared: theirs, or the machine's, says too little of
    the order of the completions. `n_other_machines` were given under policies of other
    machines. `skips`: how often such items were skipped, by arm.
    """

    machine: MachineAnnotator | None
    exposures: Exposures
    n_unclear: int
    n_other_machines: int
    skips: Mapping[str, int]


@dataclass(frozen=True)
class _Entry:
    item: int
    person: int
    policy: int
    arm: int
    machine: Hashable
    first: Hashable
    last: Hashable
    is_changed: bool
    active_ms: float


def read_exposures(project: Project) -> Shown:
    """Return what people answered to items with a drawn arm; six queries.

    Policies of other machines than the newest one are left out: an effect pooled over
    machines would be that of none. The memory it takes grows with these answers: some
    500 bytes each.
    """
    asked = comparable(questions_of(project), purposes_of(project))
    questions = {pk: main_question(one) for pk, one in asked.items()}
    machine, policies = _policies(project)
    chosen = {"project": project.pk, "policies": [one.pk for one in policies]}
    entries: list[_Entry] = []
    n_unclear = 0
    for row in _rows(_SHOWN, chosen | {"versions": list(questions)}):
        entry = _entry(questions[row[4]], row)
        if entry is None:
            n_unclear += 1
        else:
            entries.append(entry)
    n_other_machines, skips = _counts(chosen)
    found = _arrays(policies, questions, entries)
    return Shown(machine, found, n_unclear, n_other_machines, skips)


def _policies(
    project: Project,
) -> tuple[MachineAnnotator | None, list[SuggestionPolicy]]:
    """Return the machine of the newest policy, and all policies with it; one query."""
    every = list(
        SuggestionPolicy.objects.filter(project=project)
        .select_related("machine")
        .order_by("id")
    )
    if not every:
        return None, []
    machine = every[-1].machine
    return machine, [one for one in every if one.machine_id == machine.pk]


def _counts(chosen: Mapping[str, Any]) -> tuple[int, dict[str, int]]:
    """Return the number of answers beside other machines, and the skips by arm."""
    n_other_machines, skips = 0, dict.fromkeys(ARMS, 0)
    for is_chosen, arm, state, n in _rows(_COUNTS, chosen):
        if is_chosen and state == "skipped":
            skips[arm] = n
        elif not is_chosen and state == "submitted":
            n_other_machines += n
    return n_other_machines, {str(arm): n for arm, n in skips.items()}


def _entry(question: Question, row: Sequence[Any]) -> _Entry | None:
    item, person, policy, arm, _version, n, first, active_ms, verdict, last = row
    before = _said(question, first, n)
    machine = _said(question, verdict, n)
    after = before if last is None else _said(question, last, n)
    if before is None or machine is None or after is None:
        return None
    return _Entry(
        item,
        person,
        policy,
        ARMS.index(arm),
        machine,
        before,
        after,
        last is not None and _value(question, first) != _value(question, last),
        float("nan") if active_ms is None else float(active_ms),
    )


def _value(question: Question, text: str) -> Any:
    return json.loads(text).get(question.name)


def _said(question: Question, text: str, n_completions: int) -> Hashable | None:
    return said(question, _value(question, text), n_completions)


def _arrays(
    policies: Sequence[SuggestionPolicy],
    questions: Mapping[int, Question],
    entries: Sequence[_Entry],
) -> Exposures:
    shares = _shares(policies)
    places = {pk: at for at, pk in enumerate(shares)}
    return Exposures(
        items=np.array([one.item for one in entries], np.int64),
        people=np.array([one.person for one in entries], np.int64),
        policies=np.array([places[one.policy] for one in entries], np.int64),
        arms=np.array([one.arm for one in entries], np.int64),
        agrees=np.array([one.first == one.machine for one in entries], float),
        last_agrees=np.array([one.last == one.machine for one in entries], float),
        is_changed=np.array([one.is_changed for one in entries], bool),
        with_others=with_others(
            [(one.item, one.person, one.machine) for one in entries],
            _blind(questions, sorted({one.item for one in entries})),
        ),
        active_ms=np.array([one.active_ms for one in entries], float),
        shares=np.array(list(shares.values()), float).reshape(-1, len(ARMS)),
    )


def _shares(policies: Sequence[SuggestionPolicy]) -> dict[int, list[float]]:
    """Return the probability of each arm under each policy, by its key."""
    return {
        one.pk: [one.arms.get(arm, 0) / sum(one.arms.values()) for arm in ARMS]
        for one in policies
    }


def _blind(
    questions: Mapping[int, Question], items: Sequence[int]
) -> Iterator[tuple[int, int, Hashable]]:
    parameters = {"items": list(items), "versions": list(questions)}
    for item, person, version, n, text in _rows(_BLIND, parameters):
        found = _said(questions[version], text, n)
        if found is not None:
            yield item, person, found


def _rows(statement: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        while batch := db.fetchmany(BATCH):
            yield from batch
