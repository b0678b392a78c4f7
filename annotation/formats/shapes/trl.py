"""PURE: pairs of a chosen and a rejected reply, and single replies with a label.

TRL's preference formats (explicit, implicit, conversational), its kin
ultrafeedback_binarized, the transcripts of HH-RLHF, and TRL's unpaired format. Such
files do not say who chose, so the choice stays in the metadata until a person says.
"""

import re
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
    common_fields,
    fields,
    make_label,
    rest,
)
from annotation.formats.shapes.parts import (
    completion_of,
    dialogue_completion,
    looks_like_messages,
    prompt_messages,
    read_messages,
    split_dialogues,
    text_of,
)
from annotation.formats.types import CompletionDraft, LabelDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

TURN = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \t]*")
COMMON = ("external_id", "language", "category", "source")


def _pair_fields(sample: Sample) -> dict[str, tuple[str, ...]]:
    return {
        **common_fields(sample),
        **fields(
            prompt=sample.find("prompt", "instruction", "question"),
            system=sample.find("system", "system_prompt"),
            chosen=sample.find("chosen"),
            rejected=sample.find("rejected"),
            scores=[sample.find("score_chosen"), sample.find("score_rejected")]
            if sample.find("score_chosen") and sample.find("score_rejected")
            else (),
        ),
    }


def _is_transcript(value: object) -> bool:
    return isinstance(value, str) and value.lstrip("\n").startswith("Human:")


def guess_preference(sample: Sample) -> ColumnMapping | None:
    """Know `chosen` and `rejected`."""
    if not (sample.find("chosen") and sample.find("rejected")):
        return None
    return ColumnMapping("preference", _pair_fields(sample))


def guess_transcripts(sample: Sample) -> ColumnMapping | None:
    """Know `chosen` and `rejected` that hold whole transcripts."""
    chosen = sample.find("chosen")
    if not chosen or not sample.find("rejected"):
        return None
    if not all(_is_transcript(value) for value in sample.values(chosen)):
        return None
    found = _pair_fields(sample)
    found.pop("prompt", None)
    return ColumnMapping("hh_rlhf", found)


