"""The page of an item says where its label comes from, and why."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Item, Route
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Item:
    return make_items(make_project(), 1)[0]


def page_of(item: Item) -> str:
    client = Client()
    client.force_login(item.project.created_by)
    address = reverse("item", args=[item.project.slug, item.public_id])
    return client.get(address).content.decode()


def test_item_without_a_decision_says_nothing_of_it(item: Item) -> None:
    assert "Where its label comes from" not in page_of(item)


def test_decision_of_a_policy_is_told_with_its_reasons(item: Item) -> None:
    Route.objects.create(
        item=item,
        project=item.project,
        source="human",
        part="chosen",
        policy=2,
        gain=0.41,
        gain_low=0.25,
        gain_high=0.6,
        propensity=1,
        cost_usd=Decimal("0.45"),
        reasons=[{"name": "judges", "words": "Another judge <contradicts> it."}],
    )
    page = page_of(item)
    for words in ("Policy 2", "chosen for its gain", "41.0%", "25.0% to 60.0%"):
        assert words in page
    assert re.search("Cost of people.s label</dt><dd>[$]0.45", page)
    assert "100.0%" in page
    assert "Another judge &lt;contradicts&gt; it." in page


def test_cost_is_that_of_whose_label_it_is(item: Item) -> None:
    Route.objects.create(
        item=item,
        project=item.project,
        source="ai",
        part="rest",
        policy=1,
        cost_usd=Decimal("0.002"),
    )
    page = page_of(item)
    assert re.search("Cost of the AI.s label</dt><dd>[$]0.002", page)
    assert "Cost of people" not in page


@pytest.mark.parametrize(
    ("source", "part", "words"),
    [
        ("human", "seed", "drawn at random for the seed"),
        ("human", "audit", "drawn at random for the audit"),
        ("human", "reserve", "drawn at random for the reserve"),
        ("ai", "rest", "left to the AI: others gain more"),
        ("waiting", "rest", "waits until the seed is labelled"),
        ("human", "rest", "returned to people"),
    ],
)
def test_each_part_has_its_words(
    item: Item, source: str, part: str, words: str
) -> None:
    Route.objects.create(
        item=item, project=item.project, source=source, part=part, policy=1
    )
    assert words in page_of(item)


def test_decision_by_hand_names_its_person(item: Item) -> None:
    owner = item.project.created_by
    Route.objects.create(
        item=item, project=item.project, source="ai", decided_by=owner, reason="Easy."
    )
    page = page_of(item)
    assert f"by hand, {owner.username}" in page
    assert "“Easy.”" in page
