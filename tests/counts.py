"""How often a randomised test repeats: quickly by default, in full for a proof."""

import os

IS_FULL = os.environ.get("POLYPHONY_FULL") == "1"


def n_runs(reduced: int, full: int) -> int:
    """Return the number of repetitions; `make prove` asks for the full one."""
    return full if IS_FULL else reduced
