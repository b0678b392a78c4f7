"""Quotas are set, mended and read by keyboard alone, at a desk and on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Project, SurveyVersion
from tests.axe import violations
from tests.factories import make_items, make_project
from tests.manage.test_quotas_page import SURVEY
from tests.people.test_in_browser import SCREENS, is_wider_than_the_screen, sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)
# What has the focus: its value where it is a choice, its name, its words.
AT = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.textContent ?? "";
  return [at.type === "checkbox" ? at.value : "", at.name ?? "", label, at.textContent]
    .join("|");
}"""


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project with a survey and items."""
    project = make_project(overlap=2)
    SurveyVersion.objects.filter(project=project).update(questions=SURVEY)
    make_items(project, 5)
    return project


def to(page: Page, words: str) -> None:
    """Move on by Tab until what is called so has the focus, and can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if words in page.evaluate(AT):
            expect(page.locator(":focus")).to_be_visible()
            return
    raise AssertionError(f"Tab never came to {words!r}")


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_a_quota_is_set_mended_and_read_without_a_mouse(
    new_page: Callable[..., Page],
    live_server: "LiveServer",
    study: Project,
    size: dict[str, int],
    theme: str,
) -> None:
    page = new_page(viewport=size, color_scheme=theme)
    sign_in(page, study.created_by, live_server)
    page.goto(reverse("settings_quotas", args=[study.slug]))
    to(page, "Add a quota")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Quota 1")).to_be_visible()
    to(page, "What it asks for")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=q0-kind]")).to_have_value("at_least")
    to(page, "gender")
    page.keyboard.press("Space")
    to(page, "Cells and their per cent")
    page.keyboard.type("Femal, 40 %")
    to(page, "Save the quotas")
    page.keyboard.press("Enter")
    expect(page.locator("#q0-problems")).to_contain_text("Femal")
    to(page, "Cells and their per cent")
    page.keyboard.press("Control+a")
    page.keyboard.type("Female, 40 %")
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
    to(page, "Save the quotas")
    page.keyboard.press("Enter")
    expect(page.locator("#q0-problems")).to_have_count(0)
    to(page, "What is full, and what is missing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quotas")
    expect(page.locator("main")).to_contain_text("by gender: Female 40.")
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
    (quota,) = study.quota_versions.get().quotas
    assert quota["kind"] == "at_least"
