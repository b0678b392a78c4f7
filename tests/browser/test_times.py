"""The page's clock: visible and in use, and which text the time belongs to.

The browser's own clock is faked, so no test waits; the wall clock of the server is set
back by hand, since it bounds what the page claims.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from annotation.models import Annotation, Assignment, Project
from tests.browser.conftest import IS_SAVED, OpenDesk
from tests.browser.desks import COMPARISON, PHONE_SIZE, ask, current, wait_until_sent

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "\n\n".join(f"Paragraph {number} of a long text." for number in range(60))
HIDE = """(isHidden) => {
    const get = () => isHidden;
    Object.defineProperty(document, "hidden", { configurable: true, get });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def clocked(open_desk: OpenDesk, project: Project, **options: object) -> Page:
    """Open the desk under a clock that stands still."""
    page = open_desk(project, **options)
    page.mouse.move(5, 5)
    page.clock.install()
    page.clock.pause_at(timezone.now() + timedelta(minutes=1))
    page.reload()
    page.locator("main[data-desk]").wait_for()
    return page


def spend(page: Page, seconds: int) -> None:
    """Let the page's time pass."""
    page.clock.run_for(seconds * 1_000)


def submitted(page: Page, project: Project) -> Annotation:
    """Choose and submit; return what was stored."""
    hour = timezone.now() - timedelta(hours=2)
    Assignment.objects.filter(project=project).update(shown_at=hour)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    page.clock.resume()
    wait_until_sent(page)
    return current(project)[0]


def by_place(stored: Annotation) -> list[float]:
    """Return the reading times in seconds, in the order of places."""
    order = Assignment.objects.get(annotation=stored).order or []
    assert stored.reading_ms is not None
    return [stored.reading_ms[index] / 1000 for index in order]


def test_time_goes_to_the_text_under_the_pointer(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = clocked(open_desk, project)
    texts = page.locator("[data-text]")
    texts.nth(1).hover()
    spend(page, 20)
    texts.nth(0).hover()
    spend(page, 5)
    stored = submitted(page, project)
    first, second = by_place(stored)
    assert second == pytest.approx(20, abs=1.5)
    assert first == pytest.approx(5, abs=1.5)
    assert stored.active_ms is not None
    assert first + second <= stored.active_ms / 1000 <= 30


def test_the_pointer_beside_the_texts_shares_by_what_is_seen(
    open_desk: OpenDesk,
) -> None:
    project = ask([COMPARISON], n_items=1)
    page = clocked(open_desk, project)
    page.locator("#judge").hover()
    spend(page, 30)
    stored = submitted(page, project)
    first, second = by_place(stored)
    assert first == pytest.approx(second, rel=0.15)
    assert 4 < first < 15


def test_focus_by_keyboard_counts_as_the_hand(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1, texts=[LONG, LONG])
    page = clocked(open_desk, project)
    page.locator("[data-text]").nth(0).focus()
    spend(page, 15)
    page.keyboard.press("PageDown")
    spend(page, 15)
    first, second = by_place(submitted(page, project))
    assert first == pytest.approx(30, abs=2)
    assert second < 2


def test_a_hidden_page_does_not_count(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = clocked(open_desk, project)
    page.locator("[data-text]").nth(0).hover()
    spend(page, 10)
    page.evaluate(HIDE, True)
    spend(page, 1_000)
    page.evaluate(HIDE, False)
    spend(page, 5)
    stored = submitted(page, project)
    assert stored.active_ms == pytest.approx(15_000, abs=1_500)
    assert by_place(stored)[0] == pytest.approx(15, abs=1.5)


def test_idle_time_counts_up_to_its_limit(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = clocked(open_desk, project)
    page.locator("[data-text]").nth(1).hover()
    spend(page, 1_800)
    stored = submitted(page, project)
    assert stored.active_ms == pytest.approx(60_000, abs=1_500)
    assert by_place(stored)[1] == pytest.approx(60, abs=1.5)


def test_a_reload_goes_on_from_the_draft(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = clocked(open_desk, project)
    page.locator("[data-text]").nth(0).hover()
    spend(page, 20)
    page.keyboard.press("2")
    spend(page, 2)
    page.wait_for_function(IS_SAVED)
    page.reload()
    page.locator("main[data-desk]").wait_for()
    page.mouse.move(5, 5)
    page.locator("[data-text]").nth(1).hover()
    spend(page, 10)
    first, second = by_place(submitted(page, project))
    assert first == pytest.approx(20, abs=3)
    assert second == pytest.approx(10, abs=3)


def test_on_a_phone_the_card_that_is_seen_counts(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1, texts=[LONG, LONG])
    page = clocked(open_desk, project, viewport=PHONE_SIZE, has_touch=True)
    page.mouse.move(5, 5)
    row = page.locator("[data-texts]")
    row.evaluate("row => row.scrollTo({ left: row.scrollWidth, behavior: 'instant' })")
    row.dispatch_event("scroll")
    spend(page, 40)
    first, second = by_place(submitted(page, project))
    assert second > 2 * first
