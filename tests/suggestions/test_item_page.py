"""The item's page and its address tell which answers had a suggestion in view."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import Item, MachineAnnotator, Participant, Project
from annotation.selectors.item_detail import item_detail
from annotation.services.suggestions import shown_with
from models_service.selectors.item_verdicts import said_by_people
from tests.factories import make_member
from tests.suggestions.conftest import answer, claim, suggest

# A transaction each: what is changed after a reveal is told by the time.
pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "s suggestion</span>"


def answered(pool: Project, person: Participant, *, is_changed: bool) -> Item:
    """Answer an item, change the answer or not, and return it."""
    lent = claim(person)
    shown_with(lent, Project.objects.get(pk=pool.pk))
    answer(lent, 1)
    if is_changed:
        answer(lent, -2)
    return lent.item


def told(item: Item) -> tuple[list[bool], list[bool]]:
    """Return of the answers that hold, and of the earlier ones, what was seen."""
    shown = item_detail(item)
    return [a.has_seen for a in shown.human], [a.has_seen for a in shown.history]


@pytest.mark.parametrize(
    ("arm", "now", "before"),
    [
        ("shown", True, True),
        ("hedged", True, True),
        ("revealed", True, False),
        ("blind", False, False),
    ],
)
def test_each_version_tells_whether_the_suggestion_was_seen(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    client: Client,
    arm: str,
    now: bool,
    before: bool,
) -> None:
    suggest(pool, machine, {arm: 1})
    item = answered(pool, person, is_changed=True)
    assert told(item) == ([now], [before])
    client.force_login(make_member(pool, "researcher"))
    page = client.get(reverse("item", args=[pool.slug, item.public_id]))
    assert page.content.decode().count(WORDS) == now + before
    address = f"/api/v1/projects/{pool.slug}/models/items/{item.public_id}/"
    (person_said,) = client.get(address).json()["people"]
    assert person_said["is_suggestion_visible"] is now


def test_a_first_answer_that_reveals_was_blind(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    suggest(pool, machine, {"revealed": 1})
    item = answered(pool, person, is_changed=False)
    assert told(item) == ([False], [])
    with django_assert_num_queries(1):
        (said,) = said_by_people(item)
    assert not said.has_seen
