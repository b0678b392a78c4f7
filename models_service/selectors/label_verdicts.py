"""What a machine's stored answers to one item say together, as a label of it."""

import json
from collections.abc import Sequence
from typing import Any

from annotation.agreement.protocols import signs_of
from annotation.formats.exports.hybrid import CALIBRATED, STATED, AiVerdict
from annotation.formats.exports.types import StoredAnswer
from annotation.questions import Question
from models_service.combining import sigmoid
from models_service.selectors.trust import Trust, calibrated
from models_service.selectors.verdict_rows import combined_verdict, verdict_of


def label_verdict(
    question: Question,
    answers: Sequence[StoredAnswer],
    n_completions: int,
    trust: Trust | None,
) -> AiVerdict | None:
    """Return the label in one machine's answers to an item; None = there is none.

    Its confidence is calibrated where the machine is, else what the machine stated; a
    tie, and a ranking or a rating, has one only if the machine stated it.
    """
    rows = [_row(answer) for answer in answers]
    whole = next((row for row in rows if not row[0]), None)
    value: Any
    if whole is not None:
        value = json.loads(whole[2]).get(question.name) if whole[1] == "ok" else None
        stated = whole[-1]
    else:
        found = combined_verdict(question, rows)
        value, stated = found.value if found.status == "ok" else None, None
    if not isinstance(value, dict) or not value:
        return None
    sign = signs_of(question, value, n_completions).get((0, 1))
    if question.type != "comparison" or not sign:
        return _stated(value, stated)
    logit = verdict_of(question, rows, n_completions).logit
    p_a = calibrated(trust, logit)
    if p_a is not None:
        return AiVerdict(value, p_a if sign > 0 else 1 - p_a, CALIBRATED)
    if stated is None and logit is not None:
        stated = sigmoid(logit if sign > 0 else -logit)
    return _stated(value, stated)


def _stated(value: dict[str, Any], probability: float | None) -> AiVerdict:
    return AiVerdict(value, probability, "" if probability is None else STATED)


def _row(answer: StoredAnswer) -> tuple[Any, ...]:
    """Return the row as verdict_rows reads it."""
    machine = answer.machine
    if machine is None:
        raise ValueError(f"{answer.id!r} is not by a machine")
    return (
        answer.order or (),
        machine.status,
        answer.answers,
        machine.logit,
        machine.bias,
        machine.flags,
        machine.probability,
    )
