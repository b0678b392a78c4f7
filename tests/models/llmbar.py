"""Parts of the published LLMBar, in its own files."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

REAL = Path(os.environ.get("POLYPHONY_DATA_DIR", "")) / "llmbar"


def rows_of(path: Path) -> list[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def part_of(folder: Path, subset: str, evaluators: list[str]) -> list[Path]:
    """Write the items and the verdicts of one subset, which is a fraction of all."""
    paths = []
    for name in ("items", "verdicts"):
        rows = [
            row
            for row in rows_of(REAL / f"{name}.jsonl.gz")
            if row["subset"].endswith(subset)
            and row.get("evaluator", evaluators[0]) in evaluators
        ]
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return paths
