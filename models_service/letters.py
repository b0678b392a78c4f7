"""PURE: how sure a judge is, of the tokens of its verdict's letter or of its votes."""

import re
from collections.abc import Mapping, Sequence
from math import exp, log, log1p
from typing import NamedTuple

from models_service.backends.base import TokenProbability
from models_service.thoughts import CLOSING

_VALUE = re.compile(r'(?<!\\)"verdict"\s*:\s*"')
# What may stand before a letter in its token: the quote, and the marks by which
# tokenizers write a space before a word.
_BEFORE = ' \t\r\n:"\u2581\u0120'
# A letter, and after it nothing or what ends the value.
_LETTER = re.compile(r'([AB])(?:["\s,}].*)?', re.DOTALL)
MOST_MASS = 1 - 1e-12


def letter_logit(tokens: Sequence[TokenProbability]) -> float | None:
    """Return log p(A) - log p(B) where the value of "verdict" begins.

    All variants of a letter (" A", "A", "\\"A", "A\\",") are summed. A letter that is
    not among the likeliest tokens is given the most that it can have: no more than the
    least likely one listed, and no more than what the listed ones leave.

    Returns
    -------
    float | None
        In nats, finite, positive for A. None where the reply has no tokens, or no
        alternatives to them, or neither letter is among these.
    """
    start = _start_of_value(tokens)
    if start is None or not tokens[start.at].top:
        return None
    at, head = start.at, start.head
    listed: dict[str, float] = dict(tokens[at].top)
    listed.setdefault(tokens[at].text, tokens[at].logprob)
    masses = {"A": 0.0, "B": 0.0}
    for text, logprob in listed.items():
        letter = letter_of(text.removeprefix(head))
        if letter:
            masses[letter] += exp(logprob)
    if not any(masses.values()):
        return None
    return _log(masses["A"], listed) - _log(masses["B"], listed)


def letter_of(text: str) -> str:
    """Return the letter that a token says where a verdict's value begins; "" = none."""
    found = _LETTER.fullmatch(text.lstrip(_BEFORE))
    return found.group(1) if found else ""


def _log(mass: float, listed: Mapping[str, float]) -> float:
    if mass > 0:
        return log(mass)
    rest = log1p(-min(sum(map(exp, listed.values())), MOST_MASS))
    return min(min(listed.values()), rest)


class _Start(NamedTuple):
    """Which token holds the first sign of a value, and what it holds before it."""

    at: int
    head: str


def _start_of_value(tokens: Sequence[TokenProbability]) -> _Start | None:
    text = "".join(token.text for token in tokens)
    # Thoughts quote what others wrote. Some servers tell their tokens and no text.
    found = _VALUE.search(text, text.rfind(CLOSING) + 1)
    if found is None:
        return None
    begin = 0
    for at, token in enumerate(tokens):
        if begin + len(token.text) > found.end():
            return _Start(at, token.text[: max(0, found.end() - begin)])
        begin += len(token.text)
    return None


def vote_logit(n_first: int, n_second: int, n_ties: int = 0) -> float:
    """Return the log-odds of the first place from votes; a tie is half a vote for each.

    Half a vote is added on either side, so that it stays finite: log((a + 1/2) / (b +
    1/2)).

    References
    ----------
    Haldane (1956), The estimation and significance of the logarithm of a ratio of
    frequencies, Annals of Human Genetics 20, 309-311.
    """
    first, second = n_first + n_ties / 2, n_second + n_ties / 2
    return log((first + 0.5) / (second + 0.5))
