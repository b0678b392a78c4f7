"""What stands in the way on a page is found, whatever kind it is of."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.page_checks import faults_of

pytestmark = pytest.mark.django_db(transaction=True)
# Half of the words are grey on grey, in the dark theme at phone width alone.
BAD = """<!doctype html><html><head><style>
  body { background: white } a:focus, button:focus { outline: none }
  @media (prefers-color-scheme: dark) and (max-width: 400px) {
    .pale { color: #aaa; background: #bbb } }
  .fits { width: 310px; white-space: nowrap; overflow: visible }
  .table-wrap { overflow: auto; width: 200px } .table-wrap table { width: 340px }
</style></head><body><main>
  <h1>One</h1><h1>Two</h1><p class="pale">Pale words</p><input>
  <p class="fits">These words fill the width of a phone but for little.</p>
  <div class="table-wrap" tabindex="0" aria-label="Wide"><table><tr><td>1</table></div>
  <fieldset aria-describedby="gone"><legend>Which?</legend><p class="hint">Help</p>
    <button>One</button></fieldset>
  <div style="position: fixed; top: 0; left: 0; right: 0; height: 60px; background:
    white; z-index: 1">Over all</div><a href="#x" style="position: fixed; top: 10px;
    left: 10px">Behind</a>
  <p style="width: 340px">Wide</p>
</main></body></html>"""
FOUND = (
    "has no title",
    "has no language",
    "has 2 h1",
    "has no skip link",
    "1440 light: critical label: <input>",
    "360 dark: serious color-contrast",
    "scrolls sideways at 320",
    "a table scrolls sideways at 360: Wide",
    "is not told with its group",
    "points to gone",
    "wide when spaced",
    "1440 colours none: focus is not to be seen",
    "360 colours active: focus lies behind something",
)


def test_every_kind_of_fault_is_found(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 1440, "height": 900})
    page.set_content(BAD)
    found = list(faults_of(page))
    missed = [words for words in FOUND if not any(words in one for one in found)]
    assert not missed, "\n".join(found)
    assert not any("light: serious color-contrast" in one for one in found)
