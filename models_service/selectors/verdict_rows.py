"""What the stored rows of a machine on one item say together."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from annotation.agreement.protocols import signs_of
from annotation.answers import Question
from models_service.combining import ORDER_INCONSISTENT, combine
from models_service.verdicts import OrderVerdict

NAN = float("nan")
# A probability of 0 or 1 in a file would be infinite evidence.
SUREST = 1e-6


@dataclass(frozen=True)
class Verdict:
    """What a machine says of an item's first two completions.

    `choice`: 1, 0, -1 or NaN; `logit`: evidence for completion 0 in nats; `bias`: pull
    of the place shown first, None where the item was not judged in two orders.
    """

    choice: float = NAN
    logit: float | None = None
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
            return replace(stored, bias=_bias(question, orders))
        return stored
    found = combine(orders[0], orders[1] if len(orders) > 1 else None)
    return Verdict(
        choice=_choice(question, found.value, n_completions),
        logit=found.logit,
        bias=_bias(question, orders) if found.bias is None else found.bias,
        is_flipped=ORDER_INCONSISTENT in found.flags,
    )


def _stored(question: Question, row: Any, n_completions: int) -> Verdict:
    _order, status, text, logit, bias, flags, probability = row
    if status != "ok":
        return Verdict()
    choice = _choice(question, json.loads(text).get(question.name), n_completions)
    if logit is None and probability is not None and choice in (1, -1):
        p = min(max(probability, SUREST), 1 - SUREST)
        logit = choice * log(p / (1 - p))
    return Verdict(choice, logit, bias, ORDER_INCONSISTENT in flags)


def _order_verdict(question: Question, row: Any) -> OrderVerdict:
    order, status, text, logit, *_rest = row
    value = json.loads(text).get(question.name) if status == "ok" else None
    if value is None and status == "ok":
        return OrderVerdict(tuple(order), "unparsable", question=question)
    return OrderVerdict(
        tuple(order), status, question=question, value=value, logit=logit
    )


def _bias(question: Question, orders: Sequence[OrderVerdict]) -> float | None:
    """Return the pull of the place in verdicts without log-odds: -1, -1/2, 0, 1/2, 1.

    1 = both orders name the place shown first.
    """
    if len(orders) < 2 or any(one.status != "ok" for one in orders):
        return None
    leads = []
    for one in orders:
        sign = signs_of(question, one.value, len(one.order)).get((0, 1))
        if sign is None:
            return None
        leads.append(sign if one.order.index(0) < one.order.index(1) else -sign)
    return sum(leads) / len(leads)


def _choice(question: Question, value: Any, n_completions: int) -> float:
    sign = signs_of(question, value, n_completions).get((0, 1))
    return NAN if sign is None else float(sign)
