"""What an annotator sees of their own work: what is left, why nothing is, history."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.utils import timezone

from annotation.allocation.insertion import expected_total, read_rules
from annotation.allocation.pairing import n_twice
from annotation.allocation.pairing import read_rules as read_protocols
from annotation.answers import Question, main_question, parse_questions, to_presented
from annotation.models import (
    STANDING_WORDS,
    Assignment,
    CheckPlan,
    Participant,
    Project,
)
from annotation.selectors.desk import LEFT_BOUND, veiled
from annotation.selectors.editing import FINAL
from annotation.selectors.ledger import cap_reached
from annotation.verdicts import Quote, quotes_of, verdict_words
from annotation.words import gettext as _
from annotation.words import gettext_noop

PAGE_SIZE = 25
GIST_CHARS = 200
ANSWERED = (Assignment.State.SUBMITTED, Assignment.State.SURPLUS)

# Entries of the frontier that this participant may still be given.
_FOR_ME = """
    SELECT 1 FROM frontier f WHERE f.project_id = %(project)s AND {condition}
      AND NOT EXISTS (
        SELECT 1 FROM assignment a
        WHERE a.item_id = f.item_id AND a.participant_id = %(participant)s
          AND a.purpose = 'main' AND a.round = 1 AND a.state NOT IN {without})
    LIMIT %(bound)s
"""
_FREE = _FOR_ME.format(
    condition="f.n_taken < f.target", without="('expired', 'released')"
)
_N_LEFT = f"""
    SELECT count(*) + (SELECT count(*) FROM assignment
        WHERE participant_id = %(participant)s AND state IN ('open', 'queued'))
    FROM ({_FREE}) free
"""  # noqa: S608  # made of the constants above
_OPEN = _FOR_ME.format(
    condition="f.n_counted < f.target",
    without="('expired', 'released', 'open', 'queued')",
)
_UNFINISHED = (
    "SELECT 1 FROM frontier f WHERE f.project_id = %(project)s"
    " AND f.n_counted < f.target"
)
_ANY = "SELECT 1 FROM frontier f WHERE f.project_id = %(project)s"

# In a project with quotas: an item is open to this person's cells, and in its category.
_IN_QUOTA = """
      AND NOT EXISTS (
        SELECT 1 FROM participant p JOIN quota_cell c ON c.id = ANY(p.quota_cells)
        JOIN item_cell ic ON ic.cell_id = c.id AND ic.item_id = f.item_id
        WHERE p.id = %(participant)s AND ic.n_taken >= c.n_limit)
      AND NOT EXISTS (
        SELECT 1 FROM item i JOIN quota_cell c ON c.project_id = f.project_id
        WHERE i.id = f.item_id AND (
          c.kind = 'category' AND c.key = i.category AND c.n_taken >= c.n_limit
          OR c.kind = 'category_each' AND i.category <> '' AND c.n_limit <= (
            SELECT count(*) FROM quota_hold h
            WHERE h.participant_id = %(participant)s AND h.category = i.category)))
"""
_OPEN_IN_QUOTA = _FOR_ME.format(
    condition=f"f.n_counted < f.target {_IN_QUOTA}",
    without="('expired', 'released', 'open', 'queued')",
)
_N_FREE_IN_QUOTA = "SELECT count(*) FROM ({}) free".format(  # noqa: S608  # constants
    _FOR_ME.format(
        condition=f"f.n_taken < f.target {_IN_QUOTA}",
        without="('expired', 'released')",
    )
)
# Of each cell that bounds this person: how many places are left, and how many of the
# taken ones are leases, which may come back.
_PLACES = """
    SELECT c.n_limit - c.n_taken, (
        SELECT count(*) FROM assignment a JOIN quota_hold h ON h.assignment_id = a.id
        WHERE a.project_id = c.project_id AND a.state IN ('open', 'queued', 'reserved')
          AND c.id = ANY(h.cells))
    FROM participant p JOIN quota_cell c ON c.id = ANY(p.quota_cells)
    WHERE p.id = %(participant)s AND c.n_limit IS NOT NULL
      AND (c.kind IN ('exact', 'at_least') OR c.kind = 'people' AND NOT EXISTS (
        SELECT 1 FROM quota_hold h WHERE h.participant_id = p.id))
