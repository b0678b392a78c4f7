"""The page of suggestions: a policy by keyboard alone, and figures that come in."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Project, SuggestionPolicy
from models_service.services import anchoring
from tests.browser.desks import sign_in
from tests.factories import make_items, make_project
from tests.models.judges import make_judge
from tests.models.people import answer_items, make_people
from tests.suggestions.shown import expose, says_always

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(transactional_db: None) -> Project:
    """A project with a judge that always says A."""
    made = make_project(overlap=8)
    make_items(made, 12)
    says_always(make_judge(made, name="Careful judge"))
    return made


def test_policy_is_set_by_keyboard_and_its_effect_comes_by_itself(
    new_page: Callable[..., Page], live_server_url: str, project: Project
) -> None:
    page = new_page()
    sign_in(page, project.created_by, live_server_url)
    page.goto(f"/p/{project.slug}/models/suggestions/")
    weights = page.get_by_label("Blind", exact=True)
    expect(weights).to_be_hidden()
    page.get_by_label("None: nobody sees").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Careful judge")).to_be_checked()
    expect(weights).to_be_visible()
    weights.fill("1")
    page.get_by_label("Shown with a hedge").fill("0")
    page.get_by_label("Shown", exact=True).fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Policy 1 is in force")).to_be_visible()
    policy = SuggestionPolicy.objects.get()
    assert policy.arms == {"blind": 1, "shown": 1}
    expect(page.get_by_role("heading", name="No answers yet")).to_be_visible()
    for number, person in enumerate(make_people(project, 8)):
        is_shown = number % 2 == 1
        answer_items(person, lambda item, a=is_shown: 1 if a else -1)  # type: ignore[misc] # bound to each person
        expose(person, policy, "shown" if is_shown else "blind")
    anchoring.refresh(project=project)
    told = page.locator("#report h2")
    expect(told).to_contain_text("agreed with it 100 points more often", timeout=30_000)
    expect(page.locator("#report [hx-trigger]")).to_have_count(0)


def test_one_way_for_everybody_asks_for_no_weights(
    new_page: Callable[..., Page], live_server_url: str, project: Project
) -> None:
    page = new_page()
    sign_in(page, project.created_by, live_server_url)
    page.goto(f"/p/{project.slug}/models/suggestions/")
    page.get_by_label("Careful judge").check()
    page.get_by_label("After the first answer, which is kept").check()
    expect(page.get_by_label("Blind", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_role("heading", name="Policy 1 is in force")).to_be_visible()
    assert SuggestionPolicy.objects.get().arms == {"revealed": 1}
