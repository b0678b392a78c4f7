"""The editor of lists: every button changes the form, only saving stores."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from annotation.answers import Problem, parse_questions
from annotation.models import Project
from annotation.project_templates import TEMPLATES
from annotation.views.card_editor import read_cards, show_cards
from annotation.views.card_kinds import QUESTION_KINDS
from annotation.views.card_types import ShownCards


def form_of(shown: ShownCards, **more: str) -> dict[str, str]:
    """Return what a browser sends for the cards as they are shown."""
    sent = {f"{shown.id}.n": str(len(shown.cards)), **more}
    for card in shown.cards:
        sent[f"{card.id}.type"] = card.kind.type
        for field in card.fields:
            if field.cards is not None:
                sent |= form_of(field.cards)
            elif field.rule is not None:
                sent[f"{field.id}.question"] = field.rule.question
                ticked = [answer for answer, _, is_on in field.rule.answers if is_on]
                sent[f"{field.id}.answers"] = "|".join(ticked)
            elif field.grades:
                sent |= {f"{field.id}.{grade}": words for grade, words in field.grades}
            elif field.spec.kind != "tick":
                sent[field.id] = str(field.value)
            elif field.value:
                sent[field.id] = "on"
    return sent


def query(sent: dict[str, str]) -> QueryDict:
    """Return a form as Django parses it."""
    data = QueryDict(mutable=True)
    for key, value in sent.items():
        is_list = key.endswith(".answers")
        data.setlist(key, list(filter(None, value.split("|"))) if is_list else [value])
    return data


def read(cards: list[dict[str, Any]], do: str) -> list[dict[str, Any]]:
    """Return the cards after a button was pressed."""
    shown = show_cards(cards, "questions", QUESTION_KINDS)
    return read_cards(query(form_of(shown, do=do)), "questions", QUESTION_KINDS).cards


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_form_of_a_template_means_the_same_questions(name: str) -> None:
    questions = [dict(question) for question in TEMPLATES[name].questions]
    assert parse_questions(read(questions, "save")) == parse_questions(questions)


CARDS: list[dict[str, Any]] = [
    {"type": "comparison", "name": "a", "title": "A?"},
    {"type": "rationale", "name": "b", "title": "B?"},
    {"type": "rating", "name": "c", "title": "C?", "criteria": [{"name": "d"}]},
]


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ("up:questions:1", ["b", "a", "c"]),
        ("down:questions:1", ["a", "c", "b"]),
        ("remove:questions:0", ["b", "c"]),
        ("up:questions:0", ["a", "b", "c"]),
        ("down:questions:2", ["a", "b", "c"]),
        ("remove:questions:9", ["a", "b", "c"]),
        ("remove:elsewhere:0", ["a", "b", "c"]),
        ("nonsense", ["a", "b", "c"]),
        ("", ["a", "b", "c"]),
    ],
)
def test_a_button_moves_or_removes(button: str, names: list[str]) -> None:
    assert [card["name"] for card in read(CARDS, button)] == names


@pytest.mark.parametrize(
    "button", ["up:questions:0", "down:questions:2", "refresh", "save", "look"]
)
def test_what_was_removed_can_come_back_while_nothing_changes(button: str) -> None:
    removed = '{"path": "questions", "place": 0, "card": {"type": "rationale"}}'
    shown = show_cards(CARDS, "questions", QUESTION_KINDS)
    sent = form_of(shown, do=button, removed=removed)
    assert read_cards(query(sent), "questions", QUESTION_KINDS).removed == removed
    changed = sent | {"do": "up:questions:1"}
    assert read_cards(query(changed), "questions", QUESTION_KINDS).removed == ""


def test_a_button_adds_a_blank_of_its_kind() -> None:
    added = read(CARDS, "add:questions:confidence")[-1]
    assert (added["type"], added["levels"][0]) == ("confidence", "Guess")


def test_a_button_reaches_a_list_within_a_card() -> None:
    cards = read(CARDS, "add:questions[2].criteria:")
    assert len(cards[2]["criteria"]) == 2
    assert read(cards, "remove:questions[2].criteria:0")[2]["criteria"] != []


def test_a_name_left_empty_is_made_of_the_title_and_free() -> None:
    cards = [
        {"type": "rationale", "name": "", "title": "In your words"},
        {"type": "rationale", "name": "", "title": "In your words"},
        {"type": "rationale", "name": "", "title": "日本"},
    ]
    assert [card["name"] for card in read(cards, "save")] == [
        "in_your_words",
        "in_your_words_2",
        "rationale",
    ]


def test_a_number_that_is_none_is_said_at_its_field() -> None:
    shown = show_cards(CARDS, "questions", QUESTION_KINDS)
    sent = form_of(shown) | {"questions[2].low": "one"}
    found = read_cards(query(sent), "questions", QUESTION_KINDS)
    assert [problem.path for problem in found.problems] == ["questions[2].low"]


def test_a_problem_is_shown_at_its_field() -> None:
    problems = [Problem("questions[2].criteria", "A rating needs a criterion.")]
    shown = show_cards(CARDS, "questions", QUESTION_KINDS, problems)
    said = {field.id: field.problem for field in shown.cards[2].fields if field.problem}
    assert said == {"questions[2].criteria": "A rating needs a criterion."}


# --- on the page ------------------------------------------------------------------


def test_only_saving_stores(project: Project, owner: Client) -> None:
    address = reverse("settings_questions", args=[project.slug])
    before = project.questions_versions.get().questions
    shown = show_cards(before, "questions", QUESTION_KINDS)
    moved = owner.post(address, form_of(shown, do="remove:questions:3"))
    assert "Not saved yet." in moved.content.decode()
    assert project.questions_versions.get().questions == before
    fewer = show_cards(before[:3], "questions", QUESTION_KINDS)
    assert owner.post(address, form_of(fewer, do="save")).status_code == 302
    names = [entry["name"] for entry in project.questions_versions.get().questions]
    assert names == ["preference", "reasons", "rationale"]


def test_a_fault_comes_back_at_its_field_and_stores_nothing(
    project: Project, owner: Client
) -> None:
    before = project.questions_versions.get().questions
    shown = show_cards(before, "questions", QUESTION_KINDS)
    sent = form_of(shown, do="save") | {"questions[1].reasons": ""}
    answer = owner.post(reverse("settings_questions", args=[project.slug]), sent)
    assert answer.status_code == 422
    assert "Tags need at least one option." in answer.content.decode()
    assert project.questions_versions.get().questions == before


def test_a_template_is_shown_before_it_is_stored(
    project: Project, owner: Client
) -> None:
    address = reverse("settings_questions", args=[project.slug])
    answer = owner.post(address, {"do": "reset:helpsteer"})
    assert "Verbosity" in answer.content.decode()
    assert len(project.questions_versions.get().questions) == 4


@pytest.mark.parametrize(
    "field", ["questions[0].title", "questions[0].criteria[1].title"]
)
def test_words_that_are_missing_are_asked_for(
    project: Project, owner: Client, field: str
) -> None:
    rating = [dict(q) for q in TEMPLATES["rating"].questions]
    before = project.questions_versions.get().questions
    sent = form_of(show_cards(rating, "questions", QUESTION_KINDS), do="save")
    assert field in sent
    address = reverse("settings_questions", args=[project.slug])
    answer = owner.post(address, sent | {field: " "})
    assert answer.status_code == 422
    assert "Write the words that people read." in answer.content.decode()
    assert project.questions_versions.get().questions == before
