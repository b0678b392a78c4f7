"""PURE: the shapes in which rows hold items, recognised without configuration.

Step import. `recognise` proposes a mapping from the first rows, `mapping_problems`
says what it lacks, `read_items` turns all rows into drafts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from annotation.answers import (
    InvalidQuestionsError,
    Problem,
    Question,
    filled,
    parse_questions,
    validate,
)
from annotation.formats.mapping import ColumnMapping, InvalidMappingError
from annotation.formats.shapes import (
    arena,
    columns,
    crowd,
    helpsteer,
    label_studio,
    labels_only,
    llmbar,
    multipref,
    native,
    prism,
    qa_feedback,
    rated,
    trees,
    trl,
)
from annotation.formats.shapes.base import (
    MAX_COMPLETIONS,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
)
from annotation.formats.types import ItemDraft, LabelDraft, RowProblem
from annotation.spans import bind, has_spans
from annotation.words import gettext as _
from annotation.words import join_or

__all__ = [
    "LABELS_ALONE",
    "SHAPES",
    "Draft",
    "Shape",
    "columns_of",
    "label_questions",
    "mapping_problems",
    "read_items",
    "recognise",
    "to_items",
]
NumberedRow: TypeAlias = tuple[int, Mapping[str, Any]]

# In the order in which they are tried: what is most particular comes first.
SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        label_studio.LABEL_STUDIO,
        trees.TREES,
        prism.PRISM,
        crowd.UKPCONVARG1,
        crowd.PANDALM,
        llmbar.LLMBAR,
        llmbar.LLMBAR_VERDICTS,
        qa_feedback.QA_FEEDBACK,
        qa_feedback.QA_FEEDBACK_PAIRS,
        multipref.MULTIPREF,
        arena.ARENA,
        arena.ARENA_TABLE,
        helpsteer.PREFERENCE2,
        helpsteer.PREFERENCE3,
        helpsteer.RATINGS,
        rated.ULTRAFEEDBACK,
        rated.DISTILABEL,
        trl.HH_RLHF,
        trl.PREFERENCE,
        trl.UNPAIRED,
        native.NATIVE,
        labels_only.LABELS_ONLY,
        columns.COLUMNS,
    )
}

# Files of these hold labels and no item.
LABELS_ALONE = (labels_only.LABELS_ONLY.name, llmbar.LLMBAR_VERDICTS.name)


def recognise(rows: Sequence[Mapping[str, Any]]) -> ColumnMapping:
    """Propose a mapping from the first rows of a file; fifty are plenty.

    Where no shape fits, the mapping has the shape `columns` and the roles that could
    be guessed; `mapping_problems` then says what a person still has to map.
    """
    sample = Sample(rows)
    for shape in SHAPES.values():
        try:
            found = shape.guess(sample)
        except RowFault:
            # A value that does not fit the shape means that it is another shape.
            continue
        if found is not None:
            return found
    return ColumnMapping("columns")


def mapping_problems(
    mapping: ColumnMapping, available: Sequence[str] = ()
) -> list[Problem]:
    """Return what must be mapped before the file can be read; [] = nothing.

    `available`: the columns of the file, where they are known.
    """
    shape = SHAPES.get(mapping.shape)
    if shape is None:
        return [
            Problem(
                "shape",
                _("There is no shape called {shape!r}.").format(shape=mapping.shape),
            )
        ]
    problems = [
        Problem(
            f"fields.{choice[0]}",
            _("No column is mapped to {choice}. Map one.").format(
                choice=join_or(choice).replace("_", " ")
            ),
        )
        for choice in shape.required
        if not any(mapping.columns(role) for role in choice)
    ]
    if mapping.shape in LABELS_ALONE and mapping.labels_by == ("leave_out"):
        problems.append(
            Problem("labels_by", _("The file holds labels alone. Say who made them."))
        )
    if available and not shape.columns_within:
        problems += [
            Problem(
                f"fields.{role}",
                _("The file has no column {name!r}. Map another.").format(name=name),
            )
            for role, names in mapping.fields.items()
            for name in names
            if name not in available
        ]
    return problems


def columns_of(
    rows: Sequence[Mapping[str, Any]], mapping: ColumnMapping
) -> tuple[str, ...]:
    """Return the columns of the first rows among which a person may choose."""
    within = _shape(mapping).columns_within
    inner = [row.get(within) for row in rows] if within else rows
    return Sample([row for row in inner if isinstance(row, Mapping)]).columns


def label_questions(mapping: ColumnMapping) -> list[dict[str, Any]]:
    """Return the questions that the labels of the file answer; [] = it brings none.

    In the form that answers.parse_questions reads. A label with questions of its own
    (see LabelDraft) answers those instead.

    Raises
    ------
    InvalidMappingError
        If the mapping names no shape that is known.
    """
    shape = _shape(mapping)
    if mapping.labels_by == "leave_out" or not shape.has_labels:
        return []
    return shape.questions(mapping)


def _shape(mapping: ColumnMapping) -> Shape:
    shape = SHAPES.get(mapping.shape)
    if shape is None:
        raise InvalidMappingError(
            _("There is no shape called {shape!r}.").format(shape=mapping.shape)
        )
    return shape


def to_items(
    row_number: int, row: Mapping[str, Any], mapping: ColumnMapping
) -> list[Draft]:
    """Turn one row into items, labels or problems.

    Most rows give one item; a tree gives several. A `RowProblem` that is no warning
    stands for something that is missing from the result.
    """
    return list(read_items([(row_number, row)], mapping))


def read_items(
    rows: Iterable[NumberedRow | RowProblem], mapping: ColumnMapping
) -> Iterator[Draft]:
    """Turn the rows of a reader into items, labels and problems, as they come.

    Consecutive rows that belong together (one completion a row) become one item.

    Raises
    ------
    InvalidMappingError
        If the mapping lacks something (see mapping_problems); at the first item.
    """
    if problems := mapping_problems(mapping):
        raise InvalidMappingError(" ".join(problem.message for problem in problems))
    shape = _shape(mapping)
    raw = label_questions(mapping)
    try:
        questions = parse_questions(raw) if raw else ()
    except InvalidQuestionsError as error:
        raise InvalidMappingError(
            _("The labels cannot be read: {error}").format(error=error)
        ) from error
    for read in _grouped(rows, shape, mapping) if shape.grouped_by else rows:
        if isinstance(read, RowProblem):
            yield read
        else:
            yield from _convert(shape, read[0], read[1], mapping, questions)


def _convert(
    shape: Shape,
    number: int,
    row: Row,
    mapping: ColumnMapping,
    questions: Sequence[Question],
) -> Iterator[Draft]:
    try:
        drafts = shape.convert(number, row, mapping)
    except RowFault as fault:
        yield _of_group(fault.at(number), row) if shape.grouped_by else fault.at(number)
        return
    for draft in drafts:
        found = _label_problem(draft, questions) or _with_filled(draft, questions)
        if shape.grouped_by and isinstance(found, RowProblem):
            found = _of_group(found, row)
        yield found


def _of_group(problem: RowProblem, row: Row) -> RowProblem:
    """Say of a problem to which rows it belongs, where several make one item."""
    numbers = [number for number, _ in row["rows"]]
    if len(numbers) == 1:
        return problem
    text = _("{problem} This concerns rows {first} to {last}.").format(
        problem=problem.problem, first=numbers[0], last=numbers[-1]
    )
    return replace(problem, problem=text)


def _label_problem(draft: Draft, questions: Sequence[Question]) -> RowProblem | None:
    if isinstance(draft, RowProblem):
        return None
    n_completions = len(draft.completions) if isinstance(draft, ItemDraft) else 2
    for label in draft.labels:
        if label.status != "ok":
            continue
        if label.order is not None and len(label.order) != n_completions:
            path, message = "order", _("The order does not name each completion.")
        elif problems := _invalid(label, questions, draft, n_completions):
            path, message = problems[0].path, problems[0].message
        else:
            continue
        return RowProblem(
            draft.row,
            "labels",
            _("The label of {annotator!r} does not fit ({path}): {message}").format(
                annotator=label.annotator, path=path, message=message
            ),
            _("Mend the label, or import the file without its labels."),
        )
    return None


def _with_filled(draft: Draft, questions: Sequence[Question]) -> Draft:
    """Write out what the labels leave to infer, as for answers given on the desk."""
    if not isinstance(draft, ItemDraft):
        return draft
    n = len(draft.completions)
    labels = tuple(
        _bound(_filled(label, questions, n), questions, draft) for label in draft.labels
    )
    return draft if labels == draft.labels else replace(draft, labels=labels)


def _filled(
    label: LabelDraft, questions: Sequence[Question], n_completions: int
) -> LabelDraft:
    if label.questions is None:
        leaves = any(q.n_places or q.allow_partial for q in questions)
    else:
        leaves = any(
            q.get("n_places") or q.get("allow_partial") for q in label.questions
        )
    if label.status != "ok" or not leaves:
        return label
    asked = _asked(label, questions)
    return replace(label, answers=filled(asked, label.answers, n_completions))


def _bound(
    label: LabelDraft, questions: Sequence[Question], draft: ItemDraft
) -> LabelDraft:
    if label.questions is None:
        is_marked = has_spans(questions)
    else:
        is_marked = any(raw.get("type") == "spans" for raw in label.questions)
    if label.status != "ok" or not is_marked:
        return label
    asked = _asked(label, questions)
    return replace(label, answers=bind(asked, label.answers, _texts(draft))[0])


def _asked(label: LabelDraft, questions: Sequence[Question]) -> Sequence[Question]:
    return questions if label.questions is None else parse_questions(label.questions)


def _invalid(
    label: LabelDraft, questions: Sequence[Question], draft: Draft, n_completions: int
) -> list[Problem]:
    asked = _asked(label, questions)
    problems = validate(asked, label.answers, n_completions)
    if problems or not isinstance(draft, ItemDraft) or not has_spans(asked):
        return problems
    return bind(asked, label.answers, _texts(draft))[1]


def _texts(draft: ItemDraft) -> list[str]:
    return [completion.text for completion in draft.completions]


def _grouped(
    rows: Iterable[NumberedRow | RowProblem], shape: Shape, mapping: ColumnMapping
) -> Iterator[NumberedRow | RowProblem]:
    """Join consecutive rows with the same value of the role that groups."""
    column = mapping.column(shape.grouped_by)
    group: list[NumberedRow] = []
    for read in rows:
        if isinstance(read, RowProblem):
            yield read
            continue
        is_same = group and group[0][1].get(column) == read[1].get(column)
        # One row over the limit is enough for the item to be refused.
        if group and (not is_same or len(group) > MAX_COMPLETIONS):
            yield group[0][0], {"rows": group}
            group = []
        group.append(read)
    if group:
        yield group[0][0], {"rows": group}
