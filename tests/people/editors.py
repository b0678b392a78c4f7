"""Work in an editor by keyboard as a person does: act, and see that it is done."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect


@contextmanager
def changing(page: Page) -> Iterator[None]:
    """Wait until the form has come back from what is done meanwhile."""
    form = page.locator("#edit-form[data-changes]")
    before = int(form.get_attribute("data-changes") or 0)
    yield
    expect(form).to_have_attribute("data-changes", str(before + 1))
    expect(form).not_to_have_attribute("aria-busy", "true")


def press_to_change(
    page: Page, button: Locator, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Press a button of the form with the keyboard, and wait for the form it makes."""
    with changing(page):
        button.focus()
        page.keyboard.press("Enter")
        meanwhile()


def see_the_preview_settle(page: Page) -> None:
    """Wait until the preview shows the form as it is now."""
    expect(page.locator("#preview")).to_have_count(1)
    expect(page.locator("#preview[aria-busy], #preview [aria-busy]")).to_have_count(0)
