"""The desk in a language that nobody speaks: all words are marked, long ones fit."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Project
from tests.browser.conftest import OpenDesk
from tests.browser.desks import COMPARISON, RANKING, RATING, ask, desk_id, wait_for_next
from tests.words.left import Reader, Stored, left_in

SIZES = ((1440, 900), (360, 800))
# Text that is wider than the box it stands in, or than the screen; what scrolls by
# itself, what is only heard, and what people wrote are not looked at.
CLIPPED = """() => {
    const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflowX);
    const faults = [];
    const seen = (one) => one.checkVisibility({ visibilityProperty: true });
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        const own = text.parentElement;
        if (!text.data.trim() || !seen(own)) continue;
        if (own.closest("[translate=no], .visually-hidden, .skip-link, script, svg")
            || own.matches("textarea")) continue;
        let box = own;
        while (getComputedStyle(box).display.startsWith("inline")
            && !/inline-(block|flex|grid)/.test(getComputedStyle(box).display))
            box = box.parentElement;
        // Heard and not seen, or short by design, with the whole in reach.
        if (box.clientWidth <= 1 || getComputedStyle(own).textOverflow === "ellipsis")
            continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const [words, room] = [range, box].map((one) => one.getBoundingClientRect());
        const isWider = words.right > room.right + 1 || words.left < room.left - 1;
        let around = box;
        while (around && !scrolls(around)) around = around.parentElement;
        const isOff = !around && (words.right > innerWidth + 1 || words.left < -1);
        const isCut = box.scrollHeight > box.clientHeight + 2
            && getComputedStyle(box).overflowY === "hidden";
        if (isWider || isOff || isCut)
            faults.push([isWider && "wide", isOff && "off", isCut && "cut",
                box.tagName, box.className, text.data.trim().slice(0, 60)].join(" "));
    }
    for (const one of document.querySelectorAll(".btn, .input, .choice")) {
        const [own, around] = [one, one.parentElement].map((box) =>
            box.getBoundingClientRect());
        if (seen(one) && own.right > around.right + 1)
            faults.push(`sticks out ${one.outerHTML.slice(0, 80)}`);
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push("page scrolls");
    return faults;
}"""


def faults_of(page: Page, stored: Stored, state: str) -> Iterator[str]:
    """Yield what is not marked and what does not fit, in the page as it is now."""
    yield from (f"{state}: {left}" for left in left_in(page.content(), stored))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        yield from (f"{state} {width}: {one}" for one in page.evaluate(CLIPPED))
    page.set_viewport_size({"width": 1440, "height": 900})


def states_of(page: Page) -> Iterator[str]:
    """Bring the desk into one state after the other, and name each."""
    yield "as it opens"
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-open]")).to_be_visible()
    yield "a refused submit"
    for name in ("skip", "flag", "comment"):
        page.locator(f".rail [data-act={name}]").click()
        sheet = page.locator(f"[data-dialog={name}]")
        sheet.locator("[value=go]").click()
        expect(sheet.locator("[data-missing]")).to_be_visible()
        yield f"the sheet {name}"
        sheet.locator("[data-close]").click()
        expect(sheet).to_be_hidden()
    page.locator("[data-act=keys]").first.click()
    yield "the keys"
    page.keyboard.press("Escape")
    expect(page.locator("[data-dialog=keys]")).to_be_hidden()
    page.locator(".reading summary").click()
    yield "size and space"
    page.locator(".reading summary").click()
    before = desk_id(page)
    page.locator(".rail [data-act=skip]").click()
    page.locator("[data-dialog=skip] [name=reason]").first.check()
    page.locator("[data-dialog=skip] [value=go]").click()
    wait_for_next(page, before)
    expect(page.locator("[data-toast]")).to_be_visible()
    yield "a toast"
    page.context.set_offline(True)
    page.locator("[data-rationale] textarea").fill("So it is.")
    expect(page.locator("[data-matter=connection]")).to_be_visible()
    yield "offline"
    page.context.set_offline(False)
    # A change is saved at once, what failed only after seconds.
    page.locator("[data-rationale] textarea").fill("So it was.")


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize(
    ("question", "n_completions"), [(COMPARISON, 2), (RANKING, 4), (RATING, 3)]
)
def test_desk_has_no_word_unmarked_and_none_cut(
    open_desk: OpenDesk, question: dict[str, object], n_completions: int
) -> None:
    rationale = {"name": "why", "type": "rationale", "title": "Why?", "min_chars": 9}
    project = ask([question, rationale], n_completions=n_completions)
    page = open_desk(project, locale="en-XA", reduced_motion="reduce")
    stored = Stored()
    found = [
        fault for state in states_of(page) for fault in faults_of(page, stored, state)
    ]
    assert not found, "\n".join(found)


def test_browser_leaves_prompt_and_answers_as_they_are(
    open_desk: OpenDesk, project: Project
) -> None:
    page = open_desk(project)
    reader = Reader()
    reader.feed(page.content())
    texts = " ".join(text for _, text in reader.found)
    assert "Submit" in texts
    assert "Reply" not in texts
    assert "Question 1?" not in texts
    expect(page.locator("[data-rendered]").first).to_contain_text("Reply")


@pytest.fixture
def project(transactional_db: None) -> Project:
    """A project with plain texts."""
    return ask([COMPARISON])
