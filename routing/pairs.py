"""PURE: labelled pairs as arrays: what people, the AI and the judges said.

Sides are +1 for A, -1 for B and 0 for a tie, as everywhere; NaN is "said nothing".
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Words = NDArray[np.str_]
# So many values of a field are told apart, the most frequent ones.
MOST_VALUES = 40
LONGEST_VALUE = 80
OTHER = "other values"


@dataclass(frozen=True)
class Described:
    """What one field says of the items, such as their subject.

    Attributes
    ----------
    values : tuple of str, length k
    has : bool [n, k]
        Which values an item has: several, one, or none, which is "missing".
    """

    values: tuple[str, ...]
    has: Bools

    def take(self, rows: Bools | Ints) -> "Described":
        """Return the same field of some items."""
        return Described(self.values, self.has[rows])


def describe(said: Sequence[Sequence[str]], most: int = MOST_VALUES) -> Described:
    """Return the values that each item has of a field.

    Parameters
    ----------
    said : n sequences of str
        None, one or several for each item.
    most : int
        Values are told apart up to so many, the most frequent first; all that is rarer
        is one value.
    """
    cut = [[value[:LONGEST_VALUE] for value in of_item if value] for of_item in said]
    counts = Counter(value for of_item in cut for value in set(of_item))
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    kept = sorted(ranked[:most])
    places = {value: at for at, value in enumerate(kept)}
    values = (*kept, OTHER) if len(ranked) > most else tuple(kept)
    has = np.zeros((len(cut), len(values)), dtype=bool)
    for row, of_item in enumerate(cut):
        for value in of_item:
            has[row, places.get(value, most)] = True
    return Described(values, has)


@dataclass(frozen=True)
class Pairs:
    """Pairs of completions with labels of people and of one AI.

    Attributes
    ----------
    prompts, completions_a, completions_b : tuple of str, length n
    ai : float64 [n]
        The side that the AI prefers: +1, -1 or 0.
    people : float64 [n, n_people]
        The side each person prefers; NaN where a person said nothing.
    group : int64 [n]
        What shares a group (a prompt) is never on both sides of a split.
    judges, swapped, confidence : dict of float64 [n], by the name of the column
        What other judges say; what the AI says with the completions exchanged, mapped
        back; how sure the AI is, higher is surer. NaN where there is nothing.
    grades : float64 [n, n_people], optional
        How strongly each person prefers a side, in [-1, 1], with the sign of `people`;
        without it each preference is as strong as it can be.
    tags : dict of Described, by the name of the field
        What is known of the items, such as their subject.
    """

    prompts: tuple[str, ...]
    completions_a: tuple[str, ...]
    completions_b: tuple[str, ...]
    ai: Floats
    people: Floats
    group: Ints
    judges: dict[str, Floats] = field(default_factory=dict)
    swapped: dict[str, Floats] = field(default_factory=dict)
    confidence: dict[str, Floats] = field(default_factory=dict)
    tags: dict[str, Described] = field(default_factory=dict)
    grades: Floats | None = None

    @property
    def n(self) -> int:
        """Return the number of pairs."""
        return len(self.ai)

    def take(self, rows: Ints | Bools) -> "Pairs":
        """Return what is known of some of the pairs, without their texts."""
        return Pairs(
            (),
            (),
            (),
            self.ai[rows],
            self.people[rows],
            self.group[rows],
            {name: said[rows] for name, said in self.judges.items()},
            {name: said[rows] for name, said in self.swapped.items()},
            {name: sure[rows] for name, sure in self.confidence.items()},
            {name: field.take(rows) for name, field in self.tags.items()},
            None if self.grades is None else self.grades[rows],
        )


def consensus_of(people: Floats) -> Floats:
    """Return the side most people prefer: float64 [n].

    A tie is an answer of its own. Where no answer has more votes than each other one,
    people together prefer neither, and the consensus is a tie; NaN without any vote.
    """
    votes = np.stack([(people == side).sum(axis=1) for side in (1.0, 0.0, -1.0)], 1)
    ranked = np.sort(votes, axis=1)
    sides = np.array([1.0, 0.0, -1.0])[votes.argmax(axis=1)]
    sides = np.where(ranked[:, 2] > ranked[:, 1], sides, 0.0)
    return np.asarray(np.where(ranked[:, 2] > 0, sides, np.nan))


def share_of(people: Floats) -> Floats:
    """Return the share of votes for A, a tie being half a vote: float64 [n]."""
    said = np.isfinite(people)
    total = np.where(said, people, 0.0).sum(axis=1)
    mean = np.divide(
        total, said.sum(axis=1), out=np.full(len(people), np.nan), where=said.any(1)
    )
    return np.asarray((1.0 + mean) / 2.0)


def target_of(pairs: Pairs) -> Floats:
    """Return what a proxy learns of each pair: float64 [n], in [0, 1].

    The mean of (1 + grade) / 2 over people, as heads of reward models learn it: "a
    little better" is a softer label than "much better", and a tie is half a vote.
    """
    return share_of(pairs.people if pairs.grades is None else pairs.grades)
