"""PURE: LLMBar: pairs with one known label, and evaluators' verdicts in both orders."""

from collections.abc import Mapping
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
    fields,
    limited,
    make_label,
)
from annotation.formats.shapes.parts import read_completions, text_of
from annotation.formats.types import LabelDraft, LabelsDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

PERSON = "LLMBar"
# The keys of the last object of `results`, and the order in which each shows the pair.
ORDERS: Mapping[str, tuple[int, int]] = {"swap = False": (0, 1), "swap = True": (1, 0)}
ORDER_INCONSISTENT = "order_inconsistent"


def guess_items(sample: Sample) -> ColumnMapping | None:
    """Know a pair of outputs to an input with its label."""
    if not sample.has("input", "output_1", "output_2", "label"):
        return None
    if not all(asked.verdict_key(v) in ("1", "2") for v in sample.values("label")):
        return None
    found = fields(
        prompt="input",
        completions=("output_1", "output_2"),
        verdict="label",
        subset="subset" if sample.has("subset") else "",
        index="index" if sample.has("index") else "",
    )
    return ColumnMapping("llmbar", found, labels_by="human", labels_name=PERSON)


def convert_items(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of two outputs, with the label of those who wrote the set."""
    column = mapping.column("verdict")
    labels: tuple[LabelDraft, ...] = ()
    metadata: dict[str, Any] = {}
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = row.get(column)
    else:
        answers = {"preference": asked.verdict(row.get(column), {}, column)}
        labels = (make_label(mapping, answers),)
    subset, name = _subset(row, mapping), mapping.column("prompt")
    content = Content(
        (Message("user", text_of(row.get(name), name)),),
        read_completions(row, mapping),
        labels,
        {**metadata, **({"subset": subset} if subset else {})},
        external_id=_name(row, mapping),
    )
    return build_item(number, row, mapping, content)


def guess_verdicts(sample: Sample) -> ColumnMapping | None:
    """Know an evaluator's results in both orders."""
    if not sample.has("evaluator", "results", "index"):
        return None
    if not all(_is_both(value) for value in sample.values("results")):
        return None
    found = fields(
        subset="subset" if sample.has("subset") else "",
        index="index",
        evaluator="evaluator",
        results="results",
    )
    return ColumnMapping("llmbar_verdicts", found, labels_by="machine")


def _is_both(value: object) -> bool:
    last = value[-1] if isinstance(value, list) and value else None
    return isinstance(last, Mapping) and all(name in last for name in ORDERS)


def convert_verdicts(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make three labels: one for each order, and one of both together.

    Where the orders name different outputs the verdict of both is a tie that says so;
    where one of them could not be read, there is none.
    """
    name = mapping.column("results")
    results = row.get(name)
    if not _is_both(results):
        raise RowFault(
            name,
            _("The results do not end with a verdict for both orders."),
            _('Give the last object "swap = False" and "swap = True".'),
        )
    column = mapping.column("evaluator")
    evaluator = limited(text_of(row.get(column), column).strip(), column, "models")
    if not evaluator:
        raise RowFault(
            column, _("The row names no evaluator."), _("Fill in the evaluator.")
        )
    last = results[-1]  # type: ignore[index]
    more = {key: value for key, value in last.items() if key not in ORDERS}
    both = [
        _of_order(mapping, evaluator, last[key], order, more)
        for key, order in ORDERS.items()
    ]
    labels = (*both, _of_both(mapping, evaluator, both))
    return [LabelsDraft(number, _name(row, mapping), labels)]


def _of_order(
    mapping: ColumnMapping,
    evaluator: str,
    given: Any,
    order: tuple[int, int],
    more: Mapping[str, Any],
) -> LabelDraft:
    told = given if isinstance(given, Mapping) else {}
    said = told.get("completion")
    raw = str(said[0]) if isinstance(said, list) and said else ""
    winner = asked.verdict_key(told.get("winner"))
    is_read = winner in ("1", "2")
    answers = {"preference": asked.verdict(winner, {}, "results")} if is_read else {}
    return make_label(
        mapping,
        answers,
        evaluator,
        status="ok" if is_read else "unparsable",
        raw=raw,
        order=order,
        metadata=dict(more),
    )


def _of_both(
    mapping: ColumnMapping, evaluator: str, both: list[LabelDraft]
) -> LabelDraft:
    if any(label.status != "ok" for label in both):
        return make_label(mapping, {}, evaluator, status="unparsable")
    values = [label.answers["preference"]["value"] for label in both]
    is_same = values[0] == values[1]
    return make_label(
        mapping,
        {"preference": {"value": values[0] if is_same else 0}},
        evaluator,
        flags=() if is_same else (ORDER_INCONSISTENT,),
    )


def _subset(row: Row, mapping: ColumnMapping) -> str:
    column = mapping.column("subset")
    return text_of(row.get(column), column).strip() if column else ""


def _name(row: Row, mapping: ColumnMapping) -> str:
    """Return the external id of an item: its subset and its index there."""
    column = mapping.column("index")
    index = str(row.get(column, "")).strip() if column else ""
    parts = [part for part in (_subset(row, mapping), index) if part]
    return limited("/".join(parts), column, "external_id")


def questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison."""
    return [asked.comparison()]


LLMBAR = Shape(
    name="llmbar",
    title=gettext_noop("Pairs with one known label (LLMBar)"),
    help=gettext_noop("Each row has an input, output_1, output_2, and a label 1 or 2."),
    roles=("prompt", "completions", "verdict", "subset", "index"),
    required=(("prompt",), ("completions",), ("verdict",)),
    guess=guess_items,
    convert=convert_items,
    questions=questions,
    has_labels=True,
)
LLMBAR_VERDICTS = Shape(
    name="llmbar_verdicts",
    title=gettext_noop("Evaluators' verdicts in both orders (LLMBar)"),
    help=gettext_noop(
        "Each row names an item by subset and index, an evaluator, and its results "
        "with and without the two outputs swapped."
    ),
    roles=("subset", "index", "evaluator", "results"),
    required=(("index",), ("evaluator",), ("results",)),
    guess=guess_verdicts,
    convert=convert_verdicts,
    questions=questions,
    has_labels=True,
)
