"""What the AI's labels cost: booked by tokens where it answered, else forecast.

A jury's label costs what the verdicts of its members did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from annotation.models import MachineAnnotator
from annotation.money import ZERO, usd
from models_service.selectors.forecast import (
    CHARS_PER_TOKEN,
    TOKENS_OF_ANSWER,
    forecast,
    price_of,
)
from models_service.selectors.seats import is_jury, seats_of
from models_service.selectors.wanted import Selection
from routing.lots import Ints
from routing.models import RoutingPolicy

PART = 20_000
# By item: what its calls were booked at, else what the file of its verdicts told; and
# what is to be read there.
_COSTS = """
    SELECT i.id, called.usd, told.usd, m.n_chars
    FROM unnest(%(items)s::bigint[]) AS i(id)
    LEFT JOIN item_measures m ON m.item_id = i.id
    CROSS JOIN LATERAL (SELECT sum(c.cost_usd) AS usd FROM model_call c
        WHERE c.item_id = i.id AND c.machine_id = ANY(%(machines)s)) called
    CROSS JOIN LATERAL (SELECT sum(v.cost_usd) AS usd FROM pre_annotation v
        WHERE v.item_id = i.id AND v.machine_id = ANY(%(machines)s)) told
"""
_SPENT = """
    SELECT (SELECT sum(c.cost_usd) FROM model_call c
            WHERE c.machine_id = ANY(%(machines)s)),
        (SELECT sum(v.cost_usd) FROM pre_annotation v
         WHERE v.machine_id = ANY(%(machines)s))
"""


@dataclass(frozen=True)
class AiMoney:
    """What the AI's labels have cost, and what is still to come.

    `spent_usd` None: nobody knows a price. `n_lacking`: items without its verdict;
    `to_spend_usd`: what asking about them would cost, None where nobody knows.
    """

    spent_usd: Decimal | None
    n_lacking: int
    to_spend_usd: Decimal | None


def ai_costs(machine: MachineAnnotator, ids: Ints) -> list[Decimal | None]:
    """Return what the AI's label of each item cost; None where nobody knows a price.

    Where no call was booked and tokens have a price, it is forecast from the length of
    the texts. One query for 20,000 items, one more of a jury.
    """
    machines = _asked(machine)
    parameters = {"machines": [one.pk for one in machines]}
    found: list[Decimal | None] = []
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART].tolist()
        rows = {row[0]: row[1:] for row in _rows(_COSTS, parameters | {"items": part})}
        found += [_cost(machines, *rows[item]) for item in part]
    return found


def _cost(
    machines: Sequence[MachineAnnotator],
    called: Decimal | None,
    told: Decimal | None,
    n_chars: int | None,
) -> Decimal | None:
    is_priced = all(one.usd_per_million_in is not None for one in machines)
    booked = called or told
    if booked is not None and (booked or is_priced):
        return usd(booked)
    if called is not None or n_chars is None:
        return usd(called) if called is not None and is_priced else None
    guesses = [
        price_of(one, n_chars // CHARS_PER_TOKEN, TOKENS_OF_ANSWER) for one in machines
    ]
    known = [guess for guess in guesses if guess is not None]
    return usd(sum(known, ZERO)) if known and len(known) == len(guesses) else None


def ai_money(policy: RoutingPolicy) -> AiMoney:
    """Return what a policy's AI has cost and would still cost; some six queries."""
    machine = policy.machine
    machines = _asked(machine)
    called, told = _rows(_SPENT, {"machines": [one.pk for one in machines]})[0]
    is_priced = any(one.usd_per_million_in is not None for one in machines)
    spent = called or told or (ZERO if is_priced else None)
    questions = policy.project.current_questions()
    if questions is None or machine.backend == MachineAnnotator.Backend.FILE:
        return AiMoney(spent, 0, None)
    told_ahead = forecast(machine, questions, Selection())
    return AiMoney(spent, told_ahead.n_items, told_ahead.cost_usd)


def _asked(machine: MachineAnnotator) -> list[MachineAnnotator]:
    """Return who made the calls behind a label."""
    if is_jury(machine):
        return [seat.machine for seat in seats_of(machine)]
    return [machine]


def _rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