def convert_preference(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of a pair; the chosen completion is stored first."""
    messages, completions = _read_pair(row, mapping)
    return _pair_item(number, row, mapping, messages, completions)


def _pair_item(
    number: int,
    row: Row,
    mapping: ColumnMapping,
    messages: tuple[Message, ...],
    completions: tuple[CompletionDraft, ...],
) -> list[Draft]:
    system = mapping.column("system")
    if system and (text := text_of(row.get(system), system)).strip():
        messages = (Message("system", text), *messages)
    metadata = rest(row, mapping, _repeated(row, mapping))
    source: dict[str, Any] = {"chosen": 0}
    scores = [row.get(column) for column in mapping.columns("scores")]
    if any(score is not None for score in scores):
        source["scores"] = scores
    metadata["source_label"] = source
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by != "leave_out":
        labels = (make_label(mapping, {"preference": {"value": 1}}),)
    content = Content(messages, completions, labels, metadata)
    return build_item(number, row, mapping, content)


def _repeated(row: Row, mapping: ColumnMapping) -> tuple[str, ...]:
    # ultrafeedback_binarized repeats the chosen dialogue in a column of its own.
    chosen = row.get(mapping.column("chosen"))
    return ("messages",) if chosen and row.get("messages") == chosen else ()


def _read_pair(
    row: Row, mapping: ColumnMapping
) -> tuple[tuple[Message, ...], tuple[CompletionDraft, ...]]:
    columns = (mapping.column("chosen"), mapping.column("rejected"))
    cells = [(row.get(column), column) for column in columns]
    prompt = mapping.column("prompt")
    given = row.get(prompt) if prompt else None
    if all(looks_like_messages(value) for value, _ in cells):
        dialogues = [read_messages(value, column) for value, column in cells]
        if given is None or dialogues[0][0].role != "assistant":
            return split_dialogues(dialogues, columns[0])
        completions = tuple(dialogue_completion(part) for part in dialogues)
        return prompt_messages(given, prompt), completions
    if given is not None:
        completions = tuple(completion_of(value, column) for value, column in cells)
        return prompt_messages(given, prompt), completions
    return _split_texts([text_of(value, column) for value, column in cells], columns[0])


def _split_texts(
    texts: list[str], field: str
) -> tuple[tuple[Message, ...], tuple[CompletionDraft, ...]]:
    """Split two texts where they part, at the end of a line or else of a word."""
    pairs = enumerate(zip(*texts, strict=False))
    n_shared = next((k for k, pair in pairs if pair[0] != pair[1]), len(min(texts)))
    shared = texts[0][:n_shared]
    line_end = shared.rfind("\n") + 1
    word_end = max(shared.rfind(" "), shared.rfind("\t")) + 1
    n_shared = line_end or word_end
    if not texts[0][:n_shared].strip():
        raise RowFault(
            field,
            _("The row has no prompt, and its two texts share no beginning."),
            _("Give the prompt a column of its own and map it."),
        )
    prompt = texts[0][:n_shared].strip()
    return (Message("user", prompt),), tuple(
        CompletionDraft(text[n_shared:].strip()) for text in texts
    )


def convert_transcripts(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make an item of two transcripts that part at the last reply."""
    columns = (mapping.column("chosen"), mapping.column("rejected"))
    dialogues = [_turns(text_of(row.get(column), column), column) for column in columns]
    messages, completions = split_dialogues(dialogues, columns[0])
    return _pair_item(number, row, mapping, messages, completions)


def _turns(text: str, field: str) -> tuple[Message, ...]:
    parts = TURN.split(text)
    if parts[0].strip() or len(parts) < 3:
        raise RowFault(
            field,
            _("The transcript does not begin with “Human:”."),
            _("Begin each turn with an empty line and “Human:” or “Assistant:”."),
        )
    roles = {"Human": "user", "Assistant": "assistant"}
    return tuple(
        Message(roles[speaker], said.strip())
        for speaker, said in zip(parts[1::2], parts[2::2], strict=True)
    )


def pair_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the forced choice between chosen and rejected."""
    return [asked.comparison(allow_tie=False)]


# --- unpaired ---------------------------------------------------------------------


def guess_unpaired(sample: Sample) -> ColumnMapping | None:
    """Know one completion a row with a label that is true or false."""
    if not sample.has("prompt", "completion", "label"):
        return None
    found = {
        **common_fields(sample),
        **fields(prompt="prompt", completions="completion", accepted="label"),
    }
    found.pop("external_id", None)
    return ColumnMapping("unpaired", found)


def convert_unpaired(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of the consecutive rows that share a prompt."""
    rows: list[Mapping[str, Any]] = [part for _, part in row["rows"]]
    column = mapping.column("completions")
    completions = tuple(completion_of(part.get(column), column) for part in rows)
    if len(rows) < mapping.min_completions:
        raise RowFault(
            column,
            _("The prompt has one completion only, so there is nothing to compare."),
            _(
                "Put the rows of one prompt after one another, use prompt, chosen "
                "and rejected, or take items with one completion, for a project "
                "that rates."
            ),
        )
    accepted = [part.get(mapping.column("accepted")) for part in rows]
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by != "leave_out":
        marks = [_mark(value, mapping.column("accepted")) for value in accepted]
        labels = (make_label(mapping, {"ratings": {"accepted": marks}}),)
    metadata = {**rest(rows[0], mapping), "source_label": {"accepted": accepted}}
    prompt = mapping.column("prompt")
    messages = prompt_messages(rows[0].get(prompt), prompt)
    content = Content(messages, completions, labels, metadata)
    return build_item(number, rows[0], mapping, content)


def _mark(value: object, field: str) -> int:
    marks = {"true": 1, "1": 1, "yes": 1, "false": 0, "0": 0, "no": 0}
    key = str(value).strip().lower()
    if key not in marks:
        raise RowFault(
            field,
            _("The label {key!r} is not true or false.").format(key=key),
            _("Write true or false."),
        )
    return marks[key]


def unpaired_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the rating that true and false answer."""
    return [asked.rating(["accepted"], 0, 1, title="Is the answer acceptable?")]


PREFERENCE = Shape(
    name="preference",
    title=gettext_noop("Chosen and rejected (TRL, UltraFeedback binarized)"),
    help=gettext_noop(
        "Each row has a chosen and a rejected reply. Where there is no prompt, it "
        "is what both begin with. The file does not say who chose: the choice "
        "comes in as a label only if you say whose it is."
    ),
    roles=("prompt", "system", "chosen", "rejected", "scores", *COMMON),
    required=(("chosen",), ("rejected",)),
    guess=guess_preference,
    convert=convert_preference,
    questions=pair_questions,
    has_labels=True,
)
HH_RLHF = Shape(
    name="hh_rlhf",
    title=gettext_noop("Transcripts, chosen and rejected (HH-RLHF)"),
    help=gettext_noop(
        "Each row has two transcripts of Human and Assistant that part at the end."
    ),
    roles=("chosen", "rejected", *COMMON),
    required=(("chosen",), ("rejected",)),
    guess=guess_transcripts,
    convert=convert_transcripts,
    questions=pair_questions,
    has_labels=True,
)
UNPAIRED = Shape(
    name="unpaired",
    title=gettext_noop("Single completions, accepted or not (TRL unpaired, KTO)"),
    help=gettext_noop(
        "Each row has one completion. Rows with the same prompt that follow each "
        "other become one item."
    ),
    roles=("prompt", "completions", "accepted", *COMMON),
    required=(("prompt",), ("completions",)),
    guess=guess_unpaired,
    convert=convert_unpaired,
    questions=unpaired_questions,
    has_labels=True,
    grouped_by="prompt",
)
