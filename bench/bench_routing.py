"""Routing on published pairs: what each strategy gains, and how long that takes.

    POLYPHONY_DATA_DIR=... python -m bench.bench_routing [--splits 60] [--encoder NAME]

Prints the tables of docs/ROUTING.md. Without the data it times a drawn pool alone.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from models_service.backends.embeddings import load_encoder
from routing.features.space import Space, fallback_space, space_of, texts_to_embed
from routing.gain import Design, fit_gain
from routing.pair_file import Columns, read_pairs
from routing.pairs import Pairs
from routing.report import lines_of
from routing.simulate import Plan, simulate
from routing.strategies import DEFAULT, know
from tests.routing import published, worlds

BUDGETS = (0.1, 0.25, 0.5)


def space(pairs: Pairs, source: str) -> Space:
    """Return embeddings by that model, or the fallback for none."""
    if not source:
        return fallback_space(pairs)
    encoder = load_encoder("" if source == "installed" else source).encoder
    return space_of(encoder.encode(texts_to_embed(pairs)), encoder.name)


def pandalm(folder: Path, data: Path, n_splits: int, source: str) -> None:
    """Print every figure of PandaLM's pairs."""
    began = time.monotonic()
    path = worlds.write(published.pandalm_rows(data / "pandalm"), folder)
    file = read_pairs(path, published.PANDALM)
    known = know(file.pairs, space(file.pairs, source))
    result = simulate(known, Plan(200, BUDGETS, n_splits, 0))
    print(f"PandaLM, {time.monotonic() - began:.1f} s in all")
    print("\n".join(lines_of(result, file, encoder=source or "TF-IDF and SVD")))


def llmbar(folder: Path, data: Path, n_splits: int, source: str) -> None:
    """Print the share of the oracle's lead for every ordered pair of judges."""
    names = (DEFAULT, "disagreement", "contradiction")
    shares = []
    print(f"\nLLMBar, 25 %, seed 150, {n_splits} splits: share of the oracle's lead")
    for ai, second in published.ORDERED_PAIRS:
        rows = published.llmbar_rows(data / "llmbar", ai, second)
        file = read_pairs(worlds.write(rows, folder), published.LLMBAR)
        known = know(file.pairs, space(file.pairs, source))
        cells = simulate(known, Plan(150, (0.25,), n_splits, 0)).cells
        found = [cells[name][0.25]["oracle_lead_share"].mean or 0.0 for name in names]
        shares.append(found)
        gain = cells[DEFAULT][0.25]["label_accuracy_gain"]
        words = ", ".join(f"{n} {v:+.2f}" for n, v in zip(names, found, strict=True))
        print(f"{ai} with {second}: {words}; {gain.mean:+.1f} ±{gain.se:.1f} points")
    mean, least = np.mean(shares, axis=0), np.min(shares, axis=0)
    for name, m, low in zip(names, mean, least, strict=True):
        print(f"{name}: mean {m:+.2f}, least {low:+.2f}")


def time_gain(n_items: int) -> None:
    """Time the default on a large pool whose features are there already."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n_items, 40))
    wrong = (rng.random(n_items) < 1 / (1 + np.exp(1 - x[:, 0]))).astype(float)
    design = Design(tuple(map(str, range(40))), x)
    began = time.monotonic()
    fit_gain(design, wrong, np.arange(1000), np.arange(n_items), rng)
    print(
        f"gain of {n_items:,} items from a seed of 1,000: "
        f"{time.monotonic() - began:.1f} s"
    )


def drawn(folder: Path, n_splits: int) -> None:
    """Time 500 drawn pairs."""
    rows = worlds.draw_rows(500, 3, hard=(1, 4), judge_knows=0.7)
    began = time.monotonic()
    columns = Columns(("person",), "ai", ("judge",), ("ai_swapped",))
    pairs = read_pairs(worlds.write(rows, folder), columns).pairs
    simulate(know(pairs, fallback_space(pairs)), Plan(200, BUDGETS, n_splits, 0))
    print(f"500 drawn pairs, {n_splits} splits: {time.monotonic() - began:.1f} s")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=60)
    parser.add_argument("--encoder", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn(folder, given.splits)
        time_gain(10_000)
        time_gain(100_000)
        if not published.DATA:
            print("POLYPHONY_DATA_DIR is not set: the published pairs are left out.")
            return
        data = Path(published.DATA)
        pandalm(folder, data, given.splits, given.encoder)
        llmbar(folder, data, max(2, given.splits * 2 // 3), given.encoder)


if __name__ == "__main__":
    main()
