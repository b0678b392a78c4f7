"""All that a report on a machine annotator is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from django.db import connection

from annotation.agreement.coefficients import Floats
from annotation.allocation.bands import band_of
from annotation.models import MachineAnnotator, Participant, Project
from annotation.selectors.strata import (
    profiles,
    quotas_in_force,
    rare_names,
    stratum_values,
)
from models_service.selectors.arrays import (
    Drawn,
    Labels,
    choices_of,
    compared_questions,
    drawn_items,
    labels_of,
    length_differences,
    n_chosen_of,
    verdicts_of,
)
from models_service.selectors.verdict_rows import Verdict
from models_service.trust import Evidence
from models_service.weight import PositionBias, position_bias

# Other machine annotators that one is held against: the newest versions in use.
MOST_OTHERS = 8

# What a tagger says of an item stands in the metadata of its verdict.
_TAGS = """
    SELECT DISTINCT p.item_id, t.key, v.value
    FROM pre_annotation p, jsonb_each(p.metadata -> 'tags') AS t(key, said),
        jsonb_array_elements_text(CASE jsonb_typeof(t.said)
            WHEN 'array' THEN t.said ELSE jsonb_build_array(t.said) END) AS v(value)
    WHERE p.item_id = ANY(%(items)s) AND p.status = 'ok'
      AND jsonb_typeof(p.metadata -> 'tags') = 'object'
    ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Found:
    """What a report is computed from, and where it comes from."""

    evidence: Evidence
    position: PositionBias
    drawn: Drawn
    labels: Labels
    n_judged: int
    n_chosen: int = 0

    @property
    def inputs_sha256(self) -> str:
        """Return a hash of everything that the figures depend on."""
        table, told = self.evidence.labels, self.evidence
        found = sha256()
        for array in (
            table.items,
            table.people,
            table.choices,
            told.judge,
            told.logits,
            told.evidence,
            told.length_difference,
            *told.others.values(),
        ):
            found.update(np.ascontiguousarray(array).tobytes())
        rest = (
            self.labels.people,
            [item.number for item in self.drawn.items],
            [told.tags, told.strata, list(told.prompts), list(told.others)],
            [bool(one) for one in told.is_flipped],
            self.position,
            (self.drawn.n_all, self.n_judged, self.labels.n_seen, self.n_chosen),
        )
        found.update(repr(rest).encode())
        return found.hexdigest()


def read_evidence(machine: MachineAnnotator) -> Found:
    """Return what a machine and people said of the same items."""
    questions = compared_questions(machine.project)
    drawn = drawn_items(machine, questions, is_labelled=True)
    labels = labels_of(drawn, questions)
    verdicts = verdicts_of(machine, drawn, questions)
    judged = drawn_items(machine, questions, is_labelled=False)
    evidence = Evidence(
        labels=labels.table,
        judge=choices_of(verdicts),
        logits=_numbers([one.logit for one in verdicts]),
        evidence=_numbers([one.evidence for one in verdicts]),
        is_flipped=[one.is_flipped for one in verdicts],
        length_difference=length_differences(drawn),
        prompts=[item.prompt for item in drawn.items],
        tags=tags_of(drawn),
        strata=strata_of(machine.project, labels.people),
        others={
            str(other.public_id): choices_of(verdicts_of(other, drawn, questions))
            for other in other_machines(machine)
        },
    )
    position = position_of(verdicts_of(machine, judged, questions))
    return Found(evidence, position, drawn, labels, judged.n_all, n_chosen_of(machine))


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], float)


def position_of(verdicts: Sequence[Verdict]) -> PositionBias:
    """Return what the place shown does to a machine, of items judged in two orders."""
    both = [one for one in verdicts if one.bias is not None]
    logits = [one.logit for one in both if one.logit is not None]
    return position_bias(
        [one.bias for one in both if one.bias is not None],
        [one.is_flipped for one in both],
        logits if len(logits) == len(both) else (),
    )


def other_machines(machine: MachineAnnotator) -> list[MachineAnnotator]:
    """Return the others of the project that a machine is held against; one query."""
    others = MachineAnnotator.objects.filter(
        project=machine.project_id, archived_at=None
    ).exclude(kind=MachineAnnotator.Kind.TAGGER)
    return list(others.exclude(pk=machine.pk).order_by("-id")[:MOST_OTHERS])


def tags_of(drawn: Drawn) -> dict[str, list[tuple[str, ...]]]:
    """Return the tags of each item by what they tell; one query.

    Of the item itself its category, language and source; of taggers whatever they say.
    """
    found: dict[str, list[tuple[str, ...]]] = {}
    for name in ("category", "language", "source"):
        values = [getattr(item, name) for item in drawn.items]
        if any(values):
            found[name] = [(value,) if value else () for value in values]
    places = {item.id: at for at, item in enumerate(drawn.items)}
    with connection.cursor() as db:
        db.execute(_TAGS, {"items": drawn.ids})
        rows = db.fetchall()
    for item_id, name, value in rows:
        of_items = found.setdefault(f"tag: {name}", [() for _item in drawn.items])
        of_items[places[item_id]] = (*of_items[places[item_id]], value)
    return found


def strata_of(project: Project, people: Sequence[int]) -> dict[str, list[str]]:
    """Return the stratum of each person by question, as quotas sort them.

    A number counts by the bands that a quota cuts it into, and not without.
    """
    rare = set(rare_names(project))
    bands = {
        name: cuts
        for quota in quotas_in_force(project)
        for name, cuts in quota.bands.items()
    }
    asked = {
        name: values
        for name, values in stratum_values(project).items()
        if name not in rare and (values or name in bands)
    }
    if not asked or not people:
        return {}
    told = profiles(project, list(Participant.objects.filter(pk__in=people)))
    found = {}
    for name in asked:
        strata = [_stratum(told.get(pk, {}), name, bands) for pk in people]
        if any(strata):
            found[name] = strata
    return found


def _stratum(
    told: Mapping[str, str], name: str, bands: Mapping[str, Sequence[int]]
) -> str:
    value = told.get(name, "")
    if not value or name not in bands:
        return value
    try:
        return band_of(int(value), bands[name])
    except ValueError:
        return ""
