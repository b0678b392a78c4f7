"""PURE: what the writers of data sets see of the database, and what a table is.

Step export. selectors.export_rows fills these, the formats turn them into rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from annotation.questions import QUESTION_TYPES, Question, QuestionType

# What stands for an annotator where the team has settled an item.
ADJUDICATION = "adjudication"
TEXT, INT, FLOAT, BOOL = "string", "int64", "float64", "bool"
ACTIVE, BLOCKED = "active", "blocked"


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind."""

    kind: "Kind"


@dataclass(frozen=True)
class Struct:
    """An object with the same fields in every row."""

    fields: tuple[tuple[str, "Kind"], ...]


Kind: TypeAlias = str | ListOf | Struct
MESSAGES = ListOf(Struct((("role", TEXT), ("content", TEXT))))
TEXTS, INTS = ListOf(TEXT), ListOf(INT)
SPANS = ListOf(
    Struct(
        (
            ("annotator", TEXT),
            ("question", TEXT),
            ("completion_index", INT),
            ("start", INT),
            ("end", INT),
            ("polarity", TEXT),
            ("tag", TEXT),
            ("note", TEXT),
            ("quote", TEXT),
            ("text_sha256", TEXT),
        )
    )
)


@dataclass(frozen=True)
class Column:
    """A column of a data set: its name, what it holds, and what that means."""

    name: str
    kind: Kind
    about: str


Row: TypeAlias = Sequence[Any]
Message: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Version:
    """A questions version, as it is stored and as it is read."""

    number: int
    purpose: str
    raw: Sequence[Mapping[str, Any]]
    questions: tuple[Question, ...]

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the questions of each type, in their order."""
        return {
            kind: tuple(q.name for q in self.questions if q.type == kind)
            for kind in QUESTION_TYPES
        }

    @cached_property
    def types(self) -> dict[str, QuestionType]:
        """Return the type of each question by name."""
        return {question.name: question.type for question in self.questions}


class Person(NamedTuple):
    """Who answered, under the pseudonym of this export.

    `consent_version` and `scopes` are those of the newest consent, empty where there
    is none. `profile` is JSON; `group` is what an imported file calls their group.
    `withheld`: the classes of data (annotation.consent) that may not leave. `standing`:
    active, paused or blocked, as people decided, when the export was made.
    """

    pseudonym: str
    consent_version: int | None = None
    scopes: tuple[str, ...] = ()
    is_withdrawn: bool = False
    profile: str = "{}"
    group: str = ""
    withheld: frozenset[str] = frozenset()
    is_publishable: bool = False
    standing: str = ACTIVE


class Machine(NamedTuple):
    """Which machine stored a pre-annotation, and how that went.

    `probability` is P(the answer given), in [0, 1]; `raw` the machine's own words.
    `number` is that of its version. `logit`, `bias` and `disagreement` are those of an
    answer that combines two presented orders (annotation.models.PreAnnotation). `key`
    is that of the row, which leaves in no file.
    """

    name: str
    kind: str
    model: str
    revision: str
    prompt_sha256: str
    parameters: str
    status: str
    probability: float | None
    raw: str
    cost_usd: float | None
    latency_ms: int | None
    backend: str = "file"
    protocol: str = ""
    number: int = 1
    logit: float | None = None
    bias: float | None = None
    disagreement: float | None = None
    key: int = 0
    flags: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Return a name that no other machine has: with version, revision and prompt.

        What it has none of is left out.
        """
        name = f"{self.name} v{self.number}" if self.number > 1 else self.name
        name = f"{name}@{self.revision}" if self.revision else name
        return f"{name}#{self.prompt_sha256[:8]}" if self.prompt_sha256 else name


class Suggested(NamedTuple):
    """Which arm an assignment fell into, and what its person saw of a verdict, when.

    `propensity`: the probability of the arm, in (0, 1]. `visible_at`: when the verdict
    was first sent, ISO 8601 in UTC; None = never. `machine` and `answers` are what the
    machine said, also where nobody saw it; `first_answers` what the person said first.
    `was_changed`: a later version came after it was seen; None where none could.
    """

    arm: str
    propensity: float
    visible_at: str | None
    machine: str
    answers: str
    first_answers: str
    was_changed: bool | None


class StoredAnswer(NamedTuple):
    """An annotation (by `person`) or a pre-annotation (by `machine`).

    `answers` and `metadata` are JSON as stored. `fate` is "current", "superseded" or
    "taken_back". `version` is the key of a questions version. `order[k]` is the
    canonical index of the completion shown at place k. Times are ISO 8601 in UTC;
    `reading_ms` has one for each completion in canonical order.
    `revision` counts the versions of an answer from 1. `comes_first`: of an item under
    two protocols, the purpose of the answer that came first for this person; else "".
    `is_text_withheld`: the author's own words were taken out of `answers`.
    `is_suggestion_visible`: the author had seen what a machine said of the item.
    `suggested`: of an assignment for which that was drawn, whichever arm it was.
    `reference`: what a check is held against, as JSON: the known answer of its item,
    or of a repeat the same person's first answers.
    """

    id: str
    item_id: str
    item_external_id: str
    person: Person | None
    machine: Machine | None
    source: str
    created_at: str
    answers: str
    version: int
    guidelines_version: int | None
    order: tuple[int, ...] | None
    purpose: str
    round: int
    state: str
    fate: str
    active_ms: int | None
    total_ms: int | None
    shown_at: str | None
    layout: str
    view: str
    is_suggestion_visible: bool
    metadata: str
    reading_ms: Sequence[int] | None = None
    is_text_withheld: bool = False
    reference: str | None = None
    revision: int = 1
    comes_first: str = ""
    suggested: Suggested | None = None

    @property
    def annotator(self) -> str:
        """Return the pseudonym of the person, or the identity of the machine."""
        if self.person is not None:
            return self.person.pseudonym
        if self.source == ADJUDICATION:
            return ADJUDICATION
        return self.machine.identity if self.machine is not None else ""

    @property
    def annotator_type(self) -> str:
        """Return "human", "machine", or "adjudication" for a decision of the team."""
        if self.source == ADJUDICATION:
            return ADJUDICATION
        return "human" if self.machine is None else "machine"


class StoredCompletion(NamedTuple):
    """One completion; `number` is its canonical index. `metadata` is JSON."""

    number: int
    text: str
    model: str
    external_id: str
    metadata: str


class StoredRoute(NamedTuple):
    """Whose label an item is to take, and why, as annotation.models.Route has it."""

    source: str = "human"
    reason: str = ""
    part: str = ""
    policy: int | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    propensity: float | None = None
    cost_usd: float | None = None
    reasons: str = "[]"
    run: str = ""


class StoredItem(NamedTuple):
    """An item with everything that was answered about it. JSON stays text.

    `decision`: the answer by which the team settled it, which is no annotation.
    """

    id: str
    number: int
    external_id: str
    created_at: str
    messages: Sequence[Message]
    language: str
    category: str
    source: str
    metadata: str
    gold: str | None
    overlap: int | None
    priority: int
    is_excluded: bool = False
    route: StoredRoute = StoredRoute()
    completions: Sequence[StoredCompletion] = ()
    answers: Sequence[StoredAnswer] = ()
    decision: StoredAnswer | None = None
