"""Run a unit of work again where it met another one at the same rows."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected

logger = logging.getLogger(__name__)
N_TRIES = 8
P = ParamSpec("P")
T = TypeVar("T")


class RaceError(Exception):
    """What was read has changed before it could be written; look again."""


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Run `work` in a transaction, and again where another one crossed it.

    Two requests of one person (two tabs, an answer and the next item) may take the
    same locks in another order. PostgreSQL then ends one of them; nobody should have
    to know.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        for n_left in range(N_TRIES - 1, 0, -1):
            try:
                with transaction.atomic():
                    return work(*args, **kwargs)
            except (RaceError, OperationalError) as error:
                if not _is_race(error):
                    raise
                logger.info("race work=%s tries_left=%s", work.__name__, n_left)
        with transaction.atomic():
            return work(*args, **kwargs)

    return run


def _is_race(error: Exception) -> bool:
    return isinstance(error, RaceError) or isinstance(error.__cause__, DeadlockDetected)
