"""Step import: what a file holds, looked at before anything is written.

Between the upload and the job a file is known by a signed ticket, so no row has to be
kept for files that nobody imports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import InvalidError, NotFoundError
from annotation.formats.mapping import ColumnMapping
from annotation.formats.readers import open_rows
from annotation.formats.shapes import (
    SHAPES,
    mapping_problems,
    read_items,
    recognise,
)
from annotation.formats.shapes.base import RowFault, Sample
from annotation.formats.types import FileProblem, ItemDraft, LabelsDraft, RowProblem
from annotation.models import Job
from annotation.services.imports import FOLDER, local_path, save_upload

SALT = "annotation.upload"
# How long a file that nobody imports is kept, and its ticket good for.
KEPT_DAYS = 3
KEPT = timedelta(days=KEPT_DAYS)
# A job made in the last minute of a ticket finds its file.
MARGIN = timedelta(hours=1)
N_ROWS = 50
N_ITEMS = 3
N_PROBLEMS = 10
# Rows may be large; what is shown of them is bounded too.
MAX_CHARS = 8_000_000


@dataclass(frozen=True)
class Upload:
    """A stored file that waits to be imported: where it lies and what it was called."""

    stored: str
    name: str
    ticket: str


@dataclass(frozen=True)
class Look:
    """The first rows of a file. `header`: its columns where it is a table."""

    kind: str
    columns: tuple[str, ...]
    header: tuple[str, ...]
    rows: Sequence[tuple[int, Mapping[str, Any]] | RowProblem]


@dataclass(frozen=True)
class Preview:
    """The first items that a mapping gives, and what is wrong with the first rows."""

    items: tuple[ItemDraft, ...] = ()
    labels_only: tuple[LabelsDraft, ...] = ()
    n_labels: int = 0
    problems: tuple[RowProblem, ...] = ()
    mapping_problems: tuple[Problem, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Tell whether there is something to import."""
        return not self.mapping_problems and bool(self.items or self.labels_only)


def keep_upload(*, seat: Seat, upload: "UploadedFile[bytes]") -> Upload:
    """Store an uploaded file in chunks and give a ticket for it.

    Raises LimitError, or InvalidError where the file is empty.
    """
    name = upload.name or "items"
    stored = save_upload(upload, name)
    ticket = signing.dumps(
        {"project": seat.project.pk, "stored": stored, "name": name},
        salt=SALT,
        compress=True,
    )
    return Upload(stored, name, ticket)


def find_upload(*, seat: Seat, ticket: str) -> Upload:
    """Return the upload of a ticket of this project.

    Raises NotFoundError where the ticket is old, foreign or forged.
    """
    try:
        content = signing.loads(ticket, salt=SALT, max_age=KEPT)
    except signing.BadSignature as error:
        raise NotFoundError from error
    is_ours = content["project"] == seat.project.pk
    if not is_ours or not default_storage.exists(content["stored"]):
        raise NotFoundError
    return Upload(content["stored"], content["name"], ticket)


def drop_upload(*, upload: Upload) -> None:
    """Remove a file that is not imported after all."""
    default_storage.delete(upload.stored)


def remove_unused_uploads() -> int:
    """Remove files that nobody imported within KEPT; return how many.

    A file that a job names is never touched, whatever its age.
    """
    try:
        folders, _ = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    before = timezone.now() - KEPT - MARGIN
    files = Job.objects.values_list("file", "report_file")
    known = {name for names in files for name in names}
    n_removed = 0
    for name in folders:
        folder = f"{FOLDER}/{name}"
        stored = [f"{folder}/{file}" for file in default_storage.listdir(folder)[1]]
        if all(one not in known and _is_older(one, before) for one in stored):
            # The folder comes last: it is one upload's own, empty by then.
            for one in (*stored, folder):
                default_storage.delete(one)
            n_removed += len(stored)
    return n_removed


def _is_older(stored: str, before: datetime) -> bool:
    return default_storage.get_modified_time(stored) < before


def look(upload: Upload) -> Look:
    """Read the first rows of an upload.

    Raises InvalidError with a sentence where the file cannot be read.
    """
    rows: list[tuple[int, Mapping[str, Any]] | RowProblem] = []
    n_chars = 0
    try:
        with local_path(upload.stored) as path, open_rows(path, upload.name) as reader:
            for read in islice(reader, N_ROWS):
                rows.append(read)
                n_chars += 0 if isinstance(read, RowProblem) else len(str(read[1]))
                if n_chars > MAX_CHARS:
                    break
            kind = reader.kind.format + (".gz" if reader.kind.is_gzip else "")
            header = reader.columns
    except FileProblem as error:
        raise InvalidError(str(error)) from error
    found = (name for read in rows if isinstance(read, tuple) for name in read[1])
    return Look(kind, tuple(dict.fromkeys([*header, *found])), header, rows)


def proposed(seen: Look, shape: str = "") -> ColumnMapping:
    """Recognise what the columns mean, or how they could have the given shape."""
    rows = [read[1] for read in seen.rows if isinstance(read, tuple)]
    if shape not in SHAPES:
        return recognise(rows)
    try:
        return SHAPES[shape].guess(Sample(rows)) or ColumnMapping(shape)
    except RowFault:
        return ColumnMapping(shape)


def preview(seen: Look, mapping: ColumnMapping) -> Preview:
    """Return what a mapping makes of the first rows; nothing is written."""
    unread = tuple(read for read in seen.rows if isinstance(read, RowProblem))
    if unread and len(unread) == len(seen.rows):
        # No column is known: to ask for a mapping would hide what is really wrong.
        return Preview(problems=unread[:N_PROBLEMS])
    missing = mapping_problems(mapping, seen.header)
    if missing:
        return Preview(mapping_problems=tuple(missing), problems=unread[:N_PROBLEMS])
    items: list[ItemDraft] = []
    labels: list[LabelsDraft] = []
    problems: list[RowProblem] = []
    n_labels = 0
    for draft in read_items(seen.rows, mapping):
        if isinstance(draft, RowProblem):
            problems.append(draft)
            continue
        n_labels += len(draft.labels)
        if isinstance(draft, ItemDraft):
            items.append(draft)
        else:
            labels.append(draft)
    return Preview(
        items=tuple(items[:N_ITEMS]),
        labels_only=tuple(labels[:N_ITEMS]),
        n_labels=n_labels,
        problems=tuple(problems[:N_PROBLEMS]),
    )
