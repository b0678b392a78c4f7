"""Step export: stored answers, items and people in batches, with constant memory.

Keyset batches over indexes, so a stream holds no transaction open and the cost of a
batch does not grow with what is already read. People come under the pseudonyms of the
export; nothing else of them leaves this module.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from annotation.answers import parse_questions
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.remarks import StoredRemark
from annotation.formats.exports.types import (
    Machine,
    Person,
    Row,
    StoredAnswer,
    StoredCompletion,
    StoredItem,
    Version,
)
from annotation.models import (
    ConsentDocument,
    GuidelinesVersion,
    Project,
    QuestionsVersion,
)
from annotation.selectors import export_sql as sql

ANSWERS_BATCH = 2_000
ITEMS_BATCH = 500
# Of a batch of items, as the database stores them (compressed).
ITEMS_BATCH_BYTES = 4_000_000
PEOPLE_BATCH = 2_000
PEOPLE_KEPT = 20_000


class Participant(NamedTuple):
    """A person with what is stored about them apart from answers to items.

    `survey`: (survey version, question, state, value, order shown), JSON as text.
    """

    person: Person
    source: str
    survey: Sequence[Row]


@dataclass(frozen=True)
class StoredCounts:
    """How much a project holds, whether or not an export takes it."""

    n_people: int
    n_imported: int
    n_machine: int
    n_items: int

    @property
    def total(self) -> int:
        """Return the number of all stored answers, by people and by machines."""
        return self.n_people + self.n_imported + self.n_machine


def stored_counts(project: Project) -> StoredCounts:
    """Count answers by who gave them, the record of a retraction apart; one query."""
    row = _all(sql.COUNTS, [project.pk] * 3)[0]
    return StoredCounts(*row)


def languages(project: Project) -> list[str]:
    """Return the languages that items name; one query over all items."""
    return [row[0] for row in _all(sql.LANGUAGES, [project.pk])]


def guidelines(project: Project) -> list[tuple[int, str]]:
    """Return the number and text of every guidelines version; one query."""
    found = GuidelinesVersion.objects.filter(project=project).order_by("number")
    return list(found.values_list("number", "text"))


def consents(project: Project) -> list[tuple[int, str]]:
    """Return the number and text of every consent document; one query."""
    found = ConsentDocument.objects.filter(project=project).order_by("number")
    return list(found.values_list("number", "text"))


def versions_of(project: Project) -> dict[int, Version]:
    """Return every questions version by its key, oldest first; one query."""
    found = QuestionsVersion.objects.filter(project=project).order_by("id")
    return {
        version.pk: Version(
            version.number,
            version.purpose,
            version.questions,
            parse_questions(version.questions),
        )
        for version in found
    }


@dataclass
class ExportReader:
    """Reads one project for one export, under that export's pseudonyms."""

    project: Project
    names: Pseudonyms
    with_profiles: bool = False
    versions: dict[int, Version] = field(init=False)
    _guidelines: dict[int, int] = field(init=False)
    _people: dict[int, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.versions = versions_of(self.project)
        found = GuidelinesVersion.objects.filter(project=self.project)
        self._guidelines = dict(found.values_list("id", "number"))

    def annotations(self) -> Iterator[list[StoredAnswer]]:
        """Yield people's answers in the order they were stored; 1-3 queries a batch."""
        query = sql.ANNOTATIONS.format(
            where="n.project_id = %s AND n.id > %s", limit="LIMIT %s"
        )
        for rows in self._keyset(query, ANSWERS_BATCH):
            yield self._human(rows)

    def pre_annotations(self) -> Iterator[list[StoredAnswer]]:
        """Yield machines' answers in the order they were stored; a query a batch."""
        query = sql.PRE_ANNOTATIONS.format(
            where="p.project_id = %s AND p.id > %s", limit="LIMIT %s"
        )
        for rows in self._keyset(query, ANSWERS_BATCH):
            yield [self._machine(row) for row in rows]

    def skips(self) -> Iterator[list[StoredRemark]]:
        """Yield what people skipped, in the order it was lent; 1-3 queries a batch."""
        return self._remarks(sql.SKIPS)

    def flags(self) -> Iterator[list[StoredRemark]]:
        """Yield people's flags in the order they were raised; 1-3 queries a batch."""
        return self._remarks(sql.FLAGS)

    def items(
        self, *, only_answered: bool = False, with_answers: bool = True
    ) -> Iterator[list[StoredItem]]:
        """Yield items by number, with completions and answers; 3-7 queries a batch."""
        which = sql.ANSWERED if only_answered else ""
        query = sql.ITEM_IDS.format(which=which)
        last = 0
        while found := _all(query, [self.project.pk, last, ITEMS_BATCH]):
            ids, last = _within(found, ITEMS_BATCH_BYTES)
            yield self._items(ids, with_answers=with_answers)

    def participants(self) -> Iterator[list[Participant]]:
        """Yield people by pseudonym, which hides who came first; 3 queries a batch.

        Keeps a name and a number for each person of the project in memory.
        """
        found = _all(sql.PARTICIPANTS, [self.project.pk])
        order = sorted((self.names.of(row[1]), row[0], row[2]) for row in found)
        for start in range(0, len(order), PEOPLE_BATCH):
            batch = order[start : start + PEOPLE_BATCH]
            ids = [key for _, key, _ in batch]
            people = self._fetch_people(ids)
            survey: dict[int, list[Row]] = {key: [] for key in ids}
            for row in _all(sql.SURVEY_ANSWERS, [ids]):
                survey[row[0]].append(row[1:])
            yield [
                Participant(people[key], source, survey[key])
                for _, key, source in batch
            ]

    # --- from rows to values ----------------------------------------------------------

    def _keyset(self, query: str, n: int) -> Iterator[list[Row]]:
        last = 0
        while rows := _all(query, [self.project.pk, last, n]):
            yield rows
            last = rows[-1][0]

    def _remarks(self, query: str) -> Iterator[list[StoredRemark]]:
        for rows in self._keyset(query, ANSWERS_BATCH):
            self._know_people({row[1] for row in rows})
            yield [
                StoredRemark(self._people[row[1]], row[2:5], row[5:]) for row in rows
            ]

    def _items(self, ids: Sequence[int], *, with_answers: bool) -> list[StoredItem]:
        completions: dict[int, list[StoredCompletion]] = {key: [] for key in ids}
        for row in _all(sql.COMPLETIONS, [ids]):
            completions[row[0]].append(StoredCompletion(*row[1:]))
        answers: dict[int, list[StoredAnswer]] = {key: [] for key in ids}
        if with_answers:
            self._add_answers(ids, answers)
        return [
            StoredItem._make(
                (
                    *row[1:5],
                    json.loads(row[5]),
                    *row[6:],
                    completions[row[0]],
                    answers[row[0]],
                )
            )
            for row in _all(sql.ITEMS, [ids])
        ]

    def _add_answers(
        self, ids: Sequence[int], answers: dict[int, list[StoredAnswer]]
    ) -> None:
        query = sql.ANNOTATIONS.format(where="n.item_id = ANY(%s)", limit="")
        rows = _all(query, [ids])
        for row, answer in zip(rows, self._human(rows), strict=True):
            answers[row[1]].append(answer)
        query = sql.PRE_ANNOTATIONS.format(where="p.item_id = ANY(%s)", limit="")
        for row in _all(query, [ids]):
            answers[row[1]].append(self._machine(row))

    def _human(self, rows: Sequence[Row]) -> list[StoredAnswer]:
        self._know_people({row[2] for row in rows})
        people, guidelines = self._people, self._guidelines
        return [
            StoredAnswer._make(
                (
                    *row[3:6],
                    people[row[2]],
                    None,
                    *row[6:10],
                    None if row[10] is None else guidelines[row[10]],
                    None if row[11] is None else tuple(row[11]),
                    *row[12:],
                )
            )
            for row in rows
        ]

    def _machine(self, row: Row) -> StoredAnswer:
        return StoredAnswer(
            id=row[2],
            item_id=row[3],
            item_external_id=row[4],
            person=None,
            machine=Machine(*row[10:]),
            source="machine",
            created_at=row[5],
            answers=row[6],
            version=row[7],
            guidelines_version=None,
            order=tuple(row[8]) or None,
            purpose="",
            round=1,
            state="",
            fate="current",
            active_ms=None,
            total_ms=None,
            shown_at=None,
            layout="",
            view="",
            is_suggestion_visible=False,
            metadata=row[9],
        )

    # --- people -----------------------------------------------------------------------

    def _know_people(self, ids: Iterable[int]) -> None:
        missing = [key for key in ids if key not in self._people]
        if not missing:
            return
        if len(self._people) + len(missing) > PEOPLE_KEPT:
            self._people.clear()
            missing = list(ids)
        self._people.update(self._fetch_people(missing))

    def _fetch_people(self, ids: Sequence[int]) -> dict[int, Person]:
        consents = {row[0]: row[1:] for row in _all(sql.CONSENTS, [ids])}
        profiles = self._profiles(ids) if self.with_profiles else {}
        people = {}
        for key, public_id, imported in _all(sql.PEOPLE, [ids]):
            profile = json.loads(imported)
            number, granted, is_withdrawn = consents.get(key, (None, "[]", False))
            people[key] = Person(
                pseudonym=self.names.of(public_id),
                consent_version=number,
                scopes=tuple(sorted(json.loads(granted))),
                is_withdrawn=is_withdrawn,
                profile=json.dumps(
                    profile | profiles.get(key, {}), ensure_ascii=False, sort_keys=True
                ),
                group=str(profile.get("group", "")),
            )
        return people

    def _profiles(self, ids: Sequence[int]) -> dict[int, dict[str, str]]:
        """Return what was answered in the survey, the newest version's answer last."""
        profiles: dict[int, dict[str, str]] = {}
        for key, _, question, state, value, _ in _all(sql.SURVEY_ANSWERS, [ids]):
            if state == "answered":
                plain = json.loads(value)
                said = plain if isinstance(plain, str) else value
                profiles.setdefault(key, {})[question] = said
        return profiles


def _all(query: str, parameters: Sequence[Any]) -> list[Row]:
    with connection.cursor() as db:
        db.execute(query, parameters)
        return list(db.fetchall())


def _within(found: Sequence[Row], limit: int) -> tuple[list[int], int]:
    """Return the first items whose sizes stay within the limit, and the last number."""
    ids: list[int] = []
    total, last = 0, 0
    for key, number, size in found:
        total += size
        if ids and total > limit:
            break
        ids.append(key)
        last = number
    return ids, last
