"""Step export: write one data set, table by table, into a folder or ZIP file.

Called by the export job and by the command. Nothing is held but a batch of rows.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from django.db import connection, transaction

from annotation.formats.exports import tables
from annotation.formats.exports.adjudications import ADJUDICATIONS
from annotation.formats.exports.card import (
    CardFacts,
    Consent,
    Text,
    WrittenTable,
    write_card,
)
from annotation.formats.exports.catalogue import FORMATS, NATIVE, RAW
from annotation.formats.exports.checks import CHECKS, check_row
from annotation.formats.exports.hybrid import COLUMNS, HybridCounts
from annotation.formats.exports.hybrid_policy import HybridPolicy
from annotation.formats.exports.native_rows import native_row
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.package import (
    Package,
    new_file,
    write_checksums,
    write_text,
)
from annotation.formats.exports.policy import (
    APART_PURPOSES,
    CHECK_PURPOSES,
    Policy,
    Tally,
    participant_refusal,
    person_refusal,
    refusal,
)
from annotation.formats.exports.protocols import PROTOCOLS, protocol_row
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.remarks import FLAGS, SKIPS, StoredRemark
from annotation.formats.exports.tables import Table
from annotation.formats.exports.types import Row, StoredAnswer, Version
from annotation.formats.exports.writers import dump
from annotation.models import Project
from annotation.selectors import export_rows
from annotation.selectors.export_people import Participant, consents
from annotation.selectors.export_rows import ExportReader
from annotation.services.dataset_files import TableFiles
from annotation.services.hybrid import hybrid_policy

# (done, total), in rows read; called after each batch.
Progressed = Callable[[int, int], None]


@dataclass(frozen=True)
class WrittenDataset:
    """What an export wrote, and what it left out."""

    tables: Sequence[WrittenTable]
    answers: Tally
    people: Tally
    card: str
    n_read: int
    hybrid: HybridCounts | None = None

    @property
    def n_rows(self) -> int:
        """Return the rows of the data set's first table, which gives it its name."""
        return self.tables[0].n_rows


@contextmanager
def snapshot() -> Iterator[None]:
    """Show the same state of the database to every query of the block.

    People go on answering meanwhile, and the counts must add up. Inside a transaction
    of the caller's, that one is used as it is.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as db:
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@contextmanager
def no_cycle_search() -> Iterator[None]:
    """Free by reference counts alone, but for what `_tell` looks at.

    Rows form no cycles, and Python would look for some each 700 rows, which costs
    more than a third of an export.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def write_dataset(
    *,
    project: Project,
    options: ExportOptions,
    package: Package,
    salt: bytes,
    on_progress: Progressed,
) -> WrittenDataset:
    """Write a data set with its card and checksums; whatever raises stops it midway.

    The same data, options and salt give the same bytes.
    """
    with snapshot(), no_cycle_search():
        writer = DatasetWriter(project, options, package, salt, on_progress)
        return writer.write()


