"""The owner's pages: known answers of items, and the rules of the project."""

from collections.abc import Mapping

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import CheckItem, Event, FrontierEntry, Item, Project
from annotation.selectors.item_filters import ItemFilter
from annotation.selectors.items import item_page
from annotation.services.checks import end_check
from annotation.services.item_store import ItemStore
from tests.checks.conftest import MakeAnnotator, mark, work
from tests.factories import make_items, make_member, make_project


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 4)
    return made


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(project: Project) -> Client:
    return log_in(project.created_by)


def gold_url(item: Item, end: str = "") -> str:
    return f"/p/{item.project.slug}/items/{item.public_id}/gold/{end}"


def first(project: Project) -> Item:
    return Item.objects.filter(project=project).order_by("number")[0]


def test_owner_makes_an_item_a_check_and_ends_it(
    project: Project, owner: Client
) -> None:
    item = first(project)
    assert "Use as a check" in owner.get(gold_url(item)).content.decode()
    sent = {"use": "training", "accept_preference": ["3", "2"], "explanation": "Facts."}
    assert owner.post(gold_url(item), sent).status_code == 302
    item.refresh_from_db()
    assert item.gold == {
        "use": "training",
        "answers": {"preference": {"accept": [3, 2]}},
        "explanation": "Facts.",
    }
    assert FrontierEntry.objects.get(pk=item.pk).target == 0
    page = owner.get(f"/p/{project.slug}/items/{item.public_id}/").content.decode()
    assert "Training, with feedback" in page
    shown = owner.get(gold_url(item)).content.decode()
    assert shown.count("checked") == 2
    assert owner.post(gold_url(item, "end/")).status_code == 302
    assert FrontierEntry.objects.get(pk=item.pk).target == 1
    events = Event.objects.filter(project=project).order_by("id")
    kinds = events.values_list("kind", flat=True)
    assert list(kinds) == ["check_made", "check_ended"]


def test_check_that_accepts_nothing_is_refused(project: Project, owner: Client) -> None:
    answer = owner.post(gold_url(first(project)), {"use": "training"})
    assert answer.status_code == 422
    assert "Nothing is right yet" in answer.content.decode()
    assert not CheckItem.objects.exists()


@pytest.mark.parametrize(
    ("template", "sent", "stored"),
    [
        (
            "ranking",
            {"place_ranking_0": "2", "place_ranking_1": "1", "place_ranking_2": "out"},
            {"ranking": {"pairs": [[1, 0]], "unacceptable": [2]}},
        ),
        (
            "rating",
            {"tolerance_ratings": "0", "mark_ratings_helpful_0": "4"},
            {"ratings": {"marks": {"helpful": [4, None, None]}, "tolerance": 0}},
        ),
    ],
)
def test_every_kind_of_question_can_have_a_known_answer(
    db: None, template: str, sent: dict[str, str], stored: dict[str, object]
) -> None:
    project = make_project(template=template)
    (item,) = make_items(project, 1, n_completions=3)
    client = log_in(project.created_by)
    body = {"use": "monitoring", **sent}
    assert client.post(gold_url(item), body).status_code == 302
    item.refresh_from_db()
    assert item.gold is not None
    assert item.gold["answers"] == stored
    page = client.get(gold_url(item)).content.decode()
    for name, value in sent.items():
        assert f'name="{name}"' in page
        assert f'value="{value}"' in page


@pytest.mark.parametrize("role", ["researcher", "annotator"])
def test_only_owners_say_what_is_right(project: Project, role: str) -> None:
    client = log_in(make_member(project, role))
    item = first(project)
    for url in (gold_url(item), f"/p/{project.slug}/settings/checks/"):
        assert client.get(url).status_code == 404
        assert client.post(url, {"use": "training"}).status_code == 404
    assert client.post(gold_url(item, "end/")).status_code == 404


