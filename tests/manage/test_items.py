"""The item browser: filters, pages, windows, and what it costs."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import Assignment, Flag, Item, Participant, Project
from annotation.selectors import item_filters, items
from annotation.selectors.item_filters import ItemFilter
from annotation.selectors.items import item_page
from tests.factories import make_items, make_participant, make_project
from tests.manage.conftest import answer_item, pre_annotate


@pytest.fixture
def pool(project: Project) -> list[Item]:
    """The six items of the project, by number."""
    return list(Item.objects.filter(project=project).order_by("number"))


@pytest.fixture
def pair(project: Project) -> tuple[Participant, Participant]:
    """Two people who annotate."""
    return make_participant(project), make_participant(project)


def numbers(project: Project, **wanted: str) -> list[int]:
    """Return the numbers of the items that a filter finds."""
    found = item_page(project, replace(ItemFilter(), **wanted))  # type: ignore[arg-type]  # a state is a str
    return [row.number for row in found.rows]


def test_finished_and_unfinished_part_the_pool(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for person in pair:
        answer_item(pool[1], 1, person)
    answer_item(pool[3], 1, pair[0])
    assert numbers(project, state="finished") == [2]
    assert numbers(project, state="unfinished") == [1, 3, 4, 5, 6]


def test_disagreement_is_about_the_side_and_not_the_strength(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for item, values in ((pool[0], (1, 3)), (pool[1], (1, -1)), (pool[2], (1, 0))):
        for person, value in zip(pair, values, strict=True):
            answer_item(item, value, person)
    assert numbers(project, state="disagreement") == [2, 3]


def test_surplus_answer_makes_no_disagreement(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    answer_item(pool[0], 1, pair[0])
    late = answer_item(pool[0], -1, pair[1])
    Assignment.objects.filter(pk=late.pk).update(state="surplus")
    assert numbers(project, state="disagreement") == []


def test_flagged_shows_open_flags_only(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for item in pool[:2]:
        Flag.objects.create(
            project=project, item=item, participant=pair[0], kind="other"
        )
    Flag.objects.filter(item=pool[0]).update(resolved_at=pool[0].created_at)
    assert numbers(project, state="flagged") == [2]


def test_skipped_items_are_found(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    lent = answer_item(pool[4], 1, pair[0])
    Assignment.objects.filter(pk=lent.pk).update(state="skipped", annotation=None)
    assert numbers(project, state="skipped") == [5]


def test_filters_by_annotator_category_and_search_narrow_together(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for item in pool[:3]:
        answer_item(item, 1, pair[0])
    answer_item(pool[5], 1, pair[1])
    Item.objects.filter(pk__in=[pool[1].pk, pool[5].pk]).update(category="Health")
    name = pair[0].pseudonym
    assert numbers(project, annotator=name) == [1, 2, 3]
    assert numbers(project, annotator=name, category="Health") == [2]
    assert numbers(project, search=pool[2].external_id) == [3]
    assert numbers(project, search="WHAT IS") == [1, 2, 3, 4, 5, 6]
    assert numbers(project, search="100%_") == []


@pytest.mark.parametrize("bound", [0, 20_000])
def test_disagreements_of_an_annotator_are_their_own_items(
    project: Project,
    pool: list[Item],
    pair: tuple[Participant, Participant],
    monkeypatch: pytest.MonkeyPatch,
    bound: int,
) -> None:
    monkeypatch.setattr(item_filters, "INDEX_BOUND", bound)
    other = make_participant(project)
    for item, values in ((pool[0], (1, 1)), (pool[1], (1, -2)), (pool[3], (2, -1))):
        for person, value in zip(pair, values, strict=True):
            answer_item(item, value, person)
    for person, value in ((pair[1], 1), (other, -1)):
        answer_item(pool[4], value, person)
    found = {
        person.pseudonym: numbers(
            project, annotator=person.pseudonym, state="disagreement"
        )
        for person in (*pair, other)
    }
    assert list(found.values()) == [[2, 4], [2, 4, 5], [5]]


def test_item_of_that_very_id_stands_alone(project: Project, pool: list[Item]) -> None:
    Item.objects.filter(pk=pool[0].pk).update(external_id="What")
    assert numbers(project, search="What") == [1]
    assert numbers(project, search="what is") == [1, 2, 3, 4, 5, 6]


def test_item_of_another_project_is_never_found(project: Project) -> None:
    make_items(make_project(), 3)
    assert numbers(project) == [1, 2, 3, 4, 5, 6]


def test_pages_turn_forth_and_back_without_loss(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "PAGE", 4)
    first = item_page(project, ItemFilter())
    assert [row.number for row in first.rows] == [1, 2, 3, 4]
    assert (first.before, first.after) == (None, 4)
    second = item_page(project, ItemFilter(), after=4)
    assert [row.number for row in second.rows] == [5, 6]
    assert (second.before, second.after) == (5, None)
    back = item_page(project, ItemFilter(), before=5)
    assert [row.number for row in back.rows] == [1, 2, 3, 4]
    assert (back.before, back.after) == (None, 4)


def test_long_search_stops_and_says_where(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "WINDOWS", (2, 3))
    wanted = ItemFilter(search="nowhere")
    stopped = item_page(project, wanted)
    assert (stopped.rows, stopped.stopped_at, stopped.after) == ((), 5, 5)
    ended = item_page(project, wanted, after=5)
    assert (ended.stopped_at, ended.after, ended.before) == (None, None, 6)
    back = item_page(project, wanted, before=7)
    assert (back.stopped_at, back.before) == (2, 2)


def test_windows_find_what_the_index_finds(
    project: Project,
    pool: list[Item],
    pair: tuple[Participant, Participant],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for person in pair:
        answer_item(pool[5], 1, person)
    monkeypatch.setattr(item_filters, "INDEX_BOUND", -1)
    monkeypatch.setattr(items, "WINDOWS", (2, 2, 20))
    assert numbers(project, state="finished") == [6]
    assert numbers(project, state="unfinished") == [1, 2, 3, 4, 5]


def test_row_shows_people_and_machines_apart(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    answer_item(pool[0], 3, pair[0])
    pre_annotate(pool[0], -1)
    row = item_page(project, ItemFilter()).rows[0]
    assert [mark.words for mark in row.human] == ["A is much better"]
    assert [mark.words for mark in row.machine] == ["B is slightly better"]
    assert row.human[0].at == 4.0
    assert row.spoken == "People: A is much better. AI: B is slightly better."


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=-3",
        "before=99999999999999999999",
        "after=%00",
        "after=²",
        "state=nothing",
        "search=%00",
        "search=%25%27%22",
        "annotator=' OR 1=1 --",
        "after=4&before=2",
    ],
)
def test_odd_query_gives_a_page(query: str, project: Project, owner: Client) -> None:
    address = reverse("items", args=[project.slug])
    assert owner.get(f"{address}?{query}").status_code == 200


def test_prompt_is_escaped(project: Project, pool: list[Item], owner: Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    Item.objects.filter(pk=pool[0].pk).update(
        messages=[{"role": "user", "content": evil}], category=evil
    )
    page = owner.get(reverse("items", args=[project.slug])).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_page_keeps_its_filter_when_turned(
    project: Project, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "PAGE", 4)
    address = reverse("items", args=[project.slug])
    page = owner.get(f"{address}?state=unfinished&after=1").content.decode()
    assert "?state=unfinished&amp;after=5" in page


@pytest.mark.parametrize(
    ("wanted", "n_queries"),
    [
        (ItemFilter(), 4),
        (ItemFilter(state="flagged"), 4),
        (ItemFilter(annotator="brisk-heron"), 4),
        (ItemFilter(state="disagreement"), 5),
        (ItemFilter(search="What"), 6),
    ],
)
def test_page_takes_few_queries(
    wanted: ItemFilter,
    n_queries: int,
    project: Project,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(n_queries):
        item_page(project, wanted)


def test_queries_do_not_grow_with_the_answers(
    project: Project,
    pool: list[Item],
    pair: tuple[Participant, Participant],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for item in pool:
        for person in pair:
            answer_item(item, 1, person)
        pre_annotate(item, 1)
    with django_assert_num_queries(4):
        item_page(project, ItemFilter())


def test_pool_without_items_offers_an_import(
    login: Callable[..., Client], db: None
) -> None:
    empty = make_project()
    client = login(empty.created_by)
    page = client.get(reverse("items", args=[empty.slug])).content.decode()
    assert "There are no items here" in page
