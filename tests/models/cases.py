"""Cases to put before a judge, and the replies that it could give."""

import json
from collections.abc import Sequence
from math import log
from typing import Any

from annotation.questions import Criterion, Question
from models_service.backends.base import ChatMessage, Reply, TokenProbability
from models_service.prompts import Case
from models_service.verdicts import OrderVerdict, read

FORWARD, BACKWARD = (0, 1), (1, 0)
PREFERENCE = Question(
    "preference", "comparison", "Which is better?", allow_both_bad=True
)
MARKS = Question(
    "marks",
    "rating",
    "How good is each?",
    criteria=(Criterion("truth", "Truth"), Criterion("tone", "Tone")),
)
ORDER = Question("order", "ranking", "In which order?")


def case(*completions: str, question: Question = PREFERENCE, **more: Any) -> Case:
    """Return a case with these completions, two plain ones by default."""
    texts = completions or ("A fugue is a form.", "A fugue is a dance.")
    asked = (ChatMessage("user", "What is a fugue?"),)
    return Case(asked, texts, (question,), **more)


def reply(
    text: str,
    tokens: Sequence[TokenProbability] = (),
    finish_reason: str = "stop",
) -> Reply:
    """Return a reply with this text."""
    return Reply("key", text, finish_reason, 10, 5, 7, tuple(tokens))


def said(verdict: str = "A", strength: int = 1, reason: str = "Because.") -> str:
    """Return a pairwise verdict as a judge writes it."""
    return json.dumps({"verdict": verdict, "strength": strength, "reason": reason})


def tokens_of(logit: float, letter: str = "A") -> tuple[TokenProbability, ...]:
    """Return the tokens of a verdict in which log p(A) - log p(B) is `logit`."""
    half = logit / 2
    top = (("A", half - 50), ("B", -half - 50))
    return (
        TokenProbability('{"', 0.0, (('{"', 0.0),)),
        TokenProbability("verdict", 0.0, (("verdict", 0.0),)),
        TokenProbability('": "', 0.0, (('": "', 0.0),)),
        TokenProbability(letter, dict(top)[letter], top),
        TokenProbability('", "strength": 1, "reason": ""}', 0.0, ()),
    )


def pairwise(
    order: tuple[int, int],
    verdict: str = "A",
    strength: int = 1,
    logit: float | None = None,
    question: Question = PREFERENCE,
) -> OrderVerdict:
    """Return what a judge said of two answers in this order, letters being places."""
    tokens = () if logit is None else tokens_of(logit)
    text = said(verdict, strength)
    return read("pairwise", case(question=question), order, reply(text, tokens))


def of_logit(order: tuple[int, int], logit: float) -> OrderVerdict:
    """Return the verdict of a judge that names the letter its logit favours."""
    return pairwise(order, "A" if logit > 0 else "B", logit=logit)


LOG_3 = log(3)