RULES = {
    "n_training": "0",
    "n_qualification": "0",
    "pass_percent": "80",
    "n_attempts": "2",
    "wait_hours": "24",
    "monitoring_every": "0",
    "attention_every": "0",
    "mirror_every": "25",
    "mirror_after_items": "20",
    "mirror_after_min": "30",
    "hint_every": "10",
}


def test_rules_are_set_without_json_and_logged(project: Project, owner: Client) -> None:
    url = f"/p/{project.slug}/settings/checks/"
    assert owner.get(url).status_code == 200
    assert owner.post(url, RULES).status_code == 302
    project.refresh_from_db()
    assert project.check_rules["mirror_every"] == 25
    assert Event.objects.filter(kind="check_rules_changed").count() == 1
    off = {**RULES, "mirror_every": "0", "hint_every": "0"}
    owner.post(url, off)
    project.refresh_from_db()
    assert project.check_rules == {}


def test_rule_without_its_items_is_refused(project: Project, owner: Client) -> None:
    url = f"/p/{project.slug}/settings/checks/"
    answer = owner.post(url, {**RULES, "n_qualification": "3"})
    assert answer.status_code == 422
    assert "This needs 3 items marked “Qualification”" in answer.content.decode()
    mark(project, "qualification", range(1, 4))
    assert owner.post(url, {**RULES, "n_qualification": "3"}).status_code == 302


def test_rule_out_of_range_is_named(project: Project, owner: Client) -> None:
    answer = owner.post(
        f"/p/{project.slug}/settings/checks/", {**RULES, "pass_percent": "101"}
    )
    assert answer.status_code == 422


# --- import -------------------------------------------------------------------------


def draft(row: int, gold: Mapping[str, object]) -> ItemDraft:
    return ItemDraft(
        row=row,
        messages=(Message("user", f"Question {row}?"),),
        completions=(CompletionDraft("One."), CompletionDraft("Two.")),
        external_id=f"g{row}",
        gold=gold,
        overlap=3,
    )


def test_imported_gold_with_a_use_becomes_a_check(project: Project) -> None:
    right = {"preference": {"value": 1}}
    drafts = [
        draft(1, {"use": "attention", "answers": right}),
        draft(2, {"use": "monitoring", "answers": right, "in_pool": True}),
        draft(3, right),
        draft(4, {"use": "monitoring", "answers": {"preference": {"value": "A"}}}),
    ]
    store = ItemStore(project)
    stored, problems = store.add(drafts)
    store.finish()
    assert len(stored) == 3
    assert [(p.row, p.field) for p in problems] == [(4, "gold.answers.preference")]
    uses = dict(CheckItem.objects.values_list("item__external_id", "use"))
    assert uses == {"g1": "attention", "g2": "monitoring"}
    targets = FrontierEntry.objects.filter(item__external_id__startswith="g")
    assert list(targets.order_by("item").values_list("target", flat=True)) == [0, 3, 3]
    assert CheckItem.objects.get(use="attention").overlap_before == 3


def test_checks_have_a_filter_and_are_never_finished(
    pool: Project, make_annotator: MakeAnnotator
) -> None:
    mark(pool, "monitoring", range(1, 3))
    mark(pool, "monitoring", range(3, 4), in_pool=True)
    found = item_page(pool, ItemFilter(state="checks")).rows
    assert [(row.number, row.is_in_pool) for row in found] == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert {row.check_words for row in found} == {"Silent gold"}
    assert item_page(pool, ItemFilter(state="finished")).rows == ()
    assert not any(row.is_finished for row in found)
    work(make_annotator(pool), 30)
    done = item_page(pool, ItemFilter(state="finished")).rows
    assert [row.number for row in done] == list(range(3, 31))
    assert all(row.is_finished for row in done)
    owner = pool.created_by
    end_check(check=CheckItem.objects.get(item__number=2), by=owner)
    numbers = [r.number for r in item_page(pool, ItemFilter(state="checks")).rows]
    assert numbers == [1, 3]
