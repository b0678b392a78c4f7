"""Step import: a file becomes items and labels, all or nothing, or good rows only.

The job runs in one transaction: whatever stops it, nothing is left half imported.
"""

import csv
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeGuard

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.text import get_valid_filename

from annotation.access import Seat
from annotation.errors import InvalidError, LimitError
from annotation.formats.mapping import ColumnMapping, InvalidMappingError
from annotation.formats.readers import open_rows
from annotation.formats.respondents import Respondents, Survey
from annotation.formats.shapes import (
    Draft,
    label_questions,
    mapping_problems,
    read_items,
    recognise,
)
from annotation.formats.types import (
    FileProblem,
    ItemDraft,
    LabelsDraft,
    RowProblem,
)
from annotation.models import Job, Project
from annotation.services.item_store import BATCH, ItemStore, StoreCounts, take_turn
from annotation.services.jobs import JobFailed, Progress, create_job
from annotation.services.label_store import LabelStore
from annotation.words import gettext as _
from annotation.words import ngettext

FOLDER = "imports"
ALL, GOOD = "all", "good"
N_SHOWN = 100
N_LOOKED_AT = 50
WAIT_S = 1


@dataclass
class Report:
    """Rejected rows: every one into a CSV file, the first hundred for the page."""

    file: IO[str]
    n_rejected: int = 0
    n_warnings: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows = csv.writer(self.file)
        self._rows.writerow(("row", "field", "problem", "fix"))

    def add(self, problem: RowProblem) -> None:
        """Note a rejected row, or a warning about one that was taken."""
        if problem.is_warning:
            self.n_warnings += 1
        else:
            self.n_rejected += 1
        cells = (problem.row, problem.field, problem.problem, problem.fix)
        # The texts quote what was in the file, which must not become a formula.
        self._rows.writerow([f"'{c}" if str(c)[:1] in "=+-@\t\r" else c for c in cells])
        if len(self.first) < N_SHOWN:
            self.first.append(asdict(problem))


class _RejectedError(Exception):
    """Rows were rejected in the mode that takes all or nothing; roll back."""


def propose(path: Path, name: str) -> ColumnMapping:
    """Read the first rows of a file and recognise what its columns mean.

    Raises FileProblem with a sentence where the file cannot be read or recognised.
    """
    with open_rows(path, name) as reader:
        rows = [read[1] for read in islice(reader, N_LOOKED_AT) if is_row(read)]
    return recognise(rows)


def is_row(read: object) -> TypeGuard[tuple[int, dict[str, Any]]]:
    """Tell a row that could be read from the problem of one that could not."""
    return isinstance(read, tuple)


def save_upload(upload: "File[bytes]", name: str) -> str:
    """Keep an upload in the storage, and return where; it is written in chunks.

    Raises LimitError, or InvalidError where the file is empty.
    """
    if not upload.size:
        raise InvalidError(
            _("“{name}” is empty. Choose a file with rows in it.").format(name=name)
        )
    if upload.size > settings.UPLOAD_LIMIT_MB * 1_000_000:
        raise LimitError(
            _(
                "“{name}” is larger than {limit_mb:,} MB. Compress it with "
                "gzip, split it, or import it on the server with the command "
                "import_items."
            ).format(name=name, limit_mb=settings.UPLOAD_LIMIT_MB)
        )
    safe = get_valid_filename(Path(name).name or "items")[-100:]
    return default_storage.save(f"{FOLDER}/{uuid.uuid4()}/{safe}", upload)


def request_import(
    *,
    seat: Seat,
    upload: "File[bytes] | None",
    name: str,
    mode: str,
    mapping: Mapping[str, Any] | None = None,
    stored: str = "",
) -> Job:
    """Make the job that imports an upload, or a file `stored` before.

    Without a mapping the columns are recognised first, so that a file that cannot be
    read is refused at once.

    Raises InvalidError.
    """
    if mode not in (ALL, GOOD):
        raise InvalidError(_("mode must be “all” or “good”."))
    if upload is not None:
        stored = save_upload(upload, name)
    try:
        mapping = _checked_mapping(stored, name, mapping)
    except InvalidError:
        if upload is not None:
            default_storage.delete(stored)
        raise
    return create_job(
        project=seat.project,
        user=User.objects.get(pk=seat.user_id),
        kind=Job.Kind.IMPORT,
        parameters={"name": name, "mode": mode, "mapping": dict(mapping)},
        file=stored,
    )


