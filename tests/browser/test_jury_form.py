"""A jury is made by keyboard alone: its kind, its judges, the button."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import MachineAnnotator
from tests.browser.desks import DESK_SIZE, sign_in
from tests.factories import make_items, make_project
from tests.models.judges import make_judge

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer


def test_jury_is_made_by_keyboard(
    new_page: Callable[..., Page], live_server: "LiveServer"
) -> None:
    cache.clear()
    project = make_project()
    make_items(project, 2)
    for number in (1, 2, 3):
        make_judge(project, name=f"judge {number}")
    page = new_page(viewport=DESK_SIZE)
    sign_in(page, project.created_by, live_server.url)
    page.goto(reverse("machine_new", args=[project.slug]))
    judges = [page.get_by_role("checkbox", name=f"judge {n}") for n in (1, 2, 3)]
    expect(judges[0]).to_be_hidden()
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Two of three")
    page.keyboard.press("Tab")
    # One letter: on a busy machine a list takes the second for a new word.
    page.keyboard.press("J")
    expect(page.get_by_label("Kind")).to_have_value("jury")
    expect(page.get_by_label("Base address")).to_be_hidden()
    for at, judge in enumerate(judges):
        page.keyboard.press("Tab")
        expect(judge).to_be_focused()
        if at != 1:
            page.keyboard.press("Space")
            expect(judge).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Its judges weigh")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Two of three"))).to_be_visible()
    rows = page.get_by_role("region", name="Table of the judges of this jury")
    expect(rows.get_by_role("row")).to_have_count(3)
    page.goto("about:blank")
    made = MachineAnnotator.objects.get(backend="jury")
    assert len(made.parameters["members"]) == 2
