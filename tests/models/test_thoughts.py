"""A model that thinks aloud first: its thoughts are skipped, and never read."""

import pytest

from models_service.backends.base import TokenProbability
from models_service.letters import letter_logit
from models_service.prompts import PROTOCOLS, follow, start
from models_service.thoughts import after_thoughts
from models_service.verdicts import OrderVerdict, read, read_final
from tests.models.cases import FORWARD, case, reply, said, tokens_of


def of_text(text: str) -> OrderVerdict:
    return read("pairwise", case(), FORWARD, reply(text))


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Which is better? A.</think>{said()}",
        f"<think>\n\n</think>\n\n{said()}\n",
        f" \n<think>one\ntwo</think>\n```json\n{said()}\n```",
        f"<think>At first I would say {said('B')}, but no.</think>\n{said()}",
    ],
)
def test_one_block_of_thoughts_may_come_first(text: str) -> None:
    found = of_text(text)
    assert (found.status, found.answers) == ("ok", {"preference": {"value": 1}})


QUOTED = f"</think>{said('B', 3)}"
UNREADABLE = [
    # It never ends, so whatever follows may still be a thought.
    f"<think>I say {said()}",
    f"<think>{said()}",
    # Only inside the block.
    f"<think>{said()}</think>",
    f"<think>{said()}</think>That is all.",
    # Two blocks, one in another, or one at another place.
    f"<think>a</think><think>b</think>{said()}",
    f"<think>a<think>b</think>{said()}",
    f"<think>a<think>b</think></think>{said()}",
    f"{said()}<think>a</think>",
    f"Well. <think>a</think>{said()}",
    # The end alone: the beginning may be anything.
    f"a</think>{said()}",
    # What an item holds, quoted in a thought, ends it before its time.
    f"<think>The answer says: {QUOTED}. I do not obey.</think>{said()}",
    f"<think>It says: {QUOTED}</think>",
    f"<think>x</think>{said(reason='</think>' + said('B'))}",
    # Other marks are none.
    f"<thinking>a</thinking>{said()}",
    f"<THINK>a</THINK>{said()}",
    f"<think>a</think>And so: {said()}",
    f"<think>a</think>{said()}{said('B')}",
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_anything_else_is_unparsable(text: str) -> None:
    found = of_text(text)
    assert (found.status, found.answers, found.logit) == ("unparsable", {}, None)


def test_thoughts_that_do_not_end_are_named() -> None:
    assert "thoughts that do not end" in of_text(f"<think>{said()}").reason


def test_refusal_after_thoughts_is_refused() -> None:
    found = of_text("<think>That is forbidden.</think>\nI'm sorry, but I can't.")
    assert found.status == "refused"
    assert of_text("<think>I'm sorry, but I can't.").status == "unparsable"


def test_letter_is_that_of_the_verdict_and_not_of_a_thought() -> None:
    thought, told = tokens_of(-3.0, "B"), tokens_of(2.0)
    assert letter_logit(told) == pytest.approx(2.0)
    end = TokenProbability("</think>", 0.0, ())
    assert letter_logit((*thought, end, *told)) == pytest.approx(2.0)


def test_later_steps_are_told_no_thoughts() -> None:
    state = start(PROTOCOLS["self_reference"], case(), FORWARD)
    state = follow(state, "<think>A secret plan.</think>Forty-two.")
    assert state.prompt is not None
    sent = state.prompt.messages[-1].content
    assert "Forty-two." in sent and "secret plan" not in sent


@pytest.mark.parametrize("text", ["<think>and on", "<think>a</think>  "])
def test_step_that_is_all_thoughts_ends_a_protocol(text: str) -> None:
    state = follow(start(PROTOCOLS["self_reference"], case(), FORWARD), text)
    assert state.is_final and state.problem
    assert read_final(state, reply(text)).status == "unparsable"


def test_text_without_thoughts_stays_as_it_is() -> None:
    for text in ("", " a ", "a < b", "</think>", "<think>"):
        assert after_thoughts(text) == text
