"""Unfinished work: saved, restored, and safe between tabs."""

from playwright.sync_api import Page, expect

from annotation.models import Draft
from tests.browser.conftest import IS_SAVED, OpenDesk
from tests.browser.desks import (
    COMPARISON,
    RANKING,
    RATING,
    annotator_of,
    ask,
    current,
    desk_id,
    presented,
    wait_until_sent,
)

WHY = {"name": "why", "type": "rationale", "title": "Why?", "is_required": False}


def wait_until_saved(page: Page) -> None:
    """Wait until the status says that the draft is on the server, to its last key."""
    expect(page.locator("[data-saved]")).to_contain_text("Draft saved at")
    page.wait_for_function(IS_SAVED)


def test_draft_is_restored_after_a_reload(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, WHY]))
    page.keyboard.press("5")
    page.keyboard.press("r")
    page.keyboard.type("Half a thought")
    wait_until_saved(page)
    page.reload()
    expect(page.locator("[data-judge] input:checked")).to_have_value("-2")
    expect(page.locator("main textarea")).to_have_value("Half a thought")


def test_draft_is_restored_on_another_device(open_desk: OpenDesk) -> None:
    project = ask([RANKING, RATING], n_completions=3)
    person = annotator_of(project)
    page = open_desk(project, person)
    for key in ["b", "1", "c", "=", "Escape", "4", "n"]:
        page.keyboard.press(key)
    wait_until_saved(page)
    other = open_desk(project, person)
    assert desk_id(other) == desk_id(page)
    expect(other.locator("[data-tier='0'] [data-grip]")).to_have_count(2)
    expect(other.locator("[data-judge] input:checked")).to_have_count(2)
    expect(other.locator("[data-saved]")).to_contain_text("Draft restored")


def test_unsaved_words_survive_a_reload_at_once(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, WHY]))
    page.keyboard.press("r")
    page.keyboard.type("Not a moment to lose")
    page.reload()
    expect(page.locator("main textarea")).to_have_value("Not a moment to lose")


def test_draft_counts_the_time_in_use(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    page.keyboard.press("1")
    wait_until_saved(page)
    assert 0 < Draft.objects.get().active_ms < 60_000


def test_second_tab_is_told_and_may_load_the_newer_draft(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    person = annotator_of(project)
    first, second = open_desk(project, person), open_desk(project, person)
    first.keyboard.press("1")
    wait_until_saved(first)
    second.keyboard.press("6")
    banner = second.locator("[data-matter=stale]")
    expect(banner).to_contain_text(
        "This item is also open in another tab, which saved something newer."
    )
    assert Draft.objects.get().answers == {"preference": {"value": 3}}
    banner.get_by_role("button", name="Load that version").click()
    expect(second.locator("[data-judge] input:checked")).to_have_value("3")
    expect(banner).to_be_hidden()


def test_second_tab_may_go_on_with_its_own_version(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    person = annotator_of(project)
    first, second = open_desk(project, person), open_desk(project, person)
    first.keyboard.press("1")
    wait_until_saved(first)
    second.keyboard.press("6")
    second.get_by_role("button", name="Go on with this one").click()
    wait_until_saved(second)
    assert Draft.objects.get().answers == {"preference": {"value": -3}}


def test_second_tab_hears_that_the_item_was_submitted(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2)
    first = open_desk(project)
    second = first.context.new_page()
    second.goto(first.url)
    assert desk_id(second) == desk_id(first)
    first.keyboard.press("1")
    first.keyboard.press("Control+Enter")
    wait_until_sent(first)
    second.get_by_role("button", name="Show the next item").click()
    expect(second.locator("main")).to_have_attribute("data-desk", desk_id(first))


def test_draft_is_gone_once_the_item_is_submitted(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = open_desk(project)
    page.keyboard.press("2")
    wait_until_saved(page)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert not Draft.objects.exists()
    assert presented(current(project)[0]) == {"preference": {"value": 2}}
