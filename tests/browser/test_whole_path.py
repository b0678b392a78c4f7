"""All that an annotator does, by keyboard alone, and by roles and names alone.

Invitation, log-in, consent, profile, ten items that are compared, ranked and rated with
reasons, taking back, own answers, own data, withdrawal.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Participant, Project
from annotation.services.invitations import create_invitation
from tests.browser.conftest import Traffic
from tests.browser.desks import ask, wait_until_sent
from tests.factories import PASSWORD, make_participant

pytestmark = pytest.mark.django_db(transaction=True)
# What has the focus, in words: as a person would tell it from its role and its name.
IN_HAND = """() => {
    const one = document.activeElement;
    const group = one.name ? [...document.getElementsByName(one.name)] : [];
    return {
        name: one.getAttribute("aria-label")
            || [...(one.labels ?? [])].map((label) => label.innerText).join(" ")
                .trim() || (one.innerText ?? "").trim(),
        kind: one.type ?? one.tagName.toLowerCase(),
        field: one.name ?? "",
        isOpen: !group.some((other) => other.checked),
        isInGroup: Boolean(one.closest("fieldset")),
        isEmpty: !one.value,
    };
}"""


@pytest.fixture
def walk(new_page: Callable[..., Page]) -> Iterator[Page]:
    """A page that is left only once its last request is answered."""
    page = new_page(viewport={"width": 1280, "height": 900})
    traffic = Traffic(page.context)
    yield page
    traffic.settle()


@pytest.fixture
def projects(transactional_db: None) -> list[Project]:
    """Ten items in all: to compare, to rank, to rate."""
    return [
        ask(template="pairwise", n_items=4),
        ask(template="ranking", n_items=3, n_completions=3),
        ask(template="rating", n_items=3),
    ]


def invitation(project: Project) -> str:
    """Return the address of an invitation."""
    made = create_invitation(
        project=project, user=project.created_by, role="annotator", days=7, n_max=3
    )
    return reverse("join", args=[made.secret])


def admit(projects: list[Project]) -> None:
    """Let the newcomer take part in the other projects, as their owners would."""
    for project in projects[1:]:
        make_participant(project, User.objects.get(username="newcomer"))


def stored(project: Project) -> list[Annotation]:
    """Return the answers in force."""
    return list(
        Annotation.objects.filter(
            project=project, superseded_by=None, is_retraction=False
        )
    )


# ------------------------------------------------------------------------- keyboard


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(IN_HAND)["name"].startswith(name):
            return
    pytest.fail(f"Tab does not reach {name!r} on {page.url}")


def press(page: Page, keys: str) -> None:
    """Press keys that are parted by spaces."""
    for key in keys.split():
        page.keyboard.press(key)


def follow(page: Page, name: str) -> None:
    """Tab to a link or a button, press Enter, and wait for the page behind it."""
    tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill_the_form(page: Page) -> None:
    """Walk through consent and profile with Tab, and settle each question in hand."""
    # Before the scripts a line is a field for a number.
    page.wait_for_load_state("load")
    for _ in range(120):
        page.keyboard.press("Tab")
        hand = page.evaluate(IN_HAND)
        match hand:
            case {"name": name} if name.startswith("Save and start"):
                page.keyboard.press("Enter")
                return
            case {"field": "agree"}:
                page.keyboard.press("Space")
            case {"kind": "radio", "isOpen": True}:
                # From the first one backwards to the last one: the person declines.
                page.keyboard.press("ArrowUp")
            case {"kind": "checkbox", "isOpen": True, "isInGroup": True, "name": name}:
                if name.startswith("Prefer not"):
                    page.keyboard.press("Space")
            case {"kind": "range"}:
                page.keyboard.press("ArrowRight")
            case {"kind": "select-one"}:
                # One letter: on a busy machine a list takes the second for a new word.
                page.keyboard.press("P")
            case {"kind": "text" | "textarea", "isEmpty": True}:
                page.keyboard.type("school chemistry")
    pytest.fail("Tab does not reach the end of the form")


def by_keys(page: Page, project: Project, keys: str) -> None:
    """Answer every item of a project with keys, each with a reason."""
    prompt = page.locator(".prompt-text")
    before = ""
    n_items = project.items.count()
    for number in range(n_items):
        expect(page.get_by_text(f"{number} of {n_items}")).to_be_visible()
        expect(prompt).not_to_have_text(before)
        before = prompt.inner_text()
        press(page, keys)
        page.keyboard.press("r")
        page.keyboard.type("It says what to do.")
        page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="All items are answered")).to_be_visible()
    wait_until_sent(page)
    assert len(stored(project)) == n_items


def test_an_annotator_walks_the_whole_path_by_keyboard_alone(
    walk: Page, projects: list[Project]
) -> None:
    page = walk
    page.goto(invitation(projects[0]))
    tab_to(page, "User name")
    page.keyboard.type("newcomer")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    tab_to(page, "The same password again")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before you start")).to_be_visible()
    fill_the_form(page)
    page.wait_for_url("**/annotate/")
    admit(projects)
    by_keys(page, projects[0], "2")
    press(page, "z")
    expect(page.get_by_role("button", name="Submit")).to_be_visible()
    assert len(stored(projects[0])) == 3
    press(page, "6 Control+Enter")
    expect(page.get_by_role("heading", name="All items are answered")).to_be_visible()
    wait_until_sent(page)
    for project, keys in zip(projects[1:], ("b 1 c 2 a x", "4 3 " * 4), strict=True):
        tab_to(page, "Your account")
        press(page, "Enter")
        follow(page, "Your projects")
        follow(page, "Start annotating")
        page.wait_for_url(f"**/p/{project.slug}/annotate/")
        by_keys(page, project, keys)
    leave_by_keys(page, projects[-1])


def leave_by_keys(page: Page, project: Project) -> None:
    """Look at own answers and own data, and withdraw, with Tab, Space and Enter."""
    follow(page, "Your answers")
    expect(page.get_by_role("heading", name="Your answers")).to_be_visible()
    follow(page, "Question ")
    expect(page.get_by_role("heading", name="What you answered")).to_be_visible()
    follow(page, "My data")
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    follow(page, "Withdraw from this project")
    tab_to(page, "I want to withdraw")
    press(page, "Space")
    follow(page, "Withdraw")
    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
    left = Participant.objects.filter(project=project, user__username="newcomer")
    assert not left.exists()


# ---------------------------------------------------------------- roles and names


def decline_all(page: Page) -> None:
    """Agree, and decline or answer every question, found by roles and names."""
    page.get_by_role("checkbox", name="used for the research").check()
    for group in page.get_by_role("group").all():
        choice = group.get_by_role("radio", name="Prefer not to say")
        if choice.count():
            choice.check()
    page.get_by_role("group", name="What do you use").get_by_role(
        "checkbox", name="Prefer not to say"
    ).check()
    page.get_by_role("combobox").select_option(label="Prefer not to say")
    for line in page.get_by_role("slider").all():
        line.press("ArrowRight")
    page.get_by_role("textbox", name="Which subject").fill("school chemistry")
    page.get_by_role("button", name="Save and start").click()


def by_roles(page: Page, n_items: int, answer: Callable[[Page], None]) -> None:
    """Answer each item with what a screen reader finds."""
    for number in range(n_items):
        expect(page.get_by_role("banner")).to_contain_text(f"{number} of {n_items}")
        prompt = page.get_by_text(re.compile(r"^Question \d+\?$"))
        before = prompt.filter(visible=True).first.inner_text()
        answer(page)
        page.get_by_role("textbox", name="In your words").fill("It says what to do.")
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_text(before, exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="All items are answered")).to_be_visible()
    wait_until_sent(page)


def compare(page: Page) -> None:
    page.get_by_role("radio", name="B slightly better").check(force=True)


def rank(page: Page) -> None:
    page.get_by_role("button", name="Give C the next place").click()
    page.get_by_role("button", name="Give A the next place").click()
    page.get_by_role("button", name="Mark B as not acceptable").click()


def rate(page: Page) -> None:
    """Rate both answers on each criterion; the window shows one at a time."""
    for criterion in ("Helpful", "Correct", "Clear", "Safe"):
        if criterion != "Helpful":
            page.get_by_role("button", name="Next open one").click()
        for letter in "AB":
            name = f"{criterion}, answer {letter}"
            cell = page.get_by_role("radiogroup", name=name, exact=True)
            cell.get_by_role("radio", name=f"{name}: 4", exact=True).check(force=True)


def test_an_annotator_walks_the_whole_path_by_roles_and_names_alone(
    walk: Page, projects: list[Project]
) -> None:
    page = walk
    page.goto(invitation(projects[0]))
    page.get_by_role("textbox", name="User name").fill("newcomer")
    # A password field has no role; its label names it.
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the log-in and join").click()
    decline_all(page)
    page.wait_for_url("**/annotate/")
    admit(projects)
    by_roles(page, 4, compare)
    for project, n_items, answer in (
        (projects[1], 3, rank),
        (projects[2], 3, rate),
    ):
        page.get_by_role("link", name="Polyphony").click()
        page.get_by_role("link", name="Start annotating").first.click()
        page.wait_for_url(f"**/p/{project.slug}/annotate/")
        by_roles(page, n_items, answer)
    page.get_by_role("link", name="Your answers", exact=True).click()
    answers = page.get_by_role("list", name="Your answers, newest first")
    expect(answers.get_by_role("listitem")).to_have_count(3)
    answers.get_by_role("button", name="Take back").first.click()
    page.wait_for_url(f"**/p/{projects[2].slug}/annotate/")
    assert len(stored(projects[2])) == 2
    leave_by_roles(page)


def leave_by_roles(page: Page) -> None:
    """Look at own data and withdraw."""
    page.get_by_role("link", name="Your answers", exact=True).click()
    page.get_by_role("link", name="My data").click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()
    page.get_by_role("link", name="Withdraw from this project").click()
    page.get_by_role("checkbox", name="I want to withdraw").check()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
