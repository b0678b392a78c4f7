"""PURE: figures as tags: terciles of the whole pool, states of the judges.

Edges are learned once, on the whole pool, and bins are half-open, so that every item
is in exactly one bin of each figure whatever part of the pool is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from routing.pairs import Bools, Described, Floats, Ints, Words

LEAST = 15
BIN_WORDS = ("low", "middle", "high")
MISSING = "missing"


@dataclass(frozen=True)
class Tags:
    """Which tags an item has. `has`: bool [n, n_tags]; `names`: their names."""

    names: tuple[str, ...]
    has: Bools

    def take(self, rows: Bools | Ints) -> "Tags":
        """Return the same tags of some items."""
        return Tags(self.names, self.has[rows])


def percentile_of(values: Floats) -> Floats:
    """Return the percentile rank of each value in [0, 1]; equal values share theirs.

    The rank is (number below + half of the number equal) / number, NaN stays NaN.
    """
    known = np.isfinite(values)
    ranked = np.sort(values[known])
    ranks = np.full(len(values), np.nan)
    below = np.searchsorted(ranked, values[known], side="left")
    until = np.searchsorted(ranked, values[known], side="right")
    ranks[known] = (below + until) / (2 * max(len(ranked), 1))
    return ranks


def tercile_of(values: Floats) -> Floats:
    """Return the bin of each value: 0 for [0, 1/3), 1 for [1/3, 2/3), 2, or NaN."""
    return np.minimum(np.floor(3 * percentile_of(values)), 2.0)


def tags_of(
    figures: Mapping[str, Floats],
    states: Mapping[str, Words],
    described: Mapping[str, Described] | None = None,
) -> Tags:
    """Return the tags of a pool.

    Parameters
    ----------
    figures : dict of float64 [n]
        Cut into terciles; what is missing has a tag of its own.
    states : dict of str [n]
        Each word is a tag; "" is none.
    described : dict of Described
        Each value is a tag, of which an item can have several; what has none of a field
        has the tag "missing".
    """
    n = _n_items(figures, states, described or {})
    names: list[str] = []
    columns: list[Bools] = []
    for name, values in figures.items():
        bins = tercile_of(values)
        for number, bin_word in enumerate(BIN_WORDS):
            names.append(f"{name}: {bin_word}")
            columns.append(bins == number)
        names.append(f"{name}: {MISSING}")
        columns.append(np.isnan(bins))
    for name, words in states.items():
        for word in np.unique(words[words != ""]):
            names.append(f"{name}: {word}")
            columns.append(words == word)
    for name, field in (described or {}).items():
        names += [f"{name}: {value}" for value in (*field.values, MISSING)]
        columns += [*field.has.T, np.asarray(~field.has.any(axis=1))]
    has = np.stack(columns, axis=1) if columns else np.zeros((n, 0), dtype=bool)
    return merge_rare(Tags(tuple(names), has))


def _n_items(
    figures: Mapping[str, Floats],
    states: Mapping[str, Words],
    described: Mapping[str, Described],
) -> int:
    for values in (*figures.values(), *states.values()):
        return len(values)
    return len(next(iter(described.values())).has) if described else 0


def merge_rare(tags: Tags, least: int = LEAST) -> Tags:
    """Drop tags that nothing or everything has, and merge what is rare.

    Tags of fewer than `least` items become the one tag "rare"; it too is dropped
    where it is rarer than that.
    """
    counts = tags.has.sum(axis=0)
    n = len(tags.has)
    useful = (counts >= least) & (counts < n)
    rare = (counts > 0) & (counts < least)
    names = [name for name, keep in zip(tags.names, useful, strict=True) if keep]
    merged = tags.has[:, rare].any(axis=1)
    has = tags.has[:, useful]
    if least <= merged.sum() < n:
        return Tags((*names, "rare"), np.column_stack([has, merged]))
    return Tags(tuple(names), has)
