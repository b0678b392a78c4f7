"""The disagreement browser: what the worker keeps, in which order, and for whom."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation.models import (
    Assignment,
    DisagreementRun,
    FrontierEntry,
    Item,
    ItemDisagreement,
    Project,
    QuestionsVersion,
)
from annotation.selectors.disagreements import Wanted, disagreement_page, place_of
from annotation.services import adjudications, disagreements, submissions
from annotation.services.withdrawals import withdraw
from annotation.tasks import refresh_disagreements
from tests.factories import make_participant
from tests.manage.conftest import answer_item

PAGES = ("disagreements", "disagreement")


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Six items: one and two disagree, three agree, the rest has one answer or none."""
    found = list(Item.objects.filter(project=project).order_by("number"))
    one, other = make_participant(project), make_participant(project)
    for item, grades in zip(found, ((3, 1), (2, -2), (1, 1)), strict=False):
        for person, grade in zip((one, other), grades, strict=True):
            answer_item(item, grade, person)
    answer_item(found[3], 2, one)
    Item.objects.filter(pk=found[0].pk).update(category="Cooking")
    return found


@pytest.fixture
def measured(project: Project, items: list[Item]) -> list[Item]:
    """The same, after the worker has looked."""
    disagreements.refresh(project=project)
    return items


def address(project: Project, items: list[Item], name: str) -> str:
    keys = [items[0].public_id] if name == "disagreement" else []
    return reverse(name, args=[project.slug, *keys])


def kept(project: Project) -> list[tuple[int, str, float]]:
    rows = ItemDisagreement.objects.filter(project=project).order_by("-value")
    return [(row.item.number, row.kind, round(row.value, 3)) for row in rows]


def test_worker_keeps_what_disagrees_and_counts_the_rest(
    project: Project, measured: list[Item]
) -> None:
    assert kept(project) == [(2, "side", 0.833), (1, "taste", 0.167)]
    assert DisagreementRun.objects.get(project=project).n_items == 3


def test_row_goes_when_an_answer_is_taken_back(
    project: Project, measured: list[Item]
) -> None:
    lent = Assignment.objects.filter(item=measured[1], state="submitted").first()
    assert lent is not None
    submissions.take_back(assignment=lent)
    DisagreementRun.objects.update(cost_s=0)
    refresh_disagreements()
    assert kept(project) == [(1, "taste", 0.167)]


def test_nothing_is_measured_twice_without_a_change(
    project: Project, measured: list[Item]
) -> None:
    DisagreementRun.objects.update(cost_s=0)
    before = DisagreementRun.objects.get(project=project).made_at
    refresh_disagreements()
    assert DisagreementRun.objects.get(project=project).made_at == before


def test_answers_to_equal_questions_of_two_versions_are_compared(
    project: Project, items: list[Item]
) -> None:
    first = QuestionsVersion.objects.get(project=project)
    second = QuestionsVersion.objects.create(
        project=project,
        number=2,
        questions=[
            *first.questions,
            {"name": "more", "type": "text", "title": "More?"},
        ],
        sha256="1" * 64,
    )
    lent = Assignment.objects.filter(item=items[1]).first()
    assert lent is not None
    Assignment.objects.filter(pk=lent.pk).update(questions_version=second)
    disagreements.refresh(project=project)
    assert (2, "side", 0.833) in kept(project)


def test_repeats_of_one_person_are_no_disagreement(
    project: Project, items: list[Item]
) -> None:
    Assignment.objects.filter(item=items[1]).update(purpose="mirror")
    disagreements.refresh(project=project)
    assert kept(project) == [(1, "taste", 0.167)]


def test_list_is_narrowed_by_kind_and_category(
    project: Project, measured: list[Item]
) -> None:
    assert numbers(project) == [2, 1]
    assert numbers(project, kind="side") == [2]
    assert numbers(project, category="Cooking") == [1]
    assert numbers(project, kind="side", category="Cooking") == []


def numbers(project: Project, **wanted: str) -> list[int]:
    page = disagreement_page(project, Wanted(**wanted), "preference", 1)
    assert page.n == len(page.lines)
    return [line.number for line in page.lines]


