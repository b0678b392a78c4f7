"""One's own data by keyboard alone, without a barrier, on a desk and on a phone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from annotation.models import ConsentRecord, Participant, Project, Withdrawal
from annotation.services.withdrawals import withdraw
from tests.axe import violations
from tests.people.test_in_browser import SCREENS, is_wider_than_the_screen, sign_in
from tests.recruit.conftest import Recruit, recruit, recruiting
from tests.recruit.test_pay_page import SEVEN, complete

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

__all__ = ["recruit"]
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


def reach(page: Page, target: Locator) -> None:
    """Move the focus on by Tab until it is at this element."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to {target}")


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


def test_withdrawing_somebody_at_their_wish_by_keyboard(
    transactional_db: None,
    new_page: NewPage,
    live_server: "LiveServer",
    study: Project,
    join: Join,
) -> None:
    person = join()
    page = new_page(viewport={"width": 1440, "height": 900})
    sign_in(page, study.created_by, live_server)
    page.goto(reverse("on_behalf", args=[study.slug]))
    field = page.get_by_label("Their name here")
    reach(page, field)
    page.keyboard.type(person.pseudonym)
    page.keyboard.press("Enter")
    found = page.get_by_role("heading", name=f"“{person.pseudonym}”")
    expect(found).to_be_visible()
    assert violations(page) == []
    reach(page, page.get_by_label("Why, and how they asked for it"))
    page.keyboard.type("By letter.")
    # Without the box nothing happens, and what was written is still there.
    button = page.get_by_role("button", name="Withdraw this person")
    reach(page, button)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Tick the box first")
    assert not Withdrawal.objects.exists()
    expect(page.get_by_label("Why, and how they asked for it")).to_have_value(
        "By letter."
    )
    reach(page, page.get_by_label("They asked for it, and I know"))
    page.keyboard.press("Space")
    reach(page, button)
    page.keyboard.press("Enter")
    expect(page.get_by_text("They are withdrawn.").last).to_be_visible()
    gone = Withdrawal.objects.get(participant=person)
    assert (gone.by, gone.reason) == (study.created_by, "By letter.")


@pytest.mark.parametrize(("size", "theme"), SCREENS)
def test_pay_after_a_withdrawal_has_no_barrier(
    transactional_db: None,
    new_page: NewPage,
    live_server: "LiveServer",
    recruit: Recruit,
    size: dict[str, int],
    theme: str,
) -> None:
    project = recruiting(n_items=4, overlap=5, **SEVEN)
    for number in (1, 2):
        complete(recruit(project, number), project)
    gone, stays = Participant.objects.filter(source="recruited").order_by("id")
    withdraw(participant=gone)
    page = new_page(viewport=size, color_scheme=theme)
    sign_in(page, project.created_by, live_server)
    page.goto(reverse("pay", args=[project.slug]))
    expect(page.get_by_role("heading", name="Withdrew, still to pay")).to_be_visible()
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
    assert stays.user is not None
    sign_in(page, stays.user, live_server)
    page.goto(reverse("consent_withdraw", args=[project.slug]))
    expect(page.get_by_text("You are still owed 9.00 GBP")).to_be_visible()
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
