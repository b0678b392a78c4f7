"""The reward model's head: seconds to train, and how it does beside one feature alone.

    python -m bench.bench_head [--pairs 10000] [--dims 384]

Draws pairs with a known reward: five members, the ridge by cross-validation, what is
said out of fold, the learning curve. The baseline is one plain fit of the same pairs.
"""

import argparse
import time

import numpy as np

from models_service.heads import Block, PairData, compare, fit_ensemble, fit_heads
from models_service.heads.figures import baseline_margins
from models_service.heads.solver import rotate


def draw(n: int, n_dims: int) -> PairData:
    """Draw pairs of four to a prompt; a tenth of the labels is turned round."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, n_dims + 5))
    reward = rng.normal(size=n_dims + 5)
    margin = x @ reward * 8 / np.linalg.norm(reward)
    label = (rng.random(n) < 1 / (1 + np.exp(-margin))).astype(np.float64)
    label = np.where(rng.random(n) < 0.1, 1 - label, label)
    return PairData(x, label, label, np.ones(n), rng.integers(0, max(2, n // 4), n))


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--dims", type=int, default=384)
    given = parser.parse_args()
    data = draw(given.pairs, given.dims)
    began = time.monotonic()
    rotated = rotate(data.x)
    fit_heads(rotated, data.target, data.weight[:, None], np.array([100.0]))
    plain = time.monotonic() - began
    blocks = (
        Block("embedding", 0, given.dims),
        Block("form", given.dims, given.dims + 5),
    )
    began = time.monotonic()
    ensemble = fit_ensemble(data, blocks, np.random.default_rng(0))
    took = time.monotonic() - began
    print(
        f"{given.pairs:,} pairs of {given.dims + 5} features: {took:.1f} s in all, one "
        f"plain fit {plain:.2f} s, ratio {took / plain:.0f}"
    )
    if ensemble.out_of_fold is None or ensemble.folds is None:
        raise SystemExit("The ensemble says nothing out of fold.")
    alone = baseline_margins(data, given.dims, ensemble.folds)
    rng = np.random.default_rng(1)
    found = compare(data, ensemble.out_of_fold.mean, alone, rng)
    head, base = found.scores.accuracy.value, found.baseline.accuracy.value
    print(f"accuracy out of fold {head:.3f}, one feature alone {base:.3f}")


if __name__ == "__main__":
    main()
