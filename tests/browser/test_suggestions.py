"""What an AI says of an item, at the desk: by keyboard, beside the item ahead."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Exposure, MachineAnnotator, Project
from tests.axe import violations
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    DESK_SIZE,
    PHONE_SIZE,
    ask,
    current,
    desk_id,
    presented,
    reload_desk,
    wait_for_next,
    wait_until_prepared,
    wait_until_sent,
)
from tests.suggestions.conftest import REASON, judge, make_machine, suggest

PANEL = "[data-revealed-panel]"


def suggesting(arms: Mapping[str, int], *, n_items: int = 3, **more: Any) -> Project:
    """Return a project whose people see what a judge says in these arms."""
    project = ask([COMPARISON], n_items=n_items, **more)
    machine = make_machine(project)
    judge(machine, 2)
    suggest(project, machine, arms, has_reason=True)
    return project


def submit(page: Page, key: str = "1") -> str:
    """Answer the item on the desk; return its id."""
    item = desk_id(page)
    wait_until_prepared(page)
    page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    return item


def wait_for_panel(page: Page) -> None:
    """Wait until what was revealed can be closed again."""
    expect(page.locator(PANEL)).to_be_focused()
    # Later than a second press that was meant for the answer.
    page.wait_for_function(
        "began => performance.now() - began > 650",
        arg=page.evaluate("performance.now()"),
    )


@pytest.mark.parametrize("arm", ["shown", "hedged"])
def test_shown_suggestion_is_read_before_the_questions(
    open_desk: OpenDesk, arm: str
) -> None:
    page = open_desk(suggesting({arm: 1}))
    told = page.get_by_role("region", name="An AI's suggestion")
    expect(told).to_contain_text(
        "I am not sure, but I think" if arm == "hedged" else "is better."
    )
    expect(told).to_contain_text("It may be wrong.")
    expect(told).to_contain_text(REASON)
    # In the order of reading: after the texts, before the scale.
    order = page.evaluate(
        """() => [...document.querySelectorAll("[data-text], [data-suggestion],"
        + " [data-judge]")].map((e) => Object.keys(e.dataset).join())"""
    )
    assert [name.split(",")[0] for name in order] == [
        "text",
        "text",
        "suggestion",
        "judge",
    ]
    # Nothing is chosen, and no key takes it over.
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("c")
    page.locator("[data-dialog=comment]").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("[data-judge] input:checked")).to_have_count(0)
    told.focus()
    expect(told).to_be_focused()


def test_shown_suggestion_comes_with_the_next_item_too(open_desk: OpenDesk) -> None:
    project = suggesting({"shown": 1})
    page = open_desk(project)
    wait_for_next(page, submit(page))
    expect(page.locator("[data-suggestion]")).to_have_count(1)
    wait_until_sent(page)
    assert Exposure.objects.count() >= 2
    assert not Exposure.objects.filter(visible_at=None).exists()


def test_what_is_revealed_is_kept_by_enter(open_desk: OpenDesk) -> None:
    project = suggesting({"revealed": 1})
    page = open_desk(project)
    # The page's clock stands still: no second press comes too late.
    page.clock.install()
    page.clock.pause_at(timezone.now() + timedelta(minutes=1))
    reload_desk(page)
    expect(page.locator("[data-suggestion]")).to_have_count(0)
    first = submit(page)
    panel = page.locator(PANEL)
    expect(panel).to_be_focused()
    # The item that lies ready does not overtake it.
    expect(page.locator("main[data-desk]")).to_have_count(0)
    expect(panel).to_contain_text("is better.")
    expect(panel).to_contain_text("You said")
    expect(panel).to_contain_text("A is much better")
    # A second press that was meant for the answer does not close it.
    page.keyboard.press("Control+Enter")
    expect(panel).to_be_visible()
    page.clock.run_for(650)
    page.keyboard.press("Enter")
    wait_for_next(page, first)
    expect(page.locator("[data-title]")).to_be_focused()
    assert Annotation.objects.filter(project=project).count() == 1


def test_what_is_revealed_may_change_the_answer(open_desk: OpenDesk) -> None:
    project = suggesting({"revealed": 1}, grace_s=0)
    page = open_desk(project)
    first = submit(page)
    wait_for_panel(page)
    page.keyboard.press("c")
    page.wait_for_selector(f"main[data-desk='{first}'][data-changing]")
    expect(page.locator("[data-title]")).to_be_focused()
    expect(page.locator("[data-judge] input:checked")).to_have_value("3")
    expect(page.locator("[data-suggestion]")).to_contain_text("is better.")
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)
    page.keyboard.press("6")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, first)
    assert [row.is_retraction for row in Annotation.objects.all()] == [False, False]
    (stored,) = current(project)
    assert presented(stored)["preference"]["value"] == -3
    told = Exposure.objects.exclude(visible_at=None).get()
    assert told.first_answer_id is not None
    assert told.first_answer_id < stored.pk
    # Only once, and the page of the answer says what was seen.
    page.goto(f"/p/{project.slug}/history/{first}/")
    expect(page.locator("[data-suggestion]")).to_contain_text("is better.")
    expect(page.get_by_role("link", name="Change this answer")).to_have_count(0)
    page.evaluate("localStorage.clear()")


def test_a_change_that_is_left_leads_on(open_desk: OpenDesk) -> None:
    page = open_desk(suggesting({"revealed": 1}))
    first = submit(page)
    wait_for_panel(page)
    page.get_by_role("button", name="Change my answer").click()
    page.wait_for_selector(f"main[data-desk='{first}'][data-changing]")
    page.get_by_role("button", name="Leave it as it is").click()
    wait_for_next(page, first)
    page.evaluate("localStorage.clear()")


def test_a_reload_during_the_reveal_goes_on_and_loses_nothing(
    open_desk: OpenDesk,
) -> None:
    project = suggesting({"revealed": 1}, grace_s=0)
    page = open_desk(project)
    first = submit(page)
    expect(page.locator(PANEL)).to_be_focused()
    reload_desk(page)
    wait_for_next(page, first)
    expect(page.locator(PANEL)).to_have_count(0)
    page.goto(f"/p/{project.slug}/history/{first}/")
    expect(page.locator("[data-suggestion]")).to_contain_text("is better.")
    expect(page.get_by_role("link", name="Change this answer")).to_have_count(1)


def test_an_answer_given_offline_reveals_once_it_is_sent(open_desk: OpenDesk) -> None:
    page = open_desk(suggesting({"revealed": 1}))
    wait_until_prepared(page)
    page.context.set_offline(True)
    first = submit(page)
    expect(page.locator("main[data-waiting]")).to_contain_text("You are offline")
    expect(page.locator(PANEL)).to_have_count(0)
    page.context.set_offline(False)
    wait_for_panel(page)
    page.keyboard.press("Enter")
    wait_for_next(page, first)


def test_an_answer_kept_on_the_device_reveals_after_a_reload(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(suggesting({"revealed": 1}))
    page.route("**/submit/", lambda route: route.abort())
    first, address = submit(page), page.url
    expect(page.locator("main[data-waiting]")).to_be_visible()
    # Away first, or the page that is left would still send it and be told.
    page.goto("about:blank")
    page.unroute("**/submit/")
    page.goto(address)
    wait_for_panel(page)
    page.keyboard.press("Enter")
    wait_for_next(page, first)


def test_a_taken_back_answer_shows_what_was_revealed(open_desk: OpenDesk) -> None:
    page = open_desk(suggesting({"revealed": 1}))
    first = submit(page)
    wait_for_panel(page)
    page.keyboard.press("z")
    page.wait_for_selector(f"main[data-desk='{first}']")
    expect(page.locator("[data-suggestion]")).to_contain_text("is better.")
    page.keyboard.press("6")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, first)
    expect(page.locator(PANEL)).to_have_count(0)


def test_other_arms_go_on_at_once(open_desk: OpenDesk) -> None:
    project = suggesting({"blind": 1, "revealed": 1}, n_items=2)
    Exposure.objects.all().delete()
    page = open_desk(project)
    Exposure.objects.filter(arm="revealed").update(arm="blind")
    first = submit(page)
    wait_for_next(page, first)
    expect(page.locator(PANEL)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK_SIZE, PHONE_SIZE], ids=["desk", "phone"])
def test_suggestions_are_accessible_and_fit(
    open_desk: OpenDesk, scheme: str, size: dict[str, int]
) -> None:
    for arm in ("shown", "revealed"):
        page = open_desk(
            suggesting({arm: 1}, grace_s=0),
            viewport=size,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        assert violations(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == size["width"]
        if arm == "shown":
            continue
        submit(page)
        expect(page.locator(PANEL)).to_be_focused()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_no_machine_of_another_name_is_told(open_desk: OpenDesk) -> None:
    project = suggesting({"shown": 1})
    MachineAnnotator.objects.update(name="hush-judge", model="hush-model")
    page = open_desk(project)
    expect(page.locator("[data-suggestion]")).to_have_count(1)
    # With its hyphen: a form's token has none.
    assert "hush-" not in page.content()
