"""Leaving a page of the settings with something unsaved is asked about."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Project
from tests.factories import make_project
from tests.people.editors import changing, press_to_change
from tests.people.test_in_browser import sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {
    "questions": '[id="questions[0].title"]',
    "guidelines": "#text",
    "consent": "#text",
    "survey": "#section_title",
    "quotas": "#q0-amounts",
}


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project with questions, a consent and a survey."""
    return make_project(name="Study")


@pytest.fixture
def open_part(
    new_page: Callable[..., Page], live_server: "LiveServer", study: Project
) -> Callable[[str], Page]:
    """A function that opens a part of the settings as the project's owner."""

    def open_(part: str) -> Page:
        page = new_page()
        sign_in(page, study.created_by, live_server)
        page.goto(reverse(f"settings_{part}", args=[study.slug]))
        return page

    return open_


def leave(page: Page) -> str:
    """Leave by a link, but stay when asked; return what asked."""
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("link", name="Checks", exact=True).click(no_wait_after=True)
    return str(asked.value.type)


@pytest.mark.parametrize("part", FIELDS)
def test_words_that_are_not_saved_are_asked_about(
    open_part: Callable[[str], Page], part: str
) -> None:
    page = open_part(part)
    if part == "survey":
        edit = page.get_by_role("button", name="Edit the heading")
        press_to_change(page, edit.first)
    elif part == "quotas":
        # The page that comes asks once its script is there.
        with page.expect_navigation():
            page.get_by_role("button", name="Add a quota").click()
    field = page.locator(FIELDS[part])
    field.press("End")
    page.keyboard.type(" and more")
    typed = field.input_value()
    assert leave(page) == "beforeunload"
    expect(field).to_have_value(typed)


def test_scopes_are_added_moved_and_asked_about(
    open_part: Callable[[str], Page],
) -> None:
    page = open_part("consent")
    n_scopes = page.locator(".edit-card").count()
    press_to_change(page, page.get_by_role("button", name="A scope", exact=True))
    words = page.locator(f'[id="scopes[{n_scopes}].text"]')
    expect(words).to_be_focused()
    expect(page.locator("[data-unsaved]")).to_have_count(1)
    expect(page.locator("[data-span='7']")).to_have_css("--span", "7")
    page.keyboard.type("read by my class")
    with changing(page):
        page.keyboard.press("Alt+ArrowUp")
    moved = page.locator(f'[id="scopes[{n_scopes - 1}].text"]')
    expect(moved).to_be_focused()
    expect(moved).to_have_value("read by my class")
    press_to_change(page, page.locator(f'[id="scopes[{n_scopes - 1}].remove"]'))
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    press_to_change(page, undo)
    expect(moved).to_have_value("read by my class")
    assert leave(page) == "beforeunload"


def test_beginning_a_consent_anew_is_asked_about(
    open_part: Callable[[str], Page],
) -> None:
    page = open_part("consent")
    text = page.locator("#text")
    text.press("End")
    page.keyboard.type(" and more")
    typed = text.input_value()
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="like PRISM").click(no_wait_after=True)
    assert asked.value.type == "beforeunload"
    expect(text).to_have_value(typed)


def test_beginning_a_consent_anew_keeps_what_a_withdrawal_does(
    open_part: Callable[[str], Page], study: Project
) -> None:
    page = open_part("consent")
    kept = page.get_by_role("radio", name="Keep without a name")
    kept.check()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="like PRISM").click()
    expect(page.locator("#text")).to_have_value(re.compile("18"))
    expect(kept).to_be_checked()
    page.get_by_role("button", name="Save the consent text").click()
    expect(page.get_by_text("of the consent").last).to_be_visible()
    stored = study.consent_documents.latest("number")
    assert stored.on_withdrawal == "anonymise"
    assert "18" in stored.text


@pytest.mark.parametrize("part", FIELDS)
def test_a_page_without_a_change_is_left_freely(
    open_part: Callable[[str], Page], part: str
) -> None:
    page = open_part(part)
    page.get_by_role("link", name="Checks", exact=True).click()
    expect(page).to_have_url(re.compile("/settings/checks/$"))
