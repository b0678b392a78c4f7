"""Rankings at the desk: by keys, buttons and drag, with ties and rejections."""

from typing import Any

from playwright.sync_api import Page, expect

from annotation.models import Project
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    PHONE_SIZE,
    RANKING,
    ask,
    current,
    presented,
    wait_until_sent,
)


def submitted(page: Page, project: Project) -> Any:
    """Submit, and return what was stored in the order of presentation."""
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    (stored,) = current(project)
    return presented(stored)["order"]


def press(page: Page, keys: str) -> None:
    """Press keys that are parted by spaces."""
    for key in keys.split():
        page.keyboard.press(key)


def test_ranking_by_keys_with_tie_and_unacceptable(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=4)
    page = open_desk(project)
    press(page, "c 1 a 2 d 3 = b x")
    expect(page.locator(".completion").first.locator("[data-standing]")).to_have_text(
        "place 2, tied with D"
    )
    assert submitted(page, project) == {"tiers": [[2], [0, 3]], "unacceptable": [1]}


def test_nothing_has_a_place_until_it_is_given_one(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RANKING], n_completions=3))
    expect(page.locator("[data-tray=open] [data-grip]")).to_have_count(3)
    expect(page.locator("[data-tier]")).to_have_count(0)


def test_unplaced_answer_is_named_at_submit(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RANKING], n_completions=3))
    press(page, "a 1 c 2 Control+Enter")
    expect(page.locator("[data-ranking] [data-missing]")).to_have_text(
        "B has no place yet. Give it one, or mark it as not acceptable."
    )
    expect(page.get_by_role("button", name="Pick up B")).to_be_focused()


def test_arrows_move_what_is_picked_up(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=3)
    page = open_desk(project)
    press(page, "a 1 b 2 c 3 ArrowUp ArrowUp a ArrowDown")
    assert submitted(page, project)["tiers"] == [[2], [1], [0]]


def test_buttons_do_what_dragging_does(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=3)
    page = open_desk(project)
    page.get_by_role("button", name="Give B the next place").click()
    page.get_by_role("button", name="Give A the next place").click()
    page.get_by_role("button", name="Tie A with the one above").click()
    page.get_by_role("button", name="Mark C as not acceptable").click()
    assert submitted(page, project) == {"tiers": [[0, 1]], "unacceptable": [2]}


def drag(page: Page, letter: str, to: str, *, part: float = 0.5) -> None:
    """Drag a grip by mouse to a share of the height of the element `to`."""
    grip = page.locator(f"[data-grip]:has([aria-label='Pick up {letter}'])")
    start, end = grip.bounding_box(), page.locator(to).first.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + start["height"] / 2)
    page.mouse.down()
    goal = end["x"] + 60, end["y"] + end["height"] * part
    page.mouse.move(*goal, steps=8)
    page.mouse.up()


def test_ranking_by_drag(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=4)
    page = open_desk(project)
    drag(page, "D", "[data-next]")
    drag(page, "B", "[data-next]")
    drag(page, "A", "[data-tier='0']")
    drag(page, "C", "[data-tray=out]")
    assert submitted(page, project) == {"tiers": [[0, 3], [1]], "unacceptable": [2]}


def test_drag_between_places_and_back_to_the_tray(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=3)
    page = open_desk(project)
    press(page, "a 1 b 2")
    drag(page, "C", "[data-tier='1']", part=0.05)
    expect(page.locator("[data-tier='1'] [data-grip='2']")).to_be_visible()
    press(page, "a Backspace")
    expect(page.locator("[data-tray=open] [data-grip='0']")).to_be_visible()
    drag(page, "A", "[data-tier='0']", part=0.05)
    assert submitted(page, project)["tiers"] == [[0], [2], [1]]


def test_what_happened_is_told_to_screen_readers(open_desk: OpenDesk) -> None:
    page = open_desk(ask([RANKING], n_completions=2))
    told = page.locator("[data-told]")
    press(page, "b")
    expect(told).to_have_text("B is picked up: no place yet.")
    press(page, "1 a 2 =")
    expect(told).to_have_text("A: place 1, tied with B.")


def test_nine_completions_take_nine_letters(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=9)
    page = open_desk(project)
    press(page, " ".join(f"{letter} {place}" for place, letter in ORDER))
    page.keyboard.press("Shift+G")
    expect(page.locator("[data-dialog=guidelines]")).to_be_visible()
    page.keyboard.press("Escape")
    assert submitted(page, project)["tiers"] == [[8 - place] for place in range(9)]


ORDER = tuple(enumerate("ihgfedcba", start=1))


