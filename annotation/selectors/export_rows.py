"""Step export: stored answers, items and people in batches, with constant memory.

Keyset batches over indexes, so a stream holds no transaction open and the cost of a
batch does not grow with what is already read. People come under the pseudonyms of the
export; nothing else of them leaves this module.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from annotation.allocation.pairing import PROTOCOLS
from annotation.answers import parse_questions
from annotation.consent import FREE_TEXT, without_free_text
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.remarks import StoredRemark
from annotation.formats.exports.types import (
    ADJUDICATION,
    Machine,
    Person,
    Row,
    StoredAnswer,
    StoredCompletion,
    StoredItem,
    StoredRoute,
    Suggested,
    Version,
)
from annotation.models import (
    Adjudication,
    GuidelinesVersion,
    Project,
    ProtocolPair,
    QuestionsVersion,
    SuggestionPolicy,
)
from annotation.selectors import export_sql as sql
from annotation.selectors.export_people import (
    Participant,
    PeopleReader,
    fetch_all,
)

ANSWERS_BATCH = 2_000
# What the desk notes in the metadata of an answer: no word of the person.
NOTED = ("display", "was_unchanged_confirmed")
ITEMS_BATCH = 500
# Of a batch of items, as the database stores them (compressed).
ITEMS_BATCH_BYTES = 4_000_000


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
    row = fetch_all(sql.COUNTS, [project.pk] * 3)[0]
    return StoredCounts(*row)


def languages(project: Project) -> list[str]:
    """Return the languages that items name; one query over all items."""
    return [row[0] for row in fetch_all(sql.LANGUAGES, [project.pk])]


def guidelines(project: Project) -> list[tuple[int, str]]:
    """Return the number and text of every guidelines version; one query."""
    found = GuidelinesVersion.objects.filter(project=project).order_by("number")
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
    """Reads one project for one export, under that export's pseudonyms.

    What a person did not agree to release is taken out here, before any format sees
    it. The answers of such a person are still given, so that they can be counted.
    """

    project: Project
    names: Pseudonyms
    with_profiles: bool = False
    versions: dict[int, Version] = field(init=False)
    _guidelines: dict[int, int] = field(init=False)
    has_pairs: bool = field(init=False)
    _has_decisions: bool = field(init=False)
    _has_suggestions: bool = field(init=False)
    _people: PeopleReader = field(init=False)

    def __post_init__(self) -> None:
        self.versions = versions_of(self.project)
        self._people = PeopleReader(self.project, self.names, self.with_profiles)
        made = Adjudication.objects.filter(project=self.project)
        self._has_decisions = made.exists()
        self.has_pairs = ProtocolPair.objects.filter(project=self.project).exists()
        policies = SuggestionPolicy.objects.filter(project=self.project)
        self._has_suggestions = policies.exists()
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
        return self._remarks(sql.SKIPS, 1)

    def flags(self) -> Iterator[list[StoredRemark]]:
        """Yield people's flags in the order they were raised; 1-3 queries a batch."""
        return self._remarks(sql.FLAGS, 2)

    def adjudications(self) -> Iterator[list[Row]]:
        """Yield the rows of the team's decisions in their order; a query a batch."""
        for rows in self._keyset(sql.ADJUDICATIONS, ANSWERS_BATCH):
            yield [row[1:] for row in rows]

    def items(
        self, *, only_answered: bool = False, with_answers: bool = True
    ) -> Iterator[list[StoredItem]]:
        """Yield items by number, with completions and answers; 3-7 queries a batch."""
        which = sql.ANSWERED if only_answered else ""
        query = sql.ITEM_IDS.format(which=which)
        last = 0
        while found := fetch_all(query, [self.project.pk, last, ITEMS_BATCH]):
            ids, last = _within(found, ITEMS_BATCH_BYTES)
            yield self._items(ids, with_answers=with_answers)

    def participants(self) -> Iterator[list[Participant]]:
        """Yield people by pseudonym; see PeopleReader."""
        return self._people.batches()

    # --- from rows to values ----------------------------------------------------------

    def _keyset(self, query: str, n: int) -> Iterator[list[Row]]:
        last = 0
        while rows := fetch_all(query, [self.project.pk, last, n]):
            yield rows
            last = rows[-1][0]

    def _remarks(self, query: str, words: int) -> Iterator[list[StoredRemark]]:
        """Yield skips or flags; `words`: which cell after the person is their own."""
        for rows in self._keyset(query, ANSWERS_BATCH):
            people = self._people.of({row[1] for row in rows})
            yield [_remark(people[row[1]], row, words) for row in rows]

    def _items(self, ids: Sequence[int], *, with_answers: bool) -> list[StoredItem]:
        completions: dict[int, list[StoredCompletion]] = {key: [] for key in ids}
        for row in fetch_all(sql.COMPLETIONS, [ids]):
            completions[row[0]].append(StoredCompletion(*row[1:]))
        answers: dict[int, list[StoredAnswer]] = {key: [] for key in ids}
        if with_answers:
            self._add_answers(ids, answers)
        decisions = self._decisions(ids) if with_answers else {}
        return [
            StoredItem._make(
                (
                    *row[1:5],
                    json.loads(row[5]),
                    *row[6:14],
                    StoredRoute(*row[14:]),
                    completions[row[0]],
                    answers[row[0]],
                    decisions.get(row[0]),
                )
            )
            for row in fetch_all(sql.ITEMS, [ids])
        ]

    def _decisions(self, ids: Sequence[int]) -> dict[int, StoredAnswer]:
        """Return the answers by which the team settled items; a query if there are."""
        if not self._has_decisions:
            return {}
        return {row[0]: _decision(row) for row in fetch_all(sql.DECISIONS, [ids])}

    def _add_answers(
        self, ids: Sequence[int], answers: dict[int, list[StoredAnswer]]
    ) -> None:
        query = sql.ANNOTATIONS.format(where="n.item_id = ANY(%s)", limit="")
        rows = fetch_all(query, [ids])
        for row, answer in zip(rows, self._human(rows), strict=True):
            answers[row[1]].append(answer)
        query = sql.PRE_ANNOTATIONS.format(where="p.item_id = ANY(%s)", limit="")
        for row in fetch_all(query, [ids]):
            answers[row[1]].append(self._machine(row))

    def _human(self, rows: Sequence[Row]) -> list[StoredAnswer]:
        people = self._people.of({row[2] for row in rows})
        guidelines = self._guidelines
        firsts = self._firsts(rows)
        suggested = self._suggested(rows)
        found = [
            StoredAnswer._make(
                (
                    *row[3:6],
                    people[row[2]],
                    None,
                    *row[6:10],
                    None if row[10] is None else guidelines[row[10]],
                    None if row[11] is None else tuple(row[11]),
                    *row[12:-2],
                    False,
                    *row[-2:],
                    firsts.get((row[1], row[2], row[12]), ""),
                    suggested.get((row[1], row[2], row[12])),
                )
            )
            for row in rows
        ]
        return [self._released(_with_seen(answer)) for answer in found]

    def _suggested(self, rows: Sequence[Row]) -> dict[tuple[int, int, str], Suggested]:
        """Return what was drawn, by item, person and purpose.

        One query, and none where no machine's verdict was ever shown to people.
        """
        if not self._has_suggestions or not rows:
            return {}
        keys = [[row[1] for row in rows], [row[2] for row in rows]]
        return {
            (row[0], row[1], "main"): Suggested._make(
                (*row[2:5], _identity(row[5:11]), *row[11:])
            )
            for row in fetch_all(sql.SUGGESTIONS, keys)
        }

    def _firsts(self, rows: Sequence[Row]) -> dict[tuple[int, int, str], str]:
        """Return which protocol came first, by item, person and purpose.

        One query, and none where no item is asked under two protocols.
        """
        if not self.has_pairs or not rows:
            return {}
        keys = [[row[1] for row in rows], [row[2] for row in rows]]
        return {
            (item, person, purpose): first
            for item, person, first in fetch_all(sql.PAIRS, keys)
            for purpose in PROTOCOLS
        }

    def _released(self, answer: StoredAnswer) -> StoredAnswer:
        """Take the author's own words out, where they may not leave."""
        if answer.person is None or FREE_TEXT not in answer.person.withheld:
            return answer
        types = self.versions[answer.version].types
        kept, had_any = without_free_text(json.loads(answer.answers), types)
        reference = answer.reference
        if answer.purpose == "mirror" and reference is not None:
            # What a repeat is held against are the same author's words.
            before, _ = without_free_text(json.loads(reference), types)
            reference = json.dumps(before, ensure_ascii=False)
        suggested = answer.suggested
        if suggested is not None:
            first, _ = without_free_text(json.loads(suggested.first_answers), types)
            suggested = suggested._replace(
                first_answers=json.dumps(first, ensure_ascii=False)
            )
        metadata = _without_words(answer.metadata)
        return answer._replace(
            answers=json.dumps(kept, ensure_ascii=False),
            metadata=metadata,
            is_text_withheld=had_any or metadata != answer.metadata,
            reference=reference,
            suggested=suggested,
        )

    def _machine(self, row: Row) -> StoredAnswer:
        return StoredAnswer(
            id=row[2],
            item_id=row[3],
            item_external_id=row[4],
            person=None,
            machine=Machine._make((*row[10:-1], tuple(row[-1]))),
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


def _identity(row: Row) -> str:
    """Return the name by which a machine's own answers know it."""
    name, kind, model, revision, prompt, number = row
    machine = Machine(
        name=name,
        kind=kind,
        model=model,
        revision=revision,
        prompt_sha256=prompt,
        parameters="{}",
        status="ok",
        probability=None,
        raw="",
        cost_usd=None,
        latency_ms=None,
        number=number,
    )
    return machine.identity


def _with_seen(answer: StoredAnswer) -> StoredAnswer:
    """Tell whether a verdict was visible when the answer was given.

    Where nothing was drawn, what was stored with an older or imported answer stands.
    """
    drawn = answer.suggested
    if drawn is None:
        return answer
    is_seen = drawn.visible_at is not None and answer.created_at >= drawn.visible_at
    return answer._replace(is_suggestion_visible=is_seen)


def _without_words(metadata: str) -> str:
    """Keep what the desk itself noted with an answer: no word of the person."""
    if metadata == "{}":
        return metadata
    known = json.loads(metadata)
    kept = {name: part for name, part in known.items() if name in NOTED}
    return metadata if kept == known else json.dumps(kept, ensure_ascii=False)


def _decision(row: Row) -> StoredAnswer:
    """Return the team's decision in the shape of an answer, though it is none."""
    return StoredAnswer(
        id=row[1],
        item_id=row[5],
        item_external_id=row[6],
        person=None,
        machine=None,
        source=ADJUDICATION,
        created_at=row[4],
        answers=row[2],
        version=row[3],
        guidelines_version=None,
        order=None,
        purpose=ADJUDICATION,
        round=1,
        state="",
        fate="current",
        active_ms=None,
        total_ms=None,
        shown_at=None,
        layout="",
        view="",
        is_suggestion_visible=False,
        metadata="{}",
    )


def _remark(person: Person, row: Row, words: int) -> StoredRemark:
    after = list(row[5:])
    is_withheld = FREE_TEXT in person.withheld and bool(after[words])
    if is_withheld:
        after[words] = ""
    return StoredRemark(person, row[2:5], after, is_withheld)


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
