"""PURE: what every shape of rows is made of; the parts they share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from annotation.formats.mapping import ColumnMapping
from annotation.formats.types import (
    CompletionDraft,
    ItemDraft,
    LabelDraft,
    LabelsDraft,
    Message,
    RowProblem,
)
from annotation.words import gettext as _
from annotation.words import ngettext

Row: TypeAlias = Mapping[str, Any]
Draft: TypeAlias = ItemDraft | LabelsDraft | RowProblem
MAX_COMPLETIONS = 100
# What the database holds of each short text.
MAX_CHARS = {
    "external_id": 200,
    "language": 20,
    "category": 120,
    "source": 120,
    "models": 200,
}


# A known answer, what it is for, and why it is right; see shapes.gold.
GOLD_ROLES = ("gold", "gold_use", "gold_explanation")


class RowFault(ValueError):
    """A row cannot be converted; becomes a RowProblem at the edge of the package."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.fix = fix

    def at(self, row: int) -> RowProblem:
        return RowProblem(row, self.field, self.problem, self.fix)


class Sample:
    """The first rows of a file, as the shapes look at them to know their own."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.columns = tuple(dict.fromkeys(name for row in rows for name in row))

    def has(self, *names: str) -> bool:
        return all(name in self.columns for name in names)

    def values(self, column: str) -> list[Any]:
        """Return the values of a column that are there."""
        found = (row.get(column) for row in self.rows)
        return [value for value in found if value is not None and value != ""]

    def all_are(self, column: str, *kinds: type) -> bool:
        """Tell whether the column has values and all are of one of these types."""
        values = self.values(column)
        return bool(values) and all(isinstance(value, kinds) for value in values)

    def find(self, *names: str) -> str:
        """Return the first of these columns that is there, whatever its case."""
        by_lower = {column.lower(): column for column in reversed(self.columns)}
        return next((by_lower[name] for name in names if name in by_lower), "")

    def is_unique(self, column: str) -> bool:
        values = [str(value) for value in self.values(column)]
        return len(values) == len(self.rows) and len(set(values)) == len(values)


@dataclass(frozen=True)
class Shape:
    """One way in which rows hold items.

    `roles`: what a person may map, in the order to show. `required`: each inner
    tuple is a choice of which one must be mapped. `grouped_by`: the role whose equal
    consecutive values join rows to one item; the row to convert is then
    `{"rows": [[number, row], ...]}`. `columns_within`: the field whose object holds
    the columns, where they are not at the top of a row.
    """

    name: str
    title: str
    help: str
    roles: tuple[str, ...]
    required: tuple[tuple[str, ...], ...]
    guess: Callable[[Sample], ColumnMapping | None]
    convert: Callable[[int, Row, ColumnMapping], list[Draft]]
    questions: Callable[[ColumnMapping], list[dict[str, Any]]]
    has_labels: bool = False
    grouped_by: str = ""
    columns_within: str = ""


def fields(**columns: str | Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the fields of a mapping, without the roles that have no column."""
    listed = {
        role: (names,) if isinstance(names, str) else tuple(names)
        for role, names in columns.items()
    }
    return {role: names for role, names in listed.items() if any(names)}


