"""Changing an own earlier answer in the browser."""

from playwright.sync_api import expect

from annotation.models import Annotation
from tests.browser.conftest import OpenDesk
from tests.browser.desks import COMPARISON, ask, current, presented, wait_until_sent


def test_earlier_answer_is_changed_from_the_history(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2, editing="always", grace_s=0)
    page = open_desk(project)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    page.goto(f"/p/{project.slug}/history/")
    page.locator(".own-answer").click()
    page.get_by_role("link", name="Change this answer").click()
    expect(page.locator("[data-judge] input:checked")).to_have_value("3")
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)
    # A page's script listens once it is loaded.
    page.wait_for_load_state()
    page.keyboard.press("6")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Versions").wait_for()
    expect(page.locator(".own-verdict")).to_contain_text("B is much better")
    assert Annotation.objects.filter(project=project).count() == 2
    (stored,) = current(project)
    assert presented(stored)["preference"]["value"] == -3


def test_begun_change_is_kept_on_the_device(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1, editing="always", grace_s=0)
    page = open_desk(project)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    answer = current(project)[0].assignment
    page.goto(f"/p/{project.slug}/history/{answer.public_id}/change/")
    page.keyboard.press("5")
    page.reload()
    expect(page.locator("[data-judge] input:checked")).to_have_value("-2")
    page.get_by_role("button", name="Leave it as it is").click()
    expect(page.locator(".own-verdict")).to_contain_text("A is much better")
    page.evaluate("localStorage.clear()")
