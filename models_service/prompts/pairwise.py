"""PURE: which of two answers is better, and how much: one verdict per order.

The verdict comes before its reason, so that the probabilities of its letter are those
of a first reading: a model that has argued for a letter is too sure of it.
"""

from typing import Any

from annotation.questions import Question
from models_service.prompts.base import (
    FORM,
    ROLE,
    TEXT,
    BuiltPrompt,
    Case,
    Order,
    asked_question,
    closed,
    document,
    messages,
)

NAME = "pairwise"
VERSION = 1
MAX_TOKENS = 512

VERDICTS = {
    "A": "answer A is better",
    "B": "answer B is better",
    "tie": "neither is better",
    "both_bad": "both are bad",
}
GRADES = {
    1: ("better",),
    2: ("slightly better", "much better"),
    3: ("slightly better", "better", "much better"),
}
TASK = "Compare the two answers A and B to the conversation."
REASON = 'the reason, in one or two sentences, as "reason".'


def verdict_words(question: Question) -> tuple[str, ...]:
    """Return the verdicts that a comparison takes, as a judge says them."""
    offered = {"tie": question.allow_tie, "both_bad": question.allow_both_bad}
    return tuple(word for word in VERDICTS if offered.get(word, True))


def shape(question: Question) -> dict[str, Any]:
    """Return the JSON schema of a reply; strength is 0 where no letter is said."""
    return closed(
        {
            "verdict": {"type": "string", "enum": list(verdict_words(question))},
            "strength": {"type": "integer", "enum": list(range(question.strength + 1))},
            "reason": TEXT,
        }
    )


def form(question: Question) -> str:
    """Return the words that tell a judge how to reply."""
    words = verdict_words(question)
    said = "; ".join(f'"{word}" if {VERDICTS[word]}' for word in words)
    grades = GRADES[question.strength]
    steps = ", ".join(f"{step} = {words}" for step, words in enumerate(grades, 1))
    ties = ", and 0 without a better one" if len(words) > 2 else ""
    return (
        f'{FORM}\n{{"verdict": "...", "strength": ..., "reason": "..."}}\n'
        f'As "verdict" say {said}. As "strength" give a whole number: {steps}{ties}. '
        f"Then say {REASON}"
    )


def build(case: Case, order: Order, replies: tuple[str, ...] = ()) -> BuiltPrompt:
    """Return the call that asks which of the two is better."""
    question = asked_question("pairwise", case)
    data = document(case, order, question)
    return verdict_call(question, (ROLE, TASK), data)


def verdict_call(
    question: Question, instructions: tuple[str, ...], data: str
) -> BuiltPrompt:
    """Return a call that ends in a pairwise verdict, whatever came before it."""
    return BuiltPrompt(
        messages=messages((*instructions, form(question)), data),
        schema=shape(question),
        wants_logprobs=True,
        max_tokens=MAX_TOKENS,
    )
