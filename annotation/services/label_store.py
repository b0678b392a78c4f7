"""Step import: labels that a file brings along, people's and machines' apart.

A person known from a file becomes a participant without a log-in, whose id in the file
is kept encrypted; a machine becomes a machine annotator. The questions they answered
are stored as a questions version of their own, so nothing is bent to the project's.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from annotation.formats.exports.native_rows import OWN
from annotation.formats.types import LabelDraft
from annotation.models import (
    ExternalIdentity,
    MachineAnnotator,
    Participant,
    Project,
    QuestionsVersion,
    Withdrawal,
)
from annotation.services.identities import encrypt, fingerprint, withdrawn_mark
from annotation.services.item_store import ItemStore, StoredItem, copy, dump, take_ids
from annotation.services.pseudonyms import new_pseudonyms

NAMESPACE = uuid.UUID("6f1f3d3c-6d3c-4a63-9a2c-1f0d6b3f7f10")


def imported_questions(
    *, project: Project, questions: Sequence[Mapping[str, Any]]
) -> QuestionsVersion:
    """Return the version that holds exactly these questions; make it if need be."""
    digest = hashlib.sha256(
        json.dumps(list(questions), sort_keys=True).encode()
    ).hexdigest()
    versions = QuestionsVersion.objects.filter(
        project=project, purpose=QuestionsVersion.Purpose.IMPORTED
    )
    found = versions.filter(sha256=digest).first()
    if found is not None:
        return found
    return QuestionsVersion.objects.create(
        project=project,
        purpose=QuestionsVersion.Purpose.IMPORTED,
        number=versions.count() + 1,
        questions=list(questions),
        sha256=digest,
    )


@dataclass
class LabelStore:
    """Writes labels for items just stored; one object per import.

    `provider` names where the ids of people come from, so that the same name in two
    files of one source is one person and "annotator1" of another source is not.
    """

    items: ItemStore
    questions: Sequence[Mapping[str, Any]]
    provider: str
    _people: dict[str, int] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)
    _machines: dict[str, int] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)

    @property
    def _project(self) -> Project:
        return self.items.project

    def add(self, stored: Iterable[StoredItem]) -> None:
        """Store the labels of a batch; those already there are counted, not added."""
        human: list[tuple[int, LabelDraft]] = []
        machine: list[tuple[int, LabelDraft]] = []
        for item in stored:
            for label in item.labels:
                if label.questions is not None or self.questions:
                    (machine if label.is_machine else human).append((item.id, label))
        if human:
            self._add_human(human)
        if machine:
            self._add_machine(machine)

    def _version(self, label: LabelDraft) -> int:
        """Return the id of the questions version that a label answers."""
        asked = self.questions if label.questions is None else label.questions
        key = dump(asked)
        if key not in self._versions:
            made = imported_questions(project=self._project, questions=json.loads(key))
            self._versions[key] = made.pk
        return self._versions[key]

    def _add_human(self, labels: list[tuple[int, LabelDraft]]) -> None:
        self._know_gone({label.annotator for _, label in labels})
        n_labels = len(labels)
        labels = [one for one in labels if one[1].annotator not in self._gone]
        self.items.counts.n_withdrawn_labels += n_labels - len(labels)
        self._know_people({label.annotator: label for _, label in labels})
        keyed: dict[uuid.UUID, tuple[int, int, LabelDraft]] = {}
        for item_id, label in labels:
            person = self._people[label.annotator]
            key = self._key(item_id, person, label)
            keyed.setdefault(key, (item_id, person, label))
        self.items.counts.n_known_labels += len(labels) - len(keyed)
        with connection.cursor() as db:
            db.execute(
                "SELECT submission_id FROM annotation WHERE submission_id = ANY(%s)",
                [list(keyed)],
            )
            for (known,) in db.fetchall():
                del keyed[known]
                self.items.counts.n_known_labels += 1
        if keyed:
            self._write_human(keyed)

    def _key(self, item_id: int, person: int, label: LabelDraft) -> uuid.UUID:
        """Return the same id for the same label, so that a re-import finds it."""
        made_at = label.created_at.isoformat() if label.created_at else ""
        answers = json.dumps(label.answers, sort_keys=True)
        content = f"{item_id}|{person}|{self._version(label)}|{made_at}|{answers}"
        return uuid.uuid5(NAMESPACE, content)

    def _write_human(
        self, keyed: Mapping[uuid.UUID, tuple[int, int, LabelDraft]]
    ) -> None:
        rounds = self._rounds({(item, person) for item, person, _ in keyed.values()})
        assignment_ids = take_ids("assignment", len(keyed))
        annotation_ids = take_ids("annotation", len(keyed))
        assignments, annotations = [], []
        for assignment, annotation, (key, (item, person, label)) in zip(
            assignment_ids, annotation_ids, keyed.items(), strict=True
        ):
            rounds[item, person] = rounds.get((item, person), 0) + 1
            made_at = label.created_at or self.items.now
            assignments.append(
                self._assignment(
                    assignment, annotation, item, person, rounds[item, person], label
                )
            )
            annotations.append(
                (
                    annotation,
                    uuid.uuid4(),
                    made_at,
                    self._project.pk,
                    item,
                    assignment,
                    person,
                    key,
                    dump(label.answers),
                    False,
                    "import",
                    None,
                    label.duration_ms,
                    dump(label.metadata),
                )
            )
        copy(
            "assignment (id, public_id, created_at, project_id, item_id,"
            " participant_id, purpose, round, state, questions_version_id,"
            ' "order", layout, view, is_suggestion_visible, shown_at, finished_at,'
            " skip_reason, annotation_id)",
            assignments,
        )
        copy(
            "annotation (id, public_id, created_at, project_id, item_id,"
            " assignment_id, participant_id, submission_id, answers, is_retraction,"
            " source, active_ms, total_ms, metadata)",
            annotations,
        )
        self.items.counts.n_annotations += len(keyed)

    def _assignment(
        self,
        assignment: int,
        annotation: int,
        item: int,
        person: int,
        round_: int,
        label: LabelDraft,
    ) -> tuple[Any, ...]:
        made_at = label.created_at or self.items.now
        has_start = label.created_at is not None and label.duration_ms is not None
        shown_at = (
            made_at - timedelta(milliseconds=label.duration_ms or 0)
            if has_start
            else None
        )
        return (
            assignment,
            uuid.uuid4(),
            self.items.now,
            self._project.pk,
            item,
            person,
            "imported",
            round_,
            "submitted",
            self._version(label),
            None if label.order is None else list(label.order),
            "",
            "",
            _was_seen(label),
            shown_at,
            made_at,
            "",
            annotation,
        )

    def _rounds(self, pairs: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
        """Return how often each person has labelled each item in imports so far."""
        items = [item for item, _ in pairs]
        people = [person for _, person in pairs]
        with connection.cursor() as db:
            db.execute(
                "SELECT a.item_id, a.participant_id, max(a.round) FROM assignment a"
                " JOIN unnest(%s::bigint[], %s::bigint[]) AS w(item, person)"
                " ON a.item_id = w.item AND a.participant_id = w.person"
                " WHERE a.purpose = 'imported' GROUP BY 1, 2",
                [items, people],
            )
            return {(row[0], row[1]): row[2] for row in db.fetchall()}

    def _know_gone(self, names: set[str]) -> None:
        """Note who has withdrawn: what a file tells of them stays out."""
        new = names - self._people.keys() - self._gone
        marks = {withdrawn_mark(self._project, self.provider, one): one for one in new}
        known = Withdrawal.objects.filter(project=self._project, file_mark__in=marks)
        self._gone |= {
            marks[mark] for mark in known.values_list("file_mark", flat=True)
        }

    def _know_people(self, by_name: Mapping[str, LabelDraft]) -> None:
        missing = {name: by_name[name] for name in by_name if name not in self._people}
        if not missing:
            return
        marks = {fingerprint(self._project, name): name for name in missing}
        known = ExternalIdentity.objects.filter(
            project=self._project, provider=self.provider, value_hmac__in=marks
        ).values_list("value_hmac", "participant_id")
        for mark, participant_id in known:
            self._people[marks[mark]] = participant_id
        new = [name for name in missing if name not in self._people]
        pseudonyms = new_pseudonyms(project=self._project, n=len(new))
        people = Participant.objects.bulk_create(
            Participant(
                project=self._project,
                pseudonym=pseudonym,
                source=Participant.Source.IMPORT,
                imported_profile=dict(missing[name].profile),
            )
            for name, pseudonym in zip(new, pseudonyms, strict=True)
        )
        ExternalIdentity.objects.bulk_create(
            ExternalIdentity(
                project=self._project,
                participant=person,
                provider=self.provider,
                value_encrypted=encrypt(name),
                value_hmac=fingerprint(self._project, name),
            )
            for name, person in zip(new, people, strict=True)
        )
        self._people.update(
            (name, person.pk) for name, person in zip(new, people, strict=True)
        )

    def _add_machine(self, labels: list[tuple[int, LabelDraft]]) -> None:
        for name in sorted({label.annotator for _, label in labels}):
            if name not in self._machines:
                machine, _ = MachineAnnotator.objects.get_or_create(
                    project=self._project,
                    name=name[:200],
                    revision="",
                    prompt_sha256="",
                    defaults={"model": name[:200]},
                )
                self._machines[name] = machine.pk
        rows = [
            (
                uuid.uuid4(),
                label.created_at or self.items.now,
                self._project.pk,
                item_id,
                self._machines[label.annotator],
                self._version(label),
                label.status,
                dump(label.answers),
                label.probability,
                label.raw,
                list(label.order or ()),
                list(label.flags),
                dump(label.metadata),
            )
            for item_id, label in labels
        ]
        counts = self.items.counts
        with connection.cursor() as db:
            for wave in _without_repeats(rows):
                statement = _ADD_MACHINE.format(rows=", ".join([_ROW] * len(wave)))
                db.execute(statement, [value for row in wave for value in row])
                added = [is_new for (is_new,) in db.fetchall()]
                counts.n_known_labels += len(wave) - len(added)
                counts.n_pre_annotations += sum(added)
                counts.n_other_labels += len(added) - sum(added)


def _without_repeats(rows: list[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    """Split rows so that no two of a part are of one item, machine, version and order.

    One statement cannot meet the same label twice; the next one finds it stored.
    """
    parts: list[list[tuple[Any, ...]]] = []
    n_seen: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        key = (*row[3:6], tuple(row[10]))
        if n_seen[key] == len(parts):
            parts.append([])
        parts[n_seen[key]].append(row)
        n_seen[key] += 1
    return parts


def _was_seen(label: LabelDraft) -> bool:
    """Tell whether a label of our own export was given with a suggestion in view."""
    own = label.metadata.get(OWN)
    return isinstance(own, Mapping) and own.get("is_suggestion_visible") is True


_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::smallint[], %s::varchar[], %s)"
# No row: the same label is there. Else: whether it was added, or another one stands.
_ADD_MACHINE = """
    INSERT INTO pre_annotation (public_id, created_at, project_id, item_id, machine_id,
        questions_version_id, status, answers, probability, raw, "order", flags,
        metadata)
    VALUES {rows}
    ON CONFLICT (item_id, machine_id, questions_version_id, "order")
    DO UPDATE SET id = pre_annotation.id
    WHERE (pre_annotation.answers, pre_annotation.status)
        IS DISTINCT FROM (EXCLUDED.answers, EXCLUDED.status)
    RETURNING xmax = 0
"""
