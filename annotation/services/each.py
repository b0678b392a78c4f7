"""The same work for many projects, none of which keeps another from its turn."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def for_each(rows: Iterable[T], work: Callable[[T], R]) -> list[R]:
    """Do the work for every row, however one of them fails; return what came of it.

    Raises `ExceptionGroup` in the end, with what failed, for the log of the worker.
    """
    done: list[R] = []
    failed: list[Exception] = []
    for row in rows:
        try:
            done.append(work(row))
        except Exception as error:  # noqa: BLE001  # raised below, with the others
            failed.append(error)
    if failed:
        raise ExceptionGroup("failed for some, done for the rest", failed)
    return done
