"""PURE: the columns that tell of each row who, when, what was shown, under what."""

from collections.abc import Sequence
from typing import Any

from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Reading
from annotation.formats.exports.types import (
    FLOAT,
    INT,
    INTS,
    SPANS,
    TEXT,
    TEXTS,
    Column,
    ListOf,
    Row,
    StoredAnswer,
    StoredItem,
    Version,
)

ITEM = (
    Column("item_id", TEXT, "the item's public id"),
    Column("item_external_id", TEXT, "the item's id in the file it came from"),
    Column("item_source", TEXT, "where the item comes from, as its file says"),
    Column("item_category", TEXT, "the item's category"),
    Column("item_language", TEXT, "the item's language"),
)
WHO = (
    Column("annotation_id", TEXT, "the public id of the answer"),
    Column(
        "annotator",
        TEXT,
        "a person's pseudonym in this export; a machine's name, revision and prompt",
    ),
    Column("annotator_type", TEXT, "`human` or `machine`"),
    Column("source", TEXT, "how the answer came in: web, api, import or machine"),
    Column("created_at", TEXT, "when it was given, ISO 8601 in UTC"),
)
SHOWN = (
    Column(
        "order_shown",
        INTS,
        "the completions from first to last on the screen, by index; empty = unknown",
    ),
    Column("active_ms", INT, "milliseconds with the page visible and in use"),
    Column("total_ms", INT, "milliseconds from shown to submitted"),
)
UNDER = (
    Column("questions_version", INT, "the number of the questions version"),
    Column(
        "questions_purpose",
        TEXT,
        "`project`, or `imported` for the questions of an imported file",
    ),
    Column("guidelines_version", INT, "the number of the guidelines version"),
    Column("consent_version", INT, "the number of the consent document"),
    Column("consent_scopes", TEXTS, "what the person agreed to"),
)
MARKED = Column(
    "spans",
    SPANS,
    "words marked for or against a completion, in characters of its text from `start` "
    "up to `end`; completions by index in the stored order",
)
REASONS = (
    Column("question", TEXT, "the name of the question that was read"),
    Column("confidence", TEXT, "how sure the annotator was, in the question's words"),
    Column("reasons", TEXTS, "the reasons chosen from a list"),
    Column("rationale", TEXT, "the reasons in the annotator's own words"),
    MARKED,
    Column("probability", FLOAT, "a machine's P(its answer), in [0, 1]"),
)
TOGETHER = (
    Column("annotation_ids", TEXTS, "the public ids of the answers put together"),
    Column("annotators", TEXTS, "who gave them, in the same order"),
    Column(
        "annotator_type",
        TEXT,
        "`human`, `machine`, or `adjudication` where the team settled the item",
    ),
    Column("sources", TEXTS, "how they came in: web, api, import or machine"),
    Column("created_at", TEXT, "when the last of them was given, ISO 8601 in UTC"),
    Column(
        "orders_shown",
        ListOf(INTS),
        "the completions from first to last on each one's screen, by index",
    ),
    Column("active_ms_all", INTS, "milliseconds in use, for each answer"),
    Column("question", TEXT, "the name of the question that was read"),
    Column("questions_versions", INTS, "the number of each one's questions version"),
    Column("questions_purposes", TEXTS, "`project` or `imported`, for each answer"),
    Column("guidelines_versions", INTS, "the number of each guidelines version"),
    Column("consent_versions", INTS, "the number of each consent document"),
    Column("consent_scopes", TEXTS, "what all of them agreed to"),
    MARKED,
)


SPAN_KEYS = ("start", "end", "polarity", "tag", "note", "quote", "text_sha256")


def columns(options: ExportOptions) -> tuple[Column, ...]:
    """Return the provenance columns for the chosen unit."""
    if options.is_aggregated:
        return (*ITEM, *TOGETHER)
    return (*ITEM, *WHO, *SHOWN, *UNDER, *REASONS)


