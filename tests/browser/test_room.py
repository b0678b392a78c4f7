"""Room for the texts: density, the strip of a large grid, and no move of the layout."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from annotation.formats.types import Message
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    RATING,
    ask,
    current,
    desk_id,
    presented,
    wait_for_next,
    wait_until_prepared,
    wait_until_sent,
)

LAPTOPS = [(1440, 900), (1366, 768)]
SENTENCE = (
    "In autumn the days grow short and a tree takes back what its leaves still hold,"
    " so the green fades and the yellow that was there all summer comes into sight. "
)
SHIFTS = """() => {
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries())
            if (!one.hadRecentInput) shifts += one.value;
    }).observe({ type: "layout-shift", buffered: true });
}"""
# What a browser's trace tells of its tasks.
TASKS = "disabled-by-default-devtools.timeline"


def essay(n_words: int) -> str:
    """Return running text of so many words in paragraphs of sixty."""
    words = (SENTENCE * (n_words // 20 + 1)).split()[:n_words]
    parts = [words[at : at + 60] for at in range(0, n_words, 60)]
    return "\n\n".join(" ".join(part) for part in parts)


def bottom(page: Page, selector: str) -> float:
    """Return how far down an element reaches, in pixels of the window."""
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["y"] + box["height"]


@pytest.mark.parametrize(("width", "height"), LAPTOPS)
def test_two_answers_of_300_words_and_all_controls_fit_a_laptop(
    open_desk: OpenDesk, width: int, height: int
) -> None:
    project = ask(
        texts=[essay(300), essay(300)],
        messages=[Message("user", "Why do leaves turn yellow in autumn?")],
    )
    page = open_desk(project, viewport={"width": width, "height": height})
    whole = "(text) => [text.scrollHeight, text.clientHeight]"
    for text in page.locator("[data-text]").all():
        needed, given = text.evaluate(whole)
        assert needed <= given
    for selector in ("[data-judge]", "[data-rationale] textarea", "[data-act=submit]"):
        assert bottom(page, selector) <= height
    assert page.evaluate("document.documentElement.scrollHeight") <= height


@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize(("width", "height"), LAPTOPS)
def test_texts_keep_their_room_beside_a_large_grid(
    open_desk: OpenDesk, n: int, width: int, height: int
) -> None:
    project = ask(template="rating", n_completions=n, texts=[essay(300)] * n)
    page = open_desk(project, viewport={"width": width, "height": height})
    grid = page.locator(".grid-panel").bounding_box()
    texts = page.locator("[data-texts]").bounding_box()
    assert grid
    assert texts
    assert texts["height"] > 0.5 * height
    assert grid["height"] < 0.25 * height


def test_one_criterion_is_open_at_a_time_and_the_hand_goes_on(
    open_desk: OpenDesk,
) -> None:
    project = ask([RATING], n_completions=3)
    page = open_desk(project)
    rows = page.locator("tr[data-row]:visible")
    expect(rows).to_have_count(1)
    for key in "32":
        page.keyboard.press(key)
    chip = page.locator("[data-go=Clear]")
    expect(chip).to_have_attribute("aria-label", "Clear: A 3, B 2, C open")
    page.keyboard.press("1")
    expect(chip).to_contain_text("3 · 2 · 1")
    expect(rows).to_contain_text("Complete")
    chip.click()
    expect(rows).to_contain_text("Clear")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-missing]:visible")).to_contain_text("Not rated for A, B")
    for key in "444":
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0])["ratings"] == {
        "clear": [3, 2, 1],
        "complete": [4, 4, 4],
    }


def test_all_criteria_can_be_shown(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RATING], n_completions=3))
    page.keyboard.press("o")
    expect(page.locator("tr[data-row]:visible")).to_have_count(2)
    page.reload()
    expect(page.locator("tr[data-row]:visible")).to_have_count(2)


@pytest.mark.parametrize("kept", [{}, {"text": "raw", "layout": "stacked", "size": 18}])
@pytest.mark.parametrize("template", ["pairwise", "rating", "helpsteer"])
def test_layout_does_not_move_on_load_and_on_the_next_item(
    open_desk: OpenDesk, template: str, kept: dict[str, Any]
) -> None:
    page = open_desk(ask(template=template, texts=[essay(300), essay(280)]))
    page.evaluate(
        "(kept) => localStorage.setItem('polyphony:reading', JSON.stringify(kept))",
        kept,
    )
    page.add_init_script(f"({SHIFTS})()")
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shifts") < 0.02
    first = desk_id(page)
    page.keyboard.press("s")
    page.get_by_label("I cannot decide").check(force=True)
    page.get_by_role("button", name="Skip the item").click()
    wait_for_next(page, first)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shifts") < 0.02


def longest_task_ms(trace: bytes) -> float:
    """Return what the costliest task took of a processor, whatever else ran on it."""
    told = json.loads(trace)["traceEvents"]
    # One that is under way has no end yet.
    tasks = [one for one in told if one["name"] == "RunTask" and "dur" in one]
    assert len(tasks) > 100
    longest: float = max(one.get("tdur", one["dur"]) for one in tasks)
    return longest / 1000


def test_answers_of_20000_characters_stay_smooth(
    open_desk: OpenDesk, browser: Browser
) -> None:
    long = essay(4000)
    assert len(long) > 20_000
    page = open_desk(ask(texts=[long, long.replace("autumn", "spring")]))
    browser.start_tracing(page=page, categories=[TASKS])
    first = page.locator("[data-text]").first
    first.hover()
    for _ in range(10):
        page.mouse.wheel(0, 500)
    page.wait_for_function(
        "() => document.querySelectorAll('[data-text]')[1].scrollTop > 1000"
    )
    for key in "v", "v", ".", ",", "l", "l":
        page.keyboard.press(key)
    page.get_by_label("Mark differences").check()
    page.wait_for_function("() => (CSS.highlights.get('diff-only')?.size ?? 0) > 0")
    assert longest_task_ms(browser.stop_tracing()) < 400


HARD = "\n\n".join(
    [
        "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
        "`" + "x_" * 200 + "`",
        "w" * 500,
        "https://example.org/" + "path/" * 80,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 60,
        "| " + " | ".join(f"column{n}" * 3 for n in range(12)) + " |",
        "|" + "---|" * 12,
        "```\nprint('left to right') " + "#" * 300 + "\n```",
    ]
).replace("|\n\n|", "|\n|")


@pytest.mark.parametrize("view", ["rendered", "raw"])
@pytest.mark.parametrize("width", [1440, 360])
def test_hard_texts_stay_inside_their_box(
    open_desk: OpenDesk, view: str, width: int
) -> None:
    page = open_desk(ask(texts=[HARD, HARD]), viewport={"width": width, "height": 800})
    if view == "raw":
        page.keyboard.press("v")
    for text in page.locator("[data-text]").all():
        assert text.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    sizes = "[document.documentElement.scrollWidth, innerWidth]"
    assert page.evaluate(f"{sizes}[0] <= {sizes}[1]")
    if view == "rendered":
        code = page.locator("[data-rendered] pre").first
        assert code.evaluate("(pre) => getComputedStyle(pre).direction") == "ltr"
        first = page.locator("[data-rendered] p").first
        assert first.evaluate("(p) => getComputedStyle(p).direction") == "rtl"


def test_shape_of_the_desk_stands_while_the_next_item_is_fetched(
    open_desk: OpenDesk,
) -> None:
    project = ask(n_items=2)
    page = open_desk(project)
    wait_until_prepared(page)
    page.keyboard.press("1")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    second = page.locator("main[data-desk]")
    expect(second).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    waiting = page.locator("[data-waiting]")
    expect(waiting.get_by_role("status")).to_contain_text("You are offline")
    expect(waiting.locator(".ghost")).to_have_count(3)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("main[data-empty]")).to_be_visible()
