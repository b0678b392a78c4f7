"""PURE: which stored answers become rows, and why the others do not.

Every stored answer is counted once: `stored = exported + dropped by reason`. Within
the answers, each part that could give a row (a pair, a labelled completion, a list)
is counted once too: `parts = used + left out by reason`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotation.answers import Question
from annotation.consent import FREE_TEXT, RATINGS, RELEASED
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.types import (
    BLOCKED,
    Person,
    Row,
    StoredAnswer,
    StoredItem,
    Version,
)

REASONS: dict[str, str] = {
    "superseded": "replaced by a later answer of the same person",
    "taken_back": "taken back by its author",
    "withdrawn": "its author withdrew the consent",
    "not_released": "its author did not agree to its release",
    "not_publishable": "its author did not agree to publication",
    "blocked": "its author was blocked by the people of the project",
    "imported": "came with an imported file, which this export leaves out",
    "surplus": "beyond the number of answers wanted",
    "purpose": "given to a check, as a repeat or for another protocol",
    "excluded": "about an item that was taken out of the work",
    "machine": "by a machine, which this export leaves out",
    "machine_failed": "the machine gave no answer that could be read",
    "not_asked": "the question was not asked",
    "no_answer": "the question was left open",
    "not_two": "the item does not have two completions",
    "tie": "a tie",
    "both_bad": "both bad",
    "pair_tied": "somebody else calls the pair a tie",
    "pair_both_bad": "somebody else calls both bad",
    "adjudicated": "the team settled the item, and its answer stands for this one",
    "conflict": "contradicted by another answer",
    "minority": "against the majority",
    "no_majority": "no side has a majority",
    "not_rated": "a completion has no mark",
    "not_judged": "a completion was not judged",
    "not_compared": "both stand below the places, and were not compared",
    "small_difference": "the marks differ too little",
    "between_thresholds": "the mark is neither good nor bad",
    "only_relative": "says which is better, not whether it is good",
    "audit": "about an item of the audit, which this export leaves out",
    "seen": "given after a machine's verdict on the item was seen",
    "people_labelled": "by a machine, and people labelled the item",
    "other_machine": "by a machine whose label is not taken of this item",
    "in_one_order": "of one order; the machine's verdict on the item stands for it",
}
COUNTED_PURPOSES = frozenset(("main", "imported"))
# Asked to look after the work: never data, and a table of their own in the raw export.
CHECK_PURPOSES = frozenset(
    ("training", "qualification", "monitoring", "attention", "mirror")
)
# Answers of a second protocol are no answers to the questions of the project.
SECOND_PROTOCOL = "second_protocol"
APART_PURPOSES = CHECK_PURPOSES | {SECOND_PROTOCOL}


def person_refusal(person: Person | None, options: ExportOptions) -> str:
    """Return why nothing of a person may be in this export; "" = it may."""
    if person is not None and person.is_withdrawn:
        return "withdrawn"
    if person is not None and RATINGS in person.withheld:
        return "not_released"
    if options.only_publishable and (person is None or not person.is_publishable):
        return "not_publishable"
    if options.leave_out_blocked and person is not None and person.standing == BLOCKED:
        return "blocked"
    return ""


def refusal(answer: StoredAnswer, options: ExportOptions) -> str:
    """Return why an answer may not be in this export at all; "" = it may."""
    if answer.machine is not None:
        return "" if options.include_machine else "machine"
    reason = person_refusal(answer.person, options)
    if reason:
        return reason
    if answer.fate != "current" and not options.include_superseded:
        return answer.fate
    if answer.source == "import" and not options.include_imported:
        return "imported"
    if answer.state == "surplus" and not options.include_surplus:
        return "surplus"
    return ""


def participant_refusal(person: Person, source: str, options: ExportOptions) -> str:
    """Return why a person may not be in the table of people; "" = they may."""
    if person.is_withdrawn:
        return "withdrawn"
    if person.withheld >= set(RELEASED):
        return "not_released"
    if options.only_publishable and not person.is_publishable:
        return "not_publishable"
    if options.leave_out_blocked and person.standing == BLOCKED:
        return "blocked"
    if source == "import" and not options.include_imported:
        return "imported"
    return ""


def unusable(answer: StoredAnswer) -> str:
    """Return why an answer that may be exported teaches nothing; "" = it does.

    Data sets to train on hold one current answer per person and item. The raw tables
    take these answers too, and say in a column what they are.
    """
    if answer.machine is not None:
        return "" if answer.machine.status == "ok" else "machine_failed"
    if answer.fate != "current":
        return answer.fate
    return "" if answer.purpose in COUNTED_PURPOSES else "purpose"


@dataclass
class Tally:
    """Counts of one export, from which its card is written.

    `withheld`: by class of data, how many exported answers came without it.
    `n_adjudicated`: on how many items the team's answer stood for those of people; it
    is none of the stored answers, and its parts are counted. `n_seen`: how many
    exported answers were given after a machine's verdict on the item was seen.
    """

    stored: int = 0
    exported: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    parts: int = 0
    used: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    n_adjudicated: int = 0
    n_seen: int = 0

    def count_answer(self, reason: str, answer: StoredAnswer) -> None:
        """Count one stored answer, and what is known of it."""
        self.count(reason, is_text_withheld=answer.is_text_withheld)
        self.n_seen += not reason and answer.is_suggestion_visible

    def count(self, reason: str, *, is_text_withheld: bool = False) -> None:
        """Count one stored answer: exported, or dropped for a reason."""
        self.stored += 1
        if reason:
            self.dropped[reason] += 1
            return
        self.exported += 1
        if is_text_withheld:
            self.withheld[FREE_TEXT] += 1

    def count_part(self, reason: str) -> None:
        """Count one part of an answer: used in a row, or left out for a reason."""
        self.parts += 1
        if reason:
            self.left_out[reason] += 1
        else:
            self.used += 1

    @property
    def is_balanced(self) -> bool:
        """Tell whether every answer and every part is accounted for."""
        return (
            self.stored == self.exported + self.dropped.total()
            and self.parts == self.used + self.left_out.total()
        )


class Reading(NamedTuple):
    """An answer with the question that the format reads, and what it says."""

    answer: StoredAnswer
    answers: Mapping[str, Any]
    version: Version
    question: Question
    value: Any


class Part(NamedTuple):
    """What became of one part of an answer; `reason` "" = it is in a row."""

    answer_id: str
    reason: str


@dataclass
class Outcome:
    """The rows of an item, and what became of each part of its answers."""

    rows: list[Row] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


Judge = Callable[[StoredItem, Sequence[Reading], ExportOptions], Outcome]
# By name of a question type, its place in the search for the question to read.
KindOrder = Sequence[str]


def question_of(
    version: Version, kinds: KindOrder, options: ExportOptions
) -> Question | None:
    """Return the question that a format reads, by name or by the kinds in order.

    Of several questions of one kind it is the one called `preference`, else the first.
    """
    if options.question:
        named = [q for q in version.questions if q.name == options.question]
        return next((q for q in named if q.type in kinds), None)
    for kind in kinds:
        found = [q for q in version.questions if q.type == kind]
        if found:
            return next((q for q in found if q.name == "preference"), found[0])
    return None


@dataclass(frozen=True)
class Policy:
    """Applies the options of an export to one item after another."""

    options: ExportOptions
    versions: Mapping[int, Version]
    kinds: KindOrder
    judge: Judge
    takes_decisions: bool = False

    def rows(self, items: Sequence[StoredItem], tally: Tally) -> Iterator[Row]:
        """Yield the rows of items, one after another."""
        for item in items:
            yield from self.rows_of(item, tally)

    def rows_of(self, item: StoredItem, tally: Tally) -> Iterable[Row]:
        """Return the rows of an item; every answer and part goes to the tally.

        People and machines are judged apart, so their answers never meet in a row.
        An answer without a row is counted under the reason of its first part.
        """
        readings: dict[str, list[Reading]] = {"human": [], "machine": []}
        for answer in item.answers:
            read = self._read(answer, item)
            if isinstance(read, str):
                tally.count(read)
            else:
                readings[answer.annotator_type].append(read)
        decided = self.decided(item) if readings["human"] else None
        if decided is not None:
            for _ in readings.pop("human"):
                tally.count("adjudicated")
            outcome = self.judge(item, [decided], self.options)
            for part in outcome.parts:
                tally.count_part(part.reason)
            tally.n_adjudicated += 1
            yield from outcome.rows
        for group in readings.values():
            if group:
                outcome = self.judge(item, group, self.options)
                count_readings(group, outcome, tally)
                yield from outcome.rows

    def decided(self, item: StoredItem) -> Reading | None:
        """Return the team's answer where it stands for those of people."""
        wins = self.options.adjudicated_wins and self.options.is_aggregated
        if item.decision is None or not (wins and self.takes_decisions):
            return None
        read = self.reading(item.decision)
        return read if isinstance(read, Reading) else None

    def _read(self, answer: StoredAnswer, item: StoredItem) -> Reading | str:
        reason = refusal(answer, self.options) or unusable(answer)
        if not reason and item.is_excluded:
            reason = "excluded"
        return reason or self.reading(answer)

    def reading(self, answer: StoredAnswer) -> Reading | str:
        """Read the question of the format, or say why there is nothing to read."""
        version = self.versions[answer.version]
        question = question_of(version, self.kinds, self.options)
        if question is None:
            return "not_asked"
        answers = json.loads(answer.answers)
        value = answers.get(question.name)
        if not isinstance(value, Mapping) or not value:
            return "no_answer"
        return Reading(answer, answers, version, question, value)


def count_readings(group: Sequence[Reading], outcome: Outcome, tally: Tally) -> None:
    """Count answers and their parts, by what became of them."""
    fates: dict[str, str] = {}
    for part in outcome.parts:
        tally.count_part(part.reason)
        if not part.reason or part.answer_id not in fates:
            fates[part.answer_id] = part.reason
    for reading in group:
        answer = reading.answer
        reason = fates.get(answer.id, "no_answer")
        tally.count_answer(reason, answer)
