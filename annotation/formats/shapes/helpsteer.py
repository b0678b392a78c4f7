"""PURE: the HelpSteer family: rated responses, and pairs with a strength from -3 to 3.

Their sign is the opposite of ours (-3 = response 1 much better) and is turned here.
The ratings and preferences of these sets are people's.
"""

from collections.abc import Mapping, Sequence
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
    prompt_messages,
    read_completions,
    read_prompt,
    text_of,
)
from annotation.formats.types import LabelDraft, Message
from annotation.words import gettext as _
from annotation.words import gettext_noop

ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
TURN = "<extra_id_1>"
COMMON = ("external_id", "language", "category", "source")


def split_turns(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Split a prompt in which marks such as `<extra_id_1>Assistant` part the turns."""
    if len(messages) != 1 or TURN not in messages[0].content:
        return messages
    first, *others = messages[0].content.split(TURN)
    turns = [Message("user", first.strip())]
    for other in others:
        speaker, _, said = other.partition("\n")
        is_user = speaker.strip().lower() == "user"
        turns.append(Message("user" if is_user else "assistant", said.strip()))
    return tuple(turn for turn in turns if turn.content)


# --- ratings ----------------------------------------------------------------------


def guess_ratings(sample: Sample) -> ColumnMapping | None:
    """Know a response in each row with two or more of the five attributes."""
    present = tuple(name for name in ATTRIBUTES if sample.has(name))
    if not sample.has("prompt", "response") or len(present) < 2:
        return None
    found = {
        **common_fields(sample),
        **fields(prompt="prompt", completions="response", ratings=present),
    }
    found.pop("external_id", None)
    return ColumnMapping(
        "helpsteer_ratings",
        found,
        labels_by="human",
        labels_name="aggregated ratings",
        min_completions=1,
        options={"low": 0, "high": 4},
    )


def convert_ratings(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of the consecutive rows that share a prompt."""
    rows: list[Mapping[str, Any]] = [part for _, part in row["rows"]]
    column, prompt = mapping.column("completions"), mapping.column("prompt")
    completions = tuple(completion_of(part.get(column), column) for part in rows)
    messages = split_turns(prompt_messages(rows[0].get(prompt), prompt))
    metadata = rest(rows[0], mapping)
    labels: tuple[LabelDraft, ...] = ()
    if mapping.labels_by != "leave_out":
        labels = _rating_labels(rows, mapping)
    else:
        metadata["source_label"] = {
            name: [part.get(name) for part in rows]
            for name in mapping.columns("ratings")
        }
    content = Content(messages, completions, labels, metadata)
    return build_item(number, rows[0], mapping, content)


def _rating_labels(
    rows: Sequence[Row], mapping: ColumnMapping
) -> tuple[LabelDraft, ...]:
    columns = mapping.columns("ratings")
    cells = {name: [part.get(name) for part in rows] for name in columns}
    all_cells = [value for values in cells.values() for value in values]
    if not any(isinstance(value, list) for value in all_cells):
        return (_rating_label(mapping, cells, ""),)
    if not all(isinstance(value, (list, type(None))) for value in all_cells):
        raise RowFault(
            columns[0],
            _("Some ratings of the prompt are lists and some are single numbers."),
            _("Write all of them as lists, one number for each person."),
        )
    # Lists hold one mark of each of several people; there may be fewer for some.
    if not all(isinstance(value, (list, type(None))) for value in all_cells):
        raise RowFault(
            columns[0],
            _("Some ratings of the prompt are lists and some are single numbers."),
            _("Write all of them as lists, one number for each person."),
        )
    n_people = max(len(value) for value in all_cells if value)
    return tuple(
        _rating_label(
            mapping,
            {
                name: [v[k] if v and k < len(v) else None for v in values]
                for name, values in cells.items()
            },
            f"annotator{k + 1}",
        )
        for k in range(n_people)
    )


def _rating_label(
    mapping: ColumnMapping, cells: Mapping[str, Sequence[Any]], annotator: str
) -> LabelDraft:
    marks = {
        asked.identifier(name): [
            None if value in (None, "") else asked.whole_number(value, name)
            for value in values
        ]
        for name, values in cells.items()
    }
    return make_label(mapping, {"ratings": marks}, annotator)


def rating_questions(mapping: ColumnMapping) -> list[asked.Question]:
    """Return the rating on the attributes that the file has."""
    names = [asked.identifier(name) for name in mapping.columns("ratings")]
    low, high = mapping.options.get("low", 0), mapping.options.get("high", 4)
    return [asked.rating(names, low, high, is_required=False)] if names else []


# --- preferences ------------------------------------------------------------------


def guess_preference2(sample: Sample) -> ColumnMapping | None:
    """Know HelpSteer2's pairs with their strength."""
    if not sample.has("prompt", "response_1", "response_2", "preference_strength"):
        return None
    found = {
        **common_fields(sample),
        **fields(
            prompt="prompt",
            completions=("response_1", "response_2"),
            strength="preference_strength",
            individual="all_preferences_unprocessed"
            if sample.has("all_preferences_unprocessed")
            else "",
            rationales=[
                name
                for name in ("preference_statement", "preference_elaboration")
                if sample.has(name)
            ],
        ),
    }
    return _pair_mapping("helpsteer2_preference", found)


def guess_preference3(sample: Sample) -> ColumnMapping | None:
    """Know HelpSteer3's pairs with the preferences of several people."""
    if not sample.has("context", "response1", "response2", "overall_preference"):
        return None
    has_each = sample.has("individual_preference")
    found = {
        **common_fields(sample),
        **fields(
            messages="context",
            completions=("response1", "response2"),
            strength="overall_preference",
            individual="individual_preference" if has_each else "",
        ),
    }
    return _pair_mapping("helpsteer3", found)


def _pair_mapping(shape: str, found: dict[str, tuple[str, ...]]) -> ColumnMapping:
    return ColumnMapping(
        shape, found, labels_by="human", labels_name="aggregated preference"
    )


def convert_pair(number: int, row: Row, mapping: ColumnMapping) -> list[Draft]:
    """Make one item of one row; each person's preference becomes a label."""
    messages = split_turns(read_prompt(row, mapping))
    metadata = rest(row, mapping)
    column = mapping.column("strength")
    metadata["source_label"] = {column: row.get(column)}
    labels = _pair_labels(row, mapping)
    content = Content(messages, read_completions(row, mapping), labels, metadata)
    return build_item(number, row, mapping, content)


def _pair_labels(row: Row, mapping: ColumnMapping) -> tuple[LabelDraft, ...]:
    if mapping.labels_by == "leave_out":
        return ()
    each, strength = mapping.column("individual"), mapping.column("strength")
    people = row.get(each) if each else None
    if isinstance(people, list) and people:
        return tuple(
            _person_label(person, place, mapping, each)
            for place, person in enumerate(people, start=1)
        )
    if row.get(strength) in (None, ""):
        return ()
    answers: dict[str, Any] = {"preference": _turned(row[strength], strength)}
    reasons = [text_of(row.get(name), name) for name in mapping.columns("rationales")]
    if reason := "\n\n".join(part for part in reasons if part.strip()):
        answers["rationale"] = reason
    return (make_label(mapping, answers),)


def _person_label(
    person: object, place: int, mapping: ColumnMapping, field: str
) -> LabelDraft:
    if not isinstance(person, Mapping):
        raise RowFault(
            field,
            _("A preference of the list is not an object."),
            _("Write each one as an object with its strength and its reasons."),
        )
    score = person.get("score", person.get("strength"))
    answers: dict[str, Any] = {"preference": _turned(score, field)}
    reason = person.get("reasoning", person.get("justification"))
    if text_of(reason, field).strip():
        answers["rationale"] = text_of(reason, field)
    known = {"score", "strength", "reasoning", "justification"}
    kept = {name: part for name, part in person.items() if name not in known}
    return make_label(mapping, answers, f"annotator{place}", metadata=kept)


def _turned(value: object, field: str) -> dict[str, int]:
    return {"value": -asked.whole_number(value, field)}


def pair_questions(_mapping: ColumnMapping) -> list[asked.Question]:
    """Return the comparison in three grades and its rationale."""
    return [asked.comparison(strength=3), asked.rationale()]


RATINGS = Shape(
    name="helpsteer_ratings",
    title=gettext_noop("Responses rated on attributes (HelpSteer)"),
    help=gettext_noop(
        "Each row has one response and its ratings. Rows with the same prompt "
        "that follow each other become one item."
    ),
    roles=("prompt", "completions", "ratings", *COMMON),
    required=(("prompt",), ("completions",)),
    guess=guess_ratings,
    convert=convert_ratings,
    questions=rating_questions,
    has_labels=True,
    grouped_by="prompt",
)
PREFERENCE2 = Shape(
    name="helpsteer2_preference",
    title=gettext_noop("Pairs with a strength (HelpSteer2 preference)"),
    help=gettext_noop(
        "Each row has two responses and a strength from -3 (the first is much "
        "better) to 3 (the second is)."
    ),
    roles=("prompt", "completions", "strength", "individual", "rationales", *COMMON),
    required=(("prompt", "messages"), ("completions",), ("strength",)),
    guess=guess_preference2,
    convert=convert_pair,
    questions=pair_questions,
    has_labels=True,
)
PREFERENCE3 = Shape(
    name="helpsteer3",
    title=gettext_noop("Pairs with preferences of several people (HelpSteer3)"),
    help=gettext_noop(
        "Each row has a conversation, two responses and each person's preference."
    ),
    roles=("messages", "completions", "strength", "individual", *COMMON),
    required=(("prompt", "messages"), ("completions",), ("strength",)),
    guess=guess_preference3,
    convert=convert_pair,
    questions=pair_questions,
    has_labels=True,
)
