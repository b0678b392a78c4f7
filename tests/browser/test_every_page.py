"""Every page of the site, for whom it is meant: no barrier, at any width, in any theme.

The table of pages is tests/browser/pages.py.
"""

from collections.abc import Callable, Iterator
from itertools import product
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.browser.desks import sign_in
from tests.browser.pages import PAGES, SitePage
from tests.browser.study import Study, make_study
from tests.counts import IS_FULL

pytestmark = pytest.mark.django_db(transaction=True)
DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=800)
View = tuple[ViewportSize, str]
# Quick: each size and each theme once. Full: all four.
VIEWS: list[View] = (
    list(product((DESK, PHONE), ("light", "dark")))
    if IS_FULL
    else [(DESK, "light"), (PHONE, "dark")]
)
NARROW = ViewportSize(width=320, height=640)
# A 1440-px-wide window at 200 %.
ZOOMED = ViewportSize(width=720, height=450)
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
# Tables of ours are cards on a phone; a grid of two dimensions, and what a text brings
# along, may scroll in their box.
TABLES_SIDEWAYS = """() => [...document.querySelectorAll(".table-wrap")]
    .filter((box) => !box.closest(".prose")
        && !box.querySelector(".quota-grid") && box.scrollWidth > box.clientWidth + 1)
    .map((box) => box.getAttribute("aria-label") ?? box.outerHTML.slice(0, 120))"""
FRAME = """() => {
    const faults = [];
    if (!document.title.trim()) faults.push("has no title");
    if (!document.documentElement.lang) faults.push("has no language");
    const heads = document.querySelectorAll("h1");
    if (heads.length !== 1) faults.push(`has ${heads.length} h1`);
    const skip = document.querySelector("a.skip-link");
    const target = skip && document.querySelector(skip.getAttribute("href"));
    if (!target) faults.push("has no skip link that leads somewhere");
    return faults;
}"""
# The focused control, its label and its neighbours: any of them may draw the focus.
# And the control is not wholly behind something that sticks to the window; what lies
# in a box that scrolls by itself is not looked at.
UNSEEN_FOCUS = """() => {
    const PLACES = "a[href], button, input, select, textarea, summary, [tabindex]";
    const around = (one) => [one, one.parentElement, one.nextElementSibling,
        one.closest("label"), one.closest("fieldset, li, .field")].filter(Boolean);
    const look = (one) => around(one).map((part) => {
        const style = getComputedStyle(part);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow,
            style.borderColor, style.backgroundColor].join();
    }).join("|");
    const shown = (one) => {
        const label = one.closest("label");
        const box = one.getBoundingClientRect();
        if (box.width < 4 || one.closest("[data-text], .texts, .table-wrap"))
            return true;
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
        const at = (share, low, high) => low + share * (high - low);
        return [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
            const there = document.elementFromPoint(
                at(x, left, right), at(y, top, bottom));
            return there && (one.contains(there) || there.contains(one)
                && !there.matches("body, html, main") || label?.contains(there));
        }));
    };
    const places = [...document.querySelectorAll(PLACES)].filter((one) =>
        one.tabIndex >= 0 && !one.disabled && one.checkVisibility({
            visibilityProperty: true }));
    const faults = [];
    for (const one of places) {
        document.activeElement?.blur();
        const before = look(one);
        one.focus();
        if (document.activeElement !== one) continue;
        const name = one.outerHTML.slice(0, 120);
        if (look(one) === before) faults.push(`focus is not to be seen: ${name}`);
        if (!shown(one)) faults.push(`focus lies behind something: ${name}`);
    }
    return [places.length, faults];
}"""
# Rules of WCAG 2.2 AA that axe leaves off by itself.
AXE = {"rules": {"target-size": {"enabled": True}}}


def barriers(page: Page) -> Iterator[str]:
    """Yield what axe finds, whatever its impact."""
    for one in Axe().run(page, options=AXE).response["violations"]:
        for node in one["nodes"][:3]:
            # What a model wrote has headings of its own, at levels of their own.
            if one["id"] == "heading-order" and 'dir="auto"' in node["html"]:
                continue
            yield f"{one['impact']} {one['id']}: {node['html'][:160]}"


def faults_of(page: Page) -> Iterator[str]:
    """Yield what is wrong with the page that is open."""
    yield from page.evaluate(FRAME)
    for size, theme in VIEWS:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # of the two
        page.set_viewport_size(size)
        for found in barriers(page):
            yield f"{size['width']} {theme}: {found}"
    for size in (ZOOMED, PHONE, NARROW):
        page.set_viewport_size(size)
        if page.evaluate(SCROLLS_SIDEWAYS):
            yield f"scrolls sideways at {size['width']}"
        if size["width"] <= PHONE["width"]:
            for table in page.evaluate(TABLES_SIDEWAYS):
                yield f"a table scrolls sideways at {size['width']}: {table}"
    for size, colours in ((DESK, "none"), (PHONE, "active")):
        page.set_viewport_size(size)
        page.emulate_media(forced_colors=colours)  # type: ignore[arg-type]  # of the two
        page.keyboard.press("Tab")
        n_places, unseen = page.evaluate(UNSEEN_FOCUS)
        assert n_places > 2
        yield from (f"{size['width']} colours {colours}: {one}" for one in unseen)
    page.emulate_media(forced_colors="none")


def opened(page: Page, one: SitePage, study: Study) -> Iterator[str]:
    """Open a page and yield its faults."""
    page.set_viewport_size(DESK)
    address = one.address(study)
    answer = page.goto(address)
    assert answer is not None
    if answer.status >= 400 or urlsplit(answer.url).path != urlsplit(address).path:
        yield f"answers {answer.status} at {answer.url}"
        return
    page.locator("main").first.wait_for()
    yield from faults_of(page)


@pytest.fixture
def study(transactional_db: None) -> Study:
    """A study with something on each page."""
    return make_study()


def test_nothing_stands_in_the_way_of_people(
    new_page: Callable[..., Page], live_server_url: str, study: Study
) -> None:
    found = [
        fault
        for who in sorted({one.who for one in PAGES} - {"owner"})
        for fault in sweep(new_page, live_server_url, study, who)
    ]
    assert not found, "\n".join(found)


def test_nothing_stands_in_the_way_of_owners(
    new_page: Callable[..., Page], live_server_url: str, study: Study
) -> None:
    found = sweep(new_page, live_server_url, study, "owner")
    assert not found, "\n".join(found)


def sweep(
    new_page: Callable[..., Page], server: str, study: Study, who: str
) -> list[str]:
    """Return the faults of every page that this person opens."""
    page = new_page(viewport=DESK, reduced_motion="reduce")
    user = study.people[who]
    if user is not None:
        sign_in(page, user, server)
    found = [
        f"{one.slug}: {fault}"
        for one in PAGES
        if one.who == who
        for fault in opened(page, one, study)
    ]
    page.goto("about:blank")
    return found
