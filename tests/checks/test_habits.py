"""What a worker reads of how people answer, and the page that shows it."""

import uuid

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotation.models import Chart, Project
from annotation.selectors.charts import habit_charts, kept_habits, snapshot
from annotation.selectors.choices import questions_of
from annotation.selectors.figures import first_by_person, latest
from annotation.selectors.habits import Habits, SideBias, habit_page
from annotation.services import assignments, submissions, withdrawals
from annotation.services.charts import refresh
from annotation.services.measures import side_bias
from tests.checks.conftest import (
    MakeAnnotator,
    MakePool,
    answer,
    claim,
    mark,
    set_rules,
    work,
)
from tests.factories import make_items, make_member, make_participant, make_project


def signs(project: Project) -> dict[str, Habits]:
    """Let a worker read the answers; return what the page shows, by pseudonym."""
    refresh(project=project)
    return {one.pseudonym: one for one in habit_page(project).people}


def test_own_answer_is_not_among_those_it_is_held_against(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(6, overlap=3)
    apart, *rest = (make_annotator(pool) for _ in range(3))
    work(apart, 6, canonical=-1)
    for person in rest:
        work(person, 6, canonical=1)
    found = signs(pool)
    assert (found[apart.pseudonym].others.n_hits, found[apart.pseudonym].others.n) == (
        0,
        6,
    )
    # For each of the two, the others are divided.
    assert {found[person.pseudonym].others.n for person in rest} == {0}


def test_skips_are_a_share_of_what_came(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(8)
    person = make_annotator(pool)
    work(person, 6)
    for _ in range(2):
        found = claim(person)
        assert found is not None
        assignments.skip(assignment=found, reason="Unreadable.")
    shown = signs(pool)[person.pseudonym].skips
    assert (shown.n_hits, shown.n) == (2, 8)


def test_rating_grids_with_one_same_row_are_counted(db: None) -> None:
    project = make_project(template="rating")
    make_items(project, 6)
    person = make_participant(project)
    (version,) = project.questions_versions.all()
    grid = version.questions[0]
    criteria = [criterion["name"] for criterion in grid["criteria"]]
    assert len(criteria) > 1
    for number in range(6):
        found = assignments.claim_next(participant=person, project=project)
        assert found is not None
        marks = {name: [3, 3] for name in criteria}
        if number < 2:
            marks[criteria[0]] = [1, 2]
        submissions.submit(
            assignment=found, submission_id=uuid.uuid4(), answers={grid["name"]: marks}
        )
    shown = signs(project)[person.pseudonym].alike
    assert (shown.n_hits, shown.n) == (4, 6)


def test_people_who_always_take_the_first_are_seen_as_a_pull_of_the_place(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(30)
    for _ in range(5):
        person = make_annotator(pool)
        for _ in range(6):
            found = claim(person)
            assert found is not None
            answer(found, -1 if found.order == [1, 0] else 1)
    told = side_bias(pool, questions_of(pool))
    assert told is not None
    assert (told["n_first"], told["n_decided"], told["n_people"]) == (30, 30, 5)
    assert (told["low"], told["high"]) == (1.0, 1.0)
    assert "comes first" in SideBias(**told).finding


def test_side_of_few_people_has_no_interval_and_checks_are_not_in_it(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    pool = make_pool(20)
    mark(pool, "monitoring", range(1, 9))
    set_rules(pool, monitoring_every=2)
    person = make_annotator(pool)
    done = work(person, 10)
    n_main = sum(a.purpose == "main" for a in done)
    ((_, decided),) = first_by_person(pool, questions_of(pool))
    assert decided == n_main < 10
    told = side_bias(pool, questions_of(pool))
    assert told is not None
    assert (told["low"], told["high"]) == (None, None)
    assert "Too few people" in SideBias(**told).finding


def test_charts_stand_on_their_page_and_not_on_the_overview(
    pool: Project, make_annotator: MakeAnnotator, client: Client
) -> None:
    mark(pool, "monitoring", range(1, 11))
    set_rules(pool, monitoring_every=2)
    right, wrong = make_annotator(pool), make_annotator(pool)
    work(right, 12)
    work(wrong, 12, canonical=-1)
    refresh(project=pool)
    (chart,) = habit_charts(pool)
    assert chart.title == "1 of 2 lies below the 50% of all at gold"
    assert chart.rows[0][:4] == (wrong.pseudonym, "0", "6", "0%")
    assert not any(c.name.startswith("habit") for c in snapshot(pool).charts)
    client.force_login(make_member(pool, "researcher"))
    page = client.get(f"/p/{pool.slug}/habits/").content.decode()
    assert chart.title in page
    svg = client.get(f"/p/{pool.slug}/charts/habit_gold.svg")
    assert svg["Content-Type"] == "image/svg+xml"
    assert f"{wrong.pseudonym} (6)" in svg.content.decode()
    assert client.get(f"/p/{pool.slug}/charts/habits.svg").status_code == 404


def test_page_costs_the_same_however_many_answers_there_are(
    pool: Project,
    make_annotator: MakeAnnotator,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        work(make_annotator(pool), 5)
    refresh(project=pool)
    with django_assert_num_queries(3):
        assert len(habit_page(pool).people) == 3


def test_mended_known_answer_makes_a_worker_read_anew(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    before = latest(pool)
    mark(pool, "monitoring", range(1, 2))
    assert latest(pool) != before


def test_who_withdraws_is_gone_from_what_is_kept(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    stays, goes = make_annotator(pool), make_annotator(pool)
    for person in (stays, goes):
        work(person, 3)
    refresh(project=pool)
    withdrawals.withdraw(participant=goes)
    assert not Chart.objects.filter(project=pool, name__startswith="habit").exists()
    refresh(project=pool)
    kept = kept_habits(pool)
    assert kept is not None
    assert list(kept.numbers["people"]) == [str(stays.pk)]
    assert [one.pseudonym for one in habit_page(pool).people] == [stays.pseudonym]
