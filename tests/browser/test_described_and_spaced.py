"""Text may be spaced wider by its reader, and a group of choices says what helps it.

One pass over every page of the site at phone width: WCAG 1.4.12 and 1.3.1.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.desks import PHONE_SIZE, sign_in
from tests.browser.pages import PAGES
from tests.browser.study import Study, make_study

pytestmark = pytest.mark.django_db(transaction=True)
# What a reader may set over any page, word for word from WCAG 1.4.12. It is put in by
# the rules of a style sheet in memory, since the pages allow no style of others.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important;
        letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const far = [...document.querySelectorAll("main, main *")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && box.right > innerWidth + 0.5;
    });
    return document.documentElement.scrollWidth <= innerWidth ? [] : [
        `is ${document.documentElement.scrollWidth} wide when spaced: `
        + far.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)).join(" | ")];
}"""
# A sentence of help or of what is missing that stands right in a group of controls is
# told with the group. Within a legend it is part of the name.
UNTOLD = """() => [...document.querySelectorAll("fieldset, [role=radiogroup]")]
    .flatMap((group) => [...group.children]
        .filter((one) => one.matches("p.hint, p.missing"))
        .filter((one) => !(group.getAttribute("aria-describedby") ?? "")
            .split(" ").includes(one.id || "-"))
        .map((one) => `is not told with its group: ${one.outerHTML.slice(0, 140)}`))"""
# ... and what a control or a group points to is there.
ASTRAY = """() => [...document.querySelectorAll("[aria-describedby]")]
    .flatMap((one) => one.getAttribute("aria-describedby").split(" ").filter(Boolean)
        .filter((id) => !document.getElementById(id))
        .map((id) => `points to ${id}, which is not there`))"""


@pytest.fixture
def study(transactional_db: None) -> Study:
    """A study with something on each page."""
    return make_study()


def test_no_page_is_too_wide_when_spaced_and_each_group_tells_its_help(
    new_page: Callable[..., Page], live_server_url: str, study: Study
) -> None:
    found = [
        fault
        for who in sorted({one.who for one in PAGES})
        for fault in faults(new_page, live_server_url, study, who)
    ]
    assert not found, "\n".join(found)


def faults(
    new_page: Callable[..., Page], server: str, study: Study, who: str
) -> Iterator[str]:
    """Yield what is wrong with each page that this person opens."""
    page = new_page(viewport=PHONE_SIZE, reduced_motion="reduce")
    user = study.people[who]
    if user is not None:
        sign_in(page, user, server)
    for one in PAGES:
        if one.who != who:
            continue
        page.goto(one.address(study))
        page.locator("main").first.wait_for()
        for check in (UNTOLD, ASTRAY, SPACED):
            yield from (f"{one.slug} {fault}" for fault in page.evaluate(check))
    page.goto("about:blank")
