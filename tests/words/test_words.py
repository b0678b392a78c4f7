"""The one way to the reader's language, with a translator and without."""

import pytest
from django.utils import translation

from annotation import words
from tests.pseudo_locale import LEFT_TO_RIGHT, pseudo


def test_english_comes_back_without_a_translator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "_translator", words.English())
    assert words.gettext("Log in") == "Log in"
    assert words.ngettext("{n} item", "{n} items", 1) == "{n} item"
    assert words.ngettext("{n} item", "{n} items", 0) == "{n} items"


def test_marked_constant_is_itself() -> None:
    assert words.gettext_noop("Log in") == "Log in"


@pytest.mark.usefixtures("pseudo_locale")
def test_the_app_installs_translations_of_the_active_language() -> None:
    english = "There is nothing here for you."
    assert words.gettext(english) == english
    with translation.override(LEFT_TO_RIGHT):
        assert words.gettext(english) == pseudo(english)


@pytest.mark.usefixtures("pseudo_locale")
def test_lists_are_joined_in_the_language_of_the_reader() -> None:
    assert words.join_and(["a", "b"]) == "a and b"
    assert words.join_or(["a", "b", "c"]) == "a, b or c"
    assert (words.join_or(["a"]), words.join_or([])) == ("a", "")
    with translation.override(LEFT_TO_RIGHT):
        assert words.join_and("ab") == f"a{pseudo(' and ')}b"
        assert words.join_or("ab") == f"a{pseudo(' or ')}b"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Row {row}", "⟦Ŕöw {row} ····⟧"),
        ("%(n)s <b>of</b> %d", "⟦%(n)s <b>öf</b> %d ·······⟧"),
        ("\n Yes ", "\n ⟦Ýéš ··⟧ "),
        ("Set `id` &amp; go", "⟦Šéť `id` &amp; ğö ······⟧"),
        ("", ""),
    ],
)
def test_pseudo_locale_keeps_what_a_translator_keeps(message: str, told: str) -> None:
    assert pseudo(message) == told
