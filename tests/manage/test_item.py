"""The page of one item: texts, every answer with its provenance, leases and flags."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import Assignment, Flag, Item, Participant, Project
from annotation.selectors.item_detail import ItemDetail, item_detail
from annotation.services import submissions
from tests.factories import make_items, make_participant, make_project
from tests.manage.conftest import answer_item, pre_annotate


@pytest.fixture
def item(project: Project) -> Item:
    """The second item of the project."""
    return Item.objects.get(project=project, number=2)


@pytest.fixture
def person(project: Project) -> Participant:
    """Somebody who annotates."""
    return make_participant(project)


def detail(item: Item) -> ItemDetail:
    """Return the item as it now stands in the database."""
    return item_detail(Item.objects.select_related("project").get(pk=item.pk))


def page_of(client: Client, item: Item) -> str:
    """Return the page of an item."""
    address = reverse("item", args=[item.project.slug, item.public_id])
    return client.get(address).content.decode()


def test_answer_carries_its_provenance(item: Item, person: Participant) -> None:
    answer_item(item, 2, person)
    (found,) = detail(item).human
    assert found.annotator == person.pseudonym
    assert found.answered.verdict == "A is better"
    assert (found.saw_first, found.active_ms, found.source) == ("A", 60_000, "web")
    assert (found.questions_number, found.standing) == (1, "current")
    assert not found.is_imported


def test_replaced_answer_stays_in_the_history(item: Item, person: Participant) -> None:
    lent = answer_item(item, 2, person)
    submissions.submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": -2}},
    )
    shown = detail(item)
    assert [a.answered.verdict for a in shown.human] == ["B is better"]
    assert [(a.answered.verdict, a.standing) for a in shown.history] == [
        ("A is better", "superseded")
    ]
    assert [(a.version, a.n_versions) for a in shown.human] == [(2, 2)]
    assert [(a.version, a.n_versions) for a in shown.history] == [(1, 2)]


def test_versions_are_counted_for_each_person(
    item: Item, person: Participant, owner: Client
) -> None:
    answer_item(item, 1, make_participant(item.project))
    lent = answer_item(item, 2, person)
    for value in (-2, 3):
        submissions.submit(
            assignment=lent,
            submission_id=uuid.uuid4(),
            answers={"preference": {"value": value}},
        )
    shown = detail(item)
    assert sorted((a.version, a.n_versions) for a in shown.human) == [(1, 1), (3, 3)]
    assert [a.version for a in shown.history] == [1, 2]
    address = reverse("item", args=[item.project.slug, item.public_id])
    page = owner.get(address).content.decode()
    assert [f"version {n} of 3" in page for n in (1, 2, 3)] == [True] * 3
    assert "of 1</span>" not in page


def test_answer_taken_back_stays_in_the_history(
    item: Item, person: Participant
) -> None:
    lent = answer_item(item, 2, person)
    submissions.take_back(assignment=lent)
    shown = detail(item)
    assert shown.human == ()
    assert [a.standing for a in shown.history] == ["taken back"]
    assert [lease.state for lease in shown.leases] == ["open"]


def test_surplus_answer_is_told_from_counted_ones(
    item: Item, person: Participant
) -> None:
    lent = answer_item(item, 2, person)
    Assignment.objects.filter(pk=lent.pk).update(state="surplus")
    assert detail(item).human[0].standing == "surplus"


def test_pre_annotation_stands_apart_with_its_machine(item: Item) -> None:
    pre_annotate(item, -3)
    shown = detail(item)
    assert shown.human == ()
    (found,) = shown.machine
    assert (found.name, found.answered.verdict) == ("judge-14b", "B is much better")
    assert (found.probability, found.saw_first) == (0.71, "A")


def test_unreadable_pre_annotation_is_no_tie(item: Item, owner: Client) -> None:
    found = pre_annotate(item, 0)
    found.status, found.answers = "unparsable", {}
    found.save()
    page = page_of(owner, item)
    assert "Not readable as an answer" in page
    # As a word: three letters in a row may stand in a form's token.
    assert not re.search(r"\bTie\b", page)


def test_skip_is_shown_with_its_reason(item: Item, person: Participant) -> None:
    lent = answer_item(item, 1, person)
    Assignment.objects.filter(pk=lent.pk).update(
        state="skipped", annotation=None, skip_reason="Not my field"
    )
    (lease,) = detail(item).leases
    assert (lease.state, lease.skip_reason) == ("skipped", "Not my field")


def test_neighbours_stay_in_the_project(project: Project, item: Item) -> None:
    make_items(make_project(), 2)
    shown = detail(item)
    by_number = dict(
        Item.objects.filter(project=project).values_list("number", "public_id")
    )
    assert (shown.previous, shown.next) == (by_number[1], by_number[3])
    last = Item.objects.get(project=project, number=6)
    assert detail(last).next is None


def test_managers_see_the_names_of_models(item: Item, owner: Client) -> None:
    assert "model-0" in page_of(owner, item)


def test_text_of_an_item_is_rendered_safe(
    item: Item, person: Participant, owner: Client
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    item.messages = [{"role": "user", "content": evil}]
    item.metadata = {"note": evil}
    item.save()
    item.completions.update(text=evil, model=evil)
    pre_annotate(item, 1)
    item.pre_annotations.update(raw=evil)
    Flag.objects.create(
        project=item.project, item=item, participant=person, kind="other", note=evil
    )
    page = page_of(owner, item)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "onerror=alert(2)&gt;" in page


def test_item_of_another_project_is_not_found(project: Project, owner: Client) -> None:
    (foreign,) = make_items(make_project(), 1)
    address = reverse("item", args=[project.slug, foreign.public_id])
    assert owner.get(address).status_code == 404


def test_item_takes_nine_queries_however_many_answers(
    project: Project, item: Item, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        answer_item(item, 1, make_participant(project))
        pre_annotate(item, 1, f"judge-{uuid.uuid4()}")
    found = Item.objects.select_related("project").get(pk=item.pk)
    with django_assert_num_queries(9):
        item_detail(found)
