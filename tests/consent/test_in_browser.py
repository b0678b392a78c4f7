"""One's own data by keyboard alone, without a barrier, on a desk and on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import ConsentRecord, Participant, Project, Withdrawal
from tests.people.test_in_browser import (
    SCREENS,
    is_wider_than_the_screen,
    sign_in,
    violations,
)

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

Join = Callable[..., Participant]
NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)


def to(page: Page, name: str) -> None:
    """Move the focus on by Tab until it is at what is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(document.activeElement.closest('label') || document.activeElement)"
            ".textContent"
        )
        if name in at:
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_taking_a_scope_back_and_withdrawing_by_keyboard(
    transactional_db: None,
    new_page: NewPage,
    live_server: "LiveServer",
    study: Project,
    join: Join,
) -> None:
    person = join()
    assert person.user is not None
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, person.user, live_server)
    page.goto(reverse("your_data", args=[study.slug]))
    to(page, "the words I write myself")
    page.keyboard.press("Space")
    to(page, "Save what you agree to")
    page.keyboard.press("Enter")
    expect(
        page.get_by_text("It holds for every data set from now on").last
    ).to_be_visible()
    said = ConsentRecord.objects.filter(participant=person).latest("id")
    assert "free_text" not in said.granted
    to(page, "Withdraw from this project")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Withdraw from")
    to(page, "I want to withdraw")
    page.keyboard.press("Space")
    to(page, "Withdraw")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
    assert Withdrawal.objects.get(participant=person).done_at is not None


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_no_page_of_ones_own_has_a_barrier(
    transactional_db: None,
    new_page: NewPage,
    live_server: "LiveServer",
    study: Project,
    join: Join,
    size: dict[str, int],
    theme: str,
) -> None:
    person = join()
    assert person.user is not None
    page = new_page(viewport=size, color_scheme=theme)
    sign_in(page, person.user, live_server)
    for name in ("your_data", "consent_withdraw"):
        page.goto(reverse(name, args=[study.slug]))
        assert violations(page) == [], name
        assert not is_wider_than_the_screen(page)
