"""Step import: write items, completions and labels in bulk with COPY.

Called by services.imports inside one transaction that holds the project's import lock.
Knows what is there already, so that the same file twice adds nothing.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeGuard

from django.db import connection

from annotation.allocation.presentation import base_order, random_key
from annotation.formats.hashing import content_hash
from annotation.formats.types import ItemDraft, LabelDraft, LabelsDraft, RowProblem
from annotation.gold import Gold, InvalidGoldError, read_gold, use_of
from annotation.models import Project
from annotation.questions import Question, parse_questions
from annotation.services.checks import store_checks
from annotation.services.quotas import refresh_limits
from annotation.services.routes import hold_new_items
from annotation.words import gettext as _

BATCH = 1000
Key: TypeAlias = tuple[Literal["id", "hash"], str]


@dataclass
class StoreCounts:
    """What an import did so far.

    `n_other_labels`: machine labels left out because the same machine said something
    else of the same item before; the first one stays. `n_withdrawn_labels`: labels left
    out because who gave them has withdrawn.
    """

    n_added: int = 0
    n_known: int = 0
    n_annotations: int = 0
    n_pre_annotations: int = 0
    n_known_labels: int = 0
    n_other_labels: int = 0
    n_withdrawn_labels: int = 0


@dataclass(frozen=True)
class StoredItem:
    """An item that is in the database, and the labels a row brought for it."""

    id: int
    labels: tuple[LabelDraft, ...]


@dataclass
class ItemStore:
    """Writes batches of items into one project; one object per import."""

    project: Project
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    counts: StoreCounts = field(default_factory=StoreCounts)
    _number: int = 0
    _first_rank: int | None = None
    _number_before: int = 0

    def __post_init__(self) -> None:
        with connection.cursor() as db:
            # Two imports into one project take turns: both would number their items.
            db.execute("SELECT pg_advisory_xact_lock(%s, %s)", _turn(self.project))
            db.execute(
                "SELECT COALESCE(max(number), 0) FROM item WHERE project_id = %s",
                [self.project.pk],
            )
            self._number = self._number_before = db.fetchone()[0]

    def add(
        self, drafts: Sequence[ItemDraft | LabelsDraft]
    ) -> tuple[list[StoredItem], list[RowProblem]]:
        """Store a batch; return each item that is there now, and rows refused.

        An item that is there already, in the project or earlier in the batch, is
        only counted; its labels are kept.
        """
        batch = _Batch(self, [draft for draft in drafts if _is_item(draft)])
        labelled = [draft.external_id for draft in drafts if not _is_item(draft)]
        ids_there = self._ids_of(labelled) if labelled else {}
        for draft in drafts:
            if isinstance(draft, ItemDraft):
                batch.place(draft)
            else:
                batch.attach(draft, ids_there)
        ids = self._write(batch.new)
        if batch.golds:
            store_checks(self.project, [(ids[at], g) for at, g in batch.golds.items()])
        stored = [StoredItem(item, labels) for item, labels in batch.there]
        stored += [StoredItem(ids[at], labels) for at, labels in batch.waiting]
        return stored, batch.problems

    def finish(self) -> None:
        """Bring the new items up to what has changed since the import began.

        Nobody else saw them so far: an owner's new overlap did not reach them, and
        annotators may have walked past the place of what is more urgent. The lock on
        the project lets a change at this moment wait for the commit.
        """
        if not self.counts.n_added:
            return
        with connection.cursor() as db:
            db.execute(
                "SELECT overlap, do_new_items_wait FROM project WHERE id = %s"
                " FOR NO KEY UPDATE",
                [self.project.pk],
            )
            overlap, do_wait = db.fetchone()
            if overlap != self.project.overlap:
                db.execute(
                    "UPDATE frontier SET target = %s WHERE project_id = %s"
                    " AND overlap IS NULL AND target <> %s AND NOT is_excluded"
                    " AND NOT is_routed_away",
                    [overlap, self.project.pk, overlap],
                )
            if do_wait:
                hold_new_items(project=self.project, after=self._number_before)
            db.execute(
                "UPDATE project SET frontier_version = frontier_version + 1"
                " WHERE id = %s AND EXISTS (SELECT 1 FROM frontier f"
                "  WHERE f.project_id = project.id AND f.n_taken < f.target"
                "  AND f.rank > %s)",
                [self.project.pk, self._first_rank],
            )
        refresh_limits(project=self.project)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Return the project's questions, which known answers must fit; one query."""
        version = self.project.current_questions()
        return parse_questions(version.questions if version else None)

    def _ids_of(self, external_ids: Sequence[str]) -> dict[str, int]:
        with connection.cursor() as db:
            db.execute(
                "SELECT external_id, id FROM item WHERE project_id = %s"
                " AND external_id <> '' AND external_id = ANY(%s)",
                [self.project.pk, list(external_ids)],
            )
            return dict(db.fetchall())

    def known(
        self, drafts: Sequence[ItemDraft], hashes: Sequence[str]
    ) -> dict[Key, tuple[int, str]]:
        """Return id and content hash of the drafts that are in the project."""
        external = [draft.external_id for draft in drafts if draft.external_id]
        bare = [
            digest
            for draft, digest in zip(drafts, hashes, strict=True)
            if not draft.external_id
        ]
        with connection.cursor() as db:
            db.execute(
                "SELECT external_id, id, content_sha256 FROM item WHERE project_id = %s"
                " AND external_id <> '' AND external_id = ANY(%s)",
                [self.project.pk, external],
            )
            found: dict[Key, tuple[int, str]] = {
                ("id", row[0]): (row[1], row[2]) for row in db.fetchall()
            }
            db.execute(
                "SELECT content_sha256, id FROM item WHERE project_id = %s"
                " AND external_id = '' AND content_sha256 = ANY(%s)",
                [self.project.pk, bare],
            )
            found.update((("hash", row[0]), (row[1], row[0])) for row in db.fetchall())
        return found

    def _write(self, new: Sequence[tuple[ItemDraft, str]]) -> list[int]:
        if not new:
            return []
        ids = take_ids("item", len(new))
        numbers = range(self._number + 1, self._number + 1 + len(new))
        self._number += len(new)
        rows = list(zip(ids, numbers, new, strict=True))
        copy(
            "item (id, public_id, created_at, project_id, number, external_id,"
            " content_sha256, messages, n_completions, language, category, source,"
            " metadata, gold)",
            (self._item(i, number, draft, sha) for i, number, (draft, sha) in rows),
        )
        copy(
            'completion (item_id, "index", text, text_sha256, model, external_id,'
            " metadata)",
            (row for i, _, (draft, _) in rows for row in _completions(i, draft)),
        )
        copy(
            "frontier (item_id, project_id, rank, random_key, overlap, target, n_taken,"
            " n_counted, n_presented, base_order)",
            (self._frontier(i, number, draft) for i, number, (draft, _) in rows),
        )
        ranks = [-draft.priority for draft, _ in new]
        known = [] if self._first_rank is None else [self._first_rank]
        self._first_rank = min(ranks + known)
        self.counts.n_added += len(new)
        return ids

    def _item(
        self, item_id: int, number: int, draft: ItemDraft, digest: str
    ) -> tuple[Any, ...]:
        messages = [{"role": m.role, "content": m.content} for m in draft.messages]
        return (
            item_id,
            uuid.uuid4(),
            self.now,
            self.project.pk,
            number,
            draft.external_id[:200],
            digest,
            dump(messages),
            len(draft.completions),
            draft.language[:20],
            draft.category[:120],
            draft.source[:120],
            dump(draft.metadata),
            None if draft.gold is None else dump(draft.gold),
        )

    def _frontier(self, item_id: int, number: int, draft: ItemDraft) -> tuple[Any, ...]:
        seed = self.project.seed
        target = self.project.overlap if draft.overlap is None else draft.overlap
        return (
            item_id,
            self.project.pk,
            -draft.priority,
            random_key(seed, number),
            draft.overlap,
            target,
            0,
            0,
            0,
            base_order(len(draft.completions), seed, number),
        )


