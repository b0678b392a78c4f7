"""The survey builder in a real browser: by keyboard, beside the page to come."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from annotation.models import Project
from annotation.surveys import parse_survey
from tests.axe import violations
from tests.factories import make_project
from tests.people.editors import changing, press_to_change, see_the_preview_settle
from tests.people.test_in_browser import is_wider_than_the_screen, sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project that asks nothing about people yet."""
    return make_project(people="none", name="Built")


def press(page: Page, name: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Press a button with the keyboard, and wait until the form is back."""
    button = page.locator("#edit-form").get_by_role("button", name=name, exact=True)
    press_to_change(page, button.first, meanwhile)


def type_into(page: Page, label: str, words: str) -> None:
    field = page.locator("#edit-form").get_by_label(label, exact=True)
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


@pytest.mark.parametrize("width", [1440, 360])
def test_a_survey_is_built_by_keyboard_and_tried_beside(
    new_page: NewPage, live_server: "LiveServer", study: Project, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/settings/survey/")
    press(page, "One of several")
    type_into(page, "What people are asked", "Do you cook?")
    type_into(page, "Option 1", "Yes")
    type_into(page, "Option 2", "No")
    preview = page.locator("#preview")
    expect(preview.get_by_text("Do you cook?")).to_be_visible()
    press(page, "Own words")
    type_into(page, "What people are asked", "What do you cook?")
    page.get_by_text("Show it only after certain answers").focus()
    page.keyboard.press("Enter")
    page.locator('#edit-form [name="rule.do_you_cook.values"][value=Yes]').focus()
    page.keyboard.press("Space")
    ruled = preview.locator("#field-what_do_you_cook")
    expect(ruled).to_be_hidden()
    see_the_preview_settle(page)
    preview.get_by_label("Yes").check(force=True)
    expect(ruled).to_be_visible()
    type_into(page, "A line of help below it", "A dish is enough.")
    expect(ruled).to_contain_text("A dish is enough.")
    expect(ruled).to_be_visible()
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
    save = page.get_by_role("button", name="Save the survey")
    save.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is changed")
    asked = parse_survey(study.survey_versions.latest("number").questions)
    assert [question.title for question in asked] == [
        "Do you cook?",
        "What do you cook?",
    ]
    assert asked[1].show_if[0].values == ("Yes",)


@pytest.fixture
def long_survey(new_page: NewPage, live_server: "LiveServer") -> Page:
    """The builder of a survey that is longer than the screen."""
    study = make_project(people="prism", name="Long")
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/settings/survey/")
    return page


def lines(page: Page) -> list[str]:
    """Return the questions of the outline, in order."""
    return page.locator(".build-open .strong").all_inner_texts()


def test_questions_move_by_keys_and_drag_and_come_back(long_survey: Page) -> None:
    page = long_survey
    before = lines(page)
    press_to_change(page, page.locator('[id="survey[1].open"]'))
    field = page.locator("#edit-form").get_by_label("What people are asked", exact=True)
    expect(field).to_be_focused()
    with changing(page):
        page.keyboard.press("Alt+ArrowUp")
    expect(field).to_be_focused()
    assert lines(page)[:2] == [before[1], before[0]]
    press(page, "Done")
    handle = page.locator('[id="survey[0]"] > .build-row .edit-grip').bounding_box()
    target = page.locator('[id="survey[1]"]').bounding_box()
    assert handle and target
    page.mouse.move(handle["x"] + 4, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 4, target["y"] + target["height"] - 2, steps=5)
    with changing(page):
        page.mouse.up()
    assert lines(page) == before
    press_to_change(page, page.locator('[id="survey[1].open"]'))
    for name in ("survey[2].remove", "sections[0].remove", "open[0].options[1].remove"):
        press_to_change(page, page.locator(f'[id="{name}"]'))
        undo = page.get_by_role("button", name="Undo")
        expect(undo).to_be_focused()
        press_to_change(page, undo)
        expect(undo).to_have_count(0)
        assert lines(page) == before
        press_to_change(page, page.locator('[id="survey[1].open"]'))


def test_the_preview_follows_the_question_that_is_open(long_survey: Page) -> None:
    page = long_survey
    last = len(lines(page)) - 1
    press_to_change(page, page.locator(f'[id="survey[{last}].open"]'))
    marked = page.locator("#preview .is-edited")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text(lines(page)[last])
    expect(marked).to_be_in_viewport(ratio=0.9)
    type_into(page, "What people are asked", "Where do you live?")
    expect(marked).to_contain_text("Where do you live?")
    press_to_change(page, page.locator('[id="survey[0].open"]'))
    expect(marked).to_contain_text(lines(page)[0])
    expect(marked).to_be_in_viewport(ratio=0.9)


def test_the_first_problem_has_the_focus_and_the_list_leads_to_each(
    new_page: NewPage, live_server: "LiveServer", study: Project
) -> None:
    page = new_page()
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/settings/survey/")
    for kind in ("One of several", "Own words"):
        press(page, kind)
    page.get_by_role("button", name="Save the survey").press("Enter")
    field = page.locator("#edit-form").get_by_label("What people are asked", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-describedby", "open[0].title-problem")
    links = page.locator("[role=alert] a")
    for number in range(links.count()):
        links.nth(number).press("Enter")
        path = (links.nth(number).get_attribute("href") or "").removeprefix("#")
        expect(page.locator(f'[id="{path}"]')).to_be_focused()
    assert violations(page) == []


@pytest.fixture
def slow(new_page: NewPage, live_server: "LiveServer", study: Project) -> "Slow":
    """The builder with a question in it, and the answers of the server in hand."""
    page = new_page()
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/settings/survey/")
    press(page, "One of several")
    type_into(page, "What people are asked", "Do you cook?")
    see_the_preview_settle(page)
    return Slow(page)


class Slow:
    """A page whose changes wait at the network until they are let through."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: list[Route] = []
        self.is_holding = True
        page.route("**/settings/survey/", self._hold)

    def _hold(self, route: Route) -> None:
        is_change = "do=look" not in (route.request.post_data or "do=look")
        if is_change and self.is_holding:
            self.held.append(route)
        else:
            route.continue_()

    def answer(self) -> None:
        """Let the change through that has been asked for."""
        self.wait_for(1)
        self.held.pop(0).continue_()

    def wait_for(self, n_held: int) -> None:
        """Wait until so many changes stand at the network."""
        while len(self.held) < n_held:
            self.page.wait_for_timeout(20)


def test_what_is_typed_while_a_question_is_added_becomes_its_words(
    slow: Slow,
) -> None:
    page = slow.page
    form = page.locator("#edit-form")
    with changing(page):
        form.get_by_role("button", name="Own words", exact=True).focus()
        page.keyboard.press("Enter")
        slow.wait_for(1)
        expect(form).to_have_attribute("aria-busy", "true")
        page.keyboard.type("What do you cook?")
        slow.answer()
    field = form.get_by_label("What people are asked", exact=True)
    expect(field).to_have_value("What do you cook?")
    expect(field).to_be_focused()
    expect(page.locator("#preview")).to_contain_text("What do you cook?")


def test_what_is_typed_into_the_older_form_goes_along(
    slow: Slow,
) -> None:
    page = slow.page
    form = page.locator("#edit-form")
    with changing(page):
        form.get_by_role("button", name="Own words", exact=True).focus()
        page.keyboard.press("Enter")
        slow.wait_for(1)
        type_into(page, "What people are asked", "Do you ever cook?")
        slow.answer()
        # The answer knows nothing of those words, so the change is asked for again.
        slow.answer()
    expect(form.get_by_label("What people are asked", exact=True)).to_have_value("")
    slow.is_holding = False
    opened = form.get_by_role("button", name="Do you ever cook?")
    press_to_change(page, opened.first)
    expect(form.get_by_label("What people are asked", exact=True)).to_have_value(
        "Do you ever cook?"
    )


def test_saving_waits_for_a_change_that_is_under_way(
    slow: Slow, study: Project
) -> None:
    page = slow.page
    type_into(page, "Option 1", "Yes")
    type_into(page, "Option 2", "No")
    press(page, "Done", slow.answer)
    form = page.locator("#edit-form")
    form.get_by_role("button", name="Duplicate Do you cook?", exact=True).focus()
    page.keyboard.press("Enter")
    slow.wait_for(1)
    page.get_by_role("button", name="Save the survey").click(no_wait_after=True)
    expect(form).to_have_attribute("aria-busy", "true")
    slow.is_holding = False
    slow.answer()
    expect(page.locator("#toasts")).to_contain_text("is changed")
    asked = parse_survey(study.survey_versions.latest("number").questions)
    assert [question.title for question in asked] == ["Do you cook?"] * 2


def test_a_change_that_gets_no_answer_loses_nothing(slow: Slow) -> None:
    page = slow.page
    form = page.locator("#edit-form")
    form.get_by_role("button", name="Own words", exact=True).focus()
    page.keyboard.press("Enter")
    slow.wait_for(1)
    type_into(page, "What people are asked", "Do you ever cook?")
    slow.held.pop(0).abort()
    expect(page.locator("#toasts")).to_contain_text("What you wrote still stands here")
    expect(form).not_to_have_attribute("aria-busy", "true")
    field = form.get_by_label("What people are asked", exact=True)
    expect(field).to_have_value("Do you ever cook?")


def test_a_save_that_waits_for_a_change_falls_with_it(
    slow: Slow, study: Project
) -> None:
    page = slow.page
    form = page.locator("#edit-form")
    form.get_by_role("button", name="Own words", exact=True).focus()
    page.keyboard.press("Enter")
    slow.wait_for(1)
    save = page.get_by_role("button", name="Save the survey")
    save.click(no_wait_after=True)
    slow.held.pop(0).abort()
    expect(page.locator("#toasts")).to_contain_text("What you wrote still stands here")
    expect(form).not_to_have_attribute("aria-busy", "true")
    slow.is_holding = False
    press(page, "Own words")
    expect(form.get_by_role("button", name="Do you cook?").first).to_be_visible()
    assert not study.survey_versions.filter(number__gt=1).exists()
    assert slow.held == []


def test_a_change_takes_the_focus_from_nobody_who_goes_on_elsewhere(
    slow: Slow,
) -> None:
    page = slow.page
    form = page.locator("#edit-form")
    title = form.get_by_label("What people are asked", exact=True)
    n_options = form.locator("[id^='open[0].options['][id$='.remove']").count()
    with changing(page):
        form.locator('button[value="add:open[0].options:"]').focus()
        page.keyboard.press("Enter")
        slow.wait_for(1)
        title.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        slow.answer()
    options = form.locator("[id^='open[0].options['][id$='.remove']")
    expect(options).to_have_count(n_options + 1)
    expect(title).to_be_focused()
    page.keyboard.type("!")
    expect(title).to_have_value("D!o you cook?")
