"""The page of a budget in Chromium, and what people read when the money is used up."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Budget, Project
from annotation.services import ledger
from tests.axe import violations
from tests.browser.desks import annotator_of, sign_in
from tests.factories import make_items, make_participant, make_project
from tests.ledger.books import claimed, give_budget, submit, usd

pytestmark = pytest.mark.django_db(transaction=True)
NewPage = Callable[..., Page]


@pytest.fixture
def project(db: None) -> Project:
    """A project with a budget from which people and a machine were paid."""
    found = make_project(overlap=2)
    make_items(found, 20)
    give_budget(found, "12", day="5", price="0.25")
    person = make_participant(found)
    for _ in range(3):
        submit(claimed(person))
    claimed(person)
    ledger.reserve(project=found, amount=usd("1"), reference="run:1:batch:1")
    ledger.commit(project=found, reference="run:1:batch:1", actual=usd("0.41275"))
    return found


def test_an_owner_sets_the_budget_by_keyboard(
    project: Project, new_page: NewPage, live_server_url: str
) -> None:
    page = new_page()
    sign_in(page, project.created_by, live_server_url)
    page.goto(reverse("budget", args=[project.slug]))
    page.get_by_label("Cap in all (USD)").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    fault = page.locator("#id_cap_usd_error")
    expect(fault).to_contain_text("can be no lower than $1.41275")
    page.get_by_label("Cap in all (USD)").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The budget is saved.")).to_be_visible()
    assert Budget.objects.get().cap_usd == 20


def test_an_annotator_reads_that_the_work_is_paused(
    project: Project, new_page: NewPage, live_server_url: str
) -> None:
    give_budget(project, "1.412750", price="0.25")
    page = new_page()
    sign_in(page, annotator_of(project), live_server_url)
    page.goto(reverse("annotate", args=[project.slug]))
    expect(page.get_by_text("The work is paused for now")).to_be_visible()
    assert violations(page) == []
