"""Ratings at the desk: digits, not applicable, long scales, sliders."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import OpenDesk
from tests.browser.desks import RATING, ask, current, presented, wait_until_sent


def rating(low: int, high: int) -> dict[str, Any]:
    """Return the rating question on another scale."""
    return {**RATING, "low": low, "high": high}


def test_rating_by_digits_alone(open_desk: OpenDesk) -> None:
    project = ask([RATING])
    page = open_desk(project)
    for key in ["3", "n", "0", "4"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0])["ratings"] == {
        "clear": [3, "na"],
        "complete": [0, 4],
    }


def test_open_ratings_are_counted_and_named(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RATING]))
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-open] span")).to_have_text(
        "Three ratings are still open: Clear for B, and Complete for both."
    )
    row = page.locator("tr[data-criterion=clear]")
    expect(row.locator("[data-missing]")).to_have_text("Not rated for B.")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("aria-label", "Clear, answer B: 0")


def test_anchors_of_the_criterion_in_hand_are_shown(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RATING]))
    panel = page.get_by_role("heading", name="Criterion in hand: Clear")
    expect(panel).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator("tr[data-criterion=clear] [data-said]")).to_have_text(
        "A 4: lucid"
    )
    page.keyboard.press("4")
    expect(panel).to_be_hidden()
    page.keyboard.press("ArrowUp")
    expect(panel).to_be_visible()


def test_two_digits_give_ten_on_a_scale_to_ten(open_desk: OpenDesk) -> None:
    project = ask([rating(0, 10)])
    page = open_desk(project)
    for key in ["1", "0", "7", "1", "5"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0])["ratings"] == {
        "clear": [10, 7],
        "complete": [1, 5],
    }


def test_scale_from_one_ignores_zero(open_desk: OpenDesk) -> None:
    page = open_desk(ask([rating(1, 6)]))
    page.keyboard.press("0")
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    page.keyboard.press("6")
    expect(page.locator("[data-judge] input:checked")).to_have_value("6")


def test_slider_has_no_value_until_it_is_touched(open_desk: OpenDesk) -> None:
    project = ask([rating(0, 100)])
    page = open_desk(project)
    expect(page.locator("[data-untouched]")).to_have_count(4)
    page.keyboard.type("75")
    page.keyboard.press("Enter")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("[data-untouched]")).to_have_count(2)
    page.get_by_role("slider", name="Complete, answer B").press("ArrowRight")
    page.get_by_label("Complete, answer A: number").fill("0")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = presented(current(project)[0])["ratings"]
    assert answer["clear"] == [75, 8]
    assert answer["complete"] == [0, 51]


def test_four_completions_are_rated_line_by_line(open_desk: OpenDesk) -> None:
    project = ask([rating(1, 6)], n_completions=4)
    page = open_desk(project)
    expect(page.locator(".ratings-long .cell-line")).to_have_count(8)
    for key in "12345612":
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert presented(current(project)[0])["ratings"]["complete"] == [5, 6, 1, 2]
