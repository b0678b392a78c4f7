"""From item to item: ahead, back, skipped, lost, and none left."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from annotation.models import Annotation, Assignment, Flag, Project
from annotation.services.assignments import reclaim
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    COMPARISON,
    PHONE_SIZE,
    annotator_of,
    ask,
    current,
    desk_id,
    presented,
    reload_desk,
    wait_for_next,
    wait_until_prepared,
    wait_until_sent,
)


def submit(page: Page, key: str = "1") -> str:
    """Answer the item on the desk by one key; return its id."""
    before = desk_id(page)
    page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    return before


def test_next_item_is_shown_before_the_answer_is_acknowledged(
    open_desk: OpenDesk,
) -> None:
    project = ask([COMPARISON])
    page = open_desk(project)
    wait_until_prepared(page)
    held: list[Route] = []
    page.route("**/submit/", lambda route: held.append(route))
    first = submit(page)
    second = wait_for_next(page, first)
    assert not Annotation.objects.exists()
    assert Assignment.objects.get(public_id=second).state == "queued"
    expect(page.locator("[data-title]")).to_be_focused()
    with page.expect_response("**/open/"):
        held[0].continue_()
    assert Assignment.objects.get(public_id=second).state == "open"


def test_progress_counts_own_answers(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], n_items=4, overlap=2))
    words = page.locator("[data-progress-text]")
    expect(words).to_have_text("0 of 4")
    wait_for_next(page, submit(page))
    expect(words).to_have_text("1 of 4")
    page.reload()
    expect(words).to_have_text("1 of 4")


def test_taken_back_answer_is_open_again_as_it_was(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON])
    page = open_desk(project)
    first = submit(page, "5")
    wait_for_next(page, first)
    wait_until_sent(page)
    expect(page.locator("[data-toast]").last).to_contain_text("Take back")
    page.keyboard.press("z")
    page.wait_for_selector(f"main[data-desk='{first}']")
    expect(page.locator("[data-judge] input:checked")).to_have_value("-2")
    assert current(project) == []
    submit(page, "2")
    wait_for_next(page, first)
    wait_until_sent(page)
    assert [presented(stored) for stored in current(project)] == [
        {"preference": {"value": 2}}
    ]


def test_nothing_can_be_taken_back_without_a_grace_time(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], grace_s=0)
    page = open_desk(project)
    wait_for_next(page, submit(page))
    wait_until_sent(page)
    page.keyboard.press("z")
    expect(page.locator("[data-toast]").last).to_contain_text("has passed")
    assert len(current(project)) == 1


def test_skipped_item_never_comes_back(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=2)
    page = open_desk(project)
    first = desk_id(page)
    page.keyboard.press("s")
    dialog = page.locator("[data-dialog=skip]")
    dialog.get_by_role("button", name="Skip the item").click()
    expect(dialog.locator("[data-missing]")).to_have_text("Choose a reason.")
    dialog.get_by_label("Not my language").check()
    dialog.get_by_role("button", name="Skip the item").click()
    second = wait_for_next(page, first)
    assert submit(page) == second
    expect(page.get_by_role("heading", level=1)).to_contain_text("answered")
    page.reload()
    expect(page.locator("main[data-empty]")).to_be_visible()
    skipped = Assignment.objects.get(public_id=first)
    assert (skipped.state, skipped.skip_reason) == ("skipped", "Not my language")


def test_item_is_skipped_by_keys_alone(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], n_items=2))
    wait_until_prepared(page)
    first = desk_id(page)
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for_next(page, first)
    assert Assignment.objects.get(public_id=first).state == "skipped"


@pytest.mark.parametrize("close", ["Close", "Keep it"])
def test_skip_that_is_thought_better_of_skips_nothing(
    open_desk: OpenDesk, close: str
) -> None:
    page = open_desk(ask([COMPARISON], n_items=2))
    first = desk_id(page)
    page.keyboard.press("s")
    dialog = page.locator("[data-dialog=skip]")
    dialog.get_by_label("Not my language").check()
    dialog.get_by_role("button", name=close).click()
    expect(dialog).to_be_hidden()
    assert desk_id(page) == first
    assert Assignment.objects.get(public_id=first).state == "open"


def test_flag_is_sent_from_its_note_by_keys(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    page.keyboard.press("f")
    page.keyboard.press("ArrowDown")
    page.locator("#flag-note").fill("A phone number.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-toast]")).to_contain_text("Flagged.")
    assert Flag.objects.get().note == "A phone number."


def test_flag_is_stored_and_the_item_stays(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON]))
    first = desk_id(page)
    page.keyboard.press("f")
    page.get_by_label("Private data").check()
    page.locator("#flag-note").fill("A phone number.")
    page.get_by_role("button", name="Flag the item").click()
    expect(page.locator("[data-toast]")).to_contain_text("Flagged.")
    assert desk_id(page) == first
    flag = Flag.objects.get()
    assert (flag.kind, flag.note) == ("private", "A phone number.")


def test_lost_lease_is_told_and_the_answer_still_counts(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = open_desk(project)
    wait_until_prepared(page)
    page.keyboard.press("1")
    reclaim(assignment=Assignment.objects.get())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-matter=lost]")).to_contain_text(
        "You can still submit your answer"
    )
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert Assignment.objects.get().state == "submitted"


def test_lost_item_can_be_asked_for_again_with_its_draft(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = open_desk(project)
    wait_until_prepared(page)
    page.keyboard.press("1")
    reclaim(assignment=Assignment.objects.get())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("button", name="Show what is next").click()
    expect(page.locator("[data-matter=lost]")).to_be_hidden()
    expect(page.locator("[data-judge] input:checked")).to_have_value("3")
    assert Assignment.objects.get().state == "open"


def test_empty_desk_says_why(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1, overlap=2)
    page = open_desk(project)
    heading = page.get_by_role("heading", level=1)
    submit(page)
    expect(heading).to_have_text("You have answered everything you can")
    other = open_desk(project)
    submit(other)
    expect(other.get_by_role("heading", level=1)).to_have_text("All items are answered")


def test_paused_project_says_so(open_desk: OpenDesk) -> None:
    page = open_desk(ask([COMPARISON], is_paused=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("This project is paused")


def test_item_of_others_is_waited_for(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    open_desk(project)
    page = open_desk(project)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "No item is free at the moment"
    )


def test_person_without_consent_is_sent_to_the_start(
    open_desk: OpenDesk,
) -> None:
    project = ask([COMPARISON])
    person = annotator_of(project)
    person.participants.update(is_ready=False)
    page = open_desk(project, person)
    assert page.url.endswith(f"/p/{project.slug}/start/")
    assert not Assignment.objects.exists()
    assert Project.objects.count() == 1


def test_idle_time_is_not_counted(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], n_items=1)
    page = open_desk(project)
    page.clock.install()
    reload_desk(page)
    page.keyboard.press("1")
    page.clock.fast_forward(600_000)
    # The server believes no more than its own clock allows, which has not moved.
    Assignment.objects.update(shown_at=timezone.now() - timedelta(hours=1))
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    active_ms = current(project)[0].active_ms
    assert active_ms is not None
    assert 60_000 <= active_ms < 120_000


def test_lease_is_renewed_while_the_page_is_visible(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], lease_s=60)
    page = open_desk(project)
    page.clock.install()
    reload_desk(page)
    before = Assignment.objects.get(state="open").lease_until
    with page.expect_response("**/heartbeat/"):
        page.clock.fast_forward(20_000)
    after = Assignment.objects.get(state="open")
    assert before
    assert after.lease_until
    assert after.lease_until > before
    assert (after.layout, after.view) == ("side", "rendered")


def test_empty_desk_finds_new_items_by_itself(open_desk: OpenDesk) -> None:
    project = ask([COMPARISON], is_paused=True)
    page = open_desk(project)
    page.clock.install()
    reload_desk(page)
    Project.objects.filter(pk=project.pk).update(is_paused=False)
    page.clock.fast_forward(20_000)
    page.locator("main[data-desk]").wait_for()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_until_sent(page)
    assert len(current(project)) == 1


def test_notice_covers_no_word_of_the_last_page_on_a_phone(
    open_desk: OpenDesk,
) -> None:
    page = open_desk(ask([COMPARISON], n_items=1), viewport=PHONE_SIZE)
    submit(page)
    notice = page.locator("[data-submitted]")
    expect(notice).to_be_visible()
    expect(page.locator("main[data-empty]")).to_be_visible()
    box, words = notice.bounding_box(), page.locator("main[data-empty]").bounding_box()
    assert box and words
    assert box["y"] >= words["y"] + words["height"]
