"""The pages of managers in a real browser: accessibility, keyboard, live figures."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Assignment, Item, Job, Project
from annotation.services import charts
from tests.axe import violations
from tests.factories import make_items, make_participant, make_project
from tests.manage.conftest import answer, pre_annotate
from tests.snapshots import Snapshots

pytestmark = pytest.mark.django_db(transaction=True)
# After so long the dashboard asks for newer figures.
LIVE_MS = 10_000
PAIRS = "prompt,answer1,answer2\nWhy?,Because,So\nHow?,Thus,Like this\n"


@pytest.fixture
def busy(transactional_db: None, snapshots: Snapshots) -> Project:
    """A project with answers, pre-annotations, jobs and charts."""
    from annotation.config.celery import app

    # As the web process does, so that a job finds the broker.
    app.set_default()
    return snapshots.laid("busy", make_busy)


def make_busy() -> Project:
    """Lay the project; to draw its charts takes seconds."""
    project = make_project(overlap=2, name="Everyday advice")
    make_items(project, 4)
    for value in (1, -1):
        person = make_participant(project)
        for _ in range(2):
            answer(person, value)
    for item in Item.objects.filter(project=project)[:2]:
        pre_annotate(item, 1)
    problem = {
        "row": 3,
        "field": "prompt",
        "problem": "It is empty.",
        "fix": "Fill it.",
    }
    Job.objects.create(
        project=project,
        kind="import",
        state="done",
        parameters={"name": "bad.csv"},
        message="1 row was rejected; nothing was imported.",
        result={"is_refused": True, "n_rejected": 1, "problems": [problem]},
    )
    charts.refresh(project=project)
    return project


@pytest.fixture
def open_page(
    new_page: Callable[..., Page], busy: Project, live_server: LiveServer
) -> Iterator[Callable[..., Page]]:
    """A function that opens an address as the owner, in a window of a size."""
    client = Client()
    client.force_login(busy.created_by)
    cookie = client.cookies["sessionid"].value

    def make(
        address: str, width: int = 1440, height: int = 900, theme: str = "light"
    ) -> Page:
        page = new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.context.add_cookies(
            [{"name": "sessionid", "value": cookie, "url": live_server.url}]
        )
        page.goto(f"/p/{busy.slug}/{address}")
        return page

    yield make
    SessionStore(cookie).delete()


def _upload(page: Page, tmp_path: Path, text: str = PAIRS) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Look at the file").press("Enter")


def test_import_is_mapped_and_started_by_keyboard(
    busy: Project, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page("import/")
    _upload(page, tmp_path)
    expect(page.get_by_role("heading", name="The first items")).to_be_visible()
    # A page's script listens once it is loaded.
    page.wait_for_load_state()
    first = page.get_by_label("Completions, column 1")
    first.focus()
    first.select_option("answer2")
    # The preview follows, and the focus stays where the hand is.
    expect(page.locator(".preview-item .completion").first).to_contain_text("So")
    expect(page.get_by_label("Completions, column 1")).to_be_focused()
    page.get_by_label("Completions, column 2").select_option("answer1")
    expect(page.locator(".preview-item .completion").nth(1)).to_contain_text("Because")
    assert violations(page) == []
    page.get_by_role("button", name="Import the file").press("Enter")
    expect(page.get_by_role("heading", name="Import: pairs.csv")).to_be_visible()
    job = Job.objects.get(parameters__name="pairs.csv")
    fields = job.parameters["mapping"]["fields"]
    assert fields["completions"] == ["answer2", "answer1"]


def test_unreadable_file_is_explained_where_it_was_chosen(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    page = open_page("import/")
    _upload(page, tmp_path, "")
    expect(page.get_by_role("alert")).to_contain_text("is empty")
    expect(page.locator("#file")).to_be_focused()
    _upload(page, tmp_path)
    expect(page.get_by_role("heading", name="The first items")).to_be_visible()


def test_import_works_without_script(
    busy: Project,
    new_page: Callable[..., Page],
    live_server: LiveServer,
    tmp_path: Path,
) -> None:
    client = Client()
    client.force_login(busy.created_by)
    page = new_page(java_script_enabled=False)
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": "sessionid", "value": cookie, "url": live_server.url}]
    )
    page.goto(f"/p/{busy.slug}/import/")
    _upload(page, tmp_path)
    page.get_by_label("Completions, column 1").select_option("answer2")
    page.get_by_role("button", name="Show the preview again").click()
    expect(page.locator(".preview-item .completion").first).to_contain_text("So")
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_role("heading", name="Import: pairs.csv")).to_be_visible()


def test_job_page_follows_the_job_to_its_end(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    job = Job.objects.create(
        project=busy, kind="import", state="running", n_done=10, n_total=40
    )
    page = open_page(f"jobs/{job.public_id}/")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    Job.objects.filter(pk=job.pk).update(n_done=20)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    Job.objects.filter(pk=job.pk).update(
        state="done", message="40 items were added.", result={"n_added": 40}
    )
    expect(page.get_by_text("40 items were added.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_dashboard_changes_in_place(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    page = open_page("")
    page.clock.install()
    page.reload()
    finished = page.locator(".figure", has_text="Items finished").locator(".big")
    expect(finished).to_contain_text("of 4")
    make_items(busy, 3)
    page.clock.fast_forward(LIVE_MS)
    expect(finished).to_contain_text("of 7")
    expect(page.locator("#live-sentence")).to_contain_text("of 7 items")


def test_unchanged_dashboard_keeps_the_focus(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    # For ten minutes they are at work now; later a minute more would be news.
    Assignment.objects.exclude(finished_at=None).update(finished_at=timezone.now())
    page = open_page("")
    page.clock.install()
    page.reload()
    # The first figures take the place of those that came with the page.
    page.locator("#live-work").evaluate("element => { element.dataset.first = 'yes'; }")
    page.clock.fast_forward(LIVE_MS)
    expect(page.locator("#live-work[data-first]")).to_have_count(0)
    expect(page.locator(".htmx-request")).to_have_count(0)
    link = page.locator("#live-work a").first
    link.focus()
    link.evaluate("element => { element.dataset.kept = 'yes'; }")
    with page.expect_response(lambda r: "/live/" in r.url):
        page.clock.fast_forward(LIVE_MS)
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator("#live-work a[data-kept]")).to_be_focused()


def test_export_shows_the_options_of_the_chosen_format(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    page = open_page("export/")
    # A click replaces the form, so it is the new box that must be ticked.
    radio = page.locator("#format-trl_preference")
    radio.click()
    expect(radio).to_be_checked()
    expect(page.get_by_role("group", name="Ties")).to_be_visible()
    page.get_by_role("radio", name="A tie is half a vote").click()
    expect(page.locator(".sentences")).to_contain_text("A tie is half a vote")
    page.get_by_role("button", name="Export", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Export: Preference")).to_be_visible()
    assert Job.objects.get(kind="export").parameters["options"]["ties"] == "half"


def test_charts_fit_a_phone_without_scrolling(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    page = open_page("", 360, 800)
    pictures = page.locator(".picture")
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        shown = picture.locator("img:visible")
        expect(shown).to_have_js_property("complete", True)
        assert "narrow" in shown.evaluate("(image) => image.currentSrc")
        assert shown.evaluate("(image) => image.naturalWidth") > 0
        is_wider = "(box) => box.scrollWidth > box.clientWidth"
        assert not picture.evaluate(is_wider)
    assert pictures.count() == 4


def test_job_page_says_that_the_server_fails_and_asks_again(
    busy: Project, open_page: Callable[..., Page]
) -> None:
    job = Job.objects.create(
        project=busy, kind="import", state="running", parameters={"name": "big.csv"}
    )
    page = open_page(f"jobs/{job.public_id}/")
    page.route("**/live/", lambda route: route.fulfill(status=503, body="down"))
    failure = page.locator("[data-failure]")
    expect(failure).to_contain_text("The server does not answer")
    expect(failure).to_have_count(1)
    expect(page.locator("#job")).to_contain_text("rows so far")
    page.unroute("**/live/")
    expect(failure).to_have_count(0)