def take_turn(project: Project) -> bool:
    """Tell whether this transaction may import now; another import may be at it."""
    with connection.cursor() as db:
        db.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _turn(project))
        return bool(db.fetchone()[0])


def _turn(project: Project) -> list[int]:
    return [7201, project.pk]


class _Batch:
    """Sorts the drafts of a batch into new, there already, and refused."""

    def __init__(self, store: ItemStore, drafts: Sequence[ItemDraft]) -> None:
        hashes = [content_hash(draft) for draft in drafts]
        self._hashes = iter(hashes)
        self._known = store.known(drafts, hashes)
        self._counts = store.counts
        self._fresh: dict[Key, int] = {}
        self.new: list[tuple[ItemDraft, str]] = []
        self.there: list[tuple[int, tuple[LabelDraft, ...]]] = []
        self.waiting: list[tuple[int, tuple[LabelDraft, ...]]] = []
        self.golds: dict[int, Gold] = {}
        self.problems: list[RowProblem] = []
        self._store = store

    def place(self, draft: ItemDraft) -> None:
        """Take the next item; drafts come in the order given at the start."""
        digest = next(self._hashes)
        key: Key = ("id", draft.external_id) if draft.external_id else ("hash", digest)
        known = self._known.get(key)
        if known is None and key not in self._fresh:
            if not self._is_gold_sound(draft):
                return
            self._fresh[key] = len(self.new)
            self.waiting.append((len(self.new), draft.labels))
            self.new.append((draft, digest))
            return
        at = self._fresh.get(key, 0)
        if (known[1] if known else self.new[at][1]) != digest:
            self.problems.append(_changed_item(draft))
            return
        self._counts.n_known += 1
        if known:
            self.there.append((known[0], draft.labels))
        else:
            self.waiting.append((at, draft.labels))

    def _is_gold_sound(self, draft: ItemDraft) -> bool:
        """Read the known answer of a check; a row whose answer cannot be is refused."""
        if not use_of(draft.gold):
            return True
        questions = self._store.questions
        try:
            gold = read_gold(draft.gold, questions, len(draft.completions))
        except InvalidGoldError as error:
            fix = _("Mend the known answer, or take “use” away from it.")
            self.problems += [
                RowProblem(draft.row, problem.path, problem.message, fix)
                for problem in error.problems
            ]
            return False
        self.golds[len(self.new)] = gold
        return True

    def attach(self, draft: LabelsDraft, ids: Mapping[str, int]) -> None:
        """Take labels for an item that another row or file brought."""
        at = self._fresh.get(("id", draft.external_id))
        if at is not None:
            self.waiting.append((at, draft.labels))
        elif draft.external_id in ids:
            self.there.append((ids[draft.external_id], draft.labels))
        else:
            self.problems.append(_unknown_item(draft))


