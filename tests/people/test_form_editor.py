"""The form editor in a real browser: a form from nothing, by keyboard alone."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import FrameLocator, Page, expect

from annotation.models import Annotation, Project
from tests.axe import violations
from tests.browser.desks import (
    annotator_of,
    ask,
    current,
    presented,
    sign_in,
    wait_until_sent,
)
from tests.people.editors import changing, press_to_change

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
OpenEditor = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_editor(new_page: NewPage, live_server: "LiveServer") -> Iterator[OpenEditor]:
    """A function that opens a project's form editor as its owner."""

    def open_(project: Project, **options: Any) -> Page:
        page = new_page(**{"viewport": {"width": 1440, "height": 900}, **options})
        sign_in(page, project.created_by, live_server.url)
        page.goto(reverse("settings_questions", args=[project.slug]))
        preview(page).locator("main").wait_for()
        opened.append(page)
        return page

    opened: list[Page] = []
    yield open_
    for page in opened:
        # The database is emptied next, and must not wait for a preview.
        page.wait_for_load_state("networkidle")


def preview(page: Page) -> FrameLocator:
    """Return the preview's frame."""
    return page.frame_locator("iframe")


def add(page: Page, kind: str, title: str) -> None:
    """Add a question from the gallery and write its title, by keys."""
    n_cards = page.locator("#edit-cards > .edit-card").count()
    press_to_change(page, page.get_by_role("button", name=f"Add: {kind}", exact=True))
    expect(page.locator("#edit-cards > .edit-card")).to_have_count(n_cards + 1)
    field = page.locator(f'[id="questions[{n_cards}].title"]')
    expect(field).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(title)


def press(page: Page, name: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=name).first.focus()
    page.keyboard.press("Enter")


def stored(project: Project) -> Any:
    """Return the questions in force."""
    version = project.current_questions()
    assert version is not None
    return version.questions


def test_a_form_from_nothing_is_made_answered_and_exported(
    open_editor: OpenEditor, new_page: NewPage, live_server: "LiveServer"
) -> None:
    project = ask([{"name": "old", "type": "text", "title": "Old"}], n_items=2)
    page = open_editor(project)
    press(page, "Remove Old")
    expect(page.locator("#edit-cards > .edit-card")).to_have_count(0)
    add(page, "Comparison", "Which is better?")
    add(page, "Choice", "What is it about?")
    page.locator('[id="questions[1].options"]').focus()
    page.keyboard.type("Facts\nCode")
    add(page, "Rationale", "Why a tie?")
    rule = page.locator('[id="questions[2].show_if.question"]')
    rule.focus()
    with changing(page):
        page.keyboard.press("ArrowDown")
    expect(rule).to_be_focused()
    expect(rule).to_have_value("which_is_better")
    tie = page.locator('[id="questions[2].show_if"]').get_by_label("a tie")
    tie.focus()
    page.keyboard.press("Space")
    expect(tie).to_be_checked()
    press(page, "Save the questions")
    expect(page.locator("[data-toast]").first).to_contain_text("Version 1")
    asked = stored(project)
    assert [question["name"] for question in asked] == [
        "which_is_better",
        "what_is_it_about",
        "why_a_tie",
    ]
    rule_stored = {"question": "which_is_better", "answers": ["tie"]}
    assert asked[2]["show_if"] == rule_stored
    person = annotator_of(project)
    desk = new_page(viewport={"width": 1440, "height": 900})
    sign_in(desk, person, live_server.url)
    desk.goto(reverse("annotate", args=[project.slug]))
    desk.locator("main[data-desk]").wait_for()
    for key in ["=", "2", "r"]:
        desk.keyboard.press(key)
    desk.keyboard.type("They say the same.")
    desk.keyboard.press("Control+Enter")
    wait_until_sent(desk)
    (answer,) = current(project)
    assert presented(answer) == {
        "which_is_better": {"value": 0},
        "what_is_it_about": "Code",
        "why_a_tie": "They say the same.",
    }
    assert exported(project.created_by, project, answer) == answer.answers


def exported(user: User, project: Project, answer: Annotation) -> Any:
    """Return what the stream of annotations says of an answer."""
    client = Client()
    client.force_login(user)
    response = client.get(reverse("api_annotations", args=[project.slug]))
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]  # a stream
    rows = [json.loads(line) for line in text.splitlines()]
    (row,) = [row for row in rows if row["annotation_id"] == str(answer.public_id)]
    return row["answers"]