def values(
    item: StoredItem, readings: Sequence[Reading], options: ExportOptions
) -> Row:
    """Return the cells of those columns for the answers behind a row."""
    if options.is_aggregated:
        return (*item_cells(item), *_together(readings))
    (reading,) = readings
    answer = reading.answer
    return (
        *item_cells(item),
        *who_cells(answer),
        *shown_cells(answer),
        *under_cells(answer, reading.version),
        *_reason_cells(reading),
    )


def item_cells(item: StoredItem) -> Row:
    """Return the cells of the columns ITEM."""
    return (item.id, item.external_id, item.source, item.category, item.language)


def who_cells(answer: StoredAnswer) -> Row:
    """Return the cells of the columns WHO."""
    return (
        answer.id,
        answer.annotator,
        answer.annotator_type,
        answer.source,
        answer.created_at,
    )


def shown_cells(answer: StoredAnswer) -> Row:
    """Return the cells of the columns SHOWN."""
    return (list(answer.order or ()), answer.active_ms, answer.total_ms)


def under_cells(answer: StoredAnswer, version: Version) -> Row:
    """Return the cells of the columns UNDER."""
    person = answer.person
    return (
        version.number,
        version.purpose,
        answer.guidelines_version,
        person.consent_version if person is not None else None,
        list(person.scopes) if person is not None else [],
    )


def _reason_cells(reading: Reading) -> Row:
    machine = reading.answer.machine
    return (
        reading.question.name,
        confidence_of(reading),
        reasons_of(reading),
        rationale_of(reading),
        spans_of(reading),
        machine.probability if machine is not None else None,
    )


def _answers_of_type(reading: Reading, kind: str) -> list[Any]:
    found = (reading.answers.get(name) for name in reading.version.names[kind])
    return [value for value in found if value]


def rationale_of(reading: Reading) -> str | None:
    """Return all rationales of an answer, parted by an empty line."""
    texts = [str(text) for text in _answers_of_type(reading, "rationale")]
    return "\n\n".join(texts) or None


def confidence_of(reading: Reading) -> str | None:
    """Return the confidence in the question read, else the one asked for apart."""
    found = [reading.value.get("confidence"), *_answers_of_type(reading, "confidence")]
    return next((str(value) for value in found if isinstance(value, str)), None)


def reasons_of(reading: Reading) -> list[str]:
    """Return the reasons chosen in the question read and in questions for tags."""
    own = reading.value.get("reasons")
    lists = [own if isinstance(own, list) else [], *_answers_of_type(reading, "tags")]
    return [str(reason) for reasons in lists for reason in reasons]


def spans_of(reading: Reading) -> list[dict[str, Any]]:
    """Return the marked words of an answer, as the column `spans` holds them."""
    return [
        {
            "annotator": reading.answer.annotator,
            "question": name,
            "completion_index": span["completion"],
            **{key: span.get(key) for key in SPAN_KEYS},
        }
        for name in reading.version.names["spans"]
        for span in reading.answers.get(name) or ()
    ]


def place_of(answer: StoredAnswer, index: int) -> int | None:
    """Return the place from 0 at which a completion was shown; None if unknown."""
    if answer.order is None or index not in answer.order:
        return None
    return answer.order.index(index)


def _together(readings: Sequence[Reading]) -> Row:
    answers = [reading.answer for reading in readings]
    people = [answer.person for answer in answers if answer.person is not None]
    scopes = [set(person.scopes) for person in people]
    return (
        [answer.id for answer in answers],
        [answer.annotator for answer in answers],
        answers[0].annotator_type,
        [answer.source for answer in answers],
        max(answer.created_at for answer in answers),
        [list(answer.order or ()) for answer in answers],
        [answer.active_ms for answer in answers],
        readings[0].question.name,
        [reading.version.number for reading in readings],
        [reading.version.purpose for reading in readings],
        [answer.guidelines_version for answer in answers],
        [person.consent_version for person in people],
        sorted(set.intersection(*scopes)) if scopes else [],
        [span for reading in readings for span in spans_of(reading)],
    )
