"""Import of a JSONL file: items a second, CPU, and memory by size of the file.

    python -m bench.bench_import [--items 20000 100000]

Each size runs in a process of its own, so that its peak memory is its own. The
baseline of the same run reads and parses the same file and stores nothing.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

from bench import pool
from bench.stack import peak_mb, services


def write(path: Path, n_items: int) -> None:
    """Write items of 60 + 2 x 150 words, as the peers were measured with."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(n_items):
            row = {
                "id": f"item-{number}",
                "prompt": f"{number}: {pool.words(60, number)}?",
                "response_a": f"{number} {pool.words(150, number)}.",
                "response_b": f"{number} {pool.words(150, number + 3)}.",
                "model_a": "alpha",
                "model_b": "beta",
            }
            file.write(json.dumps(row) + "\n")


def run(path: Path, results: "multiprocessing.Queue[dict[str, float]]") -> None:
    """Import one file in this process and report."""
    import django

    django.setup()
    from annotation.formats.readers import open_rows
    from annotation.services.imports import import_path

    began = time.monotonic()
    with open_rows(path, path.name) as reader:
        n_rows = sum(1 for _ in reader)
    read_s = time.monotonic() - began
    project = pool.make_project(f"import {n_rows}")
    began, cpu = time.monotonic(), time.process_time()
    counts, problems = import_path(project=project, path=path)  # type: ignore[arg-type]
    took = time.monotonic() - began
    results.put(
        {
            "items": counts.n_added,
            "items_s": counts.n_added / took,
            "cpu_ms": 1000 * (time.process_time() - cpu) / n_rows,
            "times_reading": took / read_s,
            "peak_mb": peak_mb(),
            "problems": len(problems),
        }
    )


def main() -> None:
    """Import each size and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[20_000, 100_000])
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    peaks = []
    with services(), tempfile.TemporaryDirectory() as folder:
        for n_items in given.items:
            path = Path(folder) / f"{n_items}.jsonl"
            write(path, n_items)
            results: multiprocessing.Queue[dict[str, float]] = context.Queue()
            process = context.Process(target=run, args=(path, results))
            process.start()
            row = results.get(timeout=3600)
            process.join()
            peaks.append(row["peak_mb"])
            facts = "  ".join(f"{name} {value:,.2f}" for name, value in row.items())
            print(f"{os.path.getsize(path) / 2**20:,.0f} MB: {facts}")
    print(f"ratio of peak memory, largest to smallest: {peaks[-1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main()
