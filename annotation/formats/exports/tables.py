"""PURE: the raw long tables: everything stored, a table for each kind of thing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.answers import NOT_APPLICABLE, Question
from annotation.formats.exports.provenance import (
    SHOWN,
    UNDER,
    WHO,
    shown_cells,
    under_cells,
    who_cells,
)
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    INTS,
    MESSAGES,
    TEXT,
    TEXTS,
    Column,
    Row,
    StoredAnswer,
    StoredItem,
    Version,
)

OPTIONS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A raw table: its name, what a row is, and its columns."""

    name: str
    about: str
    columns: tuple[Column, ...]


_ITEM = (
    Column("item_id", TEXT, "the item's public id"),
    Column("item_external_id", TEXT, "the item's id in the file it came from"),
)
_ANSWERS = Column(
    "answers",
    TEXT,
    "JSON: one entry per question, completions by index in the stored order; a "
    "comparison above 0 prefers completion 0",
)
_METADATA = Column("metadata", TEXT, "JSON: what else is known")
SUGGESTED = (
    Column(
        "suggestion_arm",
        TEXT,
        "blind, revealed, hedged or shown; empty = nothing was drawn for this item and"
        " person",
    ),
    Column("suggestion_propensity", FLOAT, "the probability of the arm, in (0, 1]"),
    Column(
        "suggestion_visible_at",
        TEXT,
        "when the verdict was first sent, ISO 8601 in UTC; empty = never",
    ),
    Column("suggestion_machine", TEXT, "which machine it is of, as in its own answers"),
    Column(
        "suggestion_answers",
        TEXT,
        "JSON: the machine's answer, also where it was not seen; as in `answers`",
    ),
    Column("first_answers", TEXT, "JSON: this person's first answers to the item"),
    Column(
        "was_changed_after_suggestion",
        BOOL,
        "whether a new version came after a first answer had revealed the verdict;"
        " empty = it revealed none",
    ),
)
ANNOTATIONS = Table(
    "annotations",
    "One row per answer by a person.",
    (
        *_ITEM,
        *WHO,
        _ANSWERS,
        *SHOWN,
        Column(
            "reading_ms",
            INTS,
            "milliseconds in use on each completion, in the stored order; empty = not"
            " measured",
        ),
        Column("shown_at", TEXT, "when the item was shown, ISO 8601 in UTC"),
        *UNDER,
        Column("purpose", TEXT, "main, imported, training, …"),
        Column("round", INT, "which time this person was asked about the item"),
        Column("state", TEXT, "submitted, or surplus: beyond the number wanted"),
        Column("fate", TEXT, "current, superseded or taken_back"),
        Column("revision", INT, "which version of the person's answer, from 1"),
        Column("layout", TEXT, "how the completions were laid out"),
        Column("view", TEXT, "whether they were shown rendered or raw"),
        Column(
            "is_suggestion_visible",
            BOOL,
            "whether a machine's verdict on the item was seen before this answer",
        ),
        *SUGGESTED,
        _METADATA,
    ),
)
JUDGEMENTS = Table(
    "judgements",
    "One row per single judgement: an annotation, a question, a criterion and a "
    "completion; the long form for statistics.",
    (
        *_ITEM,
        *WHO,
        Column("question", TEXT, "the name of the question"),
        Column("question_type", TEXT, "comparison, ranking, rating, rationale, …"),
        Column(
            "criterion",
            TEXT,
            "the criterion of a rating; `reasons`, `confidence`; `for`, `against` …",
        ),
        Column("completion_index", INT, "the completion judged, in the stored order"),
        Column("position", INT, "its place on the screen, from 0; empty = unknown"),
        Column(
            "value",
            FLOAT,
            "grade (above 0 prefers completion 0), tier from 0, or mark",
        ),
        Column(
            "text",
            TEXT,
            "words: a rationale, a reason, `na`, `unacceptable`, `below`, `not_judged`",
        ),
    ),
)
PARTICIPANTS = Table(
    "participants",
    "One row per person, in the order of their pseudonyms.",
    (
        Column("annotator", TEXT, "the pseudonym in this export"),
        Column("source", TEXT, "member, or import: known from an imported file"),
        Column(
            "standing",
            TEXT,
            "at the time of the export: active, or by a person's decision paused or"
            " blocked",
        ),
        Column("consent_version", INT, "the number of the consent document"),
        Column("consent_scopes", TEXTS, "what the person agreed to"),
        Column("profile", TEXT, "JSON: the answers to the profile survey by name"),
    ),
)
SURVEY_ANSWERS = Table(
    "survey_answers",
    "One row per answer to the profile survey, also where it was declined.",
    (
        Column("annotator", TEXT, "the pseudonym in this export"),
        Column("survey_version", INT, "the number of the survey version"),
        Column("question", TEXT, "the name of the question"),
        Column(
            "state",
            TEXT,
            "answered, not_shown, skipped, prefer_not, not_applicable; withheld: not "
            "agreed to be released",
        ),
        Column("value", TEXT, "JSON: the answer"),
        Column("order_shown", TEXT, "JSON: the options in the order shown"),
        Column("categorised", TEXT, "own words: the category that researchers gave"),
        Column("simplified", TEXT, "own words: the coarser category"),
        Column("categorised_by", TEXT, "role, and a pseudonym of this export"),
        Column("categorised_method", TEXT, "person: decided by a person"),
        Column(
            "verified",
            TEXT,
            "agreed or disagreed: what a second person said; else `not yet`",
        ),
    ),
)
ITEMS = Table(
    "items",
    "One row per item.",
    (
        *_ITEM,
        Column("number", INT, "the item's number in the project, from 1"),
        Column("created_at", TEXT, "when it was imported, ISO 8601 in UTC"),
        Column("messages", MESSAGES, "the prompt, or the conversation up to it"),
        Column("n_completions", INT, "how many completions it has"),
        Column("language", TEXT, "its language"),
        Column("category", TEXT, "its category"),
        Column("source", TEXT, "where it comes from, as its file says"),
        Column("overlap", INT, "answers wanted, if the item has a number of its own"),
        Column("priority", INT, "higher is served first"),
        Column("is_excluded", BOOL, "whether it was taken out of the work"),
        Column("route_source", TEXT, "whose label it is to take: human, ai, waiting"),
        Column("route_reason", TEXT, "why somebody decided that by hand"),
        Column("route_part", TEXT, "what was decided: seed, audit, reserve, chosen …"),
        Column("route_policy", INT, "number of the routing policy that decided"),
        Column("route_gain", FLOAT, "expected gain of a person's label, in [0, 1]"),
        Column("route_gain_low", FLOAT, "lower bound of its 95 % interval"),
        Column("route_gain_high", FLOAT, "upper bound of its 95 % interval"),
        Column("route_propensity", FLOAT, "probability that it went to people"),
        Column("route_cost_usd", FLOAT, "expected cost of its label, in US dollars"),
        Column("route_reasons", TEXT, "JSON: the strongest reasons, name and words"),
        Column("route_run", TEXT, "the run of the policy that decided"),
        Column("gold", TEXT, "JSON: the known answer, if any"),
        _METADATA,
    ),
)
COMPLETIONS = Table(
    "completions",
    "One row per completion, in the stored order.",
    (
        *_ITEM,
        Column("completion_index", INT, "its place in the stored order, from 0"),
        Column("text", TEXT, "what the model wrote"),
        Column("model", TEXT, "which model wrote it"),
        Column("external_id", TEXT, "its id in the file it came from"),
        _METADATA,
    ),
)
PRE_ANNOTATIONS = Table(
    "pre_annotations",
    "One row per answer by a machine. People's answers stand in `annotations`.",
    (
        *_ITEM,
        *WHO,
        _ANSWERS,
        SHOWN[0],
        *UNDER[:2],
        Column("status", TEXT, "ok, unparsable, refused or failed; never a tie"),
        Column("probability", FLOAT, "P(the answer given), in [0, 1]"),
        Column("logit", FLOAT, "log-odds of completion 0 over 1, of both orders"),
        Column("bias", FLOAT, "log-odds of the place shown first, of both orders"),
        Column("disagreement", FLOAT, "distance of the two orders, in [0, 1]"),
        Column("flags", TEXTS, "such as order_inconsistent"),
        Column("raw", TEXT, "the machine's own words"),
        Column("machine_kind", TEXT, "judge, reward_model or tagger"),
        Column("machine_version", INT, "the number of its version"),
        Column("backend", TEXT, "on what it runs: file, endpoint, head ..."),
        Column("protocol", TEXT, "how it is asked"),
        Column("model", TEXT, "the model asked"),
        Column("revision", TEXT, "its revision"),
        Column("prompt_sha256", TEXT, "the hash of the prompt it was asked with"),
        Column("parameters", TEXT, "JSON: the parameters it was asked with"),
        Column("cost_usd", FLOAT, "what the answer cost"),
        Column("latency_ms", INT, "how long it took"),
        _METADATA,
    ),
)


