"""How probable a machine's answer is, once the machine is calibrated.

An app above knows of calibrations and registers what reads them as it starts. Without
one, and for machines without a calibration, what the machine told itself is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from django.utils.module_loading import import_string

from annotation.models import PreAnnotation

Reader: TypeAlias = Callable[[Sequence[PreAnnotation]], Mapping[int, float]]
_READERS: list[str] = []


def register(reader: str) -> None:
    """Say by its dotted path what reads calibrations; called once, as an app starts."""
    _READERS[:] = [reader]


def calibrated(rows: Sequence[PreAnnotation]) -> Mapping[int, float]:
    """Return P(the answer given) by the key of each row that can be calibrated."""
    if not _READERS or not rows:
        return {}
    read: Reader = import_string(_READERS[0])
    return read(rows)