"""
# What this person has in hand, and pairs whose other half neither came nor is in hand.
_OTHER_HALVES = """
    SELECT (SELECT count(*) FROM assignment
            WHERE participant_id = %(participant)s AND state IN ('open', 'queued')),
        (SELECT count(*) FROM protocol_pair p
         WHERE p.participant_id = %(participant)s AND NOT p.is_settled
           AND NOT EXISTS (
             SELECT 1 FROM assignment a
             WHERE a.item_id = p.item_id AND a.participant_id = p.participant_id
               AND a.round = 1 AND a.state NOT IN ('expired', 'released', 'reserved')
               AND a.purpose = CASE p.comes_first
                 WHEN 'main' THEN 'second_protocol' ELSE 'main' END))
"""


@dataclass(frozen=True)
class Empty:
    """Why there is nothing to do: `reason` for the script, the rest for the person."""

    reason: str
    title: str
    words: str
    is_awaited: bool
    n_done: int


_EMPTY: dict[str, tuple[str, str, bool]] = {
    "wanted_done": (
        gettext_noop("You have answered all that is wanted of you"),
        gettext_noop("Your answers are stored. Thank you for your work."),
        False,
    ),
    "not_qualified": (
        gettext_noop("The qualification was not passed"),
        gettext_noop(
            "Thank you for trying. This project looks for answers like the ones "
            "its people agreed on beforehand, and yours often differed. That says "
            "nothing about you as a person. There is no further attempt."
        ),
        False,
    ),
    "attempt_later": (
        gettext_noop("You can try the qualification again later"),
        gettext_noop(
            "This attempt was not enough. Read the guidelines once more in the "
            "meantime; the next attempt opens here by itself."
        ),
        True,
    ),
    "you_paused": (
        gettext_noop("Your work in this project is paused"),
        STANDING_WORDS["paused"],
        False,
    ),
    "you_blocked": (
        gettext_noop("Your work in this project has ended"),
        STANDING_WORDS["blocked"],
        False,
    ),
    "paused": (
        gettext_noop("This project is paused"),
        gettext_noop(
            "Its owner has stopped giving out items for now. Your answers are stored."
        ),
        True,
    ),
    "budget_spent": (
        gettext_noop("The work is paused for now"),
        gettext_noop(
            "The money that this project has set aside for answers is used, or "
            "promised to people at work. Your answers are stored, and so is what you "
            "have earned. If the project sets more aside, you get the next item here."
        ),
        True,
    ),
    "day_spent": (
        gettext_noop("That was all for today"),
        gettext_noop(
            "This project spends only so much a day, and today's share is used or "
            "promised. Your answers are stored. Come back tomorrow: the next day "
            "begins at midnight UTC."
        ),
        True,
    ),
    "no_items": (
        gettext_noop("There are no items yet"),
        gettext_noop("Nothing has been imported into this project so far."),
        True,
    ),
    "waiting": (
        gettext_noop("No item is free at the moment"),
        gettext_noop(
            "Other people are working on what is left. If one of them gives an "
            "item back, you get it."
        ),
        True,
    ),
    "quota_full": (
        gettext_noop("There are enough answers from your group"),
        gettext_noop(
            "This project wants answers from people of different groups, and the "
            "places of your group are taken. Your answers are stored. If a place "
            "comes free, you get it."
        ),
        True,
    ),
    "yours_done": (
        gettext_noop("You have answered everything you can"),
        gettext_noop(
            "What is left needs answers from other people. Your answers are stored."
        ),
        True,
    ),
    "all_done": (
        gettext_noop("All items are answered"),
        gettext_noop("This project needs no more answers. Thank you for your work."),
        False,
    ),
}


def why_empty(participant: Participant, project: Project) -> Empty:
    """Return why this participant gets no item.

    At most two queries, 4 with quotas, and one more where answers have a price.
    """
    if (held := _held_back(participant, project)) is not None:
        reason = held
    elif participant.has_all_wanted:
        reason = "wanted_done"
    else:
        reason = "paused" if project.is_paused else _reason(participant, project)
    title, words, is_awaited = _EMPTY[reason]
    return Empty(reason, _(title), _(words), is_awaited, participant.n_done)


def _held_back(participant: Participant, project: Project) -> str | None:
    """Return what holds this person back alone: a decision, or the qualification."""
    if participant.standing != Participant.Standing.ACTIVE:
        return f"you_{participant.standing}"
    if not project.check_rules or not read_rules(project.check_rules).has_gate:
        return None
    plan = CheckPlan.objects.filter(participant=participant).first()
    reasons = {"failed": "not_qualified", "waiting": "attempt_later"}
    return reasons.get(plan.stage) if plan is not None else None


def _reason(participant: Participant, project: Project) -> str:
    with connection.cursor() as db:
        db.execute(
            f"SELECT EXISTS ({_ANY}), EXISTS ({_UNFINISHED}), EXISTS ({_OPEN})",
            _parameters(participant, project),
        )
        has_items, is_unfinished, is_open = db.fetchone()
    if not has_items:
        return "no_items"
    if is_open:
        is_full = project.has_quotas and _is_quota_full(participant, project)
        return "quota_full" if is_full else cap_reached(project) or "waiting"
    return "yours_done" if is_unfinished else "all_done"


def _is_quota_full(participant: Participant, project: Project) -> bool:
    """Tell whether the answers there are fill a cell, or all open items are closed."""
    with connection.cursor() as db:
        db.execute(_PLACES, {"participant": participant.pk})
        if any(n_free + n_held <= 0 for n_free, n_held in db.fetchall()):
            return True
        parameters = _parameters(participant, project)
        db.execute(f"SELECT EXISTS ({_OPEN_IN_QUOTA})", parameters)
        return not db.fetchone()[0]


def _n_free_in_quota(participant: Participant, project: Project) -> int:
    with connection.cursor() as db:
        db.execute(_PLACES, {"participant": participant.pk})
        places = [max(int(n), 0) for n, _ in db.fetchall()]
        db.execute(_N_FREE_IN_QUOTA, _parameters(participant, project))
        n_free = int(db.fetchone()[0])
    return min([n_free, *places])


def n_left_for(participant: Participant, project: Project) -> int:
    """Return how many items this participant can still get, the ones held included.

    One query over at most LEFT_BOUND entries of the partial index; asked once a page,
    never on the hot path. In a project with quotas it is four.
    """
    if project.has_quotas:
        held = participant.assignments.filter(state__in=("open", "queued"))
        n_free = _n_free_in_quota(participant, project) + held.count()
    else:
        with connection.cursor() as db:
            db.execute(_N_LEFT, _parameters(participant, project))
            n_free = int(db.fetchone()[0])
    n_twice = _n_other_halves(participant, project, n_free)
    n_left = veiled(project, n_free) + n_twice
    total = n_total_for(participant, project)
    if total is None:
        return n_left
    if participant.has_all_wanted:
        return n_twice
    # At least one: a check or two more than expected have come.
    return min(n_left, max(total - participant.n_done, 1))


def n_total_for(participant: Participant, project: Project) -> int | None:
    """Return how many items are wanted of this person; None: no certain number.

    With checks it is about how many there are in all, and tells nothing of them.
    """
    if participant.n_wanted is None:
        return None
    rules = read_rules(project.check_rules)
    total = expected_total(rules, participant.n_wanted)
    total += n_twice(read_protocols(project.protocol_rules), participant.n_wanted)
    return max(total, participant.n_done)


def _n_other_halves(participant: Participant, project: Project, n_free: int) -> int:
    """Return how many answers to the other protocol come; one query, or none.

    Of what has begun they are counted, of what has not they are expected.
    """
    if not project.protocol_rules:
        return 0
    with connection.cursor() as db:
        db.execute(_OTHER_HALVES, {"participant": participant.pk})
        n_held, n_waiting = db.fetchone()
    if participant.has_all_wanted:
        return int(n_waiting)
    rules = read_protocols(project.protocol_rules)
    return int(n_waiting) + n_twice(rules, max(n_free - n_held, 0))


def _parameters(participant: Participant, project: Project) -> dict[str, Any]:
    return {
        "project": project.pk,
        "participant": participant.pk,
        "bound": LEFT_BOUND,
    }


# --- history ------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnAnswer:
    """One own submission as a line of the history."""

    id: uuid.UUID
    at: datetime
    gist: str
    words: str
    is_surplus: bool
    can_take_back: bool


@dataclass(frozen=True)
class History:
    """One page of own submissions, newest first."""

    answers: tuple[OwnAnswer, ...]
    number: int
    n_pages: int
    n_answers: int


@dataclass(frozen=True)
class Said:
    """An own answer to one question: in words, and by row where it is a rating."""

    question: Question
    words: str
    reasons: tuple[str, ...]
    confidence: str
    marks: tuple[tuple[str, tuple[str, ...]], ...]
    quotes: tuple[Quote, ...]


def history(participant: Participant, project: Project, number: int) -> History:
    """Return a page of the participant's submissions; two queries."""
    found = (
        Assignment.objects.filter(participant=participant, state__in=ANSWERED)
        .exclude(purpose=Assignment.Purpose.IMPORTED)
        .exclude(annotation=None)
        .select_related("annotation", "item", "questions_version")
        .order_by("-finished_at", "-id")
    )
    page = Paginator(found, PAGE_SIZE).get_page(number)
    return History(
        answers=tuple(_own_answer(assignment, project) for assignment in page),
        number=page.number,
        n_pages=page.paginator.num_pages,
        n_answers=page.paginator.count,
    )