def test_list_is_narrowed_to_what_is_not_settled(
    project: Project, measured: list[Item], owner: Client
) -> None:
    author = project.created_by
    assert author is not None
    decision = adjudications.settle(
        item=measured[1],
        by=author,
        role="owner",
        answers={"preference": {"value": 1}},
        reason="A names the cause.",
        n_shown=0,
    )
    assert numbers(project, settling="open") == [1]
    assert numbers(project, settling="settled") == [2]
    place = place_of(project, Wanted(settling="open"), "preference", measured[0])
    assert (place.previous, place.next) == (None, None)
    address = reverse("disagreements", args=[project.slug])
    page = owner.get(f"{address}?settling=open&kind=taste").content.decode()
    assert '<option value="open" selected>' in page
    assert "?kind=side&amp;settling=open" in page
    assert "settled</span>" in owner.get(address).content.decode()
    adjudications.reopen(
        item=measured[1],
        by=author,
        role="owner",
        reason="See it again.",
        n_shown=decision.number,
    )
    assert numbers(project, settling="open") == [2, 1]
    assert numbers(project, settling="settled") == []


def test_excluded_item_leaves_the_list_at_once(
    project: Project, measured: list[Item]
) -> None:
    excluded = FrontierEntry.objects.filter(item=measured[1])
    excluded.update(is_excluded=True, target=0)
    assert numbers(project) == [1]
    place = place_of(project, Wanted(), "preference", measured[0])
    assert (place.previous, place.next) == (None, None)
    excluded.update(is_excluded=False, target=2)
    assert numbers(project) == [2, 1]


def test_neighbours_follow_the_list(project: Project, measured: list[Item]) -> None:
    most = place_of(project, Wanted(), "preference", measured[1])
    assert (most.previous, most.next) == (None, measured[0].public_id)
    least = place_of(project, Wanted(), "preference", measured[0])
    assert (least.previous, least.next) == (measured[1].public_id, None)
    outside = place_of(project, Wanted(), "preference", measured[2])
    assert (outside.line, outside.next) == (None, measured[1].public_id)


def test_equal_disagreement_is_walked_once_each(
    project: Project, measured: list[Item]
) -> None:
    ItemDisagreement.objects.update(value=0.5)
    ItemDisagreement.objects.create(
        project=project,
        item=measured[2],
        question="preference",
        kind="taste",
        value=0.5,
        n_answers=2,
    )
    seen, item = [], measured[0]
    while True:
        seen.append(item.number)
        following = place_of(project, Wanted(), "preference", item).next
        if following is None:
            break
        item = Item.objects.get(public_id=following)
    assert seen == [1, 2, 3]


def test_list_takes_two_queries(
    project: Project,
    measured: list[Item],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(2):
        disagreement_page(project, Wanted(), "preference", 1)


@pytest.mark.parametrize("name", PAGES)
def test_managers_read_it(
    name: str,
    project: Project,
    measured: list[Item],
    owner: Client,
    researcher: Client,
) -> None:
    for client in (owner, researcher):
        assert client.get(address(project, measured, name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_others_find_nothing(
    name: str,
    project: Project,
    measured: list[Item],
    annotator: Client,
    outsider: Client,
    client: Client,
) -> None:
    to = address(project, measured, name)
    assert annotator.get(to).status_code == 404
    assert outsider.get(to).status_code == 404
    assert client.get(to).status_code == 302


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_not_written_to(
    name: str, project: Project, measured: list[Item], owner: Client
) -> None:
    assert owner.post(address(project, measured, name)).status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "kind=%00",
        "kind=x",
        "settling=x",
        "page=0",
        "page=99999",
        "question=no",
        "page=x",
    ],
)
def test_odd_addresses_are_read_as_far_as_they_go(
    query: str, project: Project, measured: list[Item], owner: Client
) -> None:
    to = f"{address(project, measured, 'disagreements')}?{query}"
    assert owner.get(to).status_code == 200


def test_page_before_the_first_measure_says_so(project: Project, owner: Client) -> None:
    page = owner.get(address(project, [], "disagreements")).content.decode()
    assert "Nothing is measured yet." in page


def test_answers_of_who_withdrew_disagree_no_more(
    project: Project, measured: list[Item]
) -> None:
    lent = Assignment.objects.filter(item=measured[1]).first()
    assert lent is not None
    withdraw(participant=lent.participant)
    DisagreementRun.objects.update(cost_s=0)
    refresh_disagreements()
    assert kept(project) == []
