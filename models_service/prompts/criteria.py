"""PURE: marks on the project's criteria, a critique of each answer, and a rationale.

After UltraFeedback and HelpSteer: all answers in one call, anchored scales, and the
critique before the marks, since a mark is to follow from what was found.
"""

from typing import Any

from annotation.questions import Criterion, Question, letter
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
    per_letter,
)

NAME = "criteria"
VERSION = 1
TASK = """\
Rate each answer to the conversation by itself on the criteria listed in the document. \
First criticise each answer: what is good, what is wrong or missing, and how it could \
be better, without writing a better answer. Then give the marks that follow from it."""
TOKENS_PER_ANSWER = 300


def shape(question: Question, n: int) -> dict[str, Any]:
    """Return the JSON schema of a reply about n answers."""
    marks: list[int | str] = list(range(question.low, question.high + 1))
    if question.allow_na:
        marks.append("na")
    rows = {one.name: per_letter(n, {"enum": marks}) for one in question.criteria}
    return closed(
        {"critiques": per_letter(n, TEXT), "marks": closed(rows), "reason": TEXT}
    )


def scale(question: Question, criterion: Criterion) -> dict[str, Any]:
    """Return a criterion as the document tells it."""
    ends = [(question.low, question.low_label), (question.high, question.high_label)]
    anchors = dict(criterion.anchors) or {mark: word for mark, word in ends if word}
    return {
        "name": criterion.name,
        "title": criterion.title,
        **({"help": criterion.help} if criterion.help else {}),
        **({"marks": {str(k): v for k, v in anchors.items()}} if anchors else {}),
    }


def form(question: Question, n: int) -> str:
    """Return the words that tell a judge how to reply."""
    letters = ", ".join(f'"{letter(place)}": ...' for place in range(n))
    rows = ", ".join(f'"{one.name}": {{{letters}}}' for one in question.criteria)
    other = ', or "na" where the criterion does not apply' if question.allow_na else ""
    return (
        f'{FORM}\n{{"critiques": {{{letters}}}, "marks": {{{rows}}}, '
        f'"reason": "..."}}\n'
        f"A critique is a text of at most 100 words. A mark is a whole number from "
        f"{question.low} to {question.high}{other}. As reason say in one or two "
        f"sentences what decided."
    )


def build(case: Case, order: Order, replies: tuple[str, ...] = ()) -> BuiltPrompt:
    """Return the call that asks for critiques and marks."""
    question = asked_question("criteria", case)
    criteria = [scale(question, one) for one in question.criteria]
    data = document(case, order, question, criteria=criteria)
    n = len(order)
    rule = 'The field "criteria" too says what to judge by.'
    return BuiltPrompt(
        messages=messages((ROLE, f"{TASK} {rule}", form(question, n)), data),
        schema=shape(question, n),
        wants_logprobs=False,
        max_tokens=TOKENS_PER_ANSWER * (n + 1),
    )