def _own_answer(assignment: Assignment, project: Project) -> OwnAnswer:
    questions, answers = _presented(assignment)
    main = main_question(questions)
    messages = assignment.item.messages
    return OwnAnswer(
        id=assignment.public_id,
        at=assignment.finished_at or assignment.created_at,
        gist=messages[-1]["content"][:GIST_CHARS] if messages else "",
        words=verdict_words(main, answers.get(main.name)),
        is_surplus=assignment.state == Assignment.State.SURPLUS,
        can_take_back=can_take_back(assignment, project),
    )


def can_take_back(assignment: Assignment, project: Project) -> bool:
    """Tell whether the grace time of a submission is still running; no query."""
    answer = assignment.annotation
    if assignment.purpose in FINAL:
        return False
    grace = timedelta(seconds=project.grace_s)
    return answer is not None and timezone.now() < answer.created_at + grace


def _presented(
    assignment: Assignment,
) -> tuple[tuple[Question, ...], dict[str, Any]]:
    questions = parse_questions(assignment.questions_version.questions)
    stored = assignment.annotation.answers if assignment.annotation else {}
    return questions, to_presented(questions, stored, assignment.order or [])


def own_answer(assignment: Assignment) -> tuple[Said, ...]:
    """Return what an own submission says, in the order of presentation.

    No query where `annotation` and `questions_version` are loaded, else two.
    """
    questions, answers = _presented(assignment)
    return tuple(
        _said(question, answers[question.name])
        for question in questions
        if question.name in answers
    )


def _said(question: Question, answer: Any) -> Said:
    parts = answer if isinstance(answer, dict) else {}
    is_comparison = question.type == "comparison"
    marks = (
        tuple(
            (criterion.title, tuple(_mark(mark) for mark in parts[criterion.name]))
            for criterion in question.criteria
            if criterion.name in parts
        )
        if question.type == "rating"
        else ()
    )
    return Said(
        question=question,
        words="" if marks else verdict_words(question, answer),
        reasons=tuple(parts.get("reasons", ())) if is_comparison else (),
        confidence=str(parts.get("confidence", "")) if is_comparison else "",
        marks=marks,
        quotes=quotes_of(answer) if question.type == "spans" else (),
    )


def _mark(mark: int | str | None) -> str:
    return _("not rated") if mark is None else "n/a" if mark == "na" else str(mark)
