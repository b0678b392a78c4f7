"""What one participant was lent and answered, as they saw it, for their own copy.

Which items are gold or silent checks is not told, since they may still be at work; of
what a machine said, only what they saw.
Read by services.own_copy in batches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from annotation.answers import Question, parse_questions, to_presented
from annotation.models import Annotation, Assignment, Item, Participant
from annotation.selectors.feedback import as_json, feedback
from annotation.selectors.own_data import gist
from annotation.selectors.own_rows import Entry
from annotation.selectors.suggestions import Suggestion, suggestions_of
from annotation.verdicts import verdict_words

BATCH = 500
# What its person takes for any other item, and must while they are at work.
SILENT = ("monitoring", "attention", "mirror")


def batches(person: Participant) -> Iterator[list[Entry]]:
    """Yield assignments oldest first, by keyset over the primary key.

    Five queries for each 500, and three for each training item. What is reserved for
    later is not told before its turn, as it is lent to nobody yet.
    """
    questions: dict[int, tuple[Question, ...]] = {}
    last = 0
    while True:
        rows = list(
            Assignment.objects.filter(participant=person, pk__gt=last)
            .exclude(state=Assignment.State.RESERVED, draft=None)
            .select_related("draft", "questions_version", "guidelines_version")
            .order_by("pk")[:BATCH]
        )
        if not rows:
            return
        last = rows[-1].pk
        for row in rows:
            version = row.questions_version
            if version.pk not in questions:
                questions[version.pk] = parse_questions(version.questions)
        yield _entries(rows, questions)


def _entries(
    rows: Sequence[Assignment], questions: Mapping[int, tuple[Question, ...]]
) -> list[Entry]:
    items = Item.objects.in_bulk([row.item_id for row in rows])
    answers: dict[int, list[Annotation]] = {row.pk: [] for row in rows}
    for one in Annotation.objects.filter(assignment__in=rows).order_by("id"):
        answers[one.assignment_id].append(one)
    seen = suggestions_of(rows)
    return [
        _entry(
            row,
            items[row.item_id],
            answers[row.pk],
            questions[row.questions_version_id],
            seen.get(row.pk),
        )
        for row in rows
    ]


def _entry(
    row: Assignment,
    item: Item,
    answers: Sequence[Annotation],
    questions: tuple[Question, ...],
    seen: Suggestion | None,
) -> Entry:
    guidelines = row.guidelines_version
    draft = getattr(row, "draft", None)
    told = feedback(row)
    return {
        "id": row.public_id,
        "item": item.public_id,
        "prompt": gist(item),
        "purpose": "main" if row.purpose in SILENT else row.purpose,
        "state": row.state,
        "lent_at": row.created_at,
        "shown_at": row.shown_at,
        "finished_at": row.finished_at,
        "lease_until": row.lease_until,
        "order_shown": row.order,
        "layout": row.layout,
        "view": row.view,
        "is_suggestion_visible": row.is_suggestion_visible or seen is not None,
        "suggestion": seen and asdict(seen),
        "questions_version": row.questions_version.number,
        "guidelines_version": guidelines.number if guidelines else None,
        "skip_reason": row.skip_reason,
        "draft": draft and {"answers": draft.answers, "saved_at": draft.updated_at},
        "feedback": told and as_json(told),
        "answers": [_answer(row, one, questions) for one in answers],
    }


def _answer(row: Assignment, one: Annotation, questions: tuple[Question, ...]) -> Entry:
    shown = to_presented(questions, one.answers, row.order or [])
    said = {
        question.title: verdict_words(question, shown.get(question.name))
        for question in questions
    }
    return {
        "id": one.public_id,
        "at": one.created_at,
        "in_words": {title: words for title, words in said.items() if words},
        "is_current": one.pk == row.annotation_id,
        "is_retraction": one.is_retraction,
        "answers_as_shown": shown,
        "came_by": one.source,
        "active_ms": one.active_ms,
        "total_ms": one.total_ms,
        "reading_ms": one.reading_ms,
        "metadata": one.metadata,
    }
