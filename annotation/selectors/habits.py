"""How each annotator answers: checks, repeats, sides, time, each with an interval.

Pseudonyms alone; nothing here decides anything about anybody.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import connection

from annotation.agreement.habits import Run, longest_run, pace_limit
from annotation.agreement.intervals import Interval, wilson_interval
from annotation.allocation.insertion import read_rules
from annotation.answers import Question, main_question, questions_from, to_presented
from annotation.gold import InvalidGoldError, grade, read_gold
from annotation.models import CheckPlan, Participant, Project, StandingChange
from annotation.verdicts import choice

# With fewer answers an interval covers nearly everything.
FLOOR = 5
MAX_PEOPLE = 200
MAX_ANSWERS = 500
CHARS_PER_WORD = 6


@dataclass(frozen=True)
class Share:
    """A share with Wilson's interval; `is_open`: too few answers to say anything."""

    n_hits: int
    n: int

    @property
    def is_open(self) -> bool:
        """Tell whether there are too few answers to say anything."""
        return self.n < FLOOR

    @property
    def interval(self) -> Interval:
        """Return the share and the ends of its 95 % interval."""
        return wilson_interval(self.n_hits, self.n)

    @property
    def words(self) -> str:
        """Return the share in whole percent, with its interval."""
        if self.is_open:
            return "not enough to say"
        part = self.interval
        low, high = round(100 * part.low), round(100 * part.high)
        return f"{round(100 * part.value)} % ({low} to {high})"


@dataclass(frozen=True)
class Habits:
    """One annotator: how they do at checks, and how they answer."""

    id: uuid.UUID
    pseudonym: str
    standing: str
    reason: str
    stage: str
    n_answers: int
    gold: Share
    repeats: Share
    first: Share
    median_s: float | None
    fast: Share
    run: Run

    @property
    def run_words(self) -> str:
        """Return the longest run of one same answer, and how likely it is by chance."""
        if self.run.n < 2 * FLOOR:
            return "not enough to say"
        chance = "below 0.001" if self.run.p < 0.001 else f"{self.run.p:.3f}"
        return f"{self.run.length} alike in a row (by chance: {chance})"


@dataclass
class _Tally:
    gold: list[bool] = field(default_factory=list)
    repeats: list[bool] = field(default_factory=list)
    firsts: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


# The last answers of each person, along their own index.
_ANSWERS = """
    SELECT p.id, one.purpose, one."order", one.questions, one.answers, one.gold,
        one.first, one.active_ms, one.n_chars
    FROM unnest(%(people)s::bigint[]) AS p(id) CROSS JOIN LATERAL (
        SELECT a.purpose, a."order", q.questions::text AS questions,
            n.answers::text AS answers, i.gold::text AS gold, n.active_ms,
            (SELECT COALESCE(sum(length(c.text)), 0) FROM completion c
             WHERE c.item_id = a.item_id) AS n_chars,
            CASE WHEN a.purpose = 'mirror' THEN (
                SELECT first.answers::text FROM assignment m
                JOIN annotation first ON first.id = m.annotation_id
                WHERE m.item_id = a.item_id AND m.participant_id = a.participant_id
                  AND m.purpose = 'main' AND m.round = 1) END AS first
        FROM assignment a JOIN annotation n ON n.id = a.annotation_id
        JOIN questions_version q ON q.id = a.questions_version_id
        JOIN item i ON i.id = a.item_id
        WHERE a.participant_id = p.id AND a.state IN ('submitted', 'surplus')
          AND a.purpose IN ('main', 'mirror', 'monitoring', 'attention')
        ORDER BY a.finished_at DESC LIMIT %(limit)s) one
"""


