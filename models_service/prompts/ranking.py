"""PURE: an order of n answers, with ties, and what is not acceptable."""

from typing import Any

from annotation.questions import Question, letter
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

NAME = "ranking"
VERSION = 1
MAX_TOKENS = 768
TASK = "Put all answers to the conversation in order, the best first."


def shape(question: Question, n: int) -> dict[str, Any]:
    """Return the JSON schema of a reply about n answers."""
    letters = {"type": "string", "enum": [letter(place) for place in range(n)]}
    tier = {"type": "array", "items": letters}
    fields: dict[str, Any] = {"ranking": {"type": "array", "items": tier}}
    if question.allow_unacceptable:
        fields["unacceptable"] = tier
    return closed({**fields, "reason": TEXT})


def form(question: Question) -> str:
    """Return the words that tell a judge how to reply."""
    out = ', "unacceptable": []' if question.allow_unacceptable else ""
    ties = (
        "Answers that are equally good stand in one list."
        if question.allow_tie
        else "No two answers are equal: each stands in a list of its own."
    )
    bad = (
        ' An answer that is not acceptable stands in "unacceptable" and not in '
        '"ranking".'
        if question.allow_unacceptable
        else ""
    )
    return (
        f'{FORM}\n{{"ranking": [["B"], ["A"]]{out}, "reason": "..."}}\n'
        f"Name every answer once by its letter. {ties}{bad} As reason say in one to "
        f"three sentences what decided."
    )


def build(case: Case, order: Order, replies: tuple[str, ...] = ()) -> BuiltPrompt:
    """Return the call that asks for the order."""
    question = asked_question("ranking", case)
    data = document(case, order, question)
    return BuiltPrompt(
        messages=messages((ROLE, TASK, form(question)), data),
        schema=shape(question, len(order)),
        wants_logprobs=False,
        max_tokens=MAX_TOKENS,
    )