def _checked_mapping(
    stored: str, name: str, mapping: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    try:
        if mapping is None:
            with local_path(stored) as path:
                mapping = propose(path, name).to_json()
        problems = mapping_problems(ColumnMapping.from_json(mapping))
    except (FileProblem, InvalidMappingError) as error:
        raise InvalidError(str(error)) from error
    if problems:
        raise InvalidError(
            _("The columns of this file are not recognised. Map them and try again."),
            problems=problems,
        )
    return mapping


def run_import(job: Job, progress: Progress) -> dict[str, Any]:
    """Run an import job: `parameters` = {name, mapping, mode}, `file` its upload.

    Raises JobFailed with a sentence where the file as a whole cannot be read.
    """
    mode = job.parameters.get("mode", ALL)
    name = str(job.parameters.get("name") or Path(job.file).name)
    with tempfile.NamedTemporaryFile(
        "w+", encoding="utf-8", newline="", suffix=".csv"
    ) as file:
        report = Report(file)
        try:
            with local_path(job.file) as path, transaction.atomic():
                counts = _import_by(job, path, name, report, progress)
                if report.n_rejected and mode == ALL:
                    raise _RejectedError
        except _RejectedError:
            counts = StoreCounts()
        except (FileProblem, InvalidMappingError) as error:
            raise JobFailed(
                _("{error} Nothing was imported.").format(error=error)
            ) from error
        return _result(job, mode, counts, report)


def _import_by(
    job: Job, path: Path, name: str, report: Report, progress: Progress
) -> StoreCounts:
    if raw := job.parameters.get("respondents"):
        return _import_respondents(
            job.project, path, Survey.from_json(raw), report, progress
        )
    mapping = ColumnMapping.from_json(job.parameters["mapping"])
    return _import_file(job.project, path, name, mapping, report, progress)


def _import_respondents(
    project: Project, path: Path, survey: Survey, report: Report, progress: Progress
) -> StoreCounts:
    """Store a survey's items; respondents who cannot be read go into the report."""
    _wait_for_turn(project, progress)
    table = Respondents(path, survey)
    counts = store_items(
        project=project,
        items=table.items(),
        provider="native",
        on_problem=report.add,
        on_batch=lambda counts: progress.set(counts.n_added + counts.n_known),
    )
    for problem in table.problems:
        report.add(problem)
    return counts


def _import_file(
    project: Project,
    path: Path,
    name: str,
    mapping: ColumnMapping,
    report: Report,
    progress: Progress,
) -> StoreCounts:
    with open_rows(path, name) as reader:
        drafts = read_items(reader, mapping)
        seen = StoreCounts()

        def tell(counts: StoreCounts) -> None:
            nonlocal seen
            seen = counts
            percent = round(1000 * reader.fraction_done)
            n_rows = counts.n_added + counts.n_known + report.n_rejected
            progress.set(n_rows, round(n_rows * 1000 / percent) if percent else None)

        def note(problem: RowProblem) -> None:
            # Rows that are all refused never fill a batch, and take time as well.
            report.add(problem)
            tell(seen)

        _wait_for_turn(project, progress)
        return store_items(
            project=project,
            items=drafts,
            questions=label_questions(mapping),
            provider=mapping.shape,
            on_problem=note,
            on_batch=tell,
        )


def _wait_for_turn(project: Project, progress: Progress) -> None:
    """Wait for another import into this project, and keep the job's lease meanwhile."""
    has_waited = False
    while not take_turn(project):
        has_waited = True
        progress.set(0, message=_("Waits for another import into this project."))
        time.sleep(WAIT_S)
    if has_waited:
        progress.set(0, message="")


def import_path(
    *,
    project: Project,
    path: Path,
    mode: str = ALL,
    mapping: ColumnMapping | None = None,
) -> tuple[StoreCounts, list[RowProblem]]:
    """Import a file at once, as a command does; return counts and every problem.

    In the mode "all" a rejected row rolls everything back. Problems are held in
    memory here, since the caller prints them. Without a mapping the columns are
    recognised.

    Raises FileProblem or InvalidMappingError where the file cannot be read.
    """
    mapping = mapping or propose(path, path.name)
    problems: list[RowProblem] = []
    try:
        with transaction.atomic(), open_rows(path, path.name) as reader:
            counts = store_items(
                project=project,
                items=read_items(reader, mapping),
                questions=label_questions(mapping),
                provider=mapping.shape,
                on_problem=problems.append,
            )
            if mode == ALL and any(not problem.is_warning for problem in problems):
                raise _RejectedError
    except _RejectedError:
        counts = StoreCounts()
    return counts, problems


def _ignore(_: Any) -> None:
    """Take a notice that nobody waits for."""


@transaction.atomic
def store_items(
    *,
    project: Project,
    items: Iterable[Draft],
    questions: Sequence[Mapping[str, Any]] = (),
    provider: str = "file",
    on_problem: Any = _ignore,
    on_batch: Any = _ignore,
) -> StoreCounts:
    """Store items and their labels in batches; memory does not grow with the file.

    `questions`: what the labels answer that bring none of their own; without them
    such labels are left out.
    `provider`: where the annotators' names come from. Problems go to `on_problem`.
    """
    store = ItemStore(project)
    labels = LabelStore(store, questions, provider)
    for batch in _batches(_good(items, on_problem)):
        stored, problems = store.add(batch)
        for problem in problems:
            on_problem(problem)
        labels.add(stored)
        _check_references()
        on_batch(store.counts)
    store.finish()
    return store.counts


def _check_references() -> None:
    """Check the foreign keys of a batch now, so that the commit stays short."""
    with connection.cursor() as db:
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")
        db.execute("SET CONSTRAINTS ALL DEFERRED")


def _good(items: Iterable[Draft], on_problem: Any) -> Iterator[ItemDraft | LabelsDraft]:
    for item in items:
        if isinstance(item, RowProblem):
            on_problem(item)
        else:
            yield item


def _batches(
    items: Iterator[ItemDraft | LabelsDraft],
) -> Iterator[list[ItemDraft | LabelsDraft]]:
    batch: list[ItemDraft | LabelsDraft] = []
    n_chars = 0
    for item in items:
        batch.append(item)
        if isinstance(item, ItemDraft):
            n_chars += sum(len(completion.text) for completion in item.completions)
        if len(batch) >= BATCH or n_chars > 8_000_000:
            yield batch
            batch, n_chars = [], 0
    if batch:
        yield batch


@contextmanager
def local_path(name: str) -> Iterator[Path]:
    """Give a stored file as a path, copying it where the storage is not a disk."""
    path = _path_on_disk(name)
    if path is not None:
        yield path
        return
    with (
        tempfile.NamedTemporaryFile() as copy,
        default_storage.open(name, "rb") as file,
    ):
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)


