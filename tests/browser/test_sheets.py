"""The sheets of the desk: nothing that was written in one is lost."""

from playwright.sync_api import Page, expect

from annotation.models import Comment, Flag
from tests.browser.conftest import OpenDesk
from tests.browser.desks import COMPARISON, ask, desk_id, reload_desk, wait_for_next

# As over plain http: a study in a laboratory's own network.
INSECURE = "delete Crypto.prototype.randomUUID"


def leave_sheet(page: Page) -> None:
    """Close the sheet by its key, and wait until single keys mean the desk again."""
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_message_is_sent_where_the_page_is_not_secure(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    page.evaluate(INSECURE)
    page.keyboard.press("c")
    page.get_by_role("textbox", name="Your words", exact=True).fill(
        "Is a dialect a fault?"
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-toast]").last).to_contain_text("Sent.")
    assert Comment.objects.get().text == "Is a dialect a fault?"
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Your words", exact=True)).to_have_value("")


def test_closed_sheet_keeps_what_was_written_for_its_item(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], n_items=2))
    first = desk_id(page)
    words = page.get_by_role("textbox", name="Your words", exact=True)
    page.keyboard.press("c")
    words.fill("Half a question")
    reload_desk(page)
    page.keyboard.press("c")
    expect(words).to_be_visible()
    expect(words).to_have_value("Half a question")
    leave_sheet(page)
    page.keyboard.press("f")
    sheet = page.locator("[data-dialog=flag]")
    sheet.get_by_label("In your words").fill("It breaks off")
    page.mouse.click(2, 2)
    expect(sheet).to_be_hidden()
    page.keyboard.press("c")
    expect(words).to_be_visible()
    expect(words).to_have_value("Half a question")
    leave_sheet(page)
    page.keyboard.press("f")
    expect(sheet.get_by_label("In your words")).to_have_value("It breaks off")
    sheet.get_by_label("Broken").check()
    sheet.get_by_role("button", name="Flag the item").click()
    expect(page.locator("[data-toast]").last).to_contain_text("Flagged.")
    assert Flag.objects.get().note == "It breaks off"
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, first)
    page.keyboard.press("c")
    expect(words).to_have_value("")


def test_reason_survives_a_skip_that_the_server_did_not_hear(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(ask([COMPARISON], n_items=2))
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.keyboard.press("s")
    sheet = page.locator("[data-dialog=skip]")
    sheet.get_by_label("Not my language").check()
    sheet.get_by_label("In your words").fill("It is Quechua")
    sheet.get_by_role("button", name="Skip the item").click()
    expect(page.locator("[data-toast]").last).to_contain_text("cannot be skipped now")
    page.keyboard.press("s")
    expect(sheet.get_by_label("In your words")).to_have_value("It is Quechua")
    expect(sheet.get_by_label("Not my language")).to_be_checked()
