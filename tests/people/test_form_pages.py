"""The form editor's pages: elsewhere's questions, files, the preview, versions."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.answers import parse_questions
from annotation.models import Membership, Project, Role
from annotation.project_templates import TEMPLATES
from annotation.question_file import dump_form, load_form
from annotation.services.assignments import claim_next
from annotation.views.card_editor import read_cards, show_cards
from annotation.views.card_kinds import QUESTION_KINDS
from tests.answers.forms import FORM
from tests.factories import make_items, make_member, make_participant, make_project
from tests.people.test_card_editor import CARDS, form_of, query, read

LINE = {"name": "t", "type": "text", "title": "Topic"}


def send(client: Client, project: Project, cards: Any, do: str, **more: str) -> Any:
    """Press a button of the editor that shows these cards."""
    shown = show_cards(cards, "questions", QUESTION_KINDS)
    data = {key: query(form_of(shown)).getlist(key) for key in form_of(shown)}
    address = reverse("settings_questions", args=[project.slug])
    return client.post(address, data | {"do": do, **more})


def stored(project: Project) -> Any:
    """Return the questions in force."""
    version = project.current_questions()
    assert version is not None
    return version.questions


# --- cards ----------------------------------------------------------------------------


def test_the_form_of_every_type_and_rule_means_the_same() -> None:
    assert parse_questions(read(FORM, "save")) == parse_questions(FORM)


def test_a_copy_stands_after_its_card_under_a_name_of_its_own() -> None:
    cards = [{"type": "text", "name": "topic", "title": "Topic"}, CARDS[0]]
    assert [card["name"] for card in read(cards, "copy:questions:0")] == [
        "topic",
        "topic_2",
        "a",
    ]


@pytest.mark.parametrize(
    ("button", "names"),
    [
        ("move:questions:0-2", ["b", "c", "a"]),
        ("move:questions:2-0", ["c", "a", "b"]),
        ("move:questions:0-9", ["a", "b", "c"]),
        ("move:questions:x-1", ["a", "b", "c"]),
        ("copy:questions:9", ["a", "b", "c"]),
        ("convert:questions:0", ["a", "b", "c"]),
    ],
)
def test_a_drag_moves_a_card(button: str, names: list[str]) -> None:
    assert [card["name"] for card in read(CARDS, button)] == names


def test_a_rating_becomes_a_comparison_for_each_criterion() -> None:
    rating = next(q for q in TEMPLATES["rating"].questions if q["type"] == "rating")
    made = read([dict(rating)], "convert:questions:0")
    assert [card["type"] for card in made] == ["comparison"] * 4
    assert made[0]["title"] == "Which answer is better: Helpful?"
    assert made[0]["name"] == "helpful"
    assert len(parse_questions(made)) == 4


SERIES: dict[str, Any] = {
    "type": "series",
    "title": "Which is more {}?",
    "criteria": ["Helpful", "Well written"],
    "is_required": True,
    "strength": 2,
    "levels": ["Low", "High"],
}


def test_a_series_is_saved_as_its_comparisons(project: Project, owner: Client) -> None:
    assert send(owner, project, [SERIES], "save").status_code == 302
    assert [(q["name"], q["title"], q["strength"]) for q in stored(project)] == [
        ("helpful", "Which is more Helpful?", 2),
        ("well_written", "Which is more Well written?", 2),
    ]


def test_a_rule_follows_a_question_that_is_renamed() -> None:
    cards: list[dict[str, Any]] = [
        {"type": "choice", "name": "kind", "title": "Kind", "options": ["a", "b"]},
        {**LINE, "show_if": {"question": "kind", "answers": ["a"]}},
    ]
    shown = show_cards(cards, "questions", QUESTION_KINDS)
    sent = form_of(shown, do="save") | {"questions[0].was": "kind"}
    sent["questions[0].name"] = "sort"
    (_, topic) = read_cards(query(sent), "questions", QUESTION_KINDS).cards
    assert topic["show_if"] == {"question": "sort", "answers": ["a"]}


# --- on the page ----------------------------------------------------------------------


def test_a_removed_card_comes_back_whole(project: Project, owner: Client) -> None:
    before = [dict(question) for question in FORM]
    page = send(owner, project, before, "remove:questions:1")
    kept = page.context["removed"]
    assert json.loads(kept)["card"]["name"] == "kind"
    after = [card for card in before if card["name"] != "kind"]
    back = send(owner, project, after, "undo", removed=kept)
    shown = [card.name for card in back.context["editor"].cards]
    assert shown == [question["name"] for question in FORM]
    rules = [field.rule for field in back.context["editor"].cards[1].fields]
    assert "preference" in [rule.question for rule in rules if rule]


@pytest.mark.parametrize(
    "removed",
    [
        "",
        "[1]",
        '{"list": "questions", "place": 0, "card": 3}',
        '{"list": "elsewhere", "place": 0, "card": {}}',
        '{"list": "questions", "place": 0, "card": {"type": "rating", "criteria": 7,'
        ' "low": [], "title": {"x": 1}, "show_if": 3}}',
        '{"list": "questions", "place": 0, "card": {"type": "comparison",'
        ' "reasons": [1, {}], "show_if": {"question": "q", "answers": "x"}}}',
    ],
)
def test_what_was_removed_cannot_break_the_page(
    project: Project, owner: Client, removed: str
) -> None:
    assert send(owner, project, FORM, "undo", removed=removed).status_code == 200


def test_problems_are_told_at_their_field_and_linked(
    project: Project, owner: Client
) -> None:
    cards = [
        {**CARDS[0], "reasons": ["Clear", "Clear"]},
        {"type": "choice", "name": "a", "title": "Kind", "options": ["one"]},
    ]
    page = send(owner, project, cards, "save")
    assert page.status_code == 422
    html = page.content.decode()
    for path in ("questions[0].reasons", "questions[1].name"):
        assert f'href="#{path}"' in html
    problems = {
        field.id: field.problem
        for card in page.context["editor"].cards
        for field in card.fields
        if field.problem
    }
    assert problems["questions[0].reasons"] == "“Clear” stands here twice."


def test_words_beyond_the_scale_are_told_and_kept(
    project: Project, owner: Client
) -> None:
    criterion = {"name": "c", "title": "Clear", "anchors": {"9": "lucid"}}
    rating = {
        "type": "rating",
        "name": "r",
        "title": "Rate",
        "low": 1,
        "high": 5,
        "criteria": [criterion],
    }
    page = send(owner, project, [rating], "save")
    assert page.status_code == 422
    assert "The mark 9 is not on the scale from 1 to 5." in page.content.decode()
    assert 'value="lucid"' in page.content.decode()


def test_the_page_says_whether_saving_makes_a_version(
    project: Project, owner: Client
) -> None:
    address = reverse("settings_questions", args=[project.slug])
    html = owner.get(address).content.decode()
    assert "Saving changes version 1 in place" in html
    make_items(project, 1)
    claim_next(participant=make_participant(project), project=project)
    html = owner.get(address).content.decode()
    assert "Saving a change makes version 2" in html


# --- from elsewhere -------------------------------------------------------------------


def test_questions_are_copied_from_a_project_that_one_manages(
    project: Project, owner: Client
) -> None:
    user = User.objects.get(pk=int(owner.session["_auth_user_id"]))
    other = make_project(template="multipref")
    page = send(owner, project, FORM, "copy_from", **{"from": other.slug})
    assert page.status_code == 404
    Membership.objects.create(project=other, user=user, role=Role.RESEARCHER)
    page = send(owner, project, FORM, "copy_from", **{"from": other.slug})
    names = [card.name for card in page.context["editor"].cards]
    assert names == [question["name"] for question in stored(other)]
    assert stored(project) != stored(other)


def test_a_file_goes_from_project_to_project(project: Project, owner: Client) -> None:
    response = owner.get(reverse("questions_file", args=[project.slug]))
    assert "attachment" in response["Content-Disposition"]
    assert load_form(response.content.decode()) == stored(project)
    sent = SimpleUploadedFile("form.json", dump_form(FORM).encode())
    address = reverse("settings_questions", args=[project.slug])
    page = owner.post(address, {"do": "file", "file": sent})
    assert [card.name for card in page.context["editor"].cards] == [
        question["name"] for question in FORM
    ]
    assert b"Not saved yet." in page.content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "The file is not UTF-8 text."),
        (b"{", "The file is not JSON (line 1, column 2"),
        (b'[{"type": "text", "name": "a b"}]', "&#x27;a b&#x27; is not a name."),
        (b" " * 1_000_001, "The file is larger than a form can be"),
    ],
)
def test_a_file_that_is_no_form_changes_nothing(
    project: Project, owner: Client, content: bytes, said: str
) -> None:
    address = reverse("settings_questions", args=[project.slug])
    sent = SimpleUploadedFile("form.json", content)
    page = owner.post(address, {"do": "file", "file": sent})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert owner.post(address, {"do": "file"}).status_code == 422


# --- the preview ----------------------------------------------------------------------


def test_the_preview_draws_the_form_as_it_is_typed(
    project: Project, owner: Client
) -> None:
    address = reverse("questions_preview", args=[project.slug])
    page = owner.get(address)
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
    before = stored(project)
    shown = show_cards([SERIES, LINE], "questions", QUESTION_KINDS)
    drawn = owner.post(address, form_of(shown))
    assert "Which is more Well written?" in drawn.content.decode()
    assert "Topic" in drawn.content.decode()
    assert stored(project) == before
    faulty = show_cards([{**CARDS[2], "criteria": []}], "questions", QUESTION_KINDS)
    answer = owner.post(address, form_of(faulty))
    assert answer.status_code == 422
    assert "A rating needs a criterion." in answer.content.decode()


def test_the_preview_leaves_out_what_needs_mending(
    project: Project, owner: Client
) -> None:
    after: dict[str, Any] = {**LINE, "name": "after", "title": "After"}
    after["show_if"] = {"question": "good", "answers": []}
    faulty = {"type": "rating", "name": "good", "title": "Good?", "criteria": []}
    shown = show_cards([LINE, faulty, after], "questions", QUESTION_KINDS)
    drawn = owner.post(
        reverse("questions_preview", args=[project.slug]), form_of(shown)
    )
    assert drawn.status_code == 200
    assert drawn.headers["X-Left-Out"] == "2"
    names = [question.name for question in drawn.context["desk"].questions]
    assert names == [LINE["name"]]


def test_words_can_be_marked_in_the_preview(project: Project, owner: Client) -> None:
    spans = {"type": "spans", "name": "marks", "title": "Mark", "reasons": ["Wrong"]}
    shown = show_cards([spans], "questions", QUESTION_KINDS)
    address = reverse("questions_preview", args=[project.slug])
    drawn = owner.post(address, form_of(shown))
    assert drawn.status_code == 200
    places = [one.alignment for one in drawn.context["desk"].completions]
    assert all(place is not None for place in places)


@pytest.mark.parametrize("name", ["questions_preview", "settings_questions"])
def test_only_owners_reach_the_editor(project: Project, name: str) -> None:
    client = Client()
    client.force_login(make_member(project, Role.RESEARCHER))
    assert client.get(reverse(name, args=[project.slug])).status_code == 404


def test_only_managers_reach_the_file(project: Project) -> None:
    address = reverse("questions_file", args=[project.slug])
    client = Client()
    client.force_login(make_member(project, Role.ANNOTATOR))
    assert client.get(address).status_code == 404
    client.force_login(make_member(project, Role.RESEARCHER))
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 405
