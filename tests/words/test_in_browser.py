"""The browser's code says its words in the page's language."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.pseudo_locale import LEFT_TO_RIGHT, pseudo

pytestmark = pytest.mark.django_db(transaction=True)
SENTENCE = "The text is selected. Press Ctrl+C to copy it."
SAY = """async () => {
  const words = await import("/static/annotation/js/words.js");
  return [
    words.gettext("The text is selected. Press Ctrl+C to copy it."),
    words.ngettext("{n} note", "{n} notes", 1),
    words.ngettext("{n} note", "{n} notes", 0),
    words.format("{n} of {total}, {unknown}", {n: "{total}", total: 0}),
  ];
}"""
FALLBACKS = ["{n} note", "{n} notes", "{total} of 0, {unknown}"]


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize(
    ("locale", "told"), [("en-GB", SENTENCE), ("en-XA", pseudo(SENTENCE))]
)
def test_module_speaks_the_language_of_the_page(
    new_page: Callable[..., Page], locale: str, told: str
) -> None:
    page = new_page(locale=locale)
    page.goto(reverse("login"))
    assert page.evaluate(SAY) == [told, *FALLBACKS]


@pytest.mark.usefixtures("pseudo_locale")
def test_page_says_its_language(new_page: Callable[..., Page]) -> None:
    page = new_page(locale="en-XA")
    page.goto(reverse("login"))
    assert page.locator("html").get_attribute("lang") == LEFT_TO_RIGHT
