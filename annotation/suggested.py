"""PURE: which verdict of a machine a person may be shown, and how it is told.

Step annotate. services.suggestions gives it what is stored, and decides when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from annotation import rankings
from annotation.answers import VALIDATORS, main_question, to_presented
from annotation.conditions import is_empty
from annotation.questions import Question
from annotation.suggestion_words import TOLD, fitting_reason, sentence, sureness


class Verdict(NamedTuple):
    """A machine's usable answer to the main question of one item, canonical."""

    id: int
    question: Question
    value: Mapping[str, Any]
    logit: float | None
    probability: float | None
    given: Sequence[int] | None
    reason: str


@dataclass(frozen=True)
class Manner:
    """How a verdict is told: to whom in which order, and what of it.

    `language`: of the item.
    """

    shown: Sequence[int]
    is_hedged: bool
    has_reason: bool
    temperature: float | None
    language: str


def usable(
    rows: Sequence[Mapping[str, Any]],
    questions: Sequence[Question],
    version: int,
    n_completions: int,
) -> Verdict | None:
    """Return the verdict that a person may be shown, if there is one.

    That of both orders together goes before those in one order, which must agree; one
    on the same version of the questions goes before others, and a newer one before an
    older. It must still be an answer to the main question as it is asked now.
    """
    main = main_question(questions)
    held = [row for row in rows if not row["order"]] or rows
    held = sorted(held, key=lambda row: (row["version"] == version, row["id"]))
    if main.type not in TOLD or not held:
        return None
    newest = held[-1]
    values = [
        row["answers"].get(main.name)
        for row in held
        if row["version"] == newest["version"]
    ]
    value = values[-1]
    if is_empty(value) or any(other != value for other in values):
        return None
    asked = rankings.asked(main, n_completions)
    if VALIDATORS[main.type](asked, value, n_completions, main.name):
        return None
    said = newest["metadata"]
    return Verdict(
        id=newest["id"],
        question=asked,
        value=value,
        logit=newest["logit"],
        probability=newest["probability"],
        given=said.get("rationale_order") or newest["order"],
        reason=said.get("rationale") or "",
    )


def tell(verdict: Verdict, manner: Manner) -> tuple[str, str]:
    """Return the sentence and the reason, in the order in which a person sees the item.

    A hedge says how sure the machine is in a way of its own, so nothing is added.
    """
    question = verdict.question
    shown = to_presented(
        (question,), {question.name: verdict.value}, list(manner.shown)
    )[question.name]
    words = sentence(question, shown, is_hedged=manner.is_hedged)
    if not manner.is_hedged and question.type == "comparison":
        sure = sureness(
            verdict.value, verdict.logit, verdict.probability, manner.temperature
        )
        words = f"{words} {sure}".strip()
    if not manner.has_reason:
        return words, ""
    return words, fitting_reason(
        verdict.reason, verdict.given, manner.shown, manner.language
    )
