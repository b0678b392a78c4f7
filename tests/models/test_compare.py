"""Two judges side by side: the table, kappa, and where they differ."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import MachineAnnotator, Project
from models_service.backends.base import Ask, Reply
from models_service.selectors.side_by_side import side_by_side
from tests.factories import make_items, make_member, make_project
from tests.models.judges import (
    answer_all,
    canonical_first,
    first_place,
    make_judge,
    texts_of,
    verdict,
)


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 6)
    return made


def contrary(ask: Ask) -> Reply:
    """Prefer the completion that is stored second, wherever it is shown."""
    return verdict(ask, "B" if texts_of(ask)[0].startswith("Answer 0") else "A")


def split(ask: Ask) -> Reply:
    """Be contrary on items of an even number, and else not."""
    is_even = int(texts_of(ask)[0].rstrip(".")[-1]) % 2 == 0
    return contrary(ask) if is_even else canonical_first(ask)


def judged(project: Project, name: str, decide: Any, **chosen: Any) -> MachineAnnotator:
    machine = make_judge(project, name=name)
    answer_all(machine, decide, **chosen)
    return machine


def test_table_counts_what_both_say(project: Project) -> None:
    first = judged(project, "first", canonical_first)
    second = judged(project, "second", split)
    told = side_by_side(first, second)
    assert told.table == ((3, 0, 3), (0, 0, 0), (0, 0, 0))
    assert (told.figures.n_items, told.figures.alike.value) == (6, 0.5)
    assert told.n_differing == 3
    assert {(one.first, one.second) for one in told.differing} == {(1, -1)}
    assert [one.number % 2 for one in told.differing] == [0, 0, 0]


def test_other_way_round_is_the_table_turned(project: Project) -> None:
    first = judged(project, "first", canonical_first)
    second = judged(project, "second", split)
    one, other = side_by_side(first, second), side_by_side(second, first)
    assert other.table == tuple(zip(*one.table, strict=True))
    assert one.figures.kappa.value == pytest.approx(other.figures.kappa.value)


def test_only_items_that_both_have_answered_count(project: Project) -> None:
    first = judged(project, "first", canonical_first)
    second = judged(project, "second", contrary, n=2)
    told = side_by_side(first, second)
    assert told.figures.n_items == 2
    assert sum(map(sum, told.table)) == 2


def test_opposite_sides_come_before_ties(project: Project) -> None:
    def wavers(ask: Ask) -> Reply:
        is_last = texts_of(ask)[0].rstrip(".").endswith("6")
        return contrary(ask) if is_last else first_place(ask)

    first = judged(project, "first", canonical_first)
    told = side_by_side(first, judged(project, "second", wavers))
    assert [one.second for one in told.differing] == [-1, 0, 0, 0, 0, 0]
    assert told.differing[0].number == 6


def test_page_shows_table_and_items(project: Project) -> None:
    first = judged(project, "first", canonical_first)
    second = judged(project, "second", split)
    client = Client()
    client.force_login(make_member(project, "researcher"))
    where = reverse("machines_compare", args=[project.slug])
    alone = client.get(where).content.decode()
    assert "of 6 items with verdicts of both" in alone, (
        "the newest two, where none named"
    )
    query = f"?a={first.public_id}&b={second.public_id}"
    page = client.get(where + query).content.decode()
    assert "3 items on which they differ" in page
    assert "of 6 items with verdicts of both" in page
    assert "no person has answered these" in page
    same = client.get(f"{where}?a={first.public_id}&b={first.public_id}")
    assert "Choose two." in same.content.decode()


def test_nobody_else_compares(project: Project) -> None:
    other = make_judge(make_project())
    client = Client()
    client.force_login(make_member(project))
    where = reverse("machines_compare", args=[project.slug])
    assert client.get(where).status_code == 404
    client.force_login(project.created_by)
    for text in (str(other.public_id), "seven"):
        assert client.get(f"{where}?a={text}").status_code == 404
