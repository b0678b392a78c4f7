"""PURE: prompt and completions in columns of any usual name, or in one list.

The shape for `prompt/answer1/answer2`, `instruction/response1/response2`,
`prompt/responses` and their kin, and the one a person maps by hand.
"""

import re
from collections.abc import Sequence
from typing import Any

from annotation.formats.mapping import ColumnMapping
from annotation.formats.shapes import asked
from annotation.formats.shapes.base import (
    GOLD_ROLES,
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
)
from annotation.formats.shapes.gold import read_gold_columns
from annotation.formats.shapes.parts import (
    looks_like_messages,
    read_completions,
    read_prompt,
)
from annotation.formats.types import LabelDraft
from annotation.words import gettext as _
from annotation.words import gettext_noop

PROMPTS = ("prompt", "instruction", "question", "query", "input", "text", "title")
STEMS = [
    "answer",
    "response",
    "completion",
    "output",
    "generation",
    "candidate",
    "reply",
    "summary",
]
LISTS = [
    "completions",
    "responses",
    "answers",
    "generations",
    "outputs",
    "candidates",
    "items",
    "replies",
    "summaries",
    "options",
    "choices",
]
MODEL_LISTS = ("models", "generation_models", "generation_model", "model_names")
WINNERS = ["winner", "preference", "preferred", "verdict", "label", "choice", "better"]
NUMBERED = re.compile(r"([a-z_ ]*?)[ _-]?([a-h]|[1-9]\d?)", re.IGNORECASE)


def numbered(columns: Sequence[str], stem: str) -> tuple[str, ...]:
    """Return the columns `stem` + letter or number, in their order; two at least."""
    found = [
        (int(match[2]) if match[2].isdigit() else ord(match[2].lower()), column)
        for column in columns
        if (match := NUMBERED.fullmatch(column)) and match[1].lower() == stem
    ]
    return tuple(column for _, column in sorted(found)) if len(found) > 1 else ()


def prompt_fields(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Find the columns of the prompt: messages, prompt, input and system."""
    prompt = sample.find(*PROMPTS)
    extra = sample.find("input", "context")
    messages = next(
        (
            column
            for column in map(sample.find, ("messages", "conversation", "context"))
            if column and any(looks_like_messages(v) for v in sample.values(column))
        ),
        "",
    )
    if extra in (prompt, messages) or not sample.all_are(extra, str):
        extra = ""
    return fields(
        messages=messages,
        prompt=prompt,
        input=extra,
        system=sample.find("system", "system_prompt"),
    )


def completion_fields(sample: Sample) -> dict[str, tuple[str, ...]]:
    """Find the columns of the completions and of their models."""
    for stem in STEMS:
        if columns := numbered(sample.columns, stem):
            models = numbered(sample.columns, "model")
            return fields(completions=columns, models=models)
    # One answer in a row is known too, so that its row can say what is missing.
    column = sample.find(*LISTS, *STEMS)
    if column and not sample.all_are(column, list, str):
        column = ""
    return fields(completions=column, models=sample.find(*MODEL_LISTS))


def guess(sample: Sample) -> ColumnMapping:
    """Map what has a usual name; the person maps the rest."""
    found = {
        **common_fields(sample),
        **prompt_fields(sample),
        **completion_fields(sample),
    }
    # Without a use nobody asked for checks: many sets have a column of that name.
    if sample.has("gold", "gold_use"):
        found |= {role: (role,) for role in GOLD_ROLES if sample.has(role)}
    options: dict[str, Any] = {}
    column = sample.find(*WINNERS)
    is_pair = len(found.get("completions", ())) == 2
    if is_pair and (words := asked.verdict_words(sample.values(column))):
        found["winner"] = (column,)
        options["verdicts"] = words
    return ColumnMapping("columns", found, options=options)


def convert(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of one row."""
    completions = read_completions(row, mapping)
    labels = winner_labels(row, mapping)
    metadata = rest(row, mapping)
    winner = mapping.column("winner")
    if winner and not labels and row.get(winner) is not None:
        metadata["source_label"] = row[winner]
    content = Content(
        read_prompt(row, mapping),
        completions,
        labels,
        metadata,
        gold=read_gold_columns(row, mapping),
    )
    return build_item(number, row, mapping, content)


def winner_labels(row: Row, mapping: ColumnMapping) -> tuple[LabelDraft, ...]:
    """Return the label of a winner column, if the mapping says who made it."""
    column = mapping.column("winner")
    value = row.get(column) if column else None
    if mapping.labels_by == "leave_out" or value in (None, ""):
        return ()
    words = mapping.options.get("verdicts", {})
    if not words and asked.verdict_key(value) == "0":
        raise RowFault(
            column,
            _("It is not known whether the verdict 0 means the first answer or a tie."),
            _("Write 1, 2 and tie instead, or leave the labels out."),
        )
    return (make_label(mapping, {"preference": asked.verdict(value, words, column)}),)


def questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison that the winner column answers."""
    return [asked.comparison(allow_both_bad=True)] if mapping.column("winner") else []


COLUMNS = Shape(
    name="columns",
    title=gettext_noop("Prompt and completions in columns"),
    help=gettext_noop(
        "Each row is an item. Map the prompt, and the completions as one column "
        "each or as one column that holds a list."
    ),
    roles=(
        "prompt",
        "messages",
        "system",
        "input",
        "completions",
        "models",
        "external_id",
        "language",
        "category",
        "source",
        "winner",
        *GOLD_ROLES,
    ),
    required=(("prompt", "messages"), ("completions",)),
    guess=guess,
    convert=convert,
    questions=questions,
    has_labels=True,
)
