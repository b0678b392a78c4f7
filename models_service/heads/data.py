"""PURE: labelled pairs as arrays, their scales, and their folds by prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Features that belong together, such as an embedding: columns start to stop - 1.

    Each block is scaled to the same size as a whole, so that the few features of a
    small block are not drowned under the one ridge by the hundreds of a large one.
    """

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class PairData:
    """Pairs of completions with what people said of them.

    Attributes
    ----------
    x : float64, shape [n, d]
        Features of completion A minus features of completion B.
    label : float64, shape [n]
        Share of the votes that prefer A, in [0, 1]; a tie is half a vote.
    target : float64, shape [n]
        What the head learns, in [0, 1]: the label, or the graded strength
        (1 + grade) / 2, where people gave one.
    weight : float64, shape [n]
        Votes behind the pair, each worth 1 / pairs of its answer.
    group : int64, shape [n]
        The prompt. What shares a prompt is never on both sides of a split.
    """

    x: Floats
    label: Floats
    target: Floats
    weight: Floats
    group: Ints

    def __post_init__(self) -> None:
        n = len(self.x)
        for name in ("label", "target", "weight", "group"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has not the length of x, {n}.")
        for name in ("label", "target"):
            values = getattr(self, name)
            if not ((values >= 0) & (values <= 1)).all():
                raise ValueError(f"{name} must lie in [0, 1].")
        if not np.isfinite(self.x).all() or not (self.weight >= 0).all():
            raise ValueError("x must be finite, and no weight below 0.")

    @property
    def n(self) -> int:
        """Return the number of pairs."""
        return len(self.x)

    @property
    def n_groups(self) -> int:
        """Return the number of prompts."""
        return len(np.unique(self.group))

    def take(self, rows: NDArray[np.bool_] | Ints) -> "PairData":
        """Return some of the pairs."""
        return PairData(
            self.x[rows],
            self.label[rows],
            self.target[rows],
            self.weight[rows],
            self.group[rows],
        )


def learn_scales(x: Floats, blocks: Sequence[Block]) -> Floats:
    """Return what each feature is multiplied by: float64 [d], 0 for a constant one.

    Embeddings are anisotropic: a few dimensions are large everywhere. So each feature
    is divided by its root mean square (not centred, which would tell A from B), and
    each block by the root of its number of features.
    """
    size = np.sqrt(np.einsum("ij,ij->j", x, x) / max(len(x), 1))
    # What is constant but for rounding says nothing, and must not be blown up.
    is_used = size > 1e-9 * max(float(size.max(initial=0.0)), 1e-300)
    scales = np.divide(1.0, size, out=np.zeros_like(size), where=is_used)
    for block in blocks:
        n_used = int(is_used[block.start : block.stop].sum())
        scales[block.start : block.stop] /= np.sqrt(max(n_used, 1))
    return np.asarray(scales)


def draw_folds(group: Ints, n_folds: int, rng: np.random.Generator) -> Ints:
    """Return the fold of each row, int64 [n]; no group is in two folds.

    Groups are dealt out in a random order, the largest first, each to the fold with
    the fewest rows, so that folds are about equal in size.

    Raises
    ------
    ValueError
        Where there are fewer groups than folds.
    """
    names, inverse, counts = np.unique(group, return_inverse=True, return_counts=True)
    if len(names) < n_folds:
        raise ValueError(f"{len(names)} groups cannot make {n_folds} folds.")
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes = np.zeros(n_folds, dtype=np.int64)
    fold_of = np.zeros(len(names), dtype=np.int64)
    for index in order:
        fold = int(np.argmin(sizes))
        fold_of[index] = fold
        sizes[fold] += counts[index]
    return np.asarray(fold_of[inverse], dtype=np.int64)


def draw_bootstrap(
    group: Ints, n_draws: int, rng: np.random.Generator, among: NDArray[np.bool_]
) -> Floats:
    """Return how often each row is in each resample of groups: float64 [n, n_draws].

    Whole groups are drawn with replacement from those that hold rows `among`; rows
    outside have the count 0.
    """
    names = np.unique(group[among])
    place = np.searchsorted(names, group)
    place = np.minimum(place, len(names) - 1)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), n_draws)
    drawn: Floats = counts.T[place].astype(np.float64)
    drawn[~among] = 0.0
    return drawn
