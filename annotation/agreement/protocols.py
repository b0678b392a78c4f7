"""PURE: whether a rating and a comparison of the same completions say the same.

Step analyse. A protocol is a way of asking: a comparison, a ranking, or a rating of
each completion by itself. Where one person judged an item under two of them, each says
of every pair of completions which one is better, or that they are equal.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from annotation.agreement.disagreement import mean_marks, pair_orders
from annotation.agreement.intervals import Interval, wilson_interval
from annotation.questions import Question

Signs: TypeAlias = Mapping[tuple[int, int], int]
Table: TypeAlias = NDArray[np.int64]
# Rows and columns of a table, by sign: the first one of a pair is better, equal, worse.
PLACES: Mapping[int, int] = {1: 0, 0: 1, -1: 2}
ROUNDING = 1e-9


def signs_of(question: Question, value: Any, n_completions: int) -> dict[Any, int]:
    """Return what an answer says of each pair of completions that it compares.

    The keys are (lower, higher) canonical indexes; +1 prefers the lower, 0 calls the
    two equal. A comparison has one pair; “both bad” calls it equal. A rating compares
    mean marks over its criteria; a completion without a mark is in no pair. Other
    types of question compare nothing.
    """
    read = _READERS.get(question.type)
    if read is None or not isinstance(value, Mapping):
        return {}
    return read(value, n_completions)


def _compared(value: Mapping[str, Any], n: int) -> dict[Any, int]:
    grade = value.get("value")
    if n != 2:
        return {}
    if value.get("both_bad"):
        return {(0, 1): 0}
    return {(0, 1): (grade > 0) - (grade < 0)} if type(grade) is int else {}


def _ranked(value: Mapping[str, Any], n: int) -> dict[Any, int]:
    return dict(pair_orders(value))


def _rated(value: Mapping[str, Any], n: int) -> dict[Any, int]:
    means = mean_marks(value, n)
    found = {}
    for a, b in combinations(range(n), 2):
        x, y = means[a], means[b]
        if x is not None and y is not None:
            # Means of different numbers of marks are equal but for rounding.
            found[a, b] = 0 if abs(x - y) < ROUNDING else 1 if x > y else -1
    return found


_READERS: Mapping[str, Callable[[Mapping[str, Any], int], dict[Any, int]]] = {
    "comparison": _compared,
    "ranking": _ranked,
    "rating": _rated,
}


def cross_table(pairs: Iterable[tuple[Signs, Signs]]) -> Table:
    """Count what the two protocols say of the pairs that both of them compare.

    Returns
    -------
    int64, shape [3, 3]
        `table[i, j]` = pairs of completions of which the first protocol says i and the
        second says j; 0 = the first of the two is better, 1 = equal, 2 = the second.
    """
    table: Table = np.zeros((3, 3), dtype=np.int64)
    for one, other in pairs:
        for pair in one.keys() & other.keys():
            table[PLACES[one[pair]], PLACES[other[pair]]] += 1
    return table


@dataclass(frozen=True)
class Consistency:
    """How often two protocols say the same; shares with Wilson's 95 % intervals.

    `decisive`: of the `n_decisive` pairs of which both name a better one, how often it
    is the same. `chance`: the share expected of two protocols with these margins that
    have nothing to do with each other; NaN of an empty table.
    """

    n: int
    n_consistent: int
    share: Interval
    n_decisive: int
    n_same_side: int
    decisive: Interval
    chance: float


def consistency(table: Table) -> Consistency:
    """Return how far two protocols agree, of the table of what both say.

    Parameters
    ----------
    table : int64, shape [3, 3]
        See `cross_table`.

    Raises
    ------
    ValueError
        If the table is not 3 by 3, or holds a count below 0.

    References
    ----------
    Bansal, Dang and Grover (2024), Peering Through Preferences: Unraveling Feedback
    Acquisition for Aligning Large Language Models, ICLR: consistency is the share on
    the diagonal. Cohen (1960), A coefficient of agreement for nominal scales, Educ.
    Psychol. Meas. 20, 37-46: chance is sum_i p_i q_i over the margins.
    """
    if table.shape != (3, 3) or (table < 0).any():
        raise ValueError(f"{table!r} is not a table of counts, 3 by 3.")
    n, n_consistent = int(table.sum()), int(np.trace(table))
    corners = table[np.ix_([0, 2], [0, 2])]
    n_decisive, n_same_side = int(corners.sum()), int(np.trace(corners))
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    return Consistency(
        n=n,
        n_consistent=n_consistent,
        share=wilson_interval(n_consistent, n),
        n_decisive=n_decisive,
        n_same_side=n_same_side,
        decisive=wilson_interval(n_same_side, n_decisive),
        chance=float(rows @ columns) / n**2 if n else float("nan"),
    )
