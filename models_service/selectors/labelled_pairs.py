"""What people said of pairs of completions, and the items nobody has answered.

Read by the reward model. Which answers count is decided where exports decide it: the
current answers of people who have not withdrawn, are not blocked and agreed to the
release of their answers, to items that are in the work; comparisons, rankings and
ratings alike. Checks and repeats teach nothing, and neither does an answer that was
given with a suggestion in view: its blind first answer counts, if there is one.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.pairs import KINDS
from annotation.formats.exports.policy import (
    Reading,
    question_of,
    refusal,
    unusable,
)
from annotation.formats.exports.prompts import prompt_text
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.types import StoredAnswer, StoredItem, Version
from annotation.formats.exports.votes import Vote, votes_of
from annotation.models import Project
from annotation.selectors.blind import blind_answers, has_shown
from annotation.selectors.export_rows import ExportReader

OPTIONS = ExportOptions(leave_out_blocked=True)
BATCH = 500


@dataclass(frozen=True)
class PairLabel:
    """What all people together said of completions a < b of an item.

    `label`: share of votes for `a`, a tie being half a vote; `target`: the mean of
    (1 + grade) / 2; both in [0, 1]. `weight`: votes, each 1 / pairs of its answer.
    """

    a: int
    b: int
    label: float
    target: float
    weight: float
    n_votes: int


@dataclass(frozen=True)
class TextItem:
    """An item as a model reads it. `id` is the public id, `key` that of the row."""

    id: str
    prompt: str
    completions: tuple[str, ...]
    pairs: tuple[PairLabel, ...] = ()
    key: int = 0


def labelled_items(project: Project) -> Iterator[list[TextItem]]:
    """Yield the items with a label, in the order of their numbers; 4-8 queries a batch.

    One more where the project shows suggestions. Nothing of the people leaves this
    function.
    """
    reader = ExportReader(project, Pseudonyms(secrets.token_bytes(16)))
    is_blind = not has_shown(project)
    for batch in reader.items(only_answered=True):
        if not is_blind:
            batch = _blind(project, batch)
        found = [_labelled(item, reader.versions) for item in batch]
        yield [item for item in found if item.pairs]


def _blind(project: Project, items: Sequence[StoredItem]) -> list[StoredItem]:
    """Put blind answers in the place of those that were not, where there are any."""
    replaced = blind_answers(project, [item.id for item in items])
    if not replaced:
        return list(items)
    found = []
    for item in items:
        answers = []
        for answer in item.answers:
            text = replaced.get(answer.id, answer.answers)
            if text is not None:
                answers.append(answer._replace(answers=text))
        found.append(item._replace(answers=answers))
    return found


def _labelled(item: StoredItem, versions: Mapping[int, Version]) -> TextItem:
    texts = tuple(one.text for one in item.completions)
    votes: dict[tuple[int, int], list[Vote]] = {}
    if not item.is_excluded and len(texts) > 1:
        for answer in item.answers:
            for vote in _votes(answer, versions[answer.version], len(texts)):
                votes.setdefault((vote.a, vote.b), []).append(vote)
    pairs = tuple(_pair(a, b, votes[a, b]) for a, b in sorted(votes))
    return TextItem(item.id, prompt_text(item), texts, pairs)


def _votes(answer: StoredAnswer, version: Version, n: int) -> Iterator[Vote]:
    if answer.machine is not None or refusal(answer, OPTIONS) or unusable(answer):
        return
    question = question_of(version, KINDS, OPTIONS)
    answers: dict[str, Any] = json.loads(answer.answers)
    value = answers.get(question.name) if question is not None else None
    if question is None or not isinstance(value, Mapping) or not value:
        return
    reading = Reading(answer, answers, version, question, value)
    for vote in votes_of(reading, n, OPTIONS):
        # “Both bad” says nothing of one against the other.
        if not vote.reason and not vote.is_both_bad:
            yield vote


def _pair(a: int, b: int, votes: Sequence[Vote]) -> PairLabel:
    weight = sum(vote.weight for vote in votes)
    wins = sum(vote.weight * ((vote.grade > 0) - (vote.grade < 0)) for vote in votes)
    grades = sum(vote.weight * vote.grade for vote in votes)
    half = 2 * weight
    return PairLabel(a, b, 0.5 + wins / half, 0.5 + grades / half, weight, len(votes))


_UNLABELLED = """
    SELECT i.id, i.number, i.public_id::text, i.messages::text
    FROM item i LEFT JOIN frontier f ON f.item_id = i.id
    WHERE i.project_id = %s AND i.number > %s AND i.n_completions > 1
      AND NOT COALESCE(f.is_excluded, false)
      AND NOT EXISTS (
        SELECT 1 FROM assignment a WHERE a.item_id = i.id AND a.state = 'submitted'
          AND a.purpose IN ('main', 'imported'))
    ORDER BY i.number LIMIT %s
"""
_TEXTS = """
    SELECT item_id, text FROM completion WHERE item_id = ANY(%s)
    ORDER BY item_id, "index"
"""


def unlabelled_items(project: Project) -> Iterator[TextItem]:
    """Yield the items in the work that no person has labelled; 2 queries a batch."""
    last = 0
    while rows := _fetch(_UNLABELLED, [project.pk, last, BATCH]):
        last = rows[-1][1]
        texts: dict[int, list[str]] = {}
        for key, text in _fetch(_TEXTS, [[row[0] for row in rows]]):
            texts.setdefault(key, []).append(text)
        for key, _number, public_id, messages in rows:
            prompt = prompt_as_read(json.loads(messages))
            yield TextItem(public_id, prompt, tuple(texts[key]), key=key)


def prompt_as_read(messages: Sequence[Mapping[str, str]]) -> str:
    """Return the prompt as `labelled_items` does."""
    bare = ("", "", "", "", None, None, 0)
    return prompt_text(StoredItem("", 0, "", "", messages, *bare))


def _fetch(query: str, parameters: list[Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(query, parameters)
        return list(db.fetchall())
