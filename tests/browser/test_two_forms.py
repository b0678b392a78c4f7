"""Items in two forms: an annotator answers both by keyboard, an owner asks for them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import ProtocolPair
from annotation.services.protocols import second_questions
from tests.axe import violations
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    RATING,
    ask,
    current,
    desk_id,
    presented,
    sign_in,
    wait_for_next,
    wait_until_sent,
)
from tests.manage.test_quotas_by_keyboard import to
from tests.people.test_in_browser import SCREENS, is_wider_than_the_screen
from tests.protocols.conftest import SECOND, ask_twice

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = "Items come in two forms here."


def answer_by_keyboard(page: Page) -> str:
    """Answer the form on the desk for A; return which one it is."""
    desk = page.locator("main[data-desk]")
    is_rating = desk.locator("tr[data-criterion=overall]").count() == 1
    for key in ("6", "3") if is_rating else ("2",):
        page.keyboard.press(key)
    checked = desk.locator("[data-judge] input:checked")
    expect(checked).to_have_count(2 if is_rating else 1)
    page.keyboard.press("Control+Enter")
    return SECOND if is_rating else "main"


def test_an_item_is_answered_in_both_forms_by_keyboard(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2)
    ask_twice(project, after_items=1)
    page = open_desk(project)
    came = []
    for place in range(4):
        before = desk_id(page)
        came.append(answer_by_keyboard(page))
        if place < 3:
            wait_for_next(page, before)
    page.locator("main[data-empty]").wait_for()
    wait_until_sent(page)
    assert sorted(came) == ["main", "main", SECOND, SECOND]
    stored = current(project)
    assert [one.assignment.purpose for one in stored] == came
    for one in stored:
        given = presented(one)
        if one.assignment.purpose == SECOND:
            assert given == {"second_rating": {"overall": [6, 3]}}
        else:
            assert given["preference"] == {"value": 2}
    firsts = {one.item_id: one.assignment.purpose for one in reversed(stored)}
    drawn = ProtocolPair.objects.values_list("item_id", "comes_first")
    assert dict(drawn) == firsts


def test_the_desk_tells_that_the_form_is_another(open_desk: OpenDesk) -> None:
    project = ask([RATING], n_items=1)
    ask_twice(project, kind="comparison", after_items=1)
    page = open_desk(project)
    for place in range(2):
        is_second = page.locator("[data-question=second_comparison]").count() == 1
        told = page.locator("[data-matter=stage]")
        expect(told).to_have_count(1 if is_second else 0)
        if is_second:
            expect(told).to_contain_text(NEWS)
            assert violations(page) == []
        before = desk_id(page)
        for key in ("2",) if is_second else ("1", "2", "3", "4"):
            page.keyboard.press(key)
        page.keyboard.press("Control+Enter")
        if place == 0:
            wait_for_next(page, before)
    page.locator("main[data-empty]").wait_for()


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_an_owner_switches_it_on_and_off_without_a_mouse(
    new_page: Callable[..., Page],
    live_server: "LiveServer",
    size: dict[str, int],
    theme: str,
) -> None:
    project = ask([COMPARISON], n_items=2)
    page = new_page(viewport=size, color_scheme=theme)
    sign_in(page, project.created_by, live_server.url)
    page.goto(reverse("settings_protocols", args=[project.slug]))
    for label, words in (
        ("Percent of the items", "120"),
        ("Answers between both forms", "4"),
        ("What is asked", "How good is it?"),
    ):
        to(page, label)
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
    page.keyboard.press("Enter")
    # Refused, and the hand is led to the field; the rest of what was typed stays.
    wrong = page.locator("[name=share_percent]:focus:invalid")
    expect(wrong).to_have_value("120")
    expect(page.get_by_label("What is asked")).to_have_value("How good is it?")
    page.keyboard.press("Control+a")
    page.keyboard.type("100")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("The second protocol is saved.")
    expect(page.locator("section .tag").first).to_have_text("on")
    assert not is_wider_than_the_screen(page)
    assert violations(page) == []
    project.refresh_from_db()
    assert project.protocol_rules["share_percent"] == 100
    assert project.protocol_rules["after_items"] == 4
    asked = second_questions(project)
    assert asked is not None
    assert asked.questions[0]["title"] == "How good is it?"
    to(page, "Percent of the items")
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("The second protocol is off.")
    expect(page.locator("section .tag").first).to_have_text("off")
    project.refresh_from_db()
    assert project.protocol_rules == {}
