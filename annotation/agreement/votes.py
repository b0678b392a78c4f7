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


def majority(answers: Sequence[Choice]) -> Majority[Choice]:
    """Return the most frequent of the answers to one item."""
    if not answers:
        return Majority(None, 0, 0)
    ranked = Counter(answers).most_common(2)
    (choice, n_votes) = ranked[0]
    is_shared = len(ranked) > 1 and ranked[1][1] == n_votes
    return Majority(None if is_shared else choice, n_votes, len(answers))
