"""Every page of the site, for whom it is meant: no barrier, at any width, in any theme.

The table of pages is tests/browser/pages.py, what is looked at is page_checks.py.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.desks import sign_in
from tests.browser.page_checks import DESK, faults_of
from tests.browser.pages import PAGES, SitePage
from tests.browser.study import Study, make_study
from tests.snapshots import Snapshots

# To lay the study and to walk takes minutes where others want the processors too.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
# A walk of pages is short enough that two workers share the walks.
N_PAGES = 12
BY_PERSON = sorted(PAGES, key=lambda one: one.who)
WALKS = [BY_PERSON[n : n + N_PAGES] for n in range(0, len(BY_PERSON), N_PAGES)]


def opened(page: Page, one: SitePage, study: Study) -> Iterator[str]:
    """Open a page and yield its faults."""
    page.set_viewport_size(DESK)
    address = one.address(study)
    answer = page.goto(address)
    assert answer is not None
    if answer.status >= 400 or urlsplit(answer.url).path != urlsplit(address).path:
        yield f"answers {answer.status} at {answer.url}"
        return
    page.locator("main").first.wait_for()
    yield from faults_of(page)


@pytest.mark.parametrize(
    "walk", WALKS, ids=[f"{walk[0].slug}...{walk[-1].slug}" for walk in WALKS]
)
def test_nothing_stands_in_the_way(
    new_page: Callable[..., Page],
    live_server_url: str,
    snapshots: Snapshots,
    walk: Sequence[SitePage],
) -> None:
    study = snapshots.laid("study", make_study)
    found = []
    for who, pages in groupby(walk, key=lambda one: one.who):
        page = new_page(viewport=DESK, reduced_motion="reduce")
        user = study.people[who]
        if user is not None:
            sign_in(page, user, live_server_url)
        for one in pages:
            found += [f"{one.slug}: {fault}" for fault in opened(page, one, study)]
        page.goto("about:blank")
    assert not found, "\n".join(found)
