"""From the platform's link to the completion code, by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Enrolment, Project
from annotation.services.versions import publish_survey
from tests.axe import violations
from tests.recruit.conftest import DONE, PID, link_of, recruiting

pytestmark = pytest.mark.django_db(transaction=True)


def without_survey(project: Project) -> None:
    """Ask nothing of the person but the consent."""
    publish_survey(project=project, user=project.created_by, questions=[])


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus, then Enter."""
    words = """() => document.activeElement.innerText ?? ''"""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(words).strip().startswith(name):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not reach {name!r}")


def test_a_recruited_person_walks_from_the_link_to_the_code(
    new_page: Callable[..., Page],
) -> None:
    project = recruiting(n_items=4)
    without_survey(project)
    page = new_page()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(str(request.all_headers())))
    address = reverse("arrive", args=[link_of(project).secret])
    page.goto(f"{address}?PROLIFIC_PID={PID}&STUDY_ID=st1&SESSION_ID=se1")
    assert PID not in page.url
    tab_to(page, "Begin")
    expect(page.locator("#resume")).to_have_text(re.compile(r"^\w{4}-\w{4}-\w{4}$"))
    tab_to(page, "Go to the consent")
    page.wait_for_url(re.compile("/start/"))
    page.locator("[name=agree]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("/annotate/"))
    before = ""
    for n in range(2):
        expect(page.locator(".topbar")).to_contain_text(f"{n} of 2")
        expect(page.locator(".prompt-text")).not_to_have_text(before)
        before = page.locator(".prompt-text").inner_text()
        page.keyboard.press("1")
        page.keyboard.press("Control+Enter")
    expect(page.locator("#code")).to_have_text(DONE)
    expect(page.get_by_role("link", name="Go back to Prolific")).to_be_visible()
    assert violations(page) == []
    assert Annotation.objects.count() == 2
    assert Enrolment.objects.get().state == "completed"
    # The first request has the id in its address, and none in its headers.
    assert not [headers for headers in seen if PID in headers]
