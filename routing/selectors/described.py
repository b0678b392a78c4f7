"""What describes the items of a pool: their own fields, metadata, and a tagger's tags.

Read window by window beside the rest of the pool; what is kept is a few short words an
item. Of a tagger's tags the newest ones of each item count.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from annotation.models import MachineAnnotator, Project
from models_service.selectors.arrays import ItemRow
from routing.features.bins import BIN_WORDS, tercile_of
from routing.models import RoutingPolicy
from routing.pairs import Described, describe
from routing.tag_words import METADATA, TAGGED

OWN = ("category", "language", "source")
# Values of the project's own fields that are told apart; a tagger's are a closed list.
MOST_OWN = 12
# Of a metadata field so many items are looked at to know what it holds.
N_SAMPLED = 2_000
MOST_FIELDS = 20

_TAGS = """
    SELECT DISTINCT ON (p.item_id) p.item_id, (p.metadata -> 'tags')::text
    FROM pre_annotation p
    WHERE p.item_id = ANY(%(items)s) AND p.machine_id = ANY(%(machines)s)
      AND p.status = 'ok' AND jsonb_typeof(p.metadata -> 'tags') = 'object'
    ORDER BY p.item_id, p.created_at DESC, p.id DESC
"""
_METADATA = """
    SELECT i.id, (SELECT jsonb_object_agg(f.name, i.metadata -> f.name)
        FROM unnest(%(fields)s::text[]) AS f(name) WHERE i.metadata ? f.name)::text
    FROM item i WHERE i.id = ANY(%(items)s)
"""
_FIELDS = """
    SELECT f.key, bool_and(jsonb_typeof(f.value) <> 'object') FROM (
        SELECT metadata FROM item
        WHERE project_id = %(project)s AND n_completions = 2
        ORDER BY number LIMIT %(most)s
    ) i, jsonb_each(CASE jsonb_typeof(i.metadata) WHEN 'object' THEN i.metadata
        ELSE '{}' END) AS f
    GROUP BY f.key ORDER BY count(*) DESC, f.key
"""


@dataclass(frozen=True)
class TagOffer:
    """What a policy can name: taggers that have tagged, fields of the metadata."""

    taggers: list[MachineAnnotator]
    fields: list[str]


class DescribedReader:
    """Gathers what describes the items of a pool, one window after the other."""

    def __init__(self, policy: RoutingPolicy) -> None:
        self.taggers = taggers_of(policy)
        self.fields = list(policy.metadata_fields)
        self.n = 0
        self.said: dict[str, dict[int, list[str]]] = {}
        self.numbers: dict[str, dict[int, float]] = {}

    def read(self, items: Sequence[ItemRow]) -> None:
        """Read a window; one query where there is a tagger, one for metadata."""
        places = {item.id: self.n + at for at, item in enumerate(items)}
        for field in OWN:
            for item in items:
                self._keep(field, places[item.id], getattr(item, field))
        ids = list(places)
        if self.taggers and ids:
            rows = _fetch(_TAGS, {"items": ids, "machines": self.taggers})
            self._keep_all(TAGGED, rows, places)
        if self.fields and ids:
            rows = _fetch(_METADATA, {"items": ids, "fields": self.fields})
            self._keep_all(METADATA, rows, places)
        self.n += len(items)

    def gathered(self) -> dict[str, Described]:
        """Return every field that says something of an item.

        A field that holds numbers alone, and many of them, is cut into terciles.
        """
        found = {}
        for field, said in self.said.items():
            numbers = self.numbers.get(field, {})
            is_figure = len(numbers) == len(said) and _is_many(numbers)
            if is_figure:
                said = _terciles(numbers)
            most = MOST_OWN if field in OWN else None
            rows = [said.get(at, ()) for at in range(self.n)]
            found[field] = describe(rows, most) if most else describe(rows)
        return found

    def _keep_all(self, kind: str, rows: Sequence[Any], places: dict[int, int]) -> None:
        for item, text in rows:
            for name, value in (json.loads(text) if text else {}).items():
                self._keep(f"{kind} {name}", places[item], value)

    def _keep(self, field: str, place: int, value: object) -> None:
        several = value if isinstance(value, list) else [value]
        words = [word for one in several if (word := _word(one))]
        if not words:
            return
        self.said.setdefault(field, {})[place] = words
        if type(value) in (int, float):
            self.numbers.setdefault(field, {})[place] = float(str(value))


def taggers_of(policy: RoutingPolicy) -> list[int]:
    """Return the machines whose tags are read: the policy's, else all; one query."""
    if policy.tagger_id is not None:
        return [policy.tagger_id]
    return [one.pk for one in known_taggers(policy.project)]


def known_taggers(project: Project) -> list[MachineAnnotator]:
    """Return the taggers in use that have tagged, the newest first; one query."""
    found = MachineAnnotator.objects.filter(
        project=project, archived_at=None, kind=MachineAnnotator.Kind.TAGGER
    )
    tagged = found.filter(pre_annotations__status="ok").distinct()
    return list(tagged.order_by("-id"))


def metadata_fields(project: Project) -> dict[str, bool]:
    """Return the metadata fields of the first items, the most frequent first.

    True where a field holds words, numbers or lists of them, and no objects; one query.
    """
    parameters = {"project": project.pk, "most": N_SAMPLED}
    return dict(_fetch(_FIELDS, parameters))


def tag_offer(project: Project, policy: RoutingPolicy | None) -> TagOffer:
    """Return what a policy can name, with what the present one names; two queries."""
    taggers = known_taggers(project)
    named = list(policy.metadata_fields) if policy else []
    if policy and policy.tagger and policy.tagger not in taggers:
        taggers = [policy.tagger, *taggers]
    usable = [name for name, is_flat in metadata_fields(project).items() if is_flat]
    fields = list(dict.fromkeys([*named, *usable]))[:MOST_FIELDS]
    return TagOffer(taggers, fields)


def _word(value: object) -> str:
    """Return a value as a word; what is none is nothing."""
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    return " ".join(str(value).split())


def _is_many(numbers: dict[int, float]) -> bool:
    return len(set(numbers.values())) > MOST_OWN


def _terciles(numbers: dict[int, float]) -> dict[int, list[str]]:
    values = np.array(list(numbers.values()))
    bins = tercile_of(values).astype(int).tolist()
    return {place: [BIN_WORDS[at]] for place, at in zip(numbers, bins, strict=True)}


def _fetch(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