def test_ranking_by_touch_on_a_phone(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=2)
    page = open_desk(project, viewport=PHONE_SIZE, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Give B the next place").tap()
    page.get_by_role("button", name="Give A the next place").tap()
    page.get_by_role("button", name="Submit").tap()
    wait_until_sent(page)
    assert presented(current(project)[0])["order"]["tiers"] == [[1], [0]]


def test_finger_drags_by_the_handle_only(open_desk: OpenDesk) -> None:
    project = ask([RANKING], n_completions=3)
    page = open_desk(project, viewport=PHONE_SIZE, has_touch=True, is_mobile=True)
    page.locator("[data-ranking]").scroll_into_view_if_needed()
    touch = page.context.new_cdp_session(page)

    def swipe(start: str, end: str) -> None:
        first = page.locator(start).bounding_box()
        last = page.locator(end).bounding_box()
        assert first
        assert last
        x, y = first["x"] + 6, first["y"] + first["height"] / 2
        way = last["y"] + last["height"] / 2 - y
        for kind, share in [("Start", 0.0), *(("Move", n / 8) for n in range(1, 9))]:
            points = [{"x": x, "y": y + way * share}]
            event = {"type": f"touch{kind}", "touchPoints": points}
            touch.send("Input.dispatchTouchEvent", event)
        end_event = {"type": "touchEnd", "touchPoints": []}
        touch.send("Input.dispatchTouchEvent", end_event)

    swipe("[data-grip='2'] .grip-handle", "[data-next]")
    expect(page.locator("[data-tier='0'] [data-grip='2']")).to_be_visible()
    swipe("[data-grip='1'] .gist", "[data-tier='0']")
    expect(page.locator("[data-tray=open] [data-grip='1']")).to_be_visible()


BEST_TWO = {**RANKING, "n_places": 2}


def test_best_two_are_placed_and_the_rest_stands_below(open_desk: OpenDesk) -> None:
    project = ask([BEST_TWO], n_completions=4)
    page = open_desk(project)
    expect(page.locator("[data-tray=open] .hint")).to_have_text("Below the best 2")
    press(page, "c 1 a Control+Enter")
    expect(page.locator("[data-ranking] [data-missing]")).to_have_text(
        "There is one place left. Give the best of A, B and D a place."
    )
    press(page, "a 3")
    expect(page.locator("[data-told]")).to_have_text("This ranking has 2 places.")
    press(page, "2")
    expect(page.locator("[data-next]")).to_have_count(0)
    assert submitted(page, project) == {
        "tiers": [[2], [0]],
        "unacceptable": [],
        "below": [1, 3],
    }


def test_better_one_pushes_the_last_out_of_the_places(open_desk: OpenDesk) -> None:
    project = ask([BEST_TWO], n_completions=3)
    page = open_desk(project)
    press(page, "c 1 a 2 b 1")
    expect(page.locator("[data-told]")).to_have_text("B: place 1. A: below the places.")
    assert submitted(page, project)["tiers"] == [[1], [2]]


def test_partial_ranking_tells_below_from_not_judged(open_desk: OpenDesk) -> None:
    asked = {**RANKING, "n_places": 1, "allow_partial": True}
    project = ask([asked], n_completions=4)
    page = open_desk(project)
    press(page, "d 1 a 0 b")
    page.get_by_role("button", name="Put B below the places").click()
    assert submitted(page, project) == {
        "tiers": [[3]],
        "unacceptable": [],
        "below": [0, 1],
        "not_judged": [2],
    }


def test_order_as_shown_is_asked_about_once(open_desk: OpenDesk) -> None:
    project = ask([{**RANKING, "warn_unchanged": True}], n_completions=2)
    page = open_desk(project)
    press(page, "a 1 b 2 Control+Enter")
    expect(page.locator("[data-open]")).to_have_text(
        "This is the order in which the answers were shown. If it is yours, submit"
        " again."
    )
    assert not current(project)
    assert submitted(page, project)["tiers"] == [[0], [1]]
    (stored,) = current(project)
    assert stored.metadata["was_unchanged_confirmed"] is True


def test_changed_order_is_not_asked_about(open_desk: OpenDesk) -> None:
    project = ask([{**RANKING, "warn_unchanged": True}], n_completions=2)
    page = open_desk(project)
    press(page, "a 1 b 1")
    assert submitted(page, project)["tiers"] == [[1], [0]]
    assert "was_unchanged_confirmed" not in current(project)[0].metadata


def test_the_tray_shows_how_an_answer_begins_without_its_marks(
    open_desk: OpenDesk,
) -> None:
    texts = ["## The **tides**\n\n- come `twice`", "Plain & simple."]
    page = open_desk(ask([RANKING], texts=texts))
    gists = page.locator("[data-tray=open] .gist")
    expect(gists).to_have_count(2)
    assert sorted(gists.all_text_contents()) == [
        "Plain & simple.",
        "The tides come twice",
    ]
