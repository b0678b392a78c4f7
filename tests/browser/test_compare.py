"""Comparisons at the desk: by keyboard, with reasons, one and several."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    annotator_of,
    ask,
    current,
    desk_id,
    presented,
    wait_for_next,
    wait_until_sent,
)


def test_comparison_is_answered_by_keyboard_alone(open_desk: OpenDesk) -> None:
    project = ask()
    page = open_desk(project)
    first = desk_id(page)
    page.keyboard.press("2")
    expect(page.locator("[data-said]").first).to_have_text("A is better.")
    page.keyboard.press("r")
    page.keyboard.type("B invents a source.")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    page.keyboard.press("3")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, first)
    wait_until_sent(page)
    (stored,) = current(project)
    assert presented(stored) == {
        "preference": {"value": 2},
        "rationale": "B invents a source.",
        "confidence": "Certain",
    }


def test_every_key_of_the_scale_chooses_its_grade(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    chosen = page.locator("[data-judge] input:checked")
    for key, value in [("1", 3), ("3", 1), ("4", -1), ("6", -3), ("=", 0), ("0", 0)]:
        page.keyboard.press(key)
        expect(chosen).to_have_value(str(value))
    page.keyboard.press("x")
    expect(chosen).to_have_value("both_bad")


def test_arrows_move_along_the_scale_from_the_near_side(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    chosen = page.locator("[data-judge] input:checked")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_value("-1")
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_value("0")
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_value("1")


def test_nothing_is_chosen_before_a_hand_chooses(open_desk: OpenDesk) -> None:
    page = open_desk(ask())
    expect(page.locator(".judge input:checked, .rail input:checked")).to_have_count(0)


def test_missing_answer_is_named_and_focused(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON, RATIONALE]))
    submit = page.get_by_role("button", name="Submit")
    expect(submit).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("2")
    submit.click(force=True)
    missing = page.locator("[data-question=why] [data-missing]")
    expect(missing).to_have_text("“Why?” is empty. Write your reasons.")
    expect(page.locator("main textarea")).to_be_focused()
    page.keyboard.type("Too short")
    expect(missing).to_have_text("“Why?” is too short. Write 1 more character.")
    page.keyboard.type("!")
    expect(missing).to_be_hidden()
    expect(submit).not_to_have_attribute("aria-disabled", "true")


RATIONALE = {"name": "why", "type": "rationale", "title": "Why?", "min_chars": 10}


def test_reasons_and_confidence_belong_to_the_comparison(open_desk: OpenDesk) -> None:
    question = {
        **COMPARISON,
        "reasons": ["Correct", "Clear"],
        "levels": ["Low", "High"],
    }
    project = ask([question])
    page = open_desk(project)
    page.get_by_label("Clear").check()
    page.get_by_label("High").check()
    page.keyboard.press("x")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    (stored,) = current(project)
    assert stored.answers == {
        "preference": {
            "value": 0,
            "both_bad": True,
            "reasons": ["Clear"],
            "confidence": "High",
        }
    }


def test_several_comparisons_take_the_digits_in_turn(open_desk: OpenDesk) -> None:
    project = ask(template="multipref")
    page = open_desk(project)
    for key in ["1", "2", "=", "4"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = presented(current(project)[0])
    assert [answer[name] for name in NAMES] == [
        {"value": value} for value in (2, 1, 0, -2)
    ]


def test_a_digit_means_confidence_only_after_it_was_asked_for(
    open_desk: OpenDesk,
) -> None:
    project = ask(template="multipref")
    page = open_desk(project)
    levels = page.locator("[data-panel=helpful] [data-levels-cell]")
    for key in ["1", "u"]:
        page.keyboard.press(key)
    expect(levels.locator(".key").first).to_be_visible()
    expect(page.locator(".ratings-compare .key:visible")).to_have_count(0)
    page.keyboard.press("3")
    # The hand is back on the second row: its keys are shown, those of the levels not.
    expect(levels).to_be_visible()
    expect(levels.locator(".key").first).to_be_hidden()
    here = page.locator("tr[data-question=truthful] .key:visible")
    assert here.all_inner_texts() == ["1", "2", "=", "3", "4"]
    for key in ["4", "=", "1"]:
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = presented(current(project)[0])
    assert answer["helpful"] == {"value": 2, "confidence": "Absolutely confident"}
    assert [answer[name] for name in NAMES[1:]] == [
        {"value": value} for value in (-2, 0, 2)
    ]


def test_reasons_of_the_row_just_graded_stay_in_sight(open_desk: OpenDesk) -> None:
    page = open_desk(ask(template="multipref"))
    page.keyboard.press("2")
    expect(page.locator("[data-panel=helpful]")).to_be_visible()
    expect(page.locator("[data-panel=truthful]")).to_be_hidden()
    page.keyboard.press("3")
    expect(page.locator("[data-panel=truthful]")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-panel=helpful]")).to_be_visible()


NAMES = ("helpful", "truthful", "harmless", "preference")


def test_arrow_keys_go_back_to_an_earlier_row(open_desk: OpenDesk) -> None:
    plain = [{**COMPARISON, "name": name, "title": name} for name in ("one", "two")]
    project = ask(plain)
    page = open_desk(project)
    page.keyboard.press("1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("6")
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = presented(current(project)[0])
    assert (answer["one"]["value"], answer["two"]["value"]) == (-3, 2)


def test_helpsteer_like_page_rates_compares_and_justifies(open_desk: OpenDesk) -> None:
    project = ask(template="helpsteer")
    page = open_desk(project)
    for key in ["4", "1", "3", "2", "4", "0", "2", "2", "1", "3", "2"]:
        page.keyboard.press(key)
    page.keyboard.press("r")
    page.keyboard.type("The first one keeps to what was asked.")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = presented(current(project)[0])
    assert answer["ratings"]["helpfulness"] == [4, 1]
    assert answer["ratings"]["verbosity"] == [1, 3]
    assert answer["preference"]["value"] == 2


def test_stored_answer_is_in_canonical_order(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2)
    page = open_desk(project, annotator_of(project))
    for _ in range(2):
        before = desk_id(page)
        replies = page.locator(".completion").first.inner_text()
        page.keyboard.press("1")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f"main:not([data-desk='{before}'])")
        wait_until_sent(page)
        newest = current(project)[-1]
        is_first = "Reply 0" in replies
        assert newest.answers["preference"]["value"] == (3 if is_first else -3)


def test_optional_confidence_can_be_cleared_again(open_desk: OpenDesk) -> None:
    project = ask(template="pairwise")
    page = open_desk(project)
    page.get_by_label("Certain").check()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("[data-levels-cell] input:checked")).to_have_count(0)
    expect(page.get_by_role("button", name="Clear")).to_be_hidden()
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert "confidence" not in current(project)[0].answers
