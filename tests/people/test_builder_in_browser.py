"""The survey builder in a real browser: by keyboard, beside the page to come."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Project
from annotation.surveys import parse_survey
from tests.factories import make_project
from tests.people.test_in_browser import is_wider_than_the_screen, sign_in, violations

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project that asks nothing about people yet."""
    return make_project(people="none", name="Built")


def press(page: Page, name: str) -> None:
    """Press a button with the keyboard, and wait until the form is back."""
    button = page.locator("#edit-form").get_by_role("button", name=name, exact=True)
    button.first.focus()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Enter")


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


def test_leaving_an_unsaved_survey_is_asked_about(
    new_page: NewPage, live_server: "LiveServer", study: Project
) -> None:
    page = new_page()
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/settings/survey/")
    press(page, "One of several")
    type_into(page, "What people are asked", "Do you cook?")
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("link", name="Consent", exact=True).click(no_wait_after=True)
    assert asked.value.type == "beforeunload"
    expect(page.get_by_label("What people are asked")).to_have_value("Do you cook?")