def _path_on_disk(name: str) -> Path | None:
    """Return where a stored file lies; None where the storage is not a disk.

    Django's storages say the latter by this error, and it must not be caught around
    the work that is done with the file.
    """
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def _result(job: Job, mode: str, counts: StoreCounts, report: Report) -> dict[str, Any]:
    rejected = {
        "n_rejected": report.n_rejected,
        "n_warnings": report.n_warnings,
        "problems": report.first,
    }
    if report.first:
        report.file.flush()
        with Path(report.file.name).open("rb") as written:
            saved = default_storage.save(
                f"{FOLDER}/{job.public_id}/rejected.csv", File(written)
            )
        Job.objects.filter(pk=job.pk).update(report_file=saved)
    if report.n_rejected and mode == ALL:
        return {
            "message": ngettext(
                "{n:,} row was rejected; nothing was imported.",
                "{n:,} rows were rejected; nothing was imported.",
                report.n_rejected,
            ).format(n=report.n_rejected),
            "is_refused": True,
            **rejected,
        }
    n_rows = counts.n_added + counts.n_known + report.n_rejected
    said = [_("{n:,} items were added.").format(n=counts.n_added)]
    if counts.n_known:
        said.append(_("{n:,} were there already.").format(n=counts.n_known))
    if counts.n_other_labels:
        left_out = _(
            "{n:,} machine labels were left out, because the same machine gave the "
            "item another answer before."
        )
        said.append(left_out.format(n=counts.n_other_labels))
    if counts.n_withdrawn_labels:
        left_out = ngettext(
            "{n} label was left out, because its author has withdrawn.",
            "{n} labels were left out, because their authors have withdrawn.",
            counts.n_withdrawn_labels,
        )
        said.append(left_out.format(n=counts.n_withdrawn_labels))
    return {"message": " ".join(said), "n_done": n_rows, "n_total": n_rows} | {
        **asdict(counts),
        **rejected,
    }
