"""PURE: is a file a survey with a row for each respondent, and what does it ask?

Step import. Looks at the first rows only; what the questions are is for a person to
say, and a guess helps. respondents.py turns the table into items.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["profile", "rank", "rate", "choose", "leave_out"]
ID_TITLES = ("respondentid", "responseid")
N_ROWS = 200
N_SHOWN = 4
MOST_WORDS = 12
# Two answers of a choice between texts are sentences, not “Yes” and “No”.
FEWEST_CHARS = 25
MAX_BYTES = 4_000_000


@dataclass(frozen=True)
class Question:
    """A question of the table. `words`: what its cells say, most frequent first."""

    title: str
    n_columns: int
    words: tuple[str, ...]
    guess: Role

    @property
    def first_words(self) -> tuple[str, ...]:
        """Return those that the page shows."""
        return self.words[:N_SHOWN]


def look_at(path: Path) -> tuple[Question, ...] | None:
    """Return the questions of a table of respondents; None for any other file."""
    rows = _first_rows(path)
    if len(rows) < 2 or not _is_of_respondents(rows[0], rows[1]):
        return None
    has_second = not rows[1][0].strip()
    body = [row for row in rows[1 + has_second :] if len(row) == len(rows[0])]
    blocks: list[tuple[str, list[int]]] = []
    for column, title in enumerate(rows[0][1:], start=1):
        if title.strip() or not blocks:
            blocks.append((title.strip(), []))
        blocks[-1][1].append(column)
    return tuple(_question(title, columns, body) for title, columns in blocks)


def _first_rows(path: Path) -> list[list[str]]:
    with path.open("rb") as file:
        head = file.read(MAX_BYTES)
    try:
        text = head.decode("utf-8-sig", errors="strict")
    except UnicodeDecodeError:
        # The cut may lie within a letter; a file in another encoding is no such table.
        text = head[:-4].decode("utf-8-sig", errors="ignore")
        if len(head) < MAX_BYTES:
            return []
    try:
        rows = csv.reader(StringIO(text, newline=""))
        return [row for row in islice(rows, N_ROWS) if any(row)]
    except csv.Error:
        return []


def _is_of_respondents(header: Sequence[str], second: Sequence[str]) -> bool:
    if len(header) < 3 or len(header) != len(second):
        return False
    first = "".join(letter for letter in header[0].lower() if letter.isalpha())
    is_split = not second[0].strip() and any(not title.strip() for title in header[1:])
    return first in ID_TITLES or (is_split and any(second))


def _question(
    title: str, columns: Sequence[int], body: Sequence[Sequence[str]]
) -> Question:
    counts: dict[str, int] = {}
    for row in body:
        for column in columns:
            word = row[column].strip()
            if word:
                counts[word] = counts.get(word, 0) + 1
    words = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    per_column = [{row[column].strip() for row in body} - {""} for column in columns]
    return Question(title, len(columns), words, _guess(words, per_column))


def _guess(words: Sequence[str], per_column: Sequence[set[str]]) -> Role:
    n = len(per_column)
    if n > 1 and words and set(words) <= {str(place) for place in range(1, n + 1)}:
        return "rank"
    # Boxes to tick have one word each, the box's own.
    is_varied = any(len(column) > 1 for column in per_column)
    if n > 1 and 2 <= len(words) <= MOST_WORDS and is_varied:
        return "rate"
    if n == 1 and len(words) == 2 and min(map(len, words)) >= FEWEST_CHARS:
        return "choose"
    return "profile"
