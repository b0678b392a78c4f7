"""PURE: a judge first answers itself, then criticises, then gives its verdict.

After self-reference feedback: what the judge would have said itself is what it holds
the answers against. Three calls for each order.
"""

from annotation.questions import letter
from annotation.words import gettext as _
from models_service.backends.chat_wire import clean
from models_service.json_object import MalformedError, read_object
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
from models_service.prompts.pairwise import verdict_call
from models_service.thoughts import has_open_thoughts

NAME = "self_reference"
VERSION = 1
OWN_TOKENS = 768
CRITIQUE_TOKENS = 768

OWN = """\
You are sent one JSON document with a conversation that somebody else wrote. Write the \
answer that you would give to its last message: correct, complete, and no longer than \
it has to be. Write the answer alone, without a word about the document."""
CRITIQUE = """\
The document also holds "own_answer": an answer of your own, written before you saw \
the others. Criticise each of the answers shown, held against your own: what it has \
that yours lacks, what it lacks, and what one of you has wrong; your own answer may be \
the one that is wrong. Do not yet say which is better."""
VERDICT = """\
Compare the two answers A and B to the conversation. The document also holds \
"own_answer", an answer of your own, and "critiques", your critiques of the answers. \
Decide by what holds good in the critiques."""


def own_answer(case: Case, order: Order, replies: tuple[str, ...]) -> BuiltPrompt:
    """Return the call that asks for the judge's own answer; it sees no other."""
    sent = messages((OWN,), document(case, ()))
    return BuiltPrompt(sent, None, False, OWN_TOKENS)


def critique(case: Case, order: Order, replies: tuple[str, ...]) -> BuiltPrompt:
    """Return the call that asks for a critique of each answer."""
    question = asked_question("pairwise", case)
    n = len(order)
    letters = ", ".join(f'"{letter(place)}": "..."' for place in range(n))
    form = (
        f'{FORM}\n{{"critiques": {{{letters}}}}}\n'
        "A critique is a text of at most 120 words."
    )
    data = document(case, order, question, own_answer=replies[0])
    return BuiltPrompt(
        messages=messages((ROLE, CRITIQUE, form), data),
        schema=closed({"critiques": per_letter(n, TEXT)}),
        wants_logprobs=False,
        max_tokens=CRITIQUE_TOKENS,
    )


def verdict(case: Case, order: Order, replies: tuple[str, ...]) -> BuiltPrompt:
    """Return the call that asks for the verdict."""
    question = asked_question("pairwise", case)
    said = [
        {"letter": letter(place), "text": text}
        for place, text in enumerate(critiques_of(len(order), replies))
    ]
    data = document(case, order, question, own_answer=replies[0], critiques=said)
    return verdict_call(question, (ROLE, VERDICT), data)


def critiques_of(n: int, replies: tuple[str, ...]) -> tuple[str, ...]:
    """Return the critiques of n answers in presented order.

    Raises
    ------
    MalformedError
        If the second reply is not in the agreed form.
    """
    found = read_object(replies[1]).pop("critiques", None)
    letters = [letter(place) for place in range(n)]
    if not isinstance(found, dict) or sorted(found) != sorted(letters):
        raise MalformedError(_("There is not one critique of each answer."))
    texts = tuple(found[one] for one in letters)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise MalformedError(_("A critique is empty, or not a text."))
    return tuple(clean(text).strip() for text in texts)


def no_text(case: Case, text: str) -> str:
    """Say that a reply in free text is empty or only thoughts; "" = it is not."""
    if has_open_thoughts(text):
        return _("A step of the protocol brought thoughts that do not end.")
    return "" if text.strip() else _("A step of the protocol brought an empty text.")


def no_critiques(case: Case, text: str) -> str:
    """Say why a reply holds no critiques; "" = it does."""
    try:
        if set(read_object(text)) != {"critiques"}:
            raise MalformedError(_("There is not one critique of each answer."))
        critiques_of(len(case.completions), ("", text))
    except MalformedError as error:
        return str(error)
    return ""