def common_fields(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Find the columns that any shape may have: id, language, category, source."""
    found = {
        "external_id": sample.find(
            "external_id", "id", "idx", "uid", "uuid", "item_id"
        ),
        "language": sample.find("language", "lang", "locale"),
        "category": sample.find("category", "topic", "domain", "subject"),
        "source": sample.find("source", "dataset", "origin", "data_source"),
    }
    kept: dict[str, tuple[str, ...]] = {
        role: (name,) for role, name in found.items() if _is_short(sample, name, role)
    }
    if "external_id" in kept and not sample.is_unique(kept["external_id"][0]):
        del kept["external_id"]
    return kept


def _is_short(sample: Sample, column: str, role: str) -> bool:
    return bool(column) and all(
        isinstance(value, (str, int)) and len(str(value)) <= MAX_CHARS[role]
        for value in sample.values(column)
    )


def short_text(row: Row, mapping: ColumnMapping, role: str) -> str:
    """Return the text of a role that has one column, "" where it is not mapped."""
    column = mapping.column(role)
    value = row.get(column) if column else None
    if value is None:
        return ""
    if not isinstance(value, (str, int, float)):
        raise RowFault(
            column,
            _("The {role} is not a short text.").format(role=role.replace("_", " ")),
            _("Map another column, or none."),
        )
    return limited(str(value).strip(), column, role)


def limited(text: str, column: str, role: str) -> str:
    """Return the text, or refuse what the database could not hold whole."""
    limit = MAX_CHARS.get(role, 200)
    if len(text) > limit:
        raise RowFault(
            column,
            _("The {role} has {n_text} characters, and the limit is {limit}.").format(
                role=role.replace("_", " "), n_text=len(text), limit=limit
            ),
            _("Shorten it, or map another column."),
        )
    return text


def rest(row: Row, mapping: ColumnMapping, used: Iterable[str] = ()) -> dict[str, Any]:
    """Return what no role took, so that nothing of the file is lost."""
    taken = {name for columns in mapping.fields.values() for name in columns}
    taken.update(used)
    return {
        name: value
        for name, value in row.items()
        if name not in taken and value is not None
    }


@dataclass(frozen=True)
class Content:
    """The parts of one item before they are checked."""

    messages: tuple[Message, ...]
    completions: tuple[CompletionDraft, ...]
    labels: tuple[LabelDraft, ...] = ()
    metadata: Mapping[str, Any] | None = None
    # None means: as the mapping says.
    external_id: str | None = None
    language: str | None = None
    gold: Mapping[str, Any] | None = None


def build_item(
    number: int, row: Row, mapping: ColumnMapping, content: Content
) -> list[Draft]:
    """Check the parts and make the item, or name everything that is wrong."""
    problems = content_problems(number, mapping, content)
    if any(not problem.is_warning for problem in problems):
        return list(problems)
    external_id, language = content.external_id, content.language
    item = ItemDraft(
        row=number,
        messages=content.messages,
        completions=content.completions,
        external_id=(
            short_text(row, mapping, "external_id")
            if external_id is None
            else limited(external_id, mapping.column("external_id"), "external_id")
        ),
        language=short_text(row, mapping, "language") if language is None else language,
        category=short_text(row, mapping, "category"),
        source=short_text(row, mapping, "source"),
        metadata=rest(row, mapping) if content.metadata is None else content.metadata,
        labels=content.labels,
        gold=content.gold,
    )
    return [item, *problems]


def content_problems(
    number: int, mapping: ColumnMapping, content: Content
) -> list[RowProblem]:
    """Return what is wrong with a prompt and its completions."""
    problems: list[RowProblem] = []
    prompt = mapping.column("messages") or mapping.column("prompt")
    if not content.messages or not content.messages[-1].content.strip():
        problems.append(
            RowProblem(
                number,
                prompt,
                _("The prompt is empty."),
                _("Write the prompt, or map the column that holds it."),
            )
        )
    texts = [completion.text for completion in content.completions]
    columns = mapping.columns("completions")
    for place, text in enumerate(texts):
        if not text.strip():
            field = (
                columns[place] if len(columns) == len(texts) else "".join(columns[:1])
            )
            problems.append(_empty(number, field, place + 1, mapping.allow_empty))
    return problems + _count_problems(number, mapping, texts)


def _empty(number: int, field: str, place: int, is_allowed: bool) -> RowProblem:
    fix = (
        _("Check that the model really answered nothing; the item is taken as it is.")
        if is_allowed
        else _("Fill it in, remove it from the item, or allow empty completions.")
    )
    return RowProblem(
        number,
        field,
        _("Completion {place} is empty.").format(place=place),
        fix,
        is_allowed,
    )


def _has(n: int) -> str:
    if not n:
        return _("The item has no completion.")
    return ngettext(
        "The item has one completion only.", "The item has {n} completions.", n
    ).format(n=n)


def _wants(n_least: int) -> str:
    if n_least == 2:
        return _(
            "Give the row at least 2 completions, or take items with one completion, "
            "for a project that rates."
        )
    return ngettext(
        "Give the row at least {n} completions.",
        "Give the row at least {n} completions.",
        n_least,
    ).format(n=n_least)


def _count_problems(
    number: int, mapping: ColumnMapping, texts: Sequence[str]
) -> list[RowProblem]:
    field = mapping.column("completions")
    n_least = mapping.min_completions
    if len(texts) < n_least:
        return [RowProblem(number, field, _has(len(texts)), _wants(n_least))]
    if len(texts) > MAX_COMPLETIONS:
        problem = _(
            "The item has {n} completions; the limit is {max_completions}."
        ).format(n=len(texts), max_completions=MAX_COMPLETIONS)
        return [RowProblem(number, field, problem, _("Split it over several items."))]
    filled = [text for text in texts if text.strip()]
    if len(set(filled)) < len(filled):
        return [
            RowProblem(
                number,
                field,
                _("Two completions of the item are identical."),
                _("Check that this is meant; the item is taken as it is."),
                is_warning=True,
            )
        ]
    return []


def make_label(
    mapping: ColumnMapping, answers: Mapping[str, Any], annotator: str = "", **more: Any
) -> LabelDraft:
    """Return a label, made by whom the mapping says."""
    return LabelDraft(
        annotator=annotator or mapping.labels_name or "imported labels",
        is_machine=mapping.labels_by == "machine",
        answers=answers,
        **more,
    )
