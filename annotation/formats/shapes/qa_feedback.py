"""PURE: four predictions and six preferences between them: QA-Feedback.

The six preferences become one ranking where they fit one, or six items with one
comparison each, which loses nothing.
"""

from itertools import combinations
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    Content,
    Draft,
    Row,
    RowFault,
    Sample,
    Shape,
    build_item,
    common_fields,
    fields,
    make_label,
    rest,
    short_text,
)
from annotation.formats.shapes.columns import numbered
from annotation.formats.shapes.parts import (
    as_list,
    completion_of,
    read_completions,
    read_prompt,
)
from annotation.formats.types import LabelDraft, RowProblem
from annotation.words import gettext as _
from annotation.words import gettext_noop

COMMON = ("external_id", "language", "category", "source")


def guess(sample: Sample) -> ColumnMapping | None:
    """Know numbered predictions with the list of their preferences."""
    predictions = numbered(sample.columns, "prediction")
    if not predictions or not sample.has("question", "preference"):
        return None
    if not sample.all_are("preference", list, str):
        return None
    found = {
        **common_fields(sample),
        **fields(prompt="question", completions=predictions, preferences="preference"),
    }
    return ColumnMapping(
        "qa_feedback", found, labels_by="human", labels_name="unnamed annotator"
    )


def _preferences(row: Row, mapping: ColumnMapping) -> dict[tuple[int, int], int]:
    """Return +1, -1 or 0 for each pair of places, the first place being the lower."""
    column = mapping.column("preferences")
    pairs = list(combinations(range(len(mapping.columns("completions"))), 2))
    values = as_list(row.get(column), column)
    if len(values) != len(pairs):
        raise RowFault(
            column,
            _("The row has {n_values} preferences for {n_pairs} pairs.").format(
                n_values=len(values), n_pairs=len(pairs)
            ),
            _("Write one for each pair: 1, 2, or 0 where neither is preferred."),
        )
    return {
        pair: asked.verdict(value, {}, column)["value"]
        for pair, value in zip(pairs, values, strict=True)
    }


def tiers_of(preferences: dict[tuple[int, int], int], n: int) -> list[list[int]] | None:
    """Return the ranking with ties that gives exactly these preferences, if any.

    A ranking with ties has n completions in tiers; its wins minus losses put them in
    order, so it is enough to check that order against every preference.
    """
    surplus = [0] * n
    for (first, second), value in preferences.items():
        surplus[first] += value
        surplus[second] -= value
    for (first, second), value in preferences.items():
        difference = surplus[first] - surplus[second]
        if (difference > 0) - (difference < 0) != value:
            return None
    levels = sorted(set(surplus), reverse=True)
    return [[k for k in range(n) if surplus[k] == level] for level in levels]


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of all predictions, with their ranking."""
    columns = mapping.columns("completions")
    completions = tuple(completion_of(row.get(name), name) for name in columns)
    metadata = rest(row, mapping)
    column = mapping.column("preferences")
    labels: tuple[LabelDraft, ...] = ()
    problems: list[Draft] = []
    tiers = None
    if mapping.labels_by != "leave_out":
        tiers = tiers_of(_preferences(row, mapping), len(completions))
        if tiers is None:
            problems.append(_no_ranking(number, column))
    if tiers is None:
        metadata["source_label"] = row.get(column)
    else:
        answers: dict[str, Any] = {"ranking": {"tiers": tiers, "unacceptable": []}}
        labels = (make_label(mapping, answers),)
    content = Content(read_prompt(row, mapping), completions, labels, metadata)
    return [*build_item(number, row, mapping, content), *problems]


def _no_ranking(number: int, column: str) -> RowProblem:
    return RowProblem(
        number,
        column,
        _(
            "The preferences of the row fit no ranking, so its label is left out "
            "and kept in the metadata."
        ),
        _("Import the file as pairs to keep each preference as a comparison."),
        is_warning=True,
    )


def ranking_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the ranking with ties."""
    return [asked.ranking()]


# --- as pairs -------------------------------------------------------------------------


def convert_pairs(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of each pair of predictions, with its comparison."""
    columns = mapping.columns("completions")
    base = short_text(row, mapping, "external_id")
    drafts: list[Draft] = []
    for (first, second), value in _preferences(row, mapping).items():
        pair = mapping.with_fields(completions=(columns[first], columns[second]))
        names = {"pair": [columns[first], columns[second]]}
        metadata = {**rest(row, mapping), **names}
        labels: tuple[LabelDraft, ...] = ()
        if mapping.labels_by == "leave_out":
            metadata["source_label"] = value
        else:
            labels = (make_label(mapping, {"preference": {"value": value}}),)
        content = Content(
            read_prompt(row, pair),
            read_completions(row, pair),
            labels,
            metadata,
            external_id=f"{base}-{first + 1}v{second + 1}" if base else "",
        )
        drafts += build_item(number, row, pair, content)
    return drafts


def pair_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison with a tie."""
    return [asked.comparison()]


def no_guess(_sample: Sample) -> ColumnMapping | None:
    """Recognise nothing: a person chooses this shape."""
    return None


_ROLES = ("prompt", "completions", "preferences", *COMMON)
_REQUIRED = (("prompt",), ("completions",), ("preferences",))
QA_FEEDBACK = Shape(
    name="qa_feedback",
    title=gettext_noop(
        "Numbered predictions with preferences (QA-Feedback), as rankings"
    ),
    help=gettext_noop(
        "Each row has a question, predictions, and a preference for each pair of "
        "them. The preferences become one ranking."
    ),
    roles=_ROLES,
    required=_REQUIRED,
    guess=guess,
    convert=convert,
    questions=ranking_questions,
    has_labels=True,
)
QA_FEEDBACK_PAIRS = Shape(
    name="qa_feedback_pairs",
    title=gettext_noop("Numbered predictions with preferences (QA-Feedback), as pairs"),
    help=gettext_noop(
        "Each pair of predictions becomes an item of its own with one comparison."
    ),
    roles=_ROLES,
    required=_REQUIRED,
    guess=no_guess,
    convert=convert_pairs,
    questions=pair_questions,
    has_labels=True,
)
