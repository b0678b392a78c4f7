"""PURE: what an import reads and an export writes, before and after the database.

Steps import and export. Readers yield `ItemDraft`; the import service stores them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Message:
    """One message of a prompt. `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class CompletionDraft:
    """One model output, in storage order. `model` may be empty where unknown."""

    text: str
    model: str = ""
    external_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelDraft:
    """A label that the file brings along, by a person or by a machine.

    `annotator`: a name within the file ("annotator1", "gpt-3.5-turbo").
    `answers`: in canonical order, as annotation.answers stores them; the questions
    they answer are those of the file's shape, not the project's.
    `questions`: as annotation.answers reads them, where the label brings its own
    (native files); None means those of shapes.label_questions.
    `status`: "ok", or "unparsable", "refused" or "failed" for a machine without an
    answer.
    `order`: the presented order where the file tells it, else None.
    `flags`: what to know of a machine's answer before it is trusted.
    """

    annotator: str
    is_machine: bool
    answers: Mapping[str, Any]
    status: str = "ok"
    raw: str = ""
    created_at: datetime | None = None
    duration_ms: int | None = None
    order: tuple[int, ...] | None = None
    probability: float | None = None
    flags: tuple[str, ...] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True)
class LabelsDraft:
    """Labels of an item that another file brought, found by its external id."""

    row: int
    external_id: str
    labels: tuple[LabelDraft, ...]


@dataclass(frozen=True)
class ItemDraft:
    """One item as read from a file. `row` counts from 1 (a header is not a row)."""

    row: int
    messages: tuple[Message, ...]
    completions: tuple[CompletionDraft, ...]
    external_id: str = ""
    language: str = ""
    category: str = ""
    source: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    gold: Mapping[str, Any] | None = None
    overlap: int | None = None
    priority: int = 0
    labels: tuple[LabelDraft, ...] = ()


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be taken: where, what is wrong, and how to mend it.

    With `is_warning` the row is taken all the same; a person should know of it.
    """

    row: int
    field: str
    problem: str
    fix: str
    is_warning: bool = False


class FileProblem(ValueError):
    """The file as a whole cannot be read: what is wrong, and how to mend it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem} {fix}")
        self.problem = problem
        self.fix = fix
