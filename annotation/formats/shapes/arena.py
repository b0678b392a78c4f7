"""PURE: battles of two models: LMSYS's conversations and the flat arena table."""

import re
from typing import Any

from annotation.formats.mapping import ColumnMapping, LabelsBy
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
    limited,
    make_label,
    rest,
)
from annotation.formats.shapes.parts import (
    as_list,
    read_messages,
    split_dialogues,
    text_of,
)
from annotation.formats.types import CompletionDraft, LabelDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

WORDS = {"model_a": 1, "model_b": -1, "tie": 0, "tie (bothbad)": asked.BOTH_BAD}
FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
MACHINE = re.compile(r"gpt|claude|gemini|llama|judge|qwen|mistral", re.IGNORECASE)
PERSON = re.compile(r"arena_user|user|expert|author|human|annotator", re.IGNORECASE)
COMMON = ("external_id", "language", "category", "source")


def guess_battles(sample: Sample) -> ColumnMapping | None:
    """Know two conversations and their winner."""
    if not sample.has("conversation_a", "conversation_b", "winner"):
        return None
    judge = sample.find("judge", "judge_hash")
    found = {
        **_ids(sample),
        **fields(
            completions=("conversation_a", "conversation_b"),
            models=[name for name in ("model_a", "model_b") if sample.has(name)],
            winner="winner",
            judge=judge,
        ),
    }
    labels_by = _made_by(sample, judge)
    return ColumnMapping("arena", found, labels_by=labels_by, labels_name="arena votes")


def _ids(sample: Sample) -> dict[str, tuple[str, ...]]:
    found = common_fields(sample)
    if "external_id" not in found and sample.is_unique("question_id"):
        found["external_id"] = ("question_id",)
    return found


def _made_by(sample: Sample, judge: str) -> LabelsBy:
    names = [str(value) for value in sample.values(judge)] if judge else []
    if names and all(MACHINE.search(name) for name in names):
        return "machine"
    if names and (judge == "judge_hash" or all(PERSON.search(name) for name in names)):
        return "human"
    return "leave_out"


def convert_battle(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item: what both conversations begin with, and how each goes on."""
    columns = mapping.columns("completions")
    dialogues = [read_messages(row.get(column), column) for column in columns]
    messages, completions = split_dialogues(dialogues, columns[0])
    return _battle(number, row, mapping, messages, completions)


def _battle(
    number: int,
    row: Row,
    mapping: ColumnMapping,
    messages: tuple[Message, ...],
    drafts: tuple[CompletionDraft, ...],
) -> list[Draft]:
    names = [text_of(row.get(name), name) for name in mapping.columns("models")]
    names += [""] * (len(drafts) - len(names))
    completions = tuple(
        CompletionDraft(
            draft.text, limited(name, "model_a", "models"), "", draft.metadata
        )
        for draft, name in zip(drafts, names, strict=False)
    )
    metadata = rest(row, mapping)
    labels: tuple[LabelDraft, ...] = ()
    winner = _winner(row, mapping)
    if mapping.labels_by == "leave_out":
        metadata["source_label"] = winner
    elif winner is not None:
        field = mapping.column("winner")
        answers = {"preference": asked.verdict(winner, WORDS, field)}
        labels = (make_label(mapping, answers, _judge(row, mapping)),)
    content = Content(messages, completions, labels, metadata)
    return build_item(number, row, mapping, content)


def _judge(row: Row, mapping: ColumnMapping) -> str:
    column = mapping.column("judge")
    value = row.get(column) if column else None
    if isinstance(value, list):
        value = "/".join(str(part) for part in value)
    return limited(str(value), column, "judge") if value else ""


def _winner(row: Row, mapping: ColumnMapping) -> Any:
    columns = mapping.columns("winner")
    if len(columns) < 3:
        return row.get(columns[0]) if columns else None
    flags = [asked.whole_number(row.get(name) or 0, name) for name in columns]
    if sorted(flags) != [0, 0, 1]:
        raise RowFault(
            columns[0],
            _("The three winner flags do not name exactly one outcome."),
            _("Write 1 in one of them and 0 in the others."),
        )
    return ("model_a", "model_b", "tie")[flags.index(1)]


# --- the flat table ---------------------------------------------------------------


def guess_table(sample: Sample) -> ColumnMapping | None:
    """Know the table in which a prompt and two responses are lists of turns."""
    if not sample.has("prompt", "response_a", "response_b", *FLAGS):
        return None
    found = {
        **common_fields(sample),
        **fields(
            prompt="prompt",
            completions=("response_a", "response_b"),
            models=[name for name in ("model_a", "model_b") if sample.has(name)],
            winner=FLAGS,
        ),
    }
    return ColumnMapping("arena_table", found, labels_name="arena votes")


def convert_table_row(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of one line of the table."""
    prompt, columns = mapping.column("prompt"), mapping.columns("completions")
    asked_turns = _turns(row.get(prompt), prompt)
    dialogues = [
        _dialogue(asked_turns, _turns(row.get(column), column), column)
        for column in columns
    ]
    messages, completions = split_dialogues(dialogues, prompt)
    return _battle(number, row, mapping, messages, completions)


def _turns(value: object, field: str) -> list[str]:
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [value]
    # A reply that failed is null in the table.
    return [text_of(part, field) for part in as_list(value, field)]


def _dialogue(said: list[str], replies: list[str], field: str) -> tuple[Message, ...]:
    if len(said) != len(replies):
        raise RowFault(
            field,
            _(
                "The prompt has {n_said} turns, but there are {n_replies} replies."
            ).format(n_said=len(said), n_replies=len(replies)),
            _("Give each turn of the prompt one reply."),
        )
    return tuple(
        message
        for prompt, reply in zip(said, replies, strict=True)
        for message in (Message("user", prompt), Message("assistant", reply))
    )


def questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the vote: one of two, a tie, or both bad."""
    return [asked.comparison(allow_both_bad=True)]


ARENA = Shape(
    name="arena",
    title=gettext_noop("Battles of two models (LMSYS arena)"),
    help=gettext_noop(
        "Each row has two conversations and a winner: model_a, model_b, tie or "
        "tie (bothbad). Labels come in where a judge column tells people from "
        "machines."
    ),
    roles=("completions", "models", "winner", "judge", *COMMON),
    required=(("completions",),),
    guess=guess_battles,
    convert=convert_battle,
    questions=questions,
    has_labels=True,
)
ARENA_TABLE = Shape(
    name="arena_table",
    title=gettext_noop("Battles in a table (arena 55k)"),
    help=gettext_noop("Each row has a prompt, two responses and three winner flags."),
    roles=("prompt", "completions", "models", "winner", *COMMON),
    required=(("prompt",), ("completions",)),
    guess=guess_table,
    convert=convert_table_row,
    questions=questions,
    has_labels=True,
)
