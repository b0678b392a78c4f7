"""Settling an item with a reason: what is stored, what is refused, who may."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from annotation.adjudication import check, complete, to_settle
from annotation.answers import parse_questions
from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Adjudication,
    Annotation,
    Event,
    Item,
    Project,
    QuestionsVersion,
)
from annotation.selectors.adjudications import decisions_on
from annotation.selectors.item_detail import item_detail
from annotation.selectors.item_filters import ItemFilter
from annotation.selectors.items import item_page
from annotation.services import adjudications, disagreements
from tests.browser.desks import COMPARISON, RANKING, RATING
from tests.factories import make_items, make_participant, make_project
from tests.manage.conftest import answer_item

A_BETTER = {"preference": {"value": 2}}
CHOICES = [
    {"name": "kind", "type": "choice", "title": "Kind", "options": ["x", "y"]},
    {
        "name": "each",
        "type": "choice",
        "title": "Each",
        "options": ["x", "y"],
        "per_completion": True,
        "is_required": False,
    },
]


@pytest.fixture
def item(project: Project) -> Item:
    """An item on which two people disagree, as a worker has measured."""
    found = Item.objects.get(project=project, number=1)
    for grade in (2, -2):
        answer_item(found, grade, make_participant(project))
    disagreements.refresh(project=project)
    return Item.objects.select_related("project").get(pk=found.pk)


def settle(item: Item, **more: Any) -> Adjudication:
    facts: dict[str, Any] = {
        "item": item,
        "by": item.project.created_by,
        "role": "owner",
        "answers": A_BETTER,
        "reason": "B invents a date.",
        "n_shown": 0,
    }
    return adjudications.settle(**facts | more)


def reopen(item: Item, n_shown: int = 1, reason: str = "The date is right.") -> None:
    adjudications.reopen(
        item=item,
        by=item.project.created_by,
        role="owner",
        reason=reason,
        n_shown=n_shown,
    )


def in_state(project: Project, state: Any) -> list[int]:
    page = item_page(project, ItemFilter(state=state))
    return [row.number for row in page.rows]


def test_settled_item_keeps_its_reason_and_history(item: Item) -> None:
    settle(item)
    reopen(item)
    settle(item, answers={"preference": {"value": 0}}, reason="Both.", n_shown=2)
    found = decisions_on(item)
    assert found.current is not None and found.current.answered is not None
    assert (found.current.answered.verdict, found.current.reason) == ("Tie", "Both.")
    assert [one.answered is None for one in found.past] == [True, False]


def test_adjudication_is_nobodys_answer(item: Item) -> None:
    settle(item)
    assert Annotation.objects.count() == 2
    shown = item_detail(item)
    assert (len(shown.human), shown.n_counted) == (2, 2)


def test_filters_tell_what_is_settled(project: Project, item: Item) -> None:
    assert in_state(project, "needs_adjudication") == [1]
    assert in_state(project, "adjudicated") == []
    settle(item)
    assert in_state(project, "needs_adjudication") == []
    assert in_state(project, "adjudicated") == [1]
    reopen(item)
    assert in_state(project, "needs_adjudication") == [1]
    assert in_state(project, "adjudicated") == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"reason": " "}, "The reason is empty"),
        ({"reason": "x" * 4001}, "4,001 characters"),
        ({"answers": {}}, "has no answer yet"),
        ({"answers": {"preference": {"value": 9}}}, ""),
        ({"answers": {"rationale": "No", **A_BETTER}}, "no question called"),
    ],
)
def test_what_is_wrong_is_named(item: Item, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        settle(item, **more)
    problems = [problem.message for problem in caught.value.problems]
    assert any(words in message for message in problems)
    assert not Adjudication.objects.exists()


def test_open_item_is_not_reopened(item: Item) -> None:
    with pytest.raises(ConflictError, match="open already"):
        reopen(item, n_shown=0)
    settle(item)
    with pytest.raises(InvalidError, match="reason is empty"):
        reopen(item, reason="")


def test_decision_on_an_old_page_is_refused(item: Item) -> None:
    settle(item)
    with pytest.raises(ConflictError, match="Somebody else has decided"):
        settle(item)


def test_project_without_such_questions_settles_nothing(item: Item) -> None:
    QuestionsVersion.objects.filter(project=item.project).update(
        questions=[{"name": "why", "type": "text", "title": "Why?"}]
    )
    with pytest.raises(ConflictError, match="asks nothing"):
        settle(item)


def test_log_holds_no_reason(item: Item) -> None:
    settle(item)
    event = Event.objects.get(kind="item_settled")
    assert event.data == {"item": item.pk, "number": 1}


@pytest.mark.django_db(transaction=True)
def test_two_who_settle_at_once_do_not_pass_over_each_other() -> None:
    project = make_project()
    (item,) = make_items(project, 1)
    gate = threading.Barrier(3)
    ends: list[str] = []

    def decide() -> None:
        gate.wait()
        try:
            settle(Item.objects.select_related("project").get(pk=item.pk))
            ends.append("settled")
        except ConflictError:
            ends.append("refused")
        finally:
            connections.close_all()

    deciders = [threading.Thread(target=decide) for _ in range(3)]
    for decider in deciders:
        decider.start()
    for decider in deciders:
        decider.join()
    assert sorted(ends) == ["refused", "refused", "settled"]


def test_only_the_main_question_must_be_settled() -> None:
    questions = parse_questions(
        [
            {**COMPARISON, "name": "tone"},
            COMPARISON,
            {"name": "why", "type": "rationale", "title": "Why?"},
        ]
    )
    asked = to_settle(questions, 2)
    assert [(q.name, q.is_required) for q in asked] == [
        ("tone", False),
        ("preference", True),
    ]
    assert check(questions, A_BETTER, 2) == []


def test_ranking_that_settles_is_written_out() -> None:
    questions = parse_questions([{**RANKING, "n_places": 1}])
    given = {"order": {"tiers": [[1]], "unacceptable": []}}
    assert complete(questions, given, 3)["order"]["below"] == [0, 2]


# --- the page -----------------------------------------------------------------------


def post(client: Client, item: Item, **body: str) -> Any:
    to = reverse("adjudicate", args=[item.project.slug, item.public_id])
    return client.post(to, {"shown": "0", "do": "settle", **body})


GOOD = {"of_preference": "2", "reason": "B <b>invents</b> a date."}


def test_managers_settle_and_read_it(
    item: Item, researcher: Client, owner: Client
) -> None:
    assert post(researcher, item, **GOOD).status_code == 302
    for name in ("item", "disagreement"):
        to = reverse(name, args=[item.project.slug, item.public_id])
        page = owner.get(to).content.decode()
        assert "B &lt;b&gt;invents&lt;/b&gt; a date." in page
        assert "by the team, counted as" in page
    assert post(owner, item, do="reopen", reason="No.", shown="1").status_code == 302
    assert Adjudication.objects.latest("number").is_reopening


@pytest.mark.parametrize("who", ["annotator", "outsider", "client"])
def test_others_settle_nothing(
    who: str, item: Item, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(who)
    assert post(client, item, **GOOD).status_code in (404, 302)
    assert not Adjudication.objects.exists()


def test_a_link_settles_nothing(item: Item, owner: Client) -> None:
    to = reverse("adjudicate", args=[item.project.slug, item.public_id])
    assert owner.get(to).status_code == 405


def test_annotator_reads_nothing_of_it(
    item: Item, annotator: Client, project: Project
) -> None:
    settle(item)
    to = reverse("disagreement", args=[project.slug, item.public_id])
    assert annotator.get(to).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**GOOD, "reason": ""}, "The reason is empty."),
        ({"reason": "So it is."}, "has no answer yet"),
        ({**GOOD, "of_preference": "9"}, "has a value that it does not take"),
        ({**GOOD, "shown": "x"}, "whole number"),
    ],
)
def test_form_comes_back_with_what_was_written(
    body: dict[str, str], words: str, item: Item, owner: Client
) -> None:
    response = post(owner, item, **body)
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert body["reason"].split("<")[0] in page


def test_who_was_overtaken_keeps_their_words_and_decides_anew(
    item: Item, owner: Client
) -> None:
    post(owner, item, **GOOD)
    late = {**GOOD, "reason": "But B invents a date."}
    response = post(owner, item, **late)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Somebody else has decided on this item meanwhile." in page
    assert "But B invents a date.</textarea>" in page
    shown = response.context["form"]["shown"].value()
    assert post(owner, item, **late | {"shown": shown}).status_code == 302
    assert Adjudication.objects.count() == 2


def test_second_press_is_refused(item: Item, owner: Client) -> None:
    assert post(owner, item, **GOOD).status_code == 302
    assert post(owner, item, **GOOD).status_code == 409
    assert Adjudication.objects.count() == 1


@pytest.mark.parametrize(
    ("questions", "n", "body", "stored"),
    [
        (
            [RANKING],
            3,
            {"of_order_0": "2", "of_order_1": "1", "of_order_2": "2"},
            {"order": {"tiers": [[1], [0, 2]], "unacceptable": []}},
        ),
        (
            [RANKING],
            2,
            {"of_order_0": "out", "of_order_1": "2"},
            {"order": {"tiers": [[1]], "unacceptable": [0]}},
        ),
        (
            [RATING],
            1,
            {"of_ratings_clear_0": "4", "of_ratings_complete_0": "na"},
            {"ratings": {"clear": [4], "complete": ["na"]}},
        ),
        (
            CHOICES,
            2,
            {"of_kind": "x", "of_each_0": "y", "of_each_1": "x"},
            {"kind": "x", "each": ["y", "x"]},
        ),
        ([COMPARISON], 2, {"of_preference": "both_bad"}, None),
    ],
)
def test_every_type_of_answer_settles(
    questions: list[dict[str, Any]],
    n: int,
    body: dict[str, str],
    stored: dict[str, Any] | None,
    owner: Client,
    project: Project,
) -> None:
    QuestionsVersion.objects.filter(project=project).update(questions=questions)
    (item,) = make_items(project, 1, n)
    assert post(owner, item, reason="It is so.", **body).status_code == 302
    bad = {"preference": {"value": 0, "both_bad": True}}
    assert Adjudication.objects.get().answers == (stored or bad)
