"""The pages of people in a real browser: by keyboard, in both themes, at any width."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Participant, Project, SurveyAnswer
from annotation.services.invitations import create_invitation
from tests.axe import violations
from tests.browser.conftest import Traffic
from tests.factories import PASSWORD, make_items, make_member, make_project

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)
SCREENS = [
    pytest.param({"width": 1440, "height": 900}, "light", id="desk-light"),
    pytest.param({"width": 360, "height": 800}, "dark", id="phone-dark"),
]


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project with items, in the database that the server sees."""
    project = make_project(template="helpsteer", name="Study", overlap=2)
    make_items(project, 3)
    return project


def sign_in(page: Page, user: User, server: "LiveServer") -> None:
    """Give the page a session of the user's."""
    client = Client()
    client.force_login(user)
    value = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": value, "url": server.url}])


def is_wider_than_the_screen(page: Page) -> bool:
    """Tell whether the page scrolls sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    )


def test_the_page_of_an_address_that_leads_nowhere_has_no_barrier(page: Page) -> None:
    page.goto("/nothing/is/here/")
    assert violations(page) == []


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def test_a_newcomer_gets_to_the_first_item_by_keyboard_alone(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    traffic = Traffic(page.context)
    made = create_invitation(
        project=study, user=study.created_by, role="annotator", days=7, n_max=3
    )
    page.goto(reverse("join", args=[made.secret]))
    page.get_by_label("User name").focus()
    page.keyboard.type("newcomer")
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Before you start")).to_be_visible()
    page.wait_for_load_state("load")
    page.get_by_label("used for the research").focus()
    press(page, "Space")
    for group in ("How old", "What is the highest", "How often"):
        page.get_by_role("group", name=group).get_by_label("Prefer not").focus()
        press(page, "Space")
    page.get_by_role("group", name="What do you use").get_by_label("Play").focus()
    press(page, "Space")
    page.get_by_label("In which country").focus()
    # One letter: on a busy machine a list takes the second for a new word.
    press(page, "P")
    for words in ("It tells me", "It respects", "It is brief"):
        page.get_by_role("slider", name=words).focus()
        press(page, "ArrowRight")
    page.get_by_label("Which subject").focus()
    page.keyboard.type("school chemistry")
    press(page, "Control+Enter")
    page.wait_for_url(f"**{reverse('annotate', args=[study.slug])}")
    participant = Participant.objects.get(user__username="newcomer")
    assert participant.is_ready
    truth = SurveyAnswer.objects.get(question="value_truth")
    assert (truth.state, truth.value) == ("answered", 51)
    traffic.settle()


def test_an_untouched_slider_has_no_value(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    sign_in(page, make_member(study), live_server)
    page.goto(reverse("start", args=[study.slug]))
    field = page.locator("#field-value_truth")
    expect(field.locator("output")).to_have_text("Not answered yet")
    page.get_by_role("button", name="Save and start").click()
    expect(field).to_contain_text("Choose a point on the line")
    expect(page.locator("#missing-list")).to_be_focused()
    page.get_by_role("slider", name="It tells me").press("Home")
    expect(field.locator("output")).to_have_text("0 of 100")
    field.get_by_label("Prefer not to say").check()
    expect(field.locator("output")).to_have_text("You prefer not to say")


def test_declining_takes_the_other_choices_back(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    sign_in(page, make_member(study), live_server)
    page.goto(reverse("start", args=[study.slug]))
    group = page.get_by_role("group", name="What do you use")
    group.get_by_label("Play").check()
    group.get_by_label("Prefer not to say").check()
    expect(group.get_by_label("Play")).not_to_be_checked()
    group.get_by_label("Writing").check()
    expect(group.get_by_label("Prefer not to say")).not_to_be_checked()
    page.get_by_role("group", name="How often").get_by_label("Never").check()
    expect(group).to_be_hidden()


def test_questions_are_added_moved_and_saved_without_losing_the_focus(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    sign_in(page, study.created_by, live_server)
    page.goto(reverse("settings_questions", args=[study.slug]))
    page.get_by_role("button", name="Confidence").focus()
    press(page, "Enter")
    title = page.locator("[id='questions[3].title']")
    expect(title).to_be_focused()
    page.keyboard.type("How sure are you?")
    page.locator("[id='questions[3].up']").focus()
    press(page, "Enter")
    expect(page.locator("[id='questions[2].up']")).to_be_focused()
    expect(page.locator("[id='questions[2].title']")).to_have_value("How sure are you?")
    page.get_by_role("button", name="Save the questions").click()
    expect(page.get_by_text("Version 1 of the questions is changed.")).to_be_visible()
    stored = study.questions_versions.get().questions
    assert [entry["type"] for entry in stored][2] == "confidence"


def test_guidelines_are_previewed_while_they_are_written(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    sign_in(page, study.created_by, live_server)
    page.goto(reverse("settings_guidelines", args=[study.slug]))
    page.get_by_label("Guidelines, in Markdown").fill("Read *slowly*.")
    expect(page.locator("#preview em")).to_have_text("slowly")


def test_the_theme_is_kept(
    page: Page, live_server: "LiveServer", study: Project
) -> None:
    page.goto(reverse("login"))
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(reverse("login"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_notice_does_not_lie_on_the_bar_that_saves(
    new_page: NewPage, live_server: "LiveServer", study: Project
) -> None:
    for size in ({"width": 1440, "height": 900}, {"width": 360, "height": 800}):
        page = new_page(viewport=size)
        sign_in(page, study.created_by, live_server)
        page.goto(reverse("settings_questions", args=[study.slug]))
        page.locator(".edit-save button").first.click()
        notice = page.locator("[data-toast]").bounding_box()
        bar = page.locator(".edit-save").bounding_box()
        assert notice
        assert bar
        assert notice["y"] + notice["height"] <= bar["y"]
