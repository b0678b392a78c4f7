"""What an audit is computed from: its items, people's answers, and who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Count, Max, Sum

from annotation.models import (
    ConsentRecord,
    DerivedAttribute,
    Project,
    SurveyAnswer,
    Withdrawal,
)
from annotation.selectors import figures as counted
from annotation.selectors.strata import newest_quotas
from models_service.answers_table import AnswersTable
from models_service.selectors.arrays import (
    Drawn,
    ItemRow,
    choices_of,
    compared_questions,
    labels_of,
    verdicts_of,
)
from routing.models import RoutingRun
from routing.pairs import Floats, Ints
from routing.population import Population
from routing.selectors.told_strata import told_strata

# Those that people have labelled, as a fit reads its pool.
_ITEMS = """
    SELECT i.id, i.number, i.n_completions, md5(i.messages::text), i.category,
        i.language, i.source
    FROM item i JOIN frontier f ON f.item_id = i.id
    JOIN project p ON p.id = i.project_id
    WHERE i.project_id = %(project)s AND i.number = ANY(%(numbers)s)
      AND NOT f.is_excluded AND f.n_counted >= COALESCE(f.overlap, p.overlap)
    ORDER BY i.number
"""


@dataclass(frozen=True)
class AuditItems:
    """The labelled items of an audit with a verdict and blind answers, by number.

    Attributes
    ----------
    ai, chance : float64 [n]
        What the AI says; with what chance such an item comes to people.
    weight : float64 [n]
        One over the chance with which each was drawn for the seed.
    group : int64 [n]
        Items of one prompt are one observation.
    table : AnswersTable
        People's answers to them.
    tags : mapping of a tag to int64 [k]
        The places of its items.
    strata : mapping of a question to str [n_people]
        The stratum of each person, "" = not told.
    population : Population
        The items that it stands for.
    """

    ai: Floats
    chance: Floats
    weight: Floats
    group: Ints
    table: AnswersTable
    tags: Mapping[str, Ints]
    strata: Mapping[str, Sequence[str]]
    population: Population


def read_audit(run: RoutingRun) -> AuditItems:
    """Return what the audit of a fit says now; about fourteen queries."""
    project, facts = run.policy.project, run.figures["audit_facts"]
    drawn = _drawn(project, facts["numbers"])
    questions = compared_questions(project)
    labels = labels_of(drawn, questions)
    ai = choices_of(verdicts_of(run.policy.machine, drawn, questions))
    kept = np.isfinite(ai)
    kept[np.setdiff1d(np.arange(len(ai)), labels.table.items)] = False
    rows = np.flatnonzero(kept)
    items = [drawn.items[at] for at in rows.tolist()]
    chances = dict(zip(facts["numbers"], facts["chances"], strict=True))
    drawn_by = dict(zip(facts["numbers"], facts["propensities"], strict=True))
    prompts = {prompt: at for at, prompt in enumerate({i.prompt: 0 for i in items})}
    places = {item.number: at for at, item in enumerate(items)}
    return AuditItems(
        ai[rows],
        np.array([chances[item.number] for item in items], dtype=np.float64),
        1.0 / np.array([drawn_by[item.number] for item in items], dtype=np.float64),
        np.array([prompts[item.prompt] for item in items], dtype=np.int64),
        labels.table.at(rows),
        {
            name: np.array([places[n] for n in numbers if n in places], dtype=np.int64)
            for name, numbers in facts["tags"].items()
        },
        told_strata(project, labels.people),
        Population(**facts["population"]),
    )


def _drawn(project: Project, numbers: Sequence[int]) -> Drawn:
    with connection.cursor() as db:
        db.execute(_ITEMS, {"project": project.pk, "numbers": list(numbers)})
        items = tuple(ItemRow(*row) for row in db.fetchall())
    return Drawn(items, len(items))


def mark_of(run: RoutingRun) -> str:
    """Return what changes whenever the audit may say something else; six queries."""
    project = run.policy.project
    profiles = SurveyAnswer.objects.filter(participant__project=project)
    levels = DerivedAttribute.objects.filter(participant__project=project)
    consents = ConsentRecord.objects.filter(participant__project=project)
    quotas = newest_quotas(project)
    parts: list[Any] = [
        run.pk,
        # Without its last part, the day: nothing here depends on that.
        counted.latest(project).rpartition("|")[0],
        gone_from(project),
        *profiles.aggregate(n=Count("id"), last=Max("created_at")).values(),
        *levels.aggregate(n=Count("id"), last=Max("id")).values(),
        *consents.aggregate(last=Max("id")).values(),
        quotas.number if quotas else 0,
    ]
    return "|".join(map(str, parts))


def has_somebody_left(run: RoutingRun) -> bool:
    """Tell whether answers were withdrawn since a run read them; one or two queries."""
    gone = Withdrawal.objects.filter(project=run.policy.project_id, n_answers__gt=0)
    began = run.job.started_at
    return began is not None and gone.filter(done_at__gte=began).exists()


def gone_from(project: Project) -> str:
    """Return what changes as soon as somebody withdraws; one query."""
    found = Withdrawal.objects.filter(project=project)
    told = found.aggregate(n=Count("id"), n_answers=Sum("n_answers"))
    return "|".join(map(str, told.values()))
