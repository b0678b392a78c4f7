"""Answers in words and as choices; the database chooses as the pure code does."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.answers import Criterion, Question
from annotation.durations import clock, left_words, spoken
from annotation.selectors.choices import choice_sql
from annotation.verdicts import answered, choice, lean, verdict_words

COMPARISON = Question("preference", "comparison", "Which answer is better?")
RANKING = Question("order", "ranking", "In which order?")
RATING = Question(
    "marks",
    "rating",
    "How good?",
    criteria=(Criterion("clear", "Clear"), Criterion("right", "Right")),
)


@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        (COMPARISON, {"value": 3}, "A is much better"),
        (COMPARISON, {"value": 2}, "A is better"),
        (COMPARISON, {"value": -1}, "B is slightly better"),
        (COMPARISON, {"value": 0}, "Tie"),
        (COMPARISON, {"value": 0, "both_bad": True}, "Both are bad"),
        (
            Question("p", "comparison", "?", strength=2),
            {"value": -2},
            "B is much better",
        ),
        (Question("p", "comparison", "?", strength=1), {"value": 1}, "A is better"),
        (
            RANKING,
            {"tiers": [[2], [0, 3]], "unacceptable": [1]},
            "C > A = D; not acceptable: B",
        ),
        (RANKING, {"tiers": [], "unacceptable": [0, 1]}, "Not acceptable: A, B"),
        (RANKING, {"tiers": [[2], [0]], "below": [1, 3]}, "C > A; below: B, D"),
        (
            RANKING,
            {"tiers": [[1]], "unacceptable": [0], "not_judged": [2]},
            "B; not acceptable: A; not judged: C",
        ),
        (RATING, {"clear": [4, "na"], "right": [1, "na"]}, "A 2.5 · B n/a"),
        (Question("t", "tags", "?"), ["Clear", "Short"], "Clear, Short"),
        (Question("c", "choice", "?"), "Yes", "Yes"),
        (Question("c", "choice", "?"), ["Yes", None, "No"], "A: Yes · C: No"),
        (COMPARISON, None, ""),
        (COMPARISON, {"value": "x"}, ""),
    ],
)
def test_answer_in_words(question: Question, value: Any, words: str) -> None:
    assert verdict_words(question, value) == words


def test_lean_runs_from_a_to_b() -> None:
    leans = [lean(COMPARISON, {"value": value}) for value in (3, 2, 1, 0, -1, -2, -3)]
    assert leans == sorted(leans, key=float)  # type: ignore[arg-type]  # none is None
    assert leans[3] == 50
    assert lean(COMPARISON, {"value": 0, "both_bad": True}) is None
    assert lean(RANKING, {"tiers": [[0], [1]]}) is None


def test_reasons_stand_with_their_question() -> None:
    helpful = Question("helpful", "comparison", "More helpful?", strength=2)
    said = answered(
        (helpful, COMPARISON, RATING, Question("why", "rationale", "Why?")),
        {
            "helpful": {"value": 1, "reasons": ["Clear"], "confidence": "sure"},
            "preference": {"value": -3, "reasons": ["Short"]},
            "marks": {"clear": [1, None], "right": ["na", 0]},
            "why": "B is short.",
        },
        2,
    )
    assert said.verdict == "B is much better"
    assert [(a.title, a.verdict, a.tags) for a in said.others] == [
        ("More helpful?", "A is slightly better", ("Clear", "sure"))
    ]
    assert said.tags == ("Short",)
    assert said.rationales == ("B is short.",)
    assert said.tables[0].rows == (
        ("Clear", ("1", "not rated")),
        ("Right", ("n/a", "0")),
    )


comparisons = st.builds(
    lambda value, bad: {"value": 0 if bad else value, "both_bad": bad},
    st.integers(-3, 3),
    st.booleans(),
)
marks = st.one_of(st.integers(0, 4), st.just("na"), st.none())
ratings = st.integers(1, 4).flatmap(
    lambda n: st.fixed_dictionaries(
        {name: st.lists(marks, min_size=n, max_size=n) for name in ("clear", "right")}
    )
)


KIND = Question("kind", "choice", "Kind?", options=("Yes", "No · {%s}"))
options = st.sampled_from(KIND.options)
chosen = st.one_of(
    st.none(), options, st.lists(options | st.none(), min_size=1, max_size=4)
)


@st.composite
def rankings(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Draw a ranking of four with ties, and some of them outside the places."""
    places = draw(st.lists(st.integers(0, 6), min_size=4, max_size=4))
    tiers = [[i for i in range(4) if places[i] == p] for p in range(4)]
    return {
        "tiers": [tier for tier in tiers if tier],
        "unacceptable": [i for i in range(4) if places[i] == 4],
        "below": [i for i in range(4) if places[i] == 5],
        "not_judged": [i for i in range(4) if places[i] == 6],
    }


def _by_database(question: Question, value: Any) -> str:
    sql, parameters = choice_sql(
        {1: (question,)}, version="a.version", answers="a.answers"
    )
    answers = json.dumps({question.name: value})
    with connection.cursor() as db:
        db.execute(
            f"SELECT {sql} FROM (SELECT 1 AS version, %(a)s::jsonb AS answers) a",
            {**parameters, "a": answers},
        )
        return db.fetchone()[0] or ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("question", "values"),
    [
        (COMPARISON, comparisons),
        (RANKING, rankings()),
        (RATING, ratings),
        (KIND, chosen),
    ],
    ids=["comparison", "ranking", "rating", "choice"],
)
def test_database_chooses_as_the_pure_code(
    question: Question, values: st.SearchStrategy[Any]
) -> None:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(value=values)
    def check(value: Any) -> None:
        assert _by_database(question, value) == choice(question, value)

    check()


def test_times_are_said_as_people_say_them() -> None:
    assert [clock(ms) for ms in (0, 161_000, 3_725_000, None)] == [
        "0:00",
        "2:41",
        "1:02:05",
        "",
    ]
    assert [spoken(ms) for ms in (1_500, 45_000, 161_000, 3_725_000)] == [
        "1.5 s",
        "45 s",
        "2 min 41 s",
        "1 h 2 min",
    ]
    assert [left_words(days) for days in (0.5, 1.2, 8, 21, 90, 1000)] == [
        "less than a day",
        "about a day",
        "about eight days",
        "about three weeks",
        "about three months",
        "more than two years",
    ]
