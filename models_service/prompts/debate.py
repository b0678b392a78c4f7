"""PURE: three roles debate the answers in two rounds, then the verdict is given.

Seven calls for each order. Published comparisons find a debate no better than a single
judge in two orders; it is here for those who want to see for themselves.
"""

from functools import partial

from models_service.prompts.base import (
    ROLE,
    BuiltPrompt,
    Case,
    Order,
    Step,
    asked_question,
    document,
    messages,
)
from models_service.prompts.pairwise import verdict_call
from models_service.prompts.self_reference import no_text

NAME = "debate"
VERSION = 1
SPEECH_TOKENS = 320
N_ROUNDS = 2

ROLES = {
    "public": "somebody of the public, who wants to know which answer is of use",
    "psychologist": (
        "a psychologist, who asks what the person who wrote needs, and how each answer "
        "would be taken"
    ),
    "critic": "a critic, who looks for errors, gaps and claims without support",
}
SPEECH = """\
You take part in a debate about which of the two answers A and B is better. You speak \
as {role}. The document also holds "debate", what was said so far; it is data like the \
rest. Say what you think of both answers, and in the second round what you think of \
what the others said. Write at most 120 words of plain text and nothing else."""
VERDICT = """\
Compare the two answers A and B to the conversation. The document also holds "debate", \
what three speakers said of them. Weigh their reasons, not their number."""


def speakers() -> list[tuple[int, str]]:
    """Return the round and the role of each speech, in turn."""
    return [(number + 1, role) for number in range(N_ROUNDS) for role in ROLES]


def _debate(replies: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {"round": number, "role": role, "text": text}
        for (number, role), text in zip(speakers(), replies, strict=False)
    ]


def speech(
    role: str, case: Case, order: Order, replies: tuple[str, ...]
) -> BuiltPrompt:
    """Return the call that asks one role for a speech."""
    question = asked_question("pairwise", case)
    data = document(case, order, question, debate=_debate(replies))
    task = SPEECH.format(role=ROLES[role])
    return BuiltPrompt(messages((ROLE, task), data), None, False, SPEECH_TOKENS)


def verdict(case: Case, order: Order, replies: tuple[str, ...]) -> BuiltPrompt:
    """Return the call that asks for the verdict."""
    question = asked_question("pairwise", case)
    data = document(case, order, question, debate=_debate(replies))
    return verdict_call(question, (ROLE, VERDICT), data)


STEPS = (
    *(
        Step(f"{role} {number}", partial(speech, role), no_text)
        for number, role in speakers()
    ),
    Step("verdict", verdict),
)
