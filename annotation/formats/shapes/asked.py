"""PURE: the questions that the labels of a file answer, and their verdicts.

The names are the same for every shape: the main comparison is "preference", a ranking
"ranking", a rating "ratings", reasons "rationale", tags "reasons".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from annotation.formats.shapes.base import RowFault
from annotation.words import gettext as _

Question = dict[str, Any]
BOTH_BAD = "both_bad"
FIRST = frozenset(
    [
        "1",
        "a",
        "1st",
        "first",
        "left",
        "model_a",
        "response_a",
        "completion_a",
        "answer_a",
        "output_a",
        "answer1",
        "response1",
        "completion1",
        "output1",
        "response_1",
        "output_1",
        "answer_1",
        "a1",
    ]
)
SECOND = frozenset(
    [
        "2",
        "b",
        "2nd",
        "second",
        "right",
        "model_b",
        "response_b",
        "completion_b",
        "answer_b",
        "output_b",
        "answer2",
        "response2",
        "completion2",
        "output2",
        "response_2",
        "output_2",
        "answer_2",
        "a2",
    ]
)
TIE = frozenset(
    ["0", "tie", "ties", "equal", "equals", "draw", "same", "both", "neither", "tied"]
)
NEITHER = frozenset(
    ("tie (bothbad)", "tie(bothbad)", "bothbad", "both_bad", "both bad")
)


def comparison(name: str = "preference", **options: Any) -> Question:
    """Return a comparison question."""
    title = options.pop("title", "Which answer is better?")
    return {
        "name": name,
        "type": "comparison",
        "title": title,
        "strength": 1,
        **options,
    }


def ranking(**options: Any) -> Question:
    """Return the ranking question."""
    return {
        "name": "ranking",
        "type": "ranking",
        "title": "In which order do you put the answers?",
        **options,
    }


def rating(criteria: Sequence[str], low: int, high: int, **options: Any) -> Question:
    """Return the rating question; a criterion's name becomes its title too."""
    return {
        "name": "ratings",
        "type": "rating",
        "title": "How good is each answer?",
        "criteria": [
            {"name": name, "title": name.replace("_", " ").capitalize()}
            for name in criteria
        ],
        "low": low,
        "high": high,
        **options,
    }


def rationale(name: str = "rationale", title: str = "Why?") -> Question:
    """Return a rationale question that may stay empty."""
    return {"name": name, "type": "rationale", "title": title, "is_required": False}


# --- verdicts ---------------------------------------------------------------------


def verdict_words(values: Iterable[object]) -> dict[str, int | str] | None:
    """Say what each word of a winner column means: 1, -1, 0 or "both_bad".

    Return None where a word is not known, so that nothing is guessed.
    """
    words: dict[str, int | str] = {}
    for value in values:
        key = verdict_key(value)
        meaning = _meaning(key)
        if meaning is None:
            return None
        words[key] = meaning
    if set(words) <= {"0", "1"} and "0" in words:
        # Without a 2, numbers may count from 0 or call 0 a tie: not ours to guess.
        return None
    return words


def verdict_key(value: object) -> str:
    """Return the form in which a verdict is looked up."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def _meaning(key: str) -> int | str | None:
    for words, meaning in ((FIRST, 1), (SECOND, -1), (TIE, 0)):
        if key in words:
            return meaning
    return BOTH_BAD if key in NEITHER else None


def verdict(value: object, words: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the comparison that a word of a winner column stands for."""
    key = verdict_key(value)
    meaning = words[key] if key in words else _meaning(key)
    if meaning is None:
        raise RowFault(
            field,
            _("The verdict {key!r} is not known.").format(key=key),
            _("Use 1, 2 or tie, or say in the mapping what the word means."),
        )
    if meaning == BOTH_BAD:
        return {"value": 0, "both_bad": True}
    return {"value": int(meaning)}


def scale_of(marks: Sequence[int]) -> tuple[int, int]:
    """Return the ends of a scale that holds these marks; 1 to 5 where it can.

    A mark that no scale of 101 steps could hold is left for its row to answer.
    """
    usual = [mark for mark in marks if 0 <= mark <= 100]
    return min([1, *usual]), max([5, *usual])


def milliseconds(seconds: object, field: str) -> int | None:
    """Return a duration in milliseconds, None where there is none."""
    if seconds is None or seconds == "":
        return None
    try:
        value = float(str(seconds))
    except ValueError:
        value = -1.0
    if not 0 <= value < 2_000_000:
        raise RowFault(
            field,
            _("The time {seconds!r} is not a number of seconds.").format(
                seconds=str(seconds)[:40]
            ),
            _("Write a number of seconds, or leave it out."),
        )
    return round(value * 1000)


def whole_number(value: object, field: str) -> int:
    """Return a whole number, also where a table holds it as text."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,9}(\.0+)?\s*", value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RowFault(
            field,
            _("The value {value!r} is not a whole number.").format(
                value=str(value)[:40]
            ),
            _("Write a whole number, or map another column."),
        )
    return value


def read_time(value: object, field: str) -> datetime | None:
    """Return a time in UTC; a time without a zone is taken as UTC."""
    if value is None or value == "":
        return None
    text = str(value).strip().removesuffix(" UTC")
    text = re.sub(r"\.(\d{1,2})$", lambda found: f".{found[1]:0<3}", text)
    try:
        if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise RowFault(
            field,
            _("The time {text!r} is not understood.").format(text=text[:40]),
            _("Write it as 2026-01-31T13:45:00Z."),
        ) from None


def identifier(name: str) -> str:
    """Return a name that a criterion or a question can have."""
    plain = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
    return plain if plain and not plain[0].isdigit() else f"c_{plain or 'unnamed'}"
