"""What the answers of each annotator show: read by a worker, kept with the charts.

Pseudonyms alone; nothing here decides anything about anybody.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from django.db import connection

from annotation.agreement.habits import longest_run, pace_limit, rows_alike
from annotation.agreement.votes import against_others
from annotation.answers import Question, main_question, questions_from, to_presented
from annotation.gold import InvalidGoldError, grade, read_gold
from annotation.models import Assignment, Participant, Project
from annotation.selectors import blind
from annotation.selectors.arrays import choices_by_item
from annotation.verdicts import choice

MAX_PEOPLE = 1_000
MAX_ANSWERS = 500
CHARS_PER_WORD = 6
PEOPLE_BATCH = 50
# Fewer times make no median.
FLOOR = 5

Part = tuple[int, int]


@dataclass(frozen=True)
class Signs:
    """What the last answers of one person show; each part is (hits, of how many).

    `gold`: right. `repeats`: the same as before. `others`: as most of the others said.
    `first`: the first one shown preferred. `fast`: at a very fast pace. `skips`: items
    skipped. `alike`: rating grids with one same row throughout. `run`: (longest run of
    one same answer, of how many answers, its probability by chance).
    """

    pseudonym: str
    gold: Part
    repeats: Part
    others: Part
    first: Part
    fast: Part
    skips: Part
    alike: Part
    run: tuple[int, int, float]
    median_s: float | None

    def to_json(self) -> dict[str, Any]:
        """Return what is kept; a part becomes a list."""
        return asdict(self)


@dataclass
class _Tally:
    gold: list[bool] = field(default_factory=list)
    repeats: list[bool] = field(default_factory=list)
    firsts: list[bool] = field(default_factory=list)
    alike: list[bool] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


# A repeat is held against the blind answer alone: what was seen is no own opinion.
_BEFORE, _FIRST = blind.of("m")
# The last answers of each person, along their own index.
_ANSWERS = f"""
    SELECT p.id, one.purpose, one."order", one.questions, one.answers, one.gold,
        one.first, one.active_ms, one.n_chars
    FROM unnest(%(people)s::bigint[]) AS p(id) CROSS JOIN LATERAL (
        SELECT a.purpose, a."order", q.questions::text AS questions,
            n.answers::text AS answers, i.gold::text AS gold, n.active_ms,
            (SELECT COALESCE(sum(length(c.text)), 0) FROM completion c
             WHERE c.item_id = a.item_id) AS n_chars,
            CASE WHEN a.purpose = 'mirror' THEN (
                SELECT first.answers::text FROM assignment m {_BEFORE}
                JOIN annotation first ON first.id = {_FIRST}
                WHERE m.item_id = a.item_id AND m.participant_id = a.participant_id
                  AND m.purpose = 'main' AND m.round = 1) END AS first
        FROM assignment a JOIN annotation n ON n.id = a.annotation_id
        JOIN questions_version q ON q.id = a.questions_version_id
        JOIN item i ON i.id = a.item_id
        WHERE a.participant_id = p.id AND a.state IN ('submitted', 'surplus')
          AND a.purpose IN ('main', 'mirror', 'monitoring', 'attention')
        ORDER BY a.finished_at DESC LIMIT %(limit)s) one
"""  # noqa: S608 - our own words
_SKIPS = """
    SELECT participant_id, count(*) FILTER (WHERE state = 'skipped'), count(*)
    FROM assignment WHERE participant_id = ANY(%(people)s) AND purpose = 'main'
      AND state IN ('submitted', 'surplus', 'skipped') GROUP BY 1
"""


def signs_of(
    project: Project, comparable: Mapping[int, tuple[Question, ...]]
) -> dict[int, Signs]:
    """Return what the answers of each person show, by key; 3 queries and 1 for 50.

    The last MAX_ANSWERS answers of each count, of the MAX_PEOPLE with the most. Skips
    and the agreement with others are of all their answers to items; `comparable`: the
    versions of questions whose answers can be held against each other.
    """
    people = dict(
        Participant.objects.filter(project=project, n_done__gt=0, user__isnull=False)
        .exclude(source=Participant.Source.IMPORT)
        .order_by("-n_done")
        .values_list("pk", "pseudonym")[:MAX_PEOPLE]
    )
    tallies = _tallies(list(people))
    limit = pace_limit([pace for tally in tallies.values() for pace in tally.paces])
    others = _others(project, comparable)
    skips = _skips(list(people))
    return {
        key: _signs(
            pseudonym,
            tallies[key],
            limit,
            others=_part(others[key]),
            skips=skips.get(key, (0, 0)),
        )
        for key, pseudonym in people.items()
    }


def _signs(
    pseudonym: str, tally: _Tally, limit: float | None, *, others: Part, skips: Part
) -> Signs:
    # Newest first from the database; a run is the same from either end.
    run = longest_run(tally.said)
    return Signs(
        pseudonym=pseudonym,
        gold=_part(tally.gold),
        repeats=_part(tally.repeats),
        others=others,
        first=_part(tally.firsts),
        fast=_part(pace < limit for pace in tally.paces) if limit else (0, 0),
        skips=skips,
        alike=_part(tally.alike),
        run=(run.length, run.n, run.p),
        median_s=median(tally.seconds) if len(tally.seconds) >= FLOOR else None,
    )


def _part(hits: Iterable[bool]) -> Part:
    listed = list(hits)
    return sum(listed), len(listed)


def _others(
    project: Project, comparable: Mapping[int, tuple[Question, ...]]
) -> dict[int, list[bool]]:
    """Hold each answer against those of the others to the same item; one query."""
    found: dict[int, list[bool]] = defaultdict(list)
    for chosen in choices_by_item(project, comparable, Assignment.Purpose.MAIN):
        agreed = against_others(list(chosen.values()))
        for key, is_same in zip(chosen, agreed, strict=True):
            if is_same is not None:
                found[key].append(is_same)
    return found


def _skips(ids: Sequence[int]) -> dict[int, Part]:
    with connection.cursor() as db:
        db.execute(_SKIPS, {"people": list(ids)})
        return {key: (skipped, n) for key, skipped, n in db.fetchall()}


def _tallies(ids: Sequence[int]) -> dict[int, _Tally]:
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for start in range(0, len(ids), PEOPLE_BATCH):
        some = list(ids[start : start + PEOPLE_BATCH])
        with connection.cursor() as db:
            db.execute(_ANSWERS, {"people": some, "limit": MAX_ANSWERS})
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
        tally.alike += _grids(questions, answers)
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


def _grids(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[bool]:
    """Tell of each rating grid with two rows or more whether its rows are alike."""
    grids = [
        [tuple(marks) for marks in answers[question.name].values()]
        for question in questions
        if question.type == "rating" and isinstance(answers.get(question.name), dict)
    ]
    told = [rows_alike(rows) for rows in grids]
    return [is_alike for is_alike in told if is_alike is not None]


def _add_side(tally: _Tally, value: Any, order: list[int]) -> None:
    grade_ = value.get("value") if isinstance(value, dict) else None
    if isinstance(grade_, int) and grade_ != 0 and len(order) == 2:
        tally.firsts.append((grade_ > 0) == (order[0] == 0))
