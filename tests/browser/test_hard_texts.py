"""Texts that break layouts: right to left, endless words, emoji, 20,000 characters."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.formats.types import Message
from annotation.models import Item, Project
from tests.axe import violations
from tests.browser.conftest import OpenDesk
from tests.browser.desks import ask, sign_in, wait_until_sent

ARABIC = "هذا جواب قصير باللغة العربية، ويقرأ من اليمين إلى اليسار."
LAST = "These are the last words."
MIXED = f"{ARABIC}\n\n{'Donaudampfschifffahrt' * 30}\n\n{'👩🏽‍🚀🎉' * 60}"
LONG = "a word " * 2860 + LAST
SIZES = ((1440, 900), (720, 450), (360, 800), (320, 640))


@pytest.fixture
def project(transactional_db: None) -> Project:
    """One item with a hard prompt and two hard completions."""
    prompt = Message("user", f"{ARABIC} {'x' * 300} 🎉")
    return ask(n_items=1, texts=[MIXED, LONG], messages=[prompt])


def fits_at_every_width(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        is_wider = "document.documentElement.scrollWidth > innerWidth"
        assert not page.evaluate(is_wider), (page.url, width)


def shows_the_whole_text(page: Page) -> None:
    """Arabic runs from the right, and the last of 20,000 characters is there."""
    arabic = page.get_by_text(ARABIC, exact=True).first
    direction = "(one) => getComputedStyle(one).direction"
    assert arabic.evaluate(direction) == "rtl"
    last = page.get_by_text(LAST)
    last.first.evaluate("(one) => one.scrollIntoView({ block: 'end' })")
    expect(last.first).to_be_in_viewport()
    assert len(last.first.inner_text()) > 20_000


def test_hard_texts_fit_desk_history_and_item_page(
    open_desk: OpenDesk, project: Project, live_server_url: str
) -> None:
    page = open_desk(project, reduced_motion="reduce")
    fits_at_every_width(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    shows_the_whole_text(page)
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    page.goto(reverse("history", args=[project.slug]))
    fits_at_every_width(page)
    page.get_by_role("list").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What you answered")).to_be_visible()
    fits_at_every_width(page)
    shows_the_whole_text(page)
    sign_in(page, project.created_by, live_server_url)
    item = Item.objects.get(project=project)
    page.goto(reverse("item", args=[project.slug, item.public_id]))
    fits_at_every_width(page)
    shows_the_whole_text(page)
    assert violations(page) == []
