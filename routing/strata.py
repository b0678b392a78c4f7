"""PURE: how far labels, before and after routing, suit the people of each stratum.

Called by a worker with the answers to the items of the audit, which are a random sample
that nothing was learned from. The unit is the answer: whose preferences set the norm
shows only where each person's own answer is what is held against the label. A cell that
is too small is not told, and nothing is told from which it could be computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.agreement import Interval
from models_service.answers_table import AnswersTable
from models_service.cells import MIN_STRATUM_PEOPLE
from models_service.crossed import Answers, Flags, difference_of, share_of
from routing.curve import LEAST_CELL
from routing.pairs import Floats

CONFIDENCE = 0.95
SIDES = (1.0, 0.0, -1.0)


@dataclass(frozen=True)
class Size:
    """How many people there are, and how many answers they gave."""

    n_people: int = 0
    n_answers: int = 0

    @property
    def is_told(self) -> bool:
        """Tell whether nobody in it can be told: enough people and enough answers."""
        return self.n_people >= MIN_STRATUM_PEOPLE and self.n_answers >= LEAST_CELL


@dataclass(frozen=True)
class Cell:
    """The people of one stratum, or everybody.

    `agreement`: the share of their answers that say what the AI says. `after`: the
    share that says what the label after routing is expected to say; None where too few
    items have another answer. `difference`: agreement less that of everybody else;
    `widened`: with an interval that holds for all differences at once (Bonferroni).
    """

    name: str
    size: Size
    agreement: Interval
    after: Interval | None
    difference: Interval | None = None
    widened: Interval | None = None


@dataclass(frozen=True)
class Group:
    """The cells of one question of the profile; `n_hidden` are not told."""

    question: str
    cells: tuple[Cell, ...]
    n_hidden: int


@dataclass(frozen=True)
class Strata:
    """What a report tells of the people of the audit.

    `n_compared`: so many differences stand in `groups`. `everybody` is None, and
    nothing is told, where all together are too few.
    """

    everybody: Cell | None
    groups: tuple[Group, ...]
    n_compared: int


def strata_of(
    table: AnswersTable,
    ai: Floats,
    chance: Floats,
    told: Mapping[str, Sequence[str]],
) -> Strata:
    """Return the audit by stratum.

    Parameters
    ----------
    ai : float64 [n_items]
        What the AI says: 1, 0, -1.
    chance : float64 [n_items]
        With what chance items like this one come to people, in [0, 1]; NaN = unknown.
    told : mapping of a question to str [n_people]
        The stratum of each person; "" = did not tell.
    """
    found = _Found(table, ai, chance)
    everyone = np.ones(len(table.items), dtype=bool)
    if not found.size(everyone).is_told:
        return Strata(None, (), 0)
    asked = {
        question: _members(np.array(strata, dtype=np.str_)[table.people])
        for question, strata in told.items()
    }
    shown = {question: found.shown(members) for question, members in asked.items()}
    n_compared = sum(
        found.size(~members[name]).is_told
        for question, members in asked.items()
        for name in shown[question]
    )
    groups = tuple(
        Group(
            question,
            tuple(
                found.cell(name, members[name], n_compared) for name in shown[question]
            ),
            len(members) - len(shown[question]),
        )
        for question, members in asked.items()
        if members
    )
    everybody = found.cell("", everyone, 0)
    return Strata(everybody, groups, n_compared)


def _members(strata: np.ndarray[tuple[int], np.dtype[np.str_]]) -> dict[str, Flags]:
    """Return which answers are of each stratum, the strata by name."""
    return {name: strata == name for name in np.unique(strata).tolist() if name}


class _Found:
    """The answers with what each is held against."""

    def __init__(self, table: AnswersTable, ai: Floats, chance: Floats) -> None:
        self.people = table.people
        self.answers = Answers(table.items, table.people, np.ones(len(table.items)))
        self.hits = (table.choices == ai[table.items]).astype(np.float64)
        self.after = after_routing(table, ai, chance)
        self.is_after = np.isfinite(self.after)

    def size(self, used: Flags) -> Size:
        """Return how large a part of the answers is."""
        return Size(int(np.unique(self.people[used]).size), int(used.sum()))

    def shown(self, members: Mapping[str, Flags]) -> list[str]:
        """Return the strata that are told, in their order."""
        sizes = {name: self.size(used) for name, used in members.items()}
        known = np.any(list(members.values()), axis=0) if members else self.people < 0
        return told_of(sizes, self.size(~known))

    def cell(self, name: str, used: Flags, n_compared: int) -> Cell:
        """Return a cell; `n_compared`: one of so many differences, 0 = none."""
        difference = widened = None
        if n_compared and self.size(~used).is_told:
            both = self.answers, used, ~used, self.hits
            difference = difference_of(*both)
            wide = 1 - (1 - CONFIDENCE) / n_compared
            widened = difference_of(*both, confidence=wide)
        some, rest = used & self.is_after, ~used & self.is_after
        # What is left of all must not be small either, nor what is left of the cell.
        lone = used & ~self.is_after
        parts = [self.size(some), *(self.size(x) for x in (rest, lone) if x.any())]
        is_told = all(part.is_told for part in parts)
        return Cell(
            name,
            self.size(used),
            share_of(self.answers, used, self.hits),
            share_of(self.answers, some, self.after) if is_told else None,
            difference,
            widened,
        )


def told_of(sizes: Mapping[str, Size], unknown: Size) -> list[str]:
    """Return the strata of a question that may be told, in their order.

    All together are told too, so whatever is not told of a question can be computed as
    one: it must be nothing, or large enough itself. Else the smallest that could be
    told is not told either.

    Parameters
    ----------
    unknown : Size
        Of those who did not tell their stratum.
    """
    shown = [name for name, size in sizes.items() if size.is_told]
    while shown:
        hidden = [size for name, size in sizes.items() if name not in shown]
        left = _sum([*hidden, unknown])
        if not left.n_answers or left.is_told:
            break
        shown.remove(min(shown, key=lambda name: (sizes[name].n_answers, name)))
    return shown


def _sum(sizes: Sequence[Size]) -> Size:
    return Size(
        sum(size.n_people for size in sizes), sum(size.n_answers for size in sizes)
    )


def after_routing(table: AnswersTable, ai: Floats, chance: Floats) -> Floats:
    """Return how well each answer is expected to agree with the label after routing.

    With the item's chance the label is people's: what most of the others on the item
    say, as a person whose answer makes the label would always agree with it. Else it is
    the AI's.

    Returns
    -------
    float64 [n_answers]
        In [0, 1]; NaN where nobody else has answered, or the chance is not known.
    """
    sides = np.array([SIDES.index(choice) for choice in table.choices.tolist()], int)
    votes = np.zeros((table.n_items, len(SIDES)))
    np.add.at(votes, (table.items, sides), 1.0)
    others = votes[table.items]
    others[np.arange(len(sides)), sides] -= 1.0
    ranked = np.sort(others, axis=1)
    most = np.array(SIDES)[others.argmax(axis=1)]
    # As of any people: where none has the most votes they prefer neither.
    most = np.where(ranked[:, 2] > ranked[:, 1], most, 0.0)
    by_people = (table.choices == most).astype(np.float64)
    by_ai = (table.choices == ai[table.items]).astype(np.float64)
    share = chance[table.items]
    found = share * by_people + (1 - share) * by_ai
    return np.asarray(np.where(ranked[:, 2] > 0, found, np.nan))
