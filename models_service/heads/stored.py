"""PURE: a trained ensemble as bytes that are read without running anything."""

import json
import math
from typing import Any

import numpy as np

from models_service.heads.ensemble import Ensemble

MAGIC = b"polyphony head 1\n"


def dump_ensemble(ensemble: Ensemble) -> bytes:
    """Return a line of JSON and the weights as little-endian float64, row by row."""
    header = {
        "shape": list(ensemble.weights.shape),
        "ridge": ensemble.ridge,
        "temperature": ensemble.temperature,
    }
    line = json.dumps(header, sort_keys=True).encode() + b"\n"
    return MAGIC + line + np.ascontiguousarray(ensemble.weights, "<f8").tobytes()


def load_ensemble(data: bytes) -> Ensemble:
    """Return an ensemble that scores as the one that was stored.

    Raises
    ------
    ValueError
        If the bytes are not those of a head, or are cut short.
    """
    if not data.startswith(MAGIC):
        raise ValueError("these bytes are not a head")
    line, _, body = data[len(MAGIC) :].partition(b"\n")
    header: dict[str, Any] = json.loads(line)
    shape = tuple(int(n) for n in header["shape"])
    if len(shape) != 2 or len(body) != 8 * math.prod(shape):
        raise ValueError(f"{len(body)} bytes are not the weights of a head {shape!r}.")
    weights = np.frombuffer(body, "<f8").reshape(shape).astype(np.float64)
    if not np.isfinite(weights).all():
        raise ValueError("a weight of this head is not a number")
    return Ensemble(weights, float(header["ridge"]), float(header["temperature"]))
