"""What people's labels cost, item by item, under a policy or one to come."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection

from annotation.models import FrontierEntry, Project
from routing.models import RoutingPolicy
from routing.prices import (
    CHARS_PER_WORD,
    Floats,
    Ints,
    Tariff,
    parts_of,
    prices_of,
)
from routing.selectors.spending import answer_price

# What describes an item in columns of its own; all else is in its metadata.
COLUMNS = ("category", "language", "source")
MOST_SHOWN = 12
PART = 20_000
_CHARS = """
    SELECT item_id, n_chars FROM item_measures
    WHERE item_id = ANY(%s) AND n_chars IS NOT NULL
"""
_FIELDS = """
    SELECT key, count(*) FROM (
        SELECT jsonb_object_keys(i.metadata) AS key FROM item i
        WHERE i.project_id = %(project)s AND jsonb_typeof(i.metadata) = 'object'
        UNION ALL
        SELECT k.key FROM item i CROSS JOIN LATERAL (VALUES ('category', i.category),
            ('language', i.language), ('source', i.source)) k(key, value)
        WHERE i.project_id = %(project)s AND k.value <> '') known
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
_VALUES = """
    SELECT {value} AS value, count(*) FROM item i
    WHERE i.project_id = %(project)s AND {value} <> ''
    GROUP BY 1 ORDER BY {value} = %(wanted)s DESC, 2 DESC, 1 LIMIT %(most)s
"""
_WITH = """
    SELECT i.id FROM item i
    WHERE i.project_id = %(project)s AND {value} = %(wanted)s
"""


def prices_for(policy: RoutingPolicy, ids: Ints, n_wanted: Ints) -> list[Decimal]:
    """Return what people's label of each item of a pool costs.

    One query, one for each surcharge, and one a window where the length counts.
    """
    words = np.full(len(ids), np.nan)
    if policy.length_share:
        words = words_of(ids)
    return prices_of(
        tariff_of(policy),
        n_wanted,
        words,
        factors_of(policy.project, policy.surcharges, ids),
    )


def tariff_of(policy: RoutingPolicy) -> Tariff:
    """Return how a policy prices labels, with the ledger's price of now; one query."""
    return Tariff(
        policy.label_usd,
        policy.overlap or policy.project.overlap,
        policy.length_share,
        answer_price(policy.project),
    )


def words_of(ids: Ints) -> Floats:
    """Return the words to be read of each item, NaN where nobody has measured them."""
    known: dict[int, int] = {}
    for start in range(0, len(ids), PART):
        rows = _rows(_CHARS, [ids[start : start + PART].tolist()])
        known.update(dict(rows))
    found = [known.get(item, np.nan) for item in ids.tolist()]
    return np.array(found, dtype=np.float64) / CHARS_PER_WORD


def factors_of(project: Project, surcharges: Mapping[str, float], ids: Ints) -> Floats:
    """Return the product of the surcharges of each item; one query for each."""
    found = np.ones(len(ids))
    for name, factor in sorted(surcharges.items()):
        field, wanted = parts_of(name)
        parameters = {"project": project.pk, "wanted": wanted, "field": field}
        has = {row[0] for row in _rows(_spelled(_WITH, field), parameters)}
        found[[item in has for item in ids.tolist()]] *= factor
    return found


def mean_factor(project: Project, surcharges: Mapping[str, float]) -> Decimal:
    """Return what surcharges make of the price of the mean item of the work."""
    if not surcharges:
        return Decimal(1)
    work = FrontierEntry.objects.filter(project=project, is_excluded=False)
    ids = np.array(list(work.values_list("item", flat=True)), dtype=np.int64)
    factors = factors_of(project, surcharges, ids)
    return Decimal(repr(float(factors.mean()))) if len(factors) else Decimal(1)


def known_fields(project: Project) -> list[str]:
    """Return what describes the items, the most frequent first; one query."""
    rows = _rows(_FIELDS, {"project": project.pk, "most": MOST_SHOWN})
    return [row[0] for row in rows]


def known_values(project: Project, field: str, wanted: str) -> list[str]:
    """Return the values of a field, `wanted` first where it is one; one query."""
    parameters: dict[str, Any] = {"project": project.pk, "most": MOST_SHOWN}
    parameters |= {"wanted": wanted, "field": field}
    return [row[0] for row in _rows(_spelled(_VALUES, field), parameters)]


def _spelled(statement: str, field: str) -> str:
    """Return a statement that reads a field; its name is a parameter."""
    value = f"i.{field}" if field in COLUMNS else "(i.metadata ->> %(field)s)"
    return statement.format(value=value)


def _rows(statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
