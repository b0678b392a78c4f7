"""PURE: what most answers to an item say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Majority(Generic[Choice]):
    """The most frequent answer; `choice` is None where several share first place."""

    choice: Choice | None
    n_votes: int
    n_total: int

    @property
    def is_unanimous(self) -> bool:
        """Tell whether everybody said the same."""
        return self.n_total > 0 and self.n_votes == self.n_total


def against_others(answers: Sequence[Choice]) -> list[bool | None]:
    """Return for each answer to one item whether it is what most of the others say.

    The answer itself is left out of what it is held against. None where several
    answers share the first place among the others, or there are no others.
    """
    counts = Counter(answers)
    return [_is_theirs(counts, answer) for answer in answers]


def _is_theirs(counts: Counter[Choice], answer: Choice) -> bool | None:
    others = counts - Counter([answer])
    ranked = others.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0] == answer


def majority(answers: Sequence[Choice]) -> Majority[Choice]:
    """Return the most frequent of the answers to one item."""
    if not answers:
        return Majority(None, 0, 0)
    ranked = Counter(answers).most_common(2)
    (choice, n_votes) = ranked[0]
    is_shared = len(ranked) > 1 and ranked[1][1] == n_votes
    return Majority(None if is_shared else choice, n_votes, len(answers))