def _is_item(draft: ItemDraft | LabelsDraft) -> TypeGuard[ItemDraft]:
    return isinstance(draft, ItemDraft)


def _completions(item_id: int, draft: ItemDraft) -> Iterator[tuple[Any, ...]]:
    for index, completion in enumerate(draft.completions):
        digest = hashlib.sha256(completion.text.encode()).hexdigest()
        yield (
            item_id,
            index,
            completion.text,
            digest,
            completion.model[:200],
            completion.external_id[:200],
            dump(completion.metadata),
        )


def _unknown_item(draft: LabelsDraft) -> RowProblem:
    return RowProblem(
        draft.row,
        "external_id",
        _("No item of this project is called {external_id!r}.").format(
            external_id=draft.external_id
        ),
        _("Import the items first; this file only brings labels for them."),
    )


def _changed_item(draft: ItemDraft) -> RowProblem:
    return RowProblem(
        draft.row,
        "external_id",
        _("An item called {external_id!r} is there already, with another text.").format(
            external_id=draft.external_id
        ),
        _(
            "Give the changed text an id of its own; answers stay with the text "
            "they saw."
        ),
    )


def dump(value: Any) -> str:
    """Return compact JSON in which a mapping or tuple of a draft may stand."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "items"):
        return dict(value.items())
    return list(value)


def take_ids(table: str, n: int) -> list[int]:
    """Reserve `n` ids of a table, so that related rows can be copied together."""
    with connection.cursor() as db:
        db.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id'))"
            " FROM generate_series(1, %s)",
            [table, n],
        )
        return [row[0] for row in db.fetchall()]


def copy(into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows with COPY; `into` is our own text: a table and its columns."""
    with (
        connection.cursor() as db,
        db.cursor.copy(f"COPY {into} FROM STDIN") as stream,
    ):
        for row in rows:
            stream.write_row(row)
