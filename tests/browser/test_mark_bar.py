"""The bar beside selected words: where it stands, how it is reached, where it leads."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from annotation.models import Project
from annotation.services.assignments import claim_next
from annotation.services.drafts import save_draft
from annotation.spans import MAX_SPANS
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    DESK_SIZE,
    PHONE_SIZE,
    annotator_of,
    ask,
)
from tests.browser.test_marks import SPANS, select

# Forty paragraphs, so that a pane scrolls; each holds a word of its own.
LONG = "\n\n".join(
    f"Paragraph word{n}x goes on for long enough to fill a line or two of its pane,"
    f" and ends at end{n}x."
    for n in range(40)
)
TEXTS = [f"Left out. {LONG}", f"Put in. {LONG}"]
BAR = ".mark-bar"
# How far the bar covers selected words (0: not at all), and how far it is from them.
COVERS = """() => {
  const bar = document.querySelector(".mark-bar").getBoundingClientRect();
  const range = getSelection().getRangeAt(0);
  const region = range.startContainer.parentElement.closest("[data-text]");
  const box = region.getBoundingClientRect();
  const words = [...range.getClientRects()].filter((rect) =>
    rect.width > 0 && rect.bottom > box.top && rect.top < box.bottom);
  const over = words.filter((rect) => rect.top < bar.bottom && rect.bottom > bar.top
    && rect.left < bar.right && rect.right > bar.left);
  const top = Math.min(...words.map((rect) => rect.top));
  const bottom = Math.max(...words.map((rect) => rect.bottom));
  return { over: over.length, away: Math.max(bar.top - bottom, top - bar.bottom),
    isInside: bar.left >= 0 && bar.top >= 0 && bar.right <= innerWidth
      && bar.bottom <= innerHeight };
}"""
IS_SEEN = """(row) => {
  const [box, rail] = [row, row.closest("[data-rail]")]
    .map((one) => one.getBoundingClientRect());
  return box.top >= rail.top - 1 && box.bottom <= rail.bottom + 1
    && box.top >= 0 && box.bottom <= innerHeight;
}"""


def project_of(n_items: int = 1) -> Project:
    return ask([COMPARISON, SPANS], n_items=n_items, texts=TEXTS)


def scroll_to(page: Page, place: int, word: str) -> None:
    """Bring a word of an answer into the middle of its pane."""
    page.evaluate(
        """([place, word]) => {
          const view = document.querySelectorAll("[data-rendered]")[place];
          const part = [...view.children].find((p) => p.textContent.includes(word));
          part.scrollIntoView({ block: "center" });
        }""",
        [place, word],
    )


def box_of_word(page: Page, place: int, word: str) -> dict[str, float]:
    found: dict[str, float] = page.evaluate(
        """([place, word]) => {
          const view = document.querySelectorAll("[data-rendered]")[place];
          const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(word);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, at + word.length);
            return range.getBoundingClientRect().toJSON();
          }
        }""",
        [place, word],
    )
    return found


def drag(page: Page, place: int, first: str, last: str) -> None:
    """Select by mouse from one word to another."""
    start, end = (box_of_word(page, place, word) for word in (first, last))
    page.mouse.move(start["left"], start["top"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["left"], end["top"] + end["height"] / 2, steps=4)
    page.mouse.move(end["right"] - 1, end["top"] + end["height"] / 2)
    page.mouse.up()


def asking(page: Page) -> Locator:
    return page.locator("[data-asking]:visible")


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("at", ["top", "middle", "bottom"])
def test_bar_stands_beside_the_words_that_a_mouse_selected(
    open_desk: OpenDesk, place: int, at: str
) -> None:
    page = open_desk(project_of())
    scroll_to(page, place, "word20x")
    seen = (
        page.locator("[data-text]")
        .nth(place)
        .evaluate(
            """(region) => { const box = region.getBoundingClientRect();
        return [...region.querySelectorAll("p")].filter((p) => {
          const { top, bottom } = p.getBoundingClientRect();
          return top >= box.top && bottom <= box.bottom;
        }).map((p) => p.textContent.match(/word(\\d+)x/)[1]); }"""
        )
    )
    number = {"top": seen[0], "middle": seen[len(seen) // 2], "bottom": seen[-1]}[at]
    drag(page, place, f"word{number}x", f"end{number}x")
    asking(page).wait_for()
    found = page.evaluate(COVERS)
    assert found["over"] == 0
    assert 0 <= found["away"] < 12
    assert found["isInside"]
    expect(page.locator(".completion").nth(place).locator(BAR)).to_be_visible()
    page.get_by_role("button", name="For").click()
    expect(page.locator("[data-mark] q")).to_contain_text(f"end{number}x")
    expect(page.locator(BAR)).to_be_hidden()


def test_bar_stands_beside_more_words_than_fit_the_pane(open_desk: OpenDesk) -> None:
    page = open_desk(project_of())
    scroll_to(page, 0, "word20x")
    select(page, 0, "word2x", "end38x")
    asking(page).wait_for()
    found = page.evaluate(COVERS)
    assert found["over"] == 0
    assert found["isInside"]


def test_bar_goes_along_when_both_panes_scroll_and_away_with_the_words(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(project_of())
    scroll_to(page, 0, "word20x")
    scroll_to(page, 1, "word20x")
    select(page, 0, "word20x", "word20x")
    asking(page).wait_for()
    before = page.locator(BAR).bounding_box()
    assert before
    page.locator("[data-text]").nth(1).hover()
    page.mouse.wheel(0, 40)
    page.wait_for_function(
        "(top) => document.querySelector('.mark-bar').getBoundingClientRect().top"
        " < top - 10",
        arg=before["y"],
    )
    # One pane scrolls a frame after the other, and the bar a frame after its pane.
    page.wait_for_function(f"() => ({COVERS})().over === 0")
    page.mouse.wheel(0, 4000)
    expect(page.locator(BAR)).to_be_hidden()
    scroll_to(page, 0, "word20x")
    expect(page.locator(BAR)).to_be_visible()


def test_bar_is_reached_and_left_by_keyboard(open_desk: OpenDesk) -> None:
    page = open_desk(project_of())
    region = page.locator("[data-text]").first
    region.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    asking(page).wait_for()
    assert page.evaluate(COVERS)["over"] == 0
    chosen = page.evaluate("getSelection().toString()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="For")).to_be_focused()
    page.keyboard.press("Escape")
    expect(region).to_be_focused()
    expect(page.locator(BAR)).to_be_hidden()
    assert page.evaluate("getSelection().toString()") == chosen
    # The walk goes on from the words that are still selected.
    page.keyboard.press("Shift+ArrowRight")
    asking(page).wait_for()
    assert len(page.evaluate("getSelection().toString()")) > len(chosen)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Against")).to_be_focused()
    page.keyboard.press("Enter")
    row = page.locator("[data-mark]")
    expect(row).to_have_class(re.compile("quote-against"))
    expect(row.locator("[data-find]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("W")
    expect(page.get_by_label("What it shows")).to_have_value("Wrong")
    page.keyboard.press("Tab")
    page.keyboard.type("Not so.")
    page.keyboard.press("Enter")
    expect(region).to_be_focused()


def test_enter_leads_from_a_walk_to_the_tag_of_the_mark_just_made(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(project_of())
    page.keyboard.press("m")
    page.keyboard.press("+")
    expect(page.locator("[data-mark]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_label("What it shows")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-text]").first).to_be_focused()


def test_row_of_a_new_mark_is_in_sight_and_has_the_focus(open_desk: OpenDesk) -> None:
    page = open_desk(project_of(), viewport={"width": 1280, "height": 720})
    for number in range(9):
        scroll_to(page, 0, f"word{number}x")
        select(page, 0, f"word{number}x", f"end{number}x")
        asking(page).wait_for()
        page.keyboard.press("+" if number % 2 else "-")
        row = page.locator(f"[data-mark='{number}']")
        expect(row.locator("[data-find]")).to_be_focused()
        assert row.evaluate(IS_SEEN)
    # The rail scrolled, the page did not.
    assert page.evaluate("scrollY") == 0
    assert page.locator("[data-rail]").evaluate("(rail) => rail.scrollTop") > 0


def test_click_on_marked_words_opens_their_mark(open_desk: OpenDesk) -> None:
    page = open_desk(project_of())
    for number in (1, 2):
        select(page, 0, f"word{number}x", f"word{number}x")
        asking(page).wait_for()
        page.keyboard.press("+")
        expect(page.locator("[data-mark]")).to_have_count(number)
    box = box_of_word(page, 0, "word1x")
    page.mouse.click(box["left"] + 8, box["top"] + box["height"] / 2)
    expect(page.locator("[data-mark='0'] [data-find]")).to_be_focused()
    expect(page.locator("[data-mark='0'] [data-more]")).to_be_visible()
    expect(page.locator("[data-mark='1'] [data-more]")).to_be_hidden()


def test_bar_is_docked_over_the_controls_of_a_phone(open_desk: OpenDesk) -> None:
    page = open_desk(project_of(), viewport=PHONE_SIZE, has_touch=True)
    scroll_to(page, 0, "word2x")
    select(page, 0, "word2x", "word2x")
    asking(page).wait_for()
    bar = page.locator(BAR).bounding_box()
    controls = page.locator(".judge-sticky").bounding_box()
    assert bar
    assert controls
    assert bar["x"] >= 0
    assert bar["x"] + bar["width"] <= PHONE_SIZE["width"]
    assert bar["y"] + bar["height"] <= controls["y"]
    assert controls["y"] - bar["y"] - bar["height"] < 16
    assert page.evaluate(COVERS)["over"] == 0
    before = page.evaluate("scrollY")
    page.get_by_role("button", name="Against").tap()
    expect(page.locator("[data-mark]")).to_have_count(1)
    # The place in the text is kept; a button leads to the mark's tag and note.
    assert page.evaluate("scrollY") == before
    expect(page.locator("[data-marked]")).to_contain_text("Marked against A.")
    page.get_by_role("button", name="Tag and note").tap()
    expect(page.get_by_label("What it shows")).to_be_focused()
    expect(page.get_by_label("What it shows")).to_be_in_viewport()
    expect(page.locator(BAR)).to_be_hidden()


def test_bar_of_a_phone_leaves_words_at_the_lower_edge_free(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(project_of(), viewport=PHONE_SIZE, has_touch=True)
    scroll_to(page, 0, "word9x")
    floor = page.locator(".judge-sticky").evaluate(
        "(judge) => judge.getBoundingClientRect().top"
    )
    box = box_of_word(page, 0, "word9x")
    page.evaluate("(by) => scrollBy(0, by)", box["bottom"] - floor + 10)
    select(page, 0, "word9x", "word9x")
    asking(page).wait_for()
    found = page.evaluate(COVERS)
    assert found["over"] == 0
    assert found["isInside"]


def test_escape_closes_the_bar_of_a_mouse_selection_until_another_one(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(project_of(), viewport=DESK_SIZE)
    select(page, 0, "word1x", "word1x")
    asking(page).wait_for()
    page.keyboard.press("Escape")
    expect(page.locator(BAR)).to_be_hidden()
    expect(page.locator("[data-text]").first).to_be_focused()
    # The keys still mark what is selected.
    page.keyboard.press("+")
    expect(page.locator("[data-mark] q")).to_have_text("word1x")
    select(page, 0, "word2x", "word2x")
    expect(asking(page)).to_be_visible()


def test_focus_goes_back_to_the_text_when_no_mark_more_is_taken(
    open_desk: OpenDesk,
) -> None:
    project = project_of()
    user = annotator_of(project)
    person = project.participants.get(user=user)
    held = claim_next(participant=person, project=project)
    assert held is not None
    # Of the beginning of A, which is the same letter by letter in each order.
    marks = [
        {"completion": 0, "start": at, "end": at + 1, "polarity": "for"}
        for at in range(40, 40 + MAX_SPANS)
    ]
    save_draft(assignment=held, answers={"marks": marks}, revision=0)
    page = open_desk(project, user)
    rows = page.locator("[data-mark]")
    expect(rows).to_have_count(MAX_SPANS)
    region = page.locator("[data-text]").nth(1)
    select(page, 1, "word9x", "word9x")
    asking(page).wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="For", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(region).to_be_focused()
    expect(page.locator(BAR)).to_be_hidden()
    expect(page.get_by_text(f"There are {MAX_SPANS} marks").first).to_be_attached()
    expect(rows).to_have_count(MAX_SPANS)
    # With one mark less the same words are taken, and the new row has the focus.
    rows.first.get_by_role("button", name="Remove the mark in A").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(MAX_SPANS - 1)
    select(page, 1, "word9x", "word9x")
    asking(page).wait_for()
    page.keyboard.press("+")
    expect(rows).to_have_count(MAX_SPANS)
    expect(rows.filter(has_text="word9x").locator("[data-find]")).to_be_focused()
    # The sign of what is marked can still change.
    select(page, 1, "word9x", "word9x")
    asking(page).wait_for()
    page.keyboard.press("-")
    expect(rows.filter(has_text="word9x")).to_have_class(re.compile("quote-against"))
    expect(rows).to_have_count(MAX_SPANS)
