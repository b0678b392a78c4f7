"""What the stored rows of a machine on one item say together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from annotation.agreement.protocols import signs_of
from annotation.answers import Question
from models_service.combining import ORDER_INCONSISTENT, Combined, combine
from models_service.letters import vote_logit
from models_service.verdicts import STATUSES, OrderVerdict

NAN = float("nan")
# A probability of 0 or 1 in a file would be infinite evidence.
SUREST = 1e-6


@dataclass(frozen=True)
class Verdict:
    """What a machine says of an item's first two completions.

    `choice`: 1, 0, -1 or NaN; `logit`: evidence for completion 0 in nats; `evidence`:
    the same, from its votes where it tells none; `bias`: pull of the place shown first,
    None where the item was not judged in two orders.
    """

    choice: float = NAN
    logit: float | None = None
    evidence: float | None = None
    bias: float | None = None
    is_flipped: bool = False


def verdict_of(question: Question, rows: Sequence[Any], n_completions: int) -> Verdict:
    """Return what the rows of one item say: (order, status, answers, logit, bias, …).

    A row without an order combines the orders, or its order is unknown, and it alone
    counts. Where there are only rows of single orders, they are combined here.
    """
    whole = next((row for row in rows if not row[0]), None)
    single = [row for row in rows if row[0]][:2]
    orders = [_order_verdict(question, row) for row in single]
    if whole is not None:
        stored = _stored(question, whole, n_completions)
        if stored.bias is None and whole[1] == "ok":
            stored = replace(stored, bias=_bias(question, orders))
        if stored.logit is None and len(orders) == 2 and whole[1] == "ok":
            votes = _combined([_voted(question, one) for one in orders]).logit
            return stored if votes is None else replace(stored, evidence=votes)
        return stored
    found = _combined(orders)
    return Verdict(
        choice=_choice(question, found.value, n_completions),
        logit=found.logit,
        evidence=_combined([_voted(question, one) for one in orders]).logit,
        bias=_bias(question, orders) if found.bias is None else found.bias,
        is_flipped=ORDER_INCONSISTENT in found.flags,
    )


def _stored(question: Question, row: Any, n_completions: int) -> Verdict:
    _order, status, text, logit, bias, flags, probability = row
    if status != "ok":
        return Verdict()
    choice = _choice(question, json.loads(text).get(question.name), n_completions)
    if logit is None and probability is not None and choice in (1, -1):
        logit = choice * _log_odds(probability)
    evidence = votes_of(choice) if logit is None else logit
    return Verdict(choice, logit, evidence, bias, ORDER_INCONSISTENT in flags)


def votes_of(choice: float) -> float | None:
    """Return the evidence in one verdict that tells none; None where it is none."""
    return None if choice != choice else vote_logit(choice > 0, choice < 0, choice == 0)


def member_verdict(question: Question, rows: Sequence[Any]) -> Combined:
    """Return what the rows of one item with two completions say, as a jury hears it.

    Its value is the side alone, since each member may have strengths of its own.
    """
    told = verdict_of(question, rows, 2)
    status = max((row[1] for row in rows), key=STATUSES.index)
    whole = next((row for row in rows if not row[0]), None)
    if whole is not None:
        status = whole[1]
    if status != "ok":
        return Combined(status, question=question)
    if told.choice != told.choice or told.evidence is None:
        return Combined("unparsable", question=question)
    value: dict[str, Any] = {"value": int(told.choice)}
    texts = [json.loads(row[2]).get(question.name) for row in rows]
    if all(isinstance(text, dict) and text.get("both_bad") for text in texts):
        value["both_bad"] = True
    flags = (ORDER_INCONSISTENT,) if told.is_flipped else ()
    return Combined(
        "ok", question=question, value=value, logit=told.evidence, flags=flags
    )


def _combined(orders: Sequence[OrderVerdict]) -> Combined:
    return combine(orders[0], orders[1] if len(orders) > 1 else None)


def _voted(question: Question, verdict: OrderVerdict) -> OrderVerdict:
    """Return a verdict in one order with evidence: told, else one vote for its side."""
    if verdict.logit is not None or verdict.status != "ok":
        return verdict
    towards = _lead(question, verdict.value, verdict.order) or 0
    return replace(verdict, logit=votes_of(towards))


def _order_verdict(question: Question, row: Any) -> OrderVerdict:
    order, status, text, logit, *_rest, probability = row
    value = json.loads(text).get(question.name) if status == "ok" else None
    if value is None and status == "ok":
        return OrderVerdict(tuple(order), "unparsable", question=question)
    if logit is None and probability is not None and value is not None:
        lead = _lead(question, value, tuple(order))
        logit = lead * _log_odds(probability) if lead else None
    return OrderVerdict(
        tuple(order), status, question=question, value=value, logit=logit
    )


def _log_odds(probability: float) -> float:
    p = min(max(probability, SUREST), 1 - SUREST)
    return log(p / (1 - p))


def _lead(question: Question, value: Any, order: tuple[int, ...]) -> int | None:
    """Return 1 where the first of two completions shown is named, -1, 0, or None."""
    sign = signs_of(question, value, len(order)).get((0, 1))
    if sign is None:
        return None
    return int(sign) if order.index(0) < order.index(1) else -int(sign)


def _bias(question: Question, orders: Sequence[OrderVerdict]) -> float | None:
    """Return the pull of the place in verdicts without log-odds: -1, -1/2, 0, 1/2, 1.

    1 = both orders name the place shown first.
    """
    if len(orders) < 2 or any(one.status != "ok" for one in orders):
        return None
    leads = []
    for one in orders:
        lead = _lead(question, one.value, one.order)
        if lead is None:
            return None
        leads.append(lead)
    return sum(leads) / len(leads)


def _choice(question: Question, value: Any, n_completions: int) -> float:
    sign = signs_of(question, value, n_completions).get((0, 1))
    return NAN if sign is None else float(sign)


def combined_verdict(question: Question, rows: Sequence[Any]) -> Combined:
    """Return the verdict of rows in single orders, two at most."""
    return _combined([_order_verdict(question, row) for row in rows[:2]])
