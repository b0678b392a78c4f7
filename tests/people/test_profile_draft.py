"""What is filled in and not saved: kept on the device, and nowhere else."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Participant, Project
from tests.factories import make_items, make_member, make_project
from tests.people.test_in_browser import sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)
# Let each draft have been saved so many milliseconds earlier.
OLDER = """(ms) => {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith("polyphony:profile")) continue;
    const kept = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({ ...kept, at: kept.at - ms }));
  }
}"""
KEPT = "Object.keys(localStorage).filter((key) => key.startsWith('polyphony:profile'))"


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project that begins with PRISM's survey."""
    project = make_project(people="prism", name="Like PRISM")
    make_items(project, 2)
    return project


@pytest.fixture
def page(new_page: NewPage, live_server: "LiveServer", study: Project) -> Page:
    """The start page of somebody who has filled in a part of it."""
    page = new_page()
    sign_in(page, make_member(study), live_server)
    page.goto(f"/p/{study.slug}/start/")
    page.locator("[name=agree]").first.check()
    page.locator("#field-lm_direct_use").get_by_label("Yes").check(force=True)
    page.locator("#field-stated_prefs_safety .slider").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Which values, beliefs").fill("I try to be fair.")
    expect(page.locator("[data-kept]")).to_contain_text("Draft saved on this device")
    return page


def test_an_unsaved_profile_comes_back_without_the_consent(page: Page) -> None:
    page.reload()
    expect(page.locator("[data-kept]")).to_have_text("Draft restored from this device")
    expect(page.get_by_label("Which values, beliefs")).to_have_value(
        "I try to be fair."
    )
    expect(page.locator("#field-stated_prefs_safety output")).to_have_text("51 of 100")
    direct = page.locator("#field-lm_direct_use").get_by_label("Yes")
    expect(direct).to_be_checked()
    expect(page.locator("#field-lm_usecases")).to_be_visible()
    expect(page.locator("[name=agree]").first).not_to_be_checked()
    assert not Participant.objects.filter(is_ready=True).exists()


def test_who_refuses_leaves_no_draft(page: Page) -> None:
    assert len(page.evaluate(KEPT)) == 1
    page.get_by_role("button", name="I do not agree").click()
    expect(page.locator("h1")).to_have_text("You do not take part")
    assert page.evaluate(KEPT) == []


def test_a_draft_goes_once_the_profile_is_saved(page: Page, study: Project) -> None:
    for box in page.locator("[name=agree]").all():
        box.check()
    page.get_by_role("button", name="Save and start").click()
    expect(page.locator("#missing-list")).to_be_visible()
    assert len(page.evaluate(KEPT)) == 1
    for decline in page.locator("label").filter(has_text="Prefer not to say").all():
        if decline.is_visible():
            decline.click()
    for choice in page.locator("select:has(option[value=__prefer_not])").all():
        choice.select_option("__prefer_not")
    page.get_by_role("button", name="Save and start").click()
    page.wait_for_url(re.compile("/annotate/"))
    page.wait_for_load_state("networkidle")
    assert page.evaluate(KEPT) == []
    page.goto("about:blank")
    assert Participant.objects.get(project=study, is_ready=True)


def test_another_person_on_the_device_sees_nothing_of_it(
    page: Page, study: Project, live_server: "LiveServer"
) -> None:
    sign_in(page, make_member(study), live_server)
    page.goto(f"/p/{study.slug}/start/")
    expect(page.locator("[data-question]").first).to_be_visible()
    expect(page.get_by_label("Which values, beliefs")).to_have_value("")
    assert page.evaluate(KEPT) == []


def test_another_person_takes_it_away_on_any_page(
    page: Page, study: Project, live_server: "LiveServer"
) -> None:
    assert len(page.evaluate(KEPT)) == 1
    sign_in(page, study.created_by, live_server)
    page.goto("/")
    page.wait_for_function(f"{KEPT}.length === 0")


def test_a_log_out_takes_it_away(page: Page) -> None:
    expect(page.get_by_text("log out before you leave")).to_be_visible()
    page.locator("summary[aria-label^='Your account']").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.evaluate(KEPT) == []


def test_it_lasts_no_longer_than_a_day(page: Page) -> None:
    page.reload()
    expect(page.locator("[data-kept]")).to_have_text("Draft restored from this device")
    page.evaluate(OLDER, 25 * 3600 * 1000)
    page.reload()
    expect(page.locator("[data-question]").first).to_be_visible()
    page.wait_for_function(f"{KEPT}.length === 0")
    expect(page.get_by_label("Which values, beliefs")).to_have_value("")
