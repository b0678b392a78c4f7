"""What took seconds to lay into the database, kept, and put back in a moment.

A study for many tests is laid by the first of them and read by the others, in any
order and in whichever process they run: each finds it as it was laid, and may change
it.
"""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.core.cache import cache
from django.db import connection, transaction

from tests.emptying import tables

Laid = TypeVar("Laid")
Rows = dict[str, bytes]
RAISED = """SELECT setval(%s::regclass,
    greatest((SELECT max("{column}") FROM "{table}"), nextval(%s::regclass)))"""


class Snapshots:
    """Keeps in a folder what the database held once something had been laid."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def laid(self, name: str, lay: Callable[[], Laid]) -> Laid:
        """Return what `lay` returned, with its rows in the database, which is empty."""
        file = self.folder / f"{name}.pickle"
        if not file.exists():
            found = lay()
            draft = file.with_suffix(f".{os.getpid()}")
            draft.write_bytes(pickle.dumps((found, _rows())))
            draft.rename(file)
            return found
        # The rows come under their numbers again, of which the cache knows old tales.
        cache.clear()
        kept: tuple[Laid, Rows] = pickle.loads(file.read_bytes())
        _put_back(kept[1])
        return kept[0]


def _rows() -> Rows:
    found = {}
    with connection.cursor() as db:
        for name in tables():
            with db.copy(f'COPY "{name}" TO STDOUT') as copy:
                found[name] = b"".join(copy)
    return {name: rows for name, rows in found.items() if rows}


def _put_back(rows: Rows) -> None:
    """Store rows under their own numbers; what comes later has higher ones."""
    with transaction.atomic(), connection.cursor() as db:
        for name, text in rows.items():
            with db.copy(f'COPY "{name}" FROM STDIN') as copy:
                copy.write(text)
        for name in rows:
            for one in connection.introspection.get_sequences(db, name):
                raised = RAISED.format(column=one["column"], table=one["table"])
                db.execute(raised, [one["name"], one["name"]])
