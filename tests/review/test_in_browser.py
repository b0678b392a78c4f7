"""Writing and answering in a real browser, by keyboard."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Comment, FrontierEntry, Project, Thread
from annotation.services import comments, disagreements
from tests.axe import violations
from tests.browser.conftest import OpenDesk, open_desk
from tests.browser.desks import DESK_SIZE, PHONE_SIZE, ask, desk_id, sign_in
from tests.factories import make_participant
from tests.manage.conftest import answer

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

__all__ = ["open_desk"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browse(
    new_page: Callable[..., Page], live_server: "LiveServer"
) -> Callable[..., Page]:
    """A function that opens a browser as a person."""

    def make(user: object, **options: object) -> Page:
        page = new_page(**{"viewport": DESK_SIZE, **options})
        sign_in(page, user, live_server.url)  # type: ignore[arg-type]  # a user
        return page

    return make


def test_message_is_written_at_the_desk_by_keyboard(open_desk: OpenDesk) -> None:
    page = open_desk(ask())
    page.keyboard.press("c")
    field = page.get_by_label("Your words", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("Is A cut off?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Sent. The research team sees it.")
    comment = Comment.objects.get()
    assert comment.text == "Is A cut off?"
    assert str(Assignment.objects.get(item=comment.thread.item).public_id) == desk_id(
        page
    )


def test_sheet_shows_what_was_written_and_clears_the_mark(open_desk: OpenDesk) -> None:
    project = ask()
    page = open_desk(project)
    lent = Assignment.objects.get(public_id=desk_id(page))
    thread = comments.write_to_team(assignment=lent, text="Is <i>A</i> cut?").thread
    comments.reply(
        thread=thread, by=project.created_by, role="owner", text="It is.", n_shown=1
    )
    page.keyboard.press("c")
    expect(page.locator("[data-comments] li")).to_have_count(2)
    expect(page.locator("[data-comments]")).to_contain_text("Is <i>A</i> cut?")
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert not Thread.objects.filter(from_team__gt=F("seen")).exists()


def test_words_outlive_a_lost_connection_and_are_stored_once(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(ask())
    page.context.set_offline(True)
    page.keyboard.press("c")
    page.get_by_label("Your words", exact=True).fill("Please look.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toasts")).to_contain_text("Your words are kept")
    page.context.set_offline(False)
    page.keyboard.press("c")
    expect(page.get_by_label("Your words", exact=True)).to_have_value("Please look.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toasts")).to_contain_text("Sent.")
    assert Comment.objects.count() == 1


def test_talk_about_an_answer_reaches_its_author_by_keyboard(
    browse: Callable[..., Page],
) -> None:
    project = ask()
    person = make_participant(project)
    lent = answer(person, 2)
    team = browse(project.created_by)
    team.goto(f"/p/{project.slug}/items/{lent.item.public_id}/")
    team.locator(".talk-open > summary").focus()
    team.keyboard.press("Enter")
    team.get_by_label("Message to").fill("What made A better for you?")
    team.keyboard.press("Control+Enter")
    expect(team.locator("#comments")).to_contain_text("What made A better for you?")
    assert violations(team) == []
    own = browse(person.user)
    own.goto(f"/p/{project.slug}/history/")
    own.get_by_role("link", name="Messages 1 new").click()
    own.wait_for_url("**/comments/")
    own.get_by_role("link", name="New").click()
    expect(own.locator("#comments")).to_contain_text("about your answer")
    own.wait_for_load_state()
    own.get_by_label("Your words", exact=True).fill("It names the cause.")
    own.keyboard.press("Control+Enter")
    expect(own.locator("#comments")).to_contain_text("It names the cause.")
    assert violations(own) == []
    assert Thread.objects.get().is_waiting


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_with_comments_fit_a_phone(
    browse: Callable[..., Page], scheme: str
) -> None:
    project = ask()
    person = make_participant(project)
    lent = answer(person, 2)
    text = "A long word: " + "x" * 200
    comments.write_to_team(assignment=lent, text=text)
    for user, path in (
        (project.created_by, f"items/{lent.item.public_id}/"),
        (project.created_by, ""),
        (person.user, f"history/{lent.public_id}/"),
        (person.user, "comments/"),
    ):
        page = browse(user, viewport=PHONE_SIZE, color_scheme=scheme)
        page.goto(f"/p/{project.slug}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert violations(page) == []


@pytest.fixture
def split(transactional_db: None) -> Project:
    """A project in which two people disagree on three items."""
    project = ask(overlap=2)
    FrontierEntry.objects.filter(project=project).update(target=2)
    for value in (2, -1):
        person = make_participant(project)
        for _ in range(3):
            answer(person, value, rationale=f"Because of {value}.")
    disagreements.refresh(project=project)
    return project


def test_disagreements_are_walked_by_keyboard(
    browse: Callable[..., Page], split: Project
) -> None:
    page = browse(split.created_by)
    page.goto(f"/p/{split.slug}/disagreements/")
    page.locator("[data-walk]").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("[data-walk]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Because of 2.")).to_be_visible()
    expect(page.get_by_text("Because of -1.")).to_be_visible()
    first = page.url
    # A page's script listens once it is loaded.
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.wait_for_function("was => location.href !== was", arg=first)
    page.locator("a[rel=prev]").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("k")
    page.wait_for_url(first)
    page.evaluate("localStorage['polyphony:reading'] = '{\"keys\": \"off\"}'")
    page.goto(f"/p/{split.slug}/disagreements/")
    page.locator("[data-walk]").first.wait_for()
    page.keyboard.press("j")
    expect(page.locator("[data-walk]:focus")).to_have_count(0)


def test_walk_goes_on_after_a_message_about_an_answer(
    browse: Callable[..., Page], split: Project
) -> None:
    page = browse(split.created_by)
    page.goto(f"/p/{split.slug}/disagreements/?settling=open")
    page.get_by_role("link", name="Read them one by one").click()
    page.locator(".talk-open > summary").first.click()
    page.get_by_label("Message to").first.fill("What made it better for you?")
    page.get_by_role("button", name="Send the message").first.click()
    expect(page.locator("#comments")).to_contain_text("What made it better for you?")
    assert "/disagreements/" in page.url
    assert "settling=open" in page.url
    here = page.url
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.wait_for_function("was => location.href !== was", arg=here)
    page.locator("a[rel=prev]").wait_for()
    assert "settling=open" in page.url


def test_item_is_settled_by_keyboard(
    browse: Callable[..., Page], split: Project
) -> None:
    page = browse(split.created_by)
    item = split.items.order_by("number").first()
    assert item is not None
    page.goto(f"/p/{split.slug}/disagreements/{item.public_id}/")
    page.get_by_role("radio", name="A is better").focus()
    page.keyboard.press("Space")
    page.get_by_label("Reason").fill("B invents a date.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("The item is settled.")
    expect(page.locator("#adjudication")).to_contain_text("B invents a date.")
    assert violations(page) == []
    page.get_by_text("Settle it anew").click()
    page.get_by_label("Reason").fill("The date is right.")
    page.get_by_role("button", name="Open it again").click()
    expect(page.locator("#adjudication")).to_contain_text("Two earlier decisions")


def test_words_of_one_form_outlive_the_sending_of_another(
    browse: Callable[..., Page], split: Project
) -> None:
    item = split.items.order_by("number").first()
    assert item is not None
    lent = Assignment.objects.filter(item=item).first()
    assert lent is not None
    comments.write_to_team(assignment=lent, text="Is A cut off?")
    page = browse(split.created_by)
    address = f"/p/{split.slug}/disagreements/{item.public_id}/"
    page.goto(address)
    page.get_by_label("Your answer").fill("No, it ends there.")
    page.get_by_label("Reason").fill("B invents a date.")
    page.get_by_role("button", name="Settle the item").click()
    problem = page.locator("#adjudication [role=alert]")
    expect(problem).to_be_focused()
    expect(page.get_by_label("Reason")).to_have_value("B invents a date.")
    page.goto(address)
    expect(page.get_by_label("Reason")).to_have_value("B invents a date.")
    page.get_by_role("radio", name="A is better").check()
    page.get_by_role("button", name="Settle the item").click()
    expect(page.locator("#toasts")).to_contain_text("The item is settled.")
    expect(page.get_by_label("Your answer")).to_have_value("No, it ends there.")
    expect(page.locator("#adjudication textarea")).to_have_value("")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator("#comments")).to_contain_text("No, it ends there.")
    expect(page.get_by_label("Your answer")).to_have_value("")
