"""PURE: many people's few answers, kept as a list and unfolded only where needed.

A table of people by items would be nearly empty in a large project; this holds one
entry per answer, and gives the tables that models_service.comparing works on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.agreement.coefficients import Floats

Indexes = NDArray[np.int64]
# So many answers to one item are taken; the figures of more would hardly differ.
MOST_ANSWERS = 50


@dataclass(frozen=True)
class AnswersTable:
    """One entry per answer, of `n_items` items.

    Attributes
    ----------
    items, people : int64, shape [n_answers]
        Index of the item and of the person of each answer, sorted by item.
    choices : float, shape [n_answers]
        1 = completion 0, -1 = completion 1, 0 = tie.
    """

    items: Indexes
    people: Indexes
    choices: Floats
    n_items: int

    @property
    def n_people(self) -> int:
        """Return how many people have answered."""
        return int(np.unique(self.people).size)

    def packed(self, most: int = MOST_ANSWERS) -> Floats:
        """Return float [n_most, n_items], NaN where there is no answer.

        Its rows are no particular people: answers to an item stand close together.
        """
        starts = np.searchsorted(self.items, self.items, side="left")
        places = np.arange(self.items.size) - starts
        kept = places < most
        height = int(places[kept].max()) + 1 if kept.any() else 1
        table = np.full((height, self.n_items), np.nan)
        table[places[kept], self.items[kept]] = self.choices[kept]
        return table

    def of_people(self, people: Indexes) -> "AnswersTable":
        """Return the answers of some people, of the same items."""
        return self._where(np.isin(self.people, people))

    def without(self, person: int) -> "AnswersTable":
        """Return the answers of all others, of the same items."""
        return self._where(self.people != person)

    def _where(self, kept: NDArray[np.bool_]) -> "AnswersTable":
        return AnswersTable(
            self.items[kept], self.people[kept], self.choices[kept], self.n_items
        )

    def row_of(self, person: int) -> Floats:
        """Return float [n_items]: what one person chose; NaN where nothing."""
        row = np.full(self.n_items, np.nan)
        mine = self.people == person
        row[self.items[mine]] = self.choices[mine]
        return row

    def at(self, items: Indexes) -> "AnswersTable":
        """Return the answers to some items, sorted, numbered anew in their order."""
        kept = np.isin(self.items, items)
        return AnswersTable(
            np.searchsorted(items, self.items[kept]),
            self.people[kept],
            self.choices[kept],
            int(items.size),
        )
