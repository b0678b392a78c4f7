"""PURE: how far people differ on items like this one, said by the items near it.

An item that nobody has answered has no disagreement of its own. What people said of
others with near texts tells what to expect; what they said of the item itself, or of
its prompt, is never used, so that items with and without labels are told alike.
"""

import numpy as np

from models_service.backends.embeddings import Vectors
from routing.pairs import Floats, Ints

N_NEAR = 15
# Of fewer items that several people answered nothing is said.
LEAST = 30
# So many of them are looked at; more would hardly tell more.
MOST = 2_000
CHUNK = 4_000_000


def split_of(people: Floats) -> Floats:
    """Return the share of votes that are not for the side with most: float64 [n].

    In [0, 2/3]; NaN where fewer than two people said something.
    """
    votes = np.stack([(people == side).sum(axis=1) for side in (1.0, 0.0, -1.0)], 1)
    total = votes.sum(axis=1)
    share = votes.max(axis=1) / np.maximum(total, 1)
    return np.asarray(np.where(total >= 2, 1.0 - share, np.nan))


def differ_near(place: Vectors, split: Floats, rows: Ints, group: Ints) -> Floats:
    """Return the expected split of each item, from the labelled ones near it.

    The mean over the 15 nearest of `rows` of other prompts, by the cosine of their
    texts. NaN for all items where fewer than 30 rows have a split, or all the same.

    Parameters
    ----------
    place : float32 [n, d]
        Where the texts of an item lie, of length 1.
    split : float64 [n]
        Read at `rows` only; NaN where it is not known.
    group : int64 [n]
        Items of one prompt tell nothing of one another.
    """
    found = np.full(len(place), np.nan)
    known = rows[np.isfinite(split[rows])]
    if len(known) < LEAST or np.ptp(split[known]) < 1e-9:
        return found
    known = known[:: -(-len(known) // MOST)]
    near, said = place[known].T, split[known]
    step = max(1, CHUNK // len(known))
    for start in range(0, len(place), step):
        some = slice(start, start + step)
        cosine = place[some] @ near
        cosine[group[some, None] == group[known]] = -2.0
        best = np.argpartition(-cosine, N_NEAR - 1, axis=1)[:, :N_NEAR]
        close = np.take_along_axis(cosine, best, axis=1)
        # One of its own prompt has no weight, also where hardly any other is there.
        weight = np.where(close > -1.5, np.maximum(close, 0.0) + 0.01, 0.0)
        total = weight.sum(axis=1)
        mean = (weight * said[best]).sum(axis=1) / np.maximum(total, 1e-12)
        found[some] = np.where(total > 0, mean, np.nan)
    return found


def unit(vectors: Vectors) -> Vectors:
    """Return vectors of length 1; what has none stays 0."""
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(size, 1e-12), dtype=np.float32)