def habits_of(project: Project) -> list[Habits]:
    """Return the people with answers, who need a look first; four queries.

    The last MAX_ANSWERS answers of each count, of at most MAX_PEOPLE people.
    """
    people = list(
        Participant.objects.filter(project=project, n_done__gt=0)
        .exclude(source=Participant.Source.IMPORT)
        .order_by("-n_done")[:MAX_PEOPLE]
    )
    ids = [person.pk for person in people]
    has_gate = read_rules(project.check_rules).has_gate
    plans = CheckPlan.objects.in_bulk(ids) if has_gate else {}
    changes = StandingChange.objects.filter(participant__in=ids).order_by("id")
    reasons = {change.participant_id: change.reason for change in changes}
    tallies = _tallies(ids)
    limit = pace_limit([pace for tally in tallies.values() for pace in tally.paces])
    found = [
        _habits(person, tallies[person.pk], plans.get(person.pk), reasons, limit)
        for person in people
    ]
    return sorted(found, key=_need)


def _need(habits: Habits) -> tuple[float, str]:
    """Order by the upper end of what gold says: sure misses come first."""
    shares = [s for s in (habits.gold, habits.repeats) if not s.is_open]
    high = min((share.interval.high for share in shares), default=1.0)
    return high, habits.pseudonym


def _habits(
    person: Participant,
    tally: _Tally,
    plan: CheckPlan | None,
    reasons: dict[int, str],
    limit: float | None,
) -> Habits:
    is_active = person.standing == Participant.Standing.ACTIVE
    return Habits(
        id=person.public_id,
        pseudonym=person.pseudonym,
        standing=person.standing,
        reason="" if is_active else reasons.get(person.pk, ""),
        stage=plan.stage if plan else "",
        n_answers=person.n_done - person.n_checks,
        gold=_share(tally.gold),
        repeats=_share(tally.repeats),
        first=_share(tally.firsts),
        median_s=median(tally.seconds) if len(tally.seconds) >= FLOOR else None,
        fast=_share(pace < limit for pace in tally.paces) if limit else Share(0, 0),
        # Newest first from the database; a run is the same from either end.
        run=longest_run(tally.said),
    )


def _share(hits: Iterable[bool]) -> Share:
    listed = list(hits)
    return Share(sum(listed), len(listed))


def _tallies(ids: list[int]) -> dict[int, _Tally]:
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    with connection.cursor() as db:
        db.execute(_ANSWERS, {"people": ids, "limit": MAX_ANSWERS})
        for participant_id, *row in db.fetchall():
            _add(tallies[participant_id], *row)
    return tallies


def _add(
    tally: _Tally,
    purpose: str,
    order: list[int] | None,
    asked: str,
    said: str,
    gold: str | None,
    first: str | None,
    active_ms: int | None,
    n_chars: int,
) -> None:
    questions, answers = questions_from(asked), json.loads(said)
    main = main_question(questions)
    value = answers.get(main.name)
    if active_ms is not None:
        tally.seconds.append(active_ms / 1000)
        tally.paces.append(active_ms / 1000 / max(n_chars / CHARS_PER_WORD, 1))
    if purpose in ("main", "mirror"):
        tally.said.append(_key(main, value, order or []))
    if purpose in ("main", "mirror") and main.type == "comparison":
        _add_side(tally, value, order or [0, 1])
    if purpose == "mirror" and first:
        before = choice(main, json.loads(first).get(main.name))
        tally.repeats.append(choice(main, value) == before)
    elif purpose != "mirror" and gold:
        try:
            known = read_gold(json.loads(gold), questions, len(order or ()))
        except InvalidGoldError:
            return
        # Gold that stays in the pool is graded as it comes.
        if purpose != "main" or known.is_in_pool:
            tally.gold.append(grade(known, answers).is_correct)


def _key(question: Question, value: Any, order: list[int]) -> str:
    """Return what a hand did: the answer as it stood on the screen."""
    shown = to_presented([question], {question.name: value}, order)
    return json.dumps(shown, sort_keys=True, default=str)


def _add_side(tally: _Tally, value: Any, order: list[int]) -> None:
    grade_ = value.get("value") if isinstance(value, dict) else None
    if isinstance(grade_, int) and grade_ != 0 and len(order) == 2:
        tally.firsts.append((grade_ > 0) == (order[0] == 0))
