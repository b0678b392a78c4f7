"""Marked words: by mouse and by keyboard, rendered and raw, overlapping, kept."""

import hashlib
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Draft
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    PHONE_SIZE,
    ask,
    current,
    wait_until_sent,
)

SPANS = {
    "name": "marks",
    "type": "spans",
    "title": "Words that decided",
    "is_required": False,
    "reasons": ["Wrong", "Well said"],
}
FIRST = (
    "Use **cold water** 😀; it takes an hour.\n\n- Put it *in* a bag\n- $x^2$ and wait"
)
SECOND = "Leave it on the radiator.\n\nThen `cook` it well."
TEXTS = [FIRST, SECOND]
# Select from one string to another inside a text, as a mouse would.
SELECT = """([place, from, to]) => {
  const card = document.querySelectorAll(".completion")[place];
  const view = [...card.querySelectorAll("[data-rendered], [data-raw]")]
    .find((element) => !element.hidden);
  const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let isOpen = false;
  while (walker.nextNode()) {
    const { data } = walker.currentNode;
    if (!isOpen && data.includes(from)) {
      range.setStart(walker.currentNode, data.indexOf(from));
      isOpen = true;
    }
    if (isOpen && data.includes(to)) {
      range.setEnd(walker.currentNode, data.lastIndexOf(to) + to.length);
      break;
    }
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""
DRAWN = """(name) => [...CSS.highlights.get(name)].map((range) => range.toString())"""


def select(page: Page, place: int, start: str, end: str) -> None:
    page.evaluate(SELECT, [place, start, end])


def submit(page: Page) -> None:
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)


def stored(project: Any) -> list[dict[str, Any]]:
    (annotation,) = current(project)
    return list(annotation.answers["marks"])


def quoted(spans: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (TEXTS[span["completion"]][span["start"] : span["end"]], span["polarity"])
        for span in spans
    ]


def place_of(page: Page, words: str) -> int:
    """Return at which place the text with these words is shown."""
    texts = page.locator("[data-rendered]").all_inner_texts()
    return next(place for place, text in enumerate(texts) if words in text)


def test_words_selected_in_the_rendered_text_are_stored_in_its_source(
    open_desk: OpenDesk,
) -> None:
    project = ask([COMPARISON, SPANS], n_items=1, texts=TEXTS)
    page = open_desk(project)
    first = place_of(page, "cold water")
    select(page, first, "cold", "takes")
    page.keyboard.press("+")
    select(page, 1 - first, "radiator", "radiator")
    page.keyboard.press("-")
    expect(page.locator("[data-mark] q")).to_have_count(2)
    page.keyboard.press("1")
    submit(page)
    spans = stored(project)
    assert sorted(quoted(spans)) == [
        ("cold water** 😀; it takes", "for"),
        ("radiator", "against"),
    ]
    for span in spans:
        text = TEXTS[span["completion"]]
        assert span["text_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_mark_stands_at_the_same_words_in_both_views(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, SPANS], n_items=1, texts=TEXTS))
    first = place_of(page, "cold water")
    page.get_by_label("Raw").check()
    select(page, first, "cold water", "it takes")
    page.keyboard.press("+")
    assert page.evaluate(DRAWN, "mark-for") == ["cold water** 😀; it takes"]
    page.get_by_label("Rendered").check()
    assert page.evaluate(DRAWN, "mark-for") == ["cold water 😀; it takes"]


def test_formula_is_marked_as_a_whole(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON, SPANS], n_items=1, texts=TEXTS)
    page = open_desk(project)
    card = page.locator(".completion").nth(place_of(page, "cold water"))
    card.locator("math").evaluate(
        "(math) => { getSelection().selectAllChildren(math); }"
    )
    page.keyboard.press("-")
    page.keyboard.press("=")
    submit(page)
    ((words, _),) = quoted(stored(project))
    assert "x^2" in words


def test_marks_overlap_turn_round_and_go(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, SPANS], n_items=1, texts=TEXTS))
    first = place_of(page, "cold water")
    select(page, first, "cold", "hour")
    page.keyboard.press("+")
    select(page, first, "takes", "hour")
    page.keyboard.press("-")
    assert page.evaluate(DRAWN, "mark-for") == ["cold water 😀; it takes an hour"]
    assert page.evaluate(DRAWN, "mark-against") == ["takes an hour"]
    page.locator("[data-mark='1'] [data-turn]").click()
    assert len(page.evaluate(DRAWN, "mark-for")) == 2
    assert page.evaluate(DRAWN, "mark-here") == ["takes an hour"]
    page.locator("[data-mark='1'] [data-remove]").click()
    expect(page.locator("[data-mark]")).to_have_count(1)
    assert page.evaluate(DRAWN, "mark-here") == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-mark]")).to_have_count(2)


def test_tag_and_note_come_back_after_a_reload(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON, SPANS], n_items=1, texts=TEXTS)
    page = open_desk(project)
    select(page, 0, page.locator("[data-rendered]").first.inner_text()[:3], " it")
    page.keyboard.press("-")
    page.get_by_label("What it shows").select_option("Wrong")
    page.get_by_label("A note about these words").fill("Not so.")
    page.keyboard.press("Escape")
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((k) => k.startsWith('polyphony:draft'))"
    )
    assert Draft.objects.get().answers["marks"][0]["tag"] == "Wrong"
    page.reload()
    expect(page.locator("[data-kept]")).to_have_text("Wrong · Not so.")
    page.keyboard.press("1")
    submit(page)
    (span,) = stored(project)
    assert (span["tag"], span["note"]) == ("Wrong", "Not so.")


def test_words_are_chosen_and_marked_by_keyboard_alone(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON, SPANS], n_items=1, texts=TEXTS)
    page = open_desk(project)
    page.keyboard.press("m")
    if place_of(page, "cold water") == 1:
        page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("+")
    expect(page.locator("[data-told]").first).to_contain_text("“cold water”")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("-")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    submit(page)
    assert quoted(stored(project)) == [("Use", "against"), ("cold water", "for")]


def test_selection_across_both_answers_is_no_mark(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, SPANS], n_items=1, texts=TEXTS))
    page.evaluate(
        """() => { const [a, b] = document.querySelectorAll("[data-rendered]");
        getSelection().setBaseAndExtent(a, 0, b, b.childNodes.length); }"""
    )
    page.keyboard.press("+")
    expect(page.locator("[data-told]").first).to_contain_text("Select words in one")
    expect(page.locator("[data-mark]")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE_SIZE, {"width": 1440, "height": 900}])
def test_selected_words_are_marked_by_a_button_too(
    open_desk: OpenDesk, size: dict[str, int]
) -> None:
    page = open_desk(ask([COMPARISON, SPANS], n_items=1, texts=TEXTS), viewport=size)
    expect(page.get_by_role("button", name="For", exact=False).first).to_be_hidden()
    select(page, 0, page.locator("[data-rendered]").first.inner_text()[:3], " it")
    page.locator(".completion").first.get_by_role("button", name="Against").click()
    expect(page.locator("[data-mark]")).to_have_count(1)
    expect(page.locator("[data-asking]:visible")).to_have_count(0)


def test_required_marks_are_asked_for(open_desk: OpenDesk) -> None:
    asked = [COMPARISON, {**SPANS, "is_required": True}]
    page = open_desk(ask(asked, n_items=1, texts=TEXTS))
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-marks] [data-missing]")).to_contain_text("no mark yet")
