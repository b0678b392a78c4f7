"""Open the annotate page as a person who is ready to work."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, Request

from annotation.models import Project
from tests.browser.desks import DESK_SIZE, IS_READY, annotator_of, sign_in

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

OpenDesk = Callable[..., Page]
IS_SAVED = """() => !Object.keys(localStorage)
    .some((key) => key.startsWith("polyphony:draft"))"""


class Traffic:
    """The requests of a context that are under way.

    The database is emptied after a test, and must not wait for a page's last words.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.pending: set[Request] = set()
        context.on("request", lambda request: self.pending.add(request))
        context.on("requestfinished", lambda request: self.pending.discard(request))
        context.on("requestfailed", lambda request: self.pending.discard(request))

    def settle(self) -> None:
        self.context.set_offline(False)
        pages = [page for page in self.context.pages if not page.is_closed()]
        for page in pages:
            if page.url.startswith("http"):
                page.wait_for_function(IS_SAVED, timeout=30_000)
        while self.pending and pages:
            pages[0].wait_for_timeout(20)


@pytest.fixture
def open_desk(
    new_page: Callable[..., Page], live_server: "LiveServer"
) -> Iterator[OpenDesk]:
    """A function that opens a project's desk in a browser context of its own."""
    traffic: list[Traffic] = []

    def open_(project: Project, user: User | None = None, **options: object) -> Page:
        page = new_page(**{"viewport": DESK_SIZE, **options})
        traffic.append(Traffic(page.context))
        sign_in(page, user or annotator_of(project), live_server.url)
        page.goto(f"/p/{project.slug}/annotate/")
        page.locator(IS_READY).first.wait_for(state="attached")
        return page

    yield open_
    for one in traffic:
        one.settle()
