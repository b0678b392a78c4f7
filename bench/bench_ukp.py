"""What the project's reward model learns from half of the published argument pairs.

    python -m bench.bench_ukp --data FOLDER [--encoder FOLDER|NAME|hashing]

FOLDER holds UKPConvArg1: `pairs/*.jsonl.gz` (default: `ukpconvarg1` in
POLYPHONY_DATA_DIR). Three ways to set half aside, from the easiest: pairs at random, so
that most arguments were seen; debates, so that no topic was; arguments, so that of the
same topics none was. Each says how much more the head knows than length alone, with a
95 % interval. Pairs of a seen and an unseen argument are in neither half.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_service.backends.embeddings import load_encoder
from models_service.heads import Comparison, PairData, compare
from tests.models.ukp import Argued, margins, pair_data, read

Bools = NDArray[np.bool_]
SEED = 0
DEBATES = "unseen debates"


def splits(argued: Argued) -> Iterator[tuple[str, list[tuple[Bools, Bools]]]]:
    """Yield each split: its name, and the pairs to train on and to test on."""
    rng = np.random.default_rng(SEED)
    n = len(argued.votes)
    half = rng.random(n) < 0.5
    yield "random half of the pairs", [(half, ~half)]
    even = argued.debate % 2 == 0
    yield DEBATES, [(even, ~even), (~even, even)]
    texts = sorted({text for pair in argued.texts for text in pair})
    seen = dict(zip(texts, (rng.random(len(texts)) < 0.5).tolist(), strict=True))
    first = np.array([seen[a] for a, _b in argued.texts])
    second = np.array([seen[b] for _a, b in argued.texts])
    within, without = first & second, ~first & ~second
    yield "unseen arguments", [(within, without), (without, within)]


def measured(
    data: PairData, halves: list[tuple[Bools, Bools]], n_dims: int
) -> Comparison:
    """Train on the one, and compare the head and length alone on the other."""
    said = [margins(data, train, test, n_dims) for train, test in halves]
    head, alone = (np.concatenate(parts) for parts in zip(*said, strict=True))
    rows = np.concatenate([np.flatnonzero(test) for _train, test in halves])
    return compare(data.take(rows), head, alone, np.random.default_rng(1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    folder = Path(os.environ.get("POLYPHONY_DATA_DIR", ".")) / "ukpconvarg1"
    parser.add_argument("--data", type=Path, default=folder)
    parser.add_argument("--encoder", default="hashing")
    given = parser.parse_args()
    if not (given.data / "pairs").is_dir():
        print(f"{given.data} has no folder `pairs`: give the data set with --data.")
        return
    argued = read(given.data)
    encoder = load_encoder(given.encoder).encoder
    print(f"{len(argued.votes):,} pairs, encoder {encoder.name}")
    began = time.monotonic()
    by_pair = pair_data(argued, encoder, np.arange(len(argued.votes)))
    by_debate = replace(by_pair, group=argued.debate)
    for name, halves in splits(argued):
        data = by_debate if name == DEBATES else by_pair
        found = measured(data, halves, encoder.n_dims)
        gain = found.accuracy_gain
        print(
            f"{name}: head {found.scores.accuracy.value:.3f}, length alone "
            f"{found.baseline.accuracy.value:.3f}, gain {gain.value:.3f} "
            f"({gain.low:.3f} to {gain.high:.3f}), {found.n_decided:,} pairs"
        )
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
