"""Every kind of desk: accessible, within its window, and silent about models."""

from typing import Any

import pytest
from playwright.sync_api import Response

from annotation.formats.types import Message
from annotation.models import Project
from tests.axe import violations, violations_by_theme
from tests.browser.conftest import OpenDesk
from tests.browser.desks import (
    DESK_SIZE,
    MODEL,
    PHONE_SIZE,
    ask,
    desk_id,
    wait_for_next,
    wait_until_sent,
)

RICH = """\
# A title

A **table** and a formula, $a^2 + b^2 = c^2$:

| n | value |
|---|---|
| 1 | a rather long cell that does not want to break at all |

```python
print("a line of code that is far longer than any phone is wide, on purpose")
```

https://example.org/a/very/long/address/without/any/space/that/could/break/the/page
"""
LONG = RICH + "\n\n".join(f"Paragraph {number}." for number in range(120))
KINDS: dict[str, dict[str, Any]] = {
    "pairwise": {"n_completions": 2},
    "ranking": {"n_completions": 4},
    "rating": {"n_completions": 3},
    "multipref": {"n_completions": 2},
    "helpsteer": {"n_completions": 2},
}


def desk_of(kind: str) -> Project:
    """Return a project of this kind with long and rich texts."""
    n = KINDS[kind]["n_completions"]
    messages = [Message("user", "# A heading\n\nWhat now?")]
    return ask(template=kind, n_completions=n, texts=[LONG] * n, messages=messages)


@pytest.mark.parametrize("size", [DESK_SIZE, PHONE_SIZE], ids=["desk", "phone"])
@pytest.mark.parametrize("kind", KINDS)
def test_desk_has_no_accessibility_violation(
    open_desk: OpenDesk, kind: str, size: dict[str, int]
) -> None:
    page = open_desk(desk_of(kind), viewport=size, reduced_motion="reduce")
    assert violations_by_theme(page) == []
    page.get_by_role("button", name="Submit").click(force=True)
    page.locator("[data-missing]:visible").first.wait_for()
    assert violations_by_theme(page) == []


@pytest.mark.parametrize("name", ["keys", "guidelines", "skip", "flag"])
def test_sheets_have_no_accessibility_violation(open_desk: OpenDesk, name: str) -> None:
    page = open_desk(ask())
    page.keyboard.press({"keys": "?"}.get(name, name[0]))
    page.locator(f"[data-dialog={name}]").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("kind", KINDS)
def test_desk_fits_its_window(open_desk: OpenDesk, kind: str) -> None:
    page = open_desk(desk_of(kind))
    size = (
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert page.evaluate(size) == [1440, 900]
    submit = page.get_by_role("button", name="Submit").bounding_box()
    assert submit
    assert submit["y"] + submit["height"] < 900
    page.set_viewport_size({"width": 1024, "height": 768})
    assert page.evaluate(size) == [1024, 768]
    text = page.locator("[data-text]").first.bounding_box()
    assert text
    assert text["height"] > 60
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_no_response_names_a_model(open_desk: OpenDesk) -> None:
    project = ask(n_items=2)
    page = open_desk(project)
    bodies: list[str] = []

    def keep(response: Response) -> None:
        if response.ok and "/static/" not in response.url:
            bodies.append(response.text())

    page.on("response", keep)
    page.reload()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Mark differences").check()
    page.wait_for_function("() => CSS.highlights.has('diff-only')")
    first = desk_id(page)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    wait_for_next(page, first)
    wait_until_sent(page)
    # There is no third: with that answer the desk rests, and all bodies are kept.
    page.wait_for_selector("body[data-ahead=none]")
    page.goto(f"/p/{project.slug}/history/")
    page.locator(".own-answer").click()
    page.wait_for_load_state("networkidle")
    assert any("Reply 0" in body for body in bodies)
    assert not [body for body in bodies if MODEL in body]


@pytest.mark.parametrize("size", [DESK_SIZE, PHONE_SIZE], ids=["desk", "phone"])
def test_history_and_empty_desk_have_no_violation(
    open_desk: OpenDesk, size: dict[str, int]
) -> None:
    project = ask(template="helpsteer", n_items=1, texts=[LONG, LONG])
    page = open_desk(project, viewport=size)
    for key in "12341234123":
        page.keyboard.press(key)
    page.get_by_label("Why?").fill("Because of the second paragraph.")
    page.keyboard.press("Control+Enter")
    page.locator("main[data-empty]").wait_for()
    assert violations(page) == []
    page.goto(f"/p/{project.slug}/history/")
    assert violations(page) == []
    page.locator(".own-answer").click()
    page.get_by_role("heading", name="What you answered").wait_for()
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
