"""Answers on their way: kept, sent once, and brought back where they are refused."""

from playwright.sync_api import Page, Route, expect

from annotation.models import Annotation, Membership, QuestionsVersion
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    annotator_of,
    ask,
    current,
    desk_id,
    presented,
    wait_for_next,
    wait_until_prepared,
    wait_until_sent,
)

SUBMIT = "**/api/v1/assignments/*/submit/"
HAS_AHEAD = "**/annotate/desk/?ahead=1"
# Two presses in one moment, however busy the machine is.
TWICE = """() => {
    const press = { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true };
    for (const _ of [1, 2])
        document.body.dispatchEvent(new KeyboardEvent("keydown", press));
}"""


def answer(page: Page, key: str) -> str:
    """Answer the item on the desk by one key; return its id."""
    before = desk_id(page)
    page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    return before


def opened_with_ahead(open_desk: OpenDesk, project: object, **options: object) -> Page:
    """Open a desk and wait until the next item lies ready."""
    page = open_desk(project, **options)
    wait_until_prepared(page)
    return page


def test_offline_answer_is_kept_and_sent_once(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    page.context.set_offline(True)
    first = answer(page, "1")
    wait_for_next(page, first)
    expect(page.locator("[data-matter=connection]")).to_contain_text(
        "You are offline. Go on working: your answers are kept on this device"
    )
    second = answer(page, "6")
    expect(page.locator("main")).to_contain_text("no further item is loaded")
    assert not Annotation.objects.exists()
    page.context.set_offline(False)
    wait_for_next(page, second)
    wait_until_sent(page)
    expect(page.locator("[data-matter=connection]")).to_be_hidden()
    values = [presented(stored)["preference"]["value"] for stored in current(project)]
    assert values == [3, -3]


def test_answer_survives_a_reload_and_is_sent_first(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    page.route(SUBMIT, lambda route: route.abort())
    first = answer(page, "2")
    wait_for_next(page, first)
    page.unroute(SUBMIT)
    page.reload()
    wait_for_next(page, first)
    wait_until_sent(page)
    assert [presented(stored) for stored in current(project)] == [
        {"preference": {"value": 2}}
    ]


def test_lost_acknowledgement_stores_one_annotation(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    seen: list[str] = []

    def lose_first(route: Route) -> None:
        response = route.fetch()
        seen.append(str(response.status))
        if len(seen) == 1:
            route.abort()
        else:
            route.fulfill(response=response)

    page.route(SUBMIT, lose_first)
    answer(page, "1")
    wait_until_sent(page)
    assert seen == ["201", "200"]
    assert Annotation.objects.count() == 1


def test_double_submit_stores_one_annotation(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    first = desk_id(page)
    page.keyboard.press("1")
    page.evaluate(TWICE)
    wait_for_next(page, first)
    wait_until_sent(page)
    assert len(current(project)) == 1
    expect(page.locator("[data-open]")).to_be_hidden()


def test_refused_answer_comes_back_with_its_problem(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    strict = [{**COMPARISON, "allow_tie": False}]
    QuestionsVersion.objects.filter(project=project).update(questions=strict)
    first = answer(page, "=")
    returned = page.locator("[data-matter=returned]")
    expect(returned).to_contain_text("Your last answer was not accepted")
    assert desk_id(page) == first
    expect(page.locator("[data-judge] [data-missing]")).to_contain_text(
        "does not allow a tie"
    )
    answer(page, "3")
    wait_until_sent(page)
    assert [presented(stored) for stored in current(project)] == [
        {"preference": {"value": 1}}
    ]


def test_busy_server_is_tried_again(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    left = [503, 503]
    page.route(
        SUBMIT,
        lambda route: route.fulfill(status=left.pop()) if left else route.continue_(),
    )
    answer(page, "1")
    expect(page.locator("[data-matter=connection]")).to_contain_text(
        "The server cannot take your answers at the moment."
    )
    wait_until_sent(page)
    assert len(current(project)) == 1


def test_logged_out_person_keeps_the_work(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = opened_with_ahead(open_desk, project)
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    first = answer(page, "1")
    wait_for_next(page, first)
    banner = page.locator("[data-matter=connection]")
    expect(banner).to_contain_text("You are logged out.")
    expect(banner.get_by_role("link", name="Log in")).to_be_visible()
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # its own output
    page.evaluate("dispatchEvent(new Event('focus'))")
    wait_until_sent(page)
    expect(banner).to_be_hidden()
    assert len(current(project)) == 1


def test_person_who_left_is_told_that_nothing_was_stored(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    person = annotator_of(project)
    page = opened_with_ahead(open_desk, project, user=person)
    Membership.objects.filter(user=person).delete()
    answer(page, "1")
    expect(page.locator("[data-matter=gone]")).to_contain_text("could not be stored")
    assert not Annotation.objects.exists()
