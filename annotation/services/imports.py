"""Step import: a file becomes items and labels, all or nothing, or good rows only.

The job runs in one transaction: whatever stops it, nothing is left half imported.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from annotation.formats.mapping import ColumnMapping, InvalidMappingError
from annotation.formats.readers import open_rows
from annotation.formats.shapes import label_questions, read_items
from annotation.formats.types import FileProblem, ItemDraft, RowProblem
from annotation.models import Job, Project
from annotation.services.item_store import BATCH, ItemStore, StoreCounts
from annotation.services.jobs import JobFailed, Progress
from annotation.services.label_store import LabelStore, imported_questions

ALL, GOOD = "all", "good"
N_SHOWN = 100


@dataclass
class Report:
    """Rejected rows: every one into a CSV file, the first hundred for the page."""

    file: IO[str]
    n_rejected: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows = csv.writer(self.file)
        self._rows.writerow(("row", "field", "problem", "fix"))

    def add(self, problem: RowProblem) -> None:
        """Note a rejected row."""
        self.n_rejected += 1
        cells = (problem.row, problem.field, problem.problem, problem.fix)
        # The texts quote what was in the file, which must not become a formula.
        self._rows.writerow([f"'{c}" if str(c)[:1] in "=+-@\t\r" else c for c in cells])
        if len(self.first) < N_SHOWN:
            self.first.append(asdict(problem))


class _RejectedError(Exception):
    """Rows were rejected in the mode that takes all or nothing; roll back."""


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
            mapping = ColumnMapping.from_json(job.parameters["mapping"])
            with local_path(job.file) as path, transaction.atomic():
                counts = _import_file(
                    job.project, path, name, mapping, report, progress
                )
                if report.n_rejected and mode == ALL:
                    raise _RejectedError
        except _RejectedError:
            counts = StoreCounts()
        except (FileProblem, InvalidMappingError) as error:
            raise JobFailed(f"{error} Nothing was imported.") from error
        return _result(job, mode, counts, report)


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

        def tell(counts: StoreCounts) -> None:
            percent = round(1000 * reader.fraction_done())
            n_rows = counts.n_added + counts.n_known + report.n_rejected
            progress.set(n_rows, round(n_rows * 1000 / percent) if percent else None)

        return store_items(
            project=project,
            items=drafts,
            questions=label_questions(mapping),
            provider=mapping.shape,
            on_problem=report.add,
            on_batch=tell,
        )


def _ignore(_: Any) -> None:
    """Take a notice that nobody waits for."""


@transaction.atomic
def store_items(
    *,
    project: Project,
    items: Iterable[ItemDraft | RowProblem],
    questions: Sequence[Mapping[str, Any]] = (),
    provider: str = "file",
    on_problem: Any = _ignore,
    on_batch: Any = _ignore,
) -> StoreCounts:
    """Store items and their labels in batches; memory does not grow with the file.

    `questions`: what the labels answer; without them labels are left out.
    `provider`: where the annotators' names come from. Problems go to `on_problem`.
    """
    store = ItemStore(project)
    labels: LabelStore | None = None
    for batch in _batches(_good(items, on_problem)):
        stored, problems = store.add(batch)
        for problem in problems:
            on_problem(problem)
        if questions and any(item.draft.labels for item in stored):
            if labels is None:
                version = imported_questions(project=project, questions=questions)
                labels = LabelStore(store, version, provider)
            labels.add(stored)
        on_batch(store.counts)
    return store.counts


def _good(items: Iterable[ItemDraft | RowProblem], on_problem: Any) -> Iterator[Any]:
    for item in items:
        if isinstance(item, RowProblem):
            on_problem(item)
        else:
            yield item


def _batches(items: Iterator[ItemDraft]) -> Iterator[list[ItemDraft]]:
    batch: list[ItemDraft] = []
    n_chars = 0
    for item in items:
        batch.append(item)
        n_chars += sum(len(completion.text) for completion in item.completions)
        if len(batch) >= BATCH or n_chars > 8_000_000:
            yield batch
            batch, n_chars = [], 0
    if batch:
        yield batch


@contextmanager
def local_path(name: str) -> Iterator[Path]:
    """Give a stored file as a path, copying it where the storage is not a disk."""
    try:
        yield Path(default_storage.path(name))
    except NotImplementedError:
        with (
            tempfile.NamedTemporaryFile() as copy,
            default_storage.open(name, "rb") as file,
        ):
            for chunk in file.chunks():
                copy.write(chunk)
            copy.flush()
            yield Path(copy.name)


def _result(job: Job, mode: str, counts: StoreCounts, report: Report) -> dict[str, Any]:
    rejected = {"n_rejected": report.n_rejected, "problems": report.first}
    if report.n_rejected:
        report.file.flush()
        with Path(report.file.name).open("rb") as written:
            saved = default_storage.save(
                f"imports/{job.public_id}/rejected.csv", File(written)
            )
        Job.objects.filter(pk=job.pk).update(report_file=saved)
    if report.n_rejected and mode == ALL:
        rows = "row was" if report.n_rejected == 1 else "rows were"
        return {
            "message": f"{report.n_rejected:,} {rows} rejected; nothing was imported.",
            "is_refused": True,
            **rejected,
        }
    n_rows = counts.n_added + counts.n_known + report.n_rejected
    message = f"{counts.n_added:,} items were added."
    if counts.n_known:
        message += f" {counts.n_known:,} were there already."
    return {"message": message, "n_done": n_rows, "n_total": n_rows} | {
        **asdict(counts),
        **rejected,
    }