@dataclass
class DatasetWriter:
    """Writes the tables of one export; one object per export."""

    project: Project
    options: ExportOptions
    package: Package
    salt: bytes
    on_progress: Progressed
    _answers: Tally = field(default_factory=Tally)
    _people: Tally = field(default_factory=Tally)
    _skips: Tally = field(default_factory=Tally)
    _flags: Tally = field(default_factory=Tally)
    _hybrid: HybridCounts | None = None
    _creators: set[str] = field(default_factory=set)
    _n_read: int = 0
    _n_total: int = 0

    def __post_init__(self) -> None:
        self._reader = ExportReader(
            self.project,
            Pseudonyms(self.salt),
            with_profiles=self.options.format in (RAW, NATIVE),
        )
        self._form = FORMATS[self.options.format]
        self._files = TableFiles(self.package, self.options.file_type)

    def write(self) -> WrittenDataset:
        """Write every table, then the card and the checksums."""
        counts = export_rows.stored_counts(self.project)
        if self.options.format == RAW:
            self._n_total = counts.total + counts.n_items
            self._write_raw()
        elif self.options.format == NATIVE:
            self._n_total = counts.n_items
            self._write_native()
        else:
            self._n_total = counts.total
            self._write_form()
            if self._hybrid is not None:
                # Those that nobody has answered are never read.
                n_known = self._hybrid.n_items + self._hybrid.left_out.total()
                self._hybrid.left_out["no_label"] += counts.n_items - n_known
        if not self._answers.is_balanced or self._answers.stored != counts.total:
            raise RuntimeError(f"{self._answers!r} does not add up to {counts!r}")
        card = self._card()
        write_text(self.package, "README.md", card)
        write_checksums(self.package)
        self.on_progress(self._n_total, self._n_total)
        return WrittenDataset(
            self._files.written,
            self._answers,
            self._people,
            card,
            self._n_total,
            self._hybrid,
        )

    def _tell(self, n_more: int) -> None:
        self._n_read += n_more
        gc.collect(1)
        self.on_progress(self._n_read, max(self._n_total, self._n_read))

    # --- formats made of judged answers -----------------------------------------------

    def _write_form(self) -> None:
        if self._form.plan is None:
            raise ValueError(f"{self._form.name!r} has no plan")
        versions = list(self._reader.versions.values())
        columns, judge = self._form.plan(self.options, versions)
        policy: Policy | HybridPolicy = Policy(
            self.options,
            self._reader.versions,
            self._form.kinds,
            judge,
            takes_decisions="unit" in self._form.options,
        )
        if isinstance(policy, Policy) and self.options.is_hybrid:
            policy = hybrid_policy(self.project, self.options, policy)
            self._hybrid = policy.counts
            columns = (*columns, *COLUMNS)
        table = Table(self._form.name, self._form.row, columns)
        by = [column.name for column in columns].index("annotator_type")
        with self._files.table(table) as add:
            for items in self._reader.items(only_answered=True):
                before = self._answers.stored
                rows = list(policy.rows(items, self._answers))
                add(rows)
                self._note(row[by] for row in rows)
                self._tell(self._answers.stored - before)

    def _note(self, annotator_types: Iterable[str]) -> None:
        """Note for the card whether people or machines stand behind the rows."""
        self._creators.update(annotator_types)

    # --- native rows ------------------------------------------------------------------

    def _write_native(self) -> None:
        path, n_rows = self._files.path(NATIVE), 0
        with new_file(self.package, path) as file:
            for items in self._reader.items():
                for item in items:
                    row = native_row(
                        item, self.options, self._reader.versions, self._answers
                    )
                    self._note(
                        "machine" if label["is_machine"] else "human"
                        for label in row.get("labels", ())
                    )
                    file.write(f"{dump(row)}\n".encode())
                n_rows += len(items)
                self._tell(len(items))
        about = "One row per item with its labels, as an import reads it."
        self._files.written.append(WrittenTable(NATIVE, about, (), n_rows, path))

    # --- raw tables -------------------------------------------------------------------

    def _write_raw(self) -> None:
        with (
            self._files.table(tables.JUDGEMENTS, aside=True) as add_judgements,
            self._files.table(CHECKS, aside=True) as add_checks,
            self._protocols() as add_protocols,
            self._files.table(tables.ANNOTATIONS) as add,
        ):
            for answers in self._reader.annotations():
                admitted = [(a, self._version(a)) for a in self._admit(answers)]
                kept = [p for p in admitted if p[0].purpose not in APART_PURPOSES]
                checks = [p for p in admitted if p[0].purpose in CHECK_PURPOSES]
                add_checks([check_row(*pair) for pair in checks])
                paired = [p for p in admitted if p[0].comes_first]
                add_protocols([protocol_row(*pair) for pair in paired])
                add([tables.annotation_row(*pair) for pair in kept])
                add_judgements(
                    [row for pair in kept for row in tables.judgement_rows(*pair)]
                )
                self._tell(len(answers))
        self._write_remarks(SKIPS, self._reader.skips(), self._skips)
        self._write_remarks(FLAGS, self._reader.flags(), self._flags)
        self._write_adjudications()
        self._write_people()
        self._write_items()
        self._write_machines()

    def _protocols(self) -> AbstractContextManager[Callable[[list[Row]], None]]:
        """Return where the pairs go; nowhere where no item is asked twice."""
        if not self._reader.has_pairs:
            return nullcontext(lambda rows: None)
        return self._files.table(PROTOCOLS, aside=True)

    def _version(self, answer: StoredAnswer) -> Version:
        return self._reader.versions[answer.version]

    def _admit(self, answers: Iterable[StoredAnswer]) -> list[StoredAnswer]:
        kept = []
        for answer in answers:
            reason = refusal(answer, self.options)
            self._answers.count_answer(reason, answer)
            if not reason:
                kept.append(answer)
        self._note(answer.annotator_type for answer in kept)
        return kept

    def _write_remarks(
        self, table: Table, batches: Iterable[list[StoredRemark]], tally: Tally
    ) -> None:
        with self._files.table(table) as add:
            for remarks in batches:
                kept = []
                for remark in remarks:
                    reason = person_refusal(remark.person, self.options)
                    tally.count(reason, is_text_withheld=remark.is_text_withheld)
                    if not reason:
                        kept.append(remark.row)
                add(kept)

    def _write_adjudications(self) -> None:
        with self._files.table(ADJUDICATIONS) as add:
            for rows in self._reader.adjudications():
                add(rows)

    def _write_people(self) -> None:
        with (
            self._files.table(tables.SURVEY_ANSWERS, aside=True) as add_survey,
            self._files.table(tables.PARTICIPANTS) as add,
        ):
            for people in self._reader.participants():
                kept = self._consenting(people)
                add([_person_row(one) for one in kept])
                add_survey(
                    [(one.person.pseudonym, *row) for one in kept for row in one.survey]
                )

    def _consenting(self, people: Iterable[Participant]) -> list[Participant]:
        kept = []
        for one in people:
            reason = participant_refusal(one.person, one.source, self.options)
            self._people.count(reason)
            if not reason:
                kept.append(one)
                self._people.withheld.update(one.withheld)
        return kept

    def _write_items(self) -> None:
        with (
            self._files.table(tables.COMPLETIONS, aside=True) as add_completions,
            self._files.table(tables.ITEMS) as add,
        ):
            for items in self._reader.items(with_answers=False):
                add([tables.item_row(item) for item in items])
                add_completions(
                    [row for item in items for row in tables.completion_rows(item)]
                )
                self._tell(len(items))

    def _write_machines(self) -> None:
        if not self.options.include_machine:
            for answers in self._reader.pre_annotations():
                self._admit(answers)
            return
        with self._files.table(tables.PRE_ANNOTATIONS) as add:
            for answers in self._reader.pre_annotations():
                kept = self._admit(answers)
                add([tables.pre_annotation_row(a, self._version(a)) for a in kept])
                self._tell(len(answers))

    # --- card -------------------------------------------------------------------------

    def _card(self) -> str:
        return write_card(
            CardFacts(
                project=self.project.name,
                description=self.project.description,
                form=self._form,
                options=self.options,
                tables=self._files.written,
                answers=self._answers,
                people=self._people,
                skips=self._skips,
                flags=self._flags,
                hybrid=self._hybrid,
                creators=self._creators,
                languages=export_rows.languages(self.project),
                versions=list(self._reader.versions.values()),
                guidelines=[Text(*row) for row in export_rows.guidelines(self.project)],
                consents=[
                    Consent(one.number, one.text, one.scopes)
                    for one in consents(self.project)
                ],
            )
        )


def _person_row(one: Participant) -> Row:
    person = one.person
    return (
        person.pseudonym,
        one.source,
        person.standing,
        person.consent_version,
        list(person.scopes),
        person.profile,
    )