def test_the_preview_follows_and_works(open_editor: OpenEditor) -> None:
    page = open_editor(ask(template="pairwise"))
    desk = preview(page)
    expect(desk.locator(".question")).to_contain_text("Which answer is better?")
    page.locator('[id="questions[0].title"]').fill("Which one is kinder?")
    expect(desk.locator(".question")).to_contain_text("Which one is kinder?")
    page.locator('[id="questions[0].allow_tie"]').uncheck()
    expect(desk.locator(".scale-line .choice")).to_have_count(6)
    desk.locator(".scale-line .choice").first.click()
    expect(desk.locator("[data-said]").first).to_have_text("A is much better.")
    desk.get_by_role("button", name="Submit").click()
    expect(desk.locator(".toast")).to_contain_text("could be submitted")
    page.locator('[id="questions[0].title"]').fill("")
    page.get_by_text("Phone", exact=True).click()
    width = page.locator("iframe").evaluate("frame => frame.clientWidth")
    assert width == 360


def test_the_preview_marks_the_question_in_hand(open_editor: OpenEditor) -> None:
    texts = [
        {"name": f"t{number}", "type": "text", "title": f"Text {number}"}
        for number in range(12)
    ]
    page = open_editor(ask(texts))
    marked = preview(page).locator(".is-edited")
    expect(marked).to_have_count(0)
    page.locator('[id="questions[11].title"]').focus()
    expect(marked).to_contain_text("Text 11")
    page.locator('[id="questions[0].title"]').fill("Text of all")
    expect(marked).to_contain_text("Text of all")


def test_the_first_problem_has_the_focus(open_editor: OpenEditor) -> None:
    page = open_editor(ask([{"name": "topic", "type": "text", "title": "Topic"}]))
    add(page, "Rating", "How good?")
    add(page, "Choice", "Kind?")
    press(page, "Save the questions")
    links = page.locator("[role=alert] a")
    expect(links).to_have_count(2)
    first = page.locator('[id="questions[1].criteria"]')
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-describedby", "questions[1].criteria-problem")
    for number in range(2):
        links.nth(number).press("Enter")
        path = (links.nth(number).get_attribute("href") or "").removeprefix("#")
        expect(page.locator(f'[id="{path}"]')).to_be_focused()


def test_a_name_follows_its_title_until_it_is_written(open_editor: OpenEditor) -> None:
    page = open_editor(ask([{"name": "topic", "type": "text", "title": "Topic"}]))
    title = page.locator('[id="questions[0].title"]')
    name = page.locator('[id="questions[0].name"]')
    page.get_by_text("More", exact=False).first.click()
    title.fill("Main topic")
    expect(name).to_have_value("main_topic")
    name.fill("subject")
    title.fill("Subject of the prompt")
    expect(name).to_have_value("subject")


def test_cards_move_by_keys_and_by_drag_and_come_back(open_editor: OpenEditor) -> None:
    texts = [
        {"name": name, "type": "text", "title": name} for name in ("one", "two", "six")
    ]
    project = ask(texts)
    page = open_editor(project, viewport={"width": 1440, "height": 2400})
    titles = page.locator("#edit-cards > .edit-card input[id$='.title']")

    def order() -> list[str]:
        return [title.input_value() for title in titles.all()]

    titles.nth(0).focus()
    with changing(page):
        page.keyboard.press("Alt+ArrowDown")
    expect(titles.nth(0)).to_have_value("two")
    expect(titles.nth(1)).to_be_focused()
    with changing(page):
        page.keyboard.press("Alt+ArrowUp")
    expect(titles.nth(0)).to_be_focused()
    expect(titles.nth(0)).to_have_value("one")
    with changing(page):
        page.keyboard.press("Alt+ArrowDown")
    grips = page.locator("#edit-cards > .edit-card .edit-grip")
    start = grips.nth(2).bounding_box()
    end = page.locator('[id="questions[0]"]').bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 4, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 4, end["y"] + 4, steps=6)
    with changing(page):
        page.mouse.up()
    expect(titles.nth(0)).to_have_value("six")
    assert order() == ["six", "two", "one"]
    press(page, "Remove two")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(titles).to_have_count(3)
    assert order() == ["six", "two", "one"]
    press(page, "Duplicate one")
    expect(titles).to_have_count(4)
    press(page, "Save the questions")
    page.locator("[data-toast]").first.wait_for()
    assert [q["name"] for q in stored(project)] == ["six", "two", "one", "one_2"]


def test_a_fault_is_linked_and_marked_at_its_field(open_editor: OpenEditor) -> None:
    project = ask([{"name": "topic", "type": "text", "title": "Topic"}])
    page = open_editor(project)
    add(page, "Choice", "Kind?")
    press(page, "Save the questions")
    link = page.get_by_role("link", name="2. A choice needs two options")
    link.focus()
    page.keyboard.press("Enter")
    field = page.locator('[id="questions[1].options"]')
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []


def test_the_editor_works_on_a_phone(open_editor: OpenEditor) -> None:
    page = open_editor(
        ask(template="rating"),
        viewport={"width": 360, "height": 800},
        color_scheme="dark",
    )
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    assert violations(page) == []
