"""PRISM's survey in a real browser, filled in by the keyboard alone."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Participant, Project, SurveyAnswer
from tests.axe import violations
from tests.factories import make_items, make_member, make_project
from tests.people.test_in_browser import is_wider_than_the_screen, sign_in
from tests.people.test_self_descriptions import tell

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

NewPage = Callable[..., Page]
pytestmark = pytest.mark.django_db(transaction=True)
MOST_STEPS = 400
FOCUSED = """() => {
    const focused = document.activeElement;
    const field = focused.closest("[data-question]");
    return {
        tag: focused.tagName, type: focused.type ?? "", value: focused.value ?? "",
        question: field?.dataset.question ?? "", name: focused.name ?? "",
        isSubmit: focused.matches("[data-submit]"),
    };
}"""
TEXTS = {
    "self_description": "I try to be fair.",
    "system_string": "Be honest and brief.",
    "ethnicity": "Aymara",
    "religion": "Quaker",
    "lm_usecases_other_text": "Poems for my aunt",
    "stated_prefs_other_text": "is kind",
}


@pytest.fixture
def study(transactional_db: None) -> Project:
    """A project that begins with PRISM's survey."""
    project = make_project(people="prism", name="Like PRISM")
    make_items(project, 2)
    return project


def fill_in(page: Page) -> None:
    """Walk from field to field with Tab, and answer each as its kind wants."""
    done: set[str] = set()
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["isSubmit"]:
            return
        if at["name"] == "agree" and at["value"] in ("research", "adult"):
            page.keyboard.press("Space")
        elif at["question"] and at["question"] not in done and answer(page, at):
            done.add(at["question"])
    raise AssertionError("Submit was not reached.")


def answer(page: Page, at: dict[str, str]) -> bool:
    """Answer the question under the focus; tell whether this field is its answer."""
    if at["type"] == "radio":
        page.keyboard.press("Space")
    elif at["type"] == "checkbox":
        # Only the last option, which asks for own words.
        if at["value"] != "other":
            return False
        page.keyboard.press("Space")
    elif at["type"] == "range":
        page.keyboard.press("End")
    elif at["tag"] == "SELECT":
        # One letter: on a busy machine a list takes the second for a new word.
        page.keyboard.press("Q")
    elif at["tag"] in ("TEXTAREA", "INPUT"):
        page.keyboard.type(TEXTS[at["question"]])
    else:
        return False
    return True


@pytest.mark.parametrize("width", [1440, 360])
def test_prisms_survey_is_filled_in_by_keyboard(
    new_page: NewPage, live_server: "LiveServer", study: Project, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 800})
    person = make_member(study)
    sign_in(page, person, live_server)
    page.goto(f"/p/{study.slug}/start/")
    expect(page.locator("#field-lm_usecases")).to_be_hidden()
    assert page.locator(".slider[data-untouched]").count() == 9
    assert violations(page) == []
    fill_in(page)
    assert not is_wider_than_the_screen(page)
    expect(page.locator("#still-open")).to_have_text("")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/annotate/"))
    # The desk asks for more; the database must not be emptied under it.
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    assert Participant.objects.get(user=person).is_ready
    stored = {row.question: row for row in SurveyAnswer.objects.all()}
    assert {row.state for row in stored.values()} == {"answered", "not_shown"}
    hidden = [name for name, row in stored.items() if row.state == "not_shown"]
    assert hidden == ["gender_self_describe_text"]
    assert stored["lm_usecases"].value == ["other"]
    assert (stored["lm_usecases"].order_shown or [])[-1] == "other"
    assert stored["stated_prefs_factuality"].value == 100
    assert stored["reside_country"].value == "QA"
    assert {name: stored[name].value for name in TEXTS} == TEXTS


def test_a_slider_is_cleared_and_what_does_not_apply_taken_back(
    new_page: NewPage, live_server: "LiveServer", study: Project
) -> None:
    page = new_page(viewport={"width": 360, "height": 800})
    sign_in(page, make_member(study), live_server)
    page.goto(f"/p/{study.slug}/start/")
    field = page.locator("#field-stated_prefs_safety")
    line = field.locator(".slider")
    expect(field.locator("output")).to_have_text("Not answered yet")
    line.focus()
    page.keyboard.press("ArrowRight")
    expect(field.locator("output")).to_have_text("51 of 100")
    field.get_by_role("button", name="Clear").click()
    expect(field.locator("output")).to_have_text("Not answered yet")
    expect(line).to_have_attribute("data-untouched", "")
    decline = field.get_by_label("Prefer not to say")
    decline.check()
    expect(line).to_be_disabled()
    decline.uncheck()
    expect(line).to_be_enabled()
    expect(field.locator("output")).to_have_text("Not answered yet")


def test_rules_show_and_hide_as_one_answers(
    new_page: NewPage, live_server: "LiveServer", study: Project
) -> None:
    page = new_page()
    sign_in(page, make_member(study), live_server)
    page.goto(f"/p/{study.slug}/start/")
    cases, own = (
        page.locator(f"#field-lm_usecases{end}") for end in ("", "_other_text")
    )
    page.locator("#field-lm_direct_use").get_by_label("Yes").check(force=True)
    expect(cases).to_be_visible()
    expect(own).to_be_hidden()
    cases.get_by_label("Other").check(force=True)
    expect(own).to_be_visible()
    page.locator("#field-lm_direct_use").get_by_label("No", exact=True).check(
        force=True
    )
    expect(cases).to_be_hidden()
    expect(own).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 360])
def test_own_words_are_categorised_by_keyboard(
    new_page: NewPage, live_server: "LiveServer", study: Project, width: int
) -> None:
    for words in ("Quaker", "Quaker", "none"):
        tell(study, religion=words)
    page = new_page(viewport={"width": width, "height": 800}, color_scheme="dark")
    sign_in(page, study.created_by, live_server)
    page.goto(f"/p/{study.slug}/people/self-descriptions/?question=religion")
    expect(page.get_by_label("Category of “Quaker”")).to_be_focused()
    page.keyboard.type("Christian")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Category of “none”")).to_be_focused()
    page.keyboard.type("Non-religious")
    page.keyboard.press("Enter")
    expect(page.locator("#descriptions")).to_contain_text("3 of 3 people categorised")
    assert violations(page) == []
    assert not is_wider_than_the_screen(page)