def annotation_row(answer: StoredAnswer, version: Version) -> Row:
    """Return the row of an answer by a person."""
    return (
        answer.item_id,
        answer.item_external_id,
        *who_cells(answer),
        answer.answers,
        *shown_cells(answer),
        list(answer.reading_ms or ()),
        answer.shown_at,
        *under_cells(answer, version),
        answer.purpose,
        answer.round,
        answer.state,
        answer.fate,
        answer.revision,
        answer.layout,
        answer.view,
        answer.is_suggestion_visible,
        *_suggested(answer),
        answer.metadata,
    )


def _suggested(answer: StoredAnswer) -> Row:
    if answer.suggested is None:
        return ("", None, None, "", "", "", None)
    return tuple(answer.suggested)


def pre_annotation_row(answer: StoredAnswer, version: Version) -> Row:
    """Return the row of an answer by a machine."""
    machine = answer.machine
    if machine is None:
        raise ValueError(f"{answer.id!r} is not by a machine")
    return (
        answer.item_id,
        answer.item_external_id,
        *who_cells(answer),
        answer.answers,
        list(answer.order or ()),
        version.number,
        version.purpose,
        machine.status,
        machine.probability,
        machine.logit,
        machine.bias,
        machine.disagreement,
        list(machine.flags),
        machine.raw,
        machine.kind,
        machine.number,
        machine.backend,
        machine.protocol,
        machine.model,
        machine.revision,
        machine.prompt_sha256,
        machine.parameters,
        machine.cost_usd,
        machine.latency_ms,
        answer.metadata,
    )


