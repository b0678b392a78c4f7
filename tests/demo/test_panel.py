"""The demo's panel: an owner finds each part of a recruited study with content."""

from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.answers import parse_questions, validate
from annotation.demo.panel import (
    NAME,
    PEOPLE,
    QUESTIONS,
    PanelItem,
    answers_to,
    marks_to,
    panel_items,
)
from annotation.models import (
    Adjudication,
    Annotation,
    Assignment,
    CheckItem,
    Comment,
    Enrolment,
    ItemDisagreement,
    Project,
)
from annotation.selectors.habits import habit_page
from annotation.services.charts import refresh
from annotation.services.demo import OWNER
from annotation.services.demo_panel import SECOND_FORM
from annotation.services.pay import pay_list
from tests.demo.conftest import Passwords

BACKEND = "django.contrib.auth.backends.ModelBackend"
ITEMS = panel_items()
PAGES = {
    "dashboard": "At work today",
    "quotas": "Female",
    "budget": "Answers to items of the pool",
    "pay": "simulated-03",
    "disagreements": "Read them one by one",
    "settings_checks": "boiled-egg",
    "settings_recruitment": "DEMO-DONE",
    "habits": "Both forms say the same",
    "settings_protocols": "How good is each answer, by itself?",
    "self_descriptions": "Self-descriptions",
    "people": "recruitment link",
}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.draft.external_id)
def test_every_answer_of_a_simulated_person_is_valid(item: PanelItem) -> None:
    questions = parse_questions(QUESTIONS)
    for person in PEOPLE:
        for n_before in range(2):
            answers = answers_to(item, person, n_before)
            assert validate(questions, answers, 2) == []
            assert answers == answers_to(item, person, n_before)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.draft.external_id)
def test_every_mark_of_a_simulated_person_is_valid(item: PanelItem) -> None:
    questions = parse_questions(SECOND_FORM.to_questions())
    for person in PEOPLE:
        marks = marks_to(item, person)
        assert validate(questions, {"second_rating": {"overall": marks}}, 2) == []
        assert marks == marks_to(item, person)


def test_simulated_people_rate_mostly_as_they_compare() -> None:
    said: Counter[tuple[int, int]] = Counter()
    for item in ITEMS:
        for person in PEOPLE:
            value = answers_to(item, person, 0)["preference"]["value"]
            first, second = marks_to(item, person)
            said[sign(first - second), sign(value)] += 1
    assert {rated for rated, _ in said} == {-1, 0, 1}
    same = sum(n for (rated, compared), n in said.items() if rated == compared)
    assert 0.6 < same / said.total() < 0.95


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def test_marks_quote_their_text() -> None:
    quoted = [
        item.draft.completions[mark["completion"]].text[mark["start"] : mark["end"]]
        for item in ITEMS
        for mark in item.marks
    ]
    assert len(quoted) >= 20
    assert all(words == words.strip() and len(words) > 3 for words in quoted)


def test_people_are_named_as_simulated() -> None:
    assert all(person.id.startswith("simulated-") for person in PEOPLE)


@pytest.fixture
def panel(seeded: Passwords) -> Project:
    """The panel as the demo lays it."""
    return Project.objects.get(name=NAME)


def test_each_part_of_a_recruited_study_has_content(panel: Project) -> None:
    assert "simulated" in panel.description
    states = Enrolment.objects.filter(project=panel).values_list("state", flat=True)
    assert set(states) == {"completed", "timed_out", "withdrawn", "working"}
    uses = set(CheckItem.objects.filter(project=panel).values_list("use", flat=True))
    assert uses == {"training", "monitoring", "attention"}
    given = Annotation.objects.filter(project=panel)
    purposes = set(given.values_list("assignment__purpose", flat=True))
    assert {"main", "training", "monitoring"} <= purposes
    assert sum("marks" in one.answers for one in given) >= 15
    assert ItemDisagreement.objects.filter(project=panel).count() >= 3
    assert Adjudication.objects.get(project=panel).role == "owner"
    assert Comment.objects.filter(thread__project=panel).count() == 2
    assert panel.flags.count() == 1


def test_both_forms_are_compared_with_some_content(panel: Project) -> None:
    refresh(project=panel)
    found = habit_page(panel).protocols
    assert found is not None
    assert found.n >= 20
    # Enough people for an interval.
    assert found.low is not None


def test_pay_is_neither_absurd_nor_all_above_the_floor(panel: Project) -> None:
    found = pay_list(panel)
    assert found.table.n_completed == 6
    assert 0 < found.n_below < found.table.n_completed
    hours = [line.pay.hourly for line in found.lines if line.pay.hourly]
    assert all(3 < pay < 60 for pay in hours)


def test_items_are_left_for_who_tries_the_desk(panel: Project) -> None:
    taken = Assignment.objects.filter(project=panel, purpose="main").count()
    pool = panel.items.filter(frontier__target__gt=0).count()
    assert pool * panel.overlap - taken >= 4


def test_nobody_answers_after_the_answers_end_or_before_they_begin(
    panel: Project,
) -> None:
    for one in Assignment.objects.filter(project=panel, state="submitted"):
        assert one.shown_at
        assert one.finished_at
        assert one.created_at <= one.shown_at <= one.finished_at


def test_owner_finds_it_on_its_page(panel: Project) -> None:
    client = Client()
    client.force_login(User.objects.get(username=OWNER), BACKEND)
    for name, words in PAGES.items():
        page = client.get(reverse(name, args=[panel.slug])).content.decode()
        assert words in page, name