def item_row(item: StoredItem) -> Row:
    """Return the row of an item."""
    return (
        item.id,
        item.external_id,
        item.number,
        item.created_at,
        [{"role": m["role"], "content": m["content"]} for m in item.messages],
        len(item.completions),
        item.language,
        item.category,
        item.source,
        item.overlap,
        item.priority,
        item.is_excluded,
        *item.route,
        item.gold,
        item.metadata,
    )


def completion_rows(item: StoredItem) -> Iterator[Row]:
    """Yield the rows of an item's completions."""
    for completion in item.completions:
        yield (
            item.id,
            item.external_id,
            completion.number,
            completion.text,
            completion.model,
            completion.external_id,
            completion.metadata,
        )


# --- judgements -------------------------------------------------------------------

# (criterion, completion, value, text)
Cells = tuple[str, int | None, float | None, str | None]


def judgement_rows(answer: StoredAnswer, version: Version) -> Iterator[Row]:
    """Yield the single judgements that an answer holds, in the order of questions."""
    answers: Mapping[str, Any] = json.loads(answer.answers)
    order = answer.order or ()
    places = {index: place for place, index in enumerate(order)}
    head = (answer.item_id, answer.item_external_id, *who_cells(answer))
    for question in version.questions:
        value = answers.get(question.name)
        if value is None:
            continue
        for criterion, index, number, text in _cells(question, value):
            place = None if index is None else places.get(index)
            mark = None if number is None else float(number)
            asked = (question.name, question.type)
            yield (*head, *asked, criterion, index, place, mark, text)


def _cells(question: Question, value: Any) -> Iterator[Cells]:
    if question.type == "comparison" and isinstance(value, Mapping):
        yield from _comparison(value)
    elif question.type == "ranking" and isinstance(value, Mapping):
        yield from _ranking(value)
    elif question.type == "rating" and isinstance(value, Mapping):
        for criterion, marks in value.items():
            yield from _marks(criterion, marks)
    elif question.type == "choice" and isinstance(value, list):
        for index, option in enumerate(value):
            if option is not None:
                yield "", index, None, str(option)
    elif question.type == "spans" and isinstance(value, list):
        for span in value:
            yield span["polarity"], span["completion"], None, span.get("quote")
    elif isinstance(value, list):
        for one in value:
            yield "", None, None, str(one)
    else:
        yield "", None, None, str(value)


def _comparison(value: Mapping[str, Any]) -> Iterator[Cells]:
    yield "", None, value.get("value"), "both_bad" if value.get("both_bad") else None
    for reason in value.get("reasons") or ():
        yield "reasons", None, None, str(reason)
    if value.get("confidence"):
        yield "confidence", None, None, str(value["confidence"])


def _ranking(value: Mapping[str, Any]) -> Iterator[Cells]:
    for tier, indexes in enumerate(value.get("tiers") or ()):
        for index in indexes:
            yield "", index, tier, None
    for word in ("below", "unacceptable", "not_judged"):
        for index in value.get(word) or ():
            yield "", index, None, word


def _marks(criterion: str, marks: Sequence[Any]) -> Iterator[Cells]:
    for index, mark in enumerate(marks):
        if mark == NOT_APPLICABLE:
            yield criterion, index, None, NOT_APPLICABLE
        elif mark is not None:
            yield criterion, index, mark, None
