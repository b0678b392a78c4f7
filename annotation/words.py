"""PURE: the words of the interface, in the reader's language.

Every sentence that the code says goes through here. The app installs Django's
translations as it starts; without them, as in a pure module on its own, the English is
what comes back. How to mark, extract and translate: docs/ARCHITECTURE.md.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Data = TypeVar("Data", bound="DataclassInstance")


class Translator(Protocol):
    """What gives the words of another language; Django's module `translation` does."""

    def gettext(self, message: str) -> str:
        """Return the message in the reader's language."""

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the form for so many, in the reader's language."""


class English:
    """The words as they are written in the code."""

    def gettext(self, message: str) -> str:
        """Return the message itself."""
        return message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the English form for so many."""
        return singular if number == 1 else plural


_translator: Translator = English()


def install(translator: Translator) -> None:
    """Take the words from `translator` from now on."""
    global _translator
    _translator = translator


def gettext(message: str) -> str:
    """Return the message in the reader's language; imported as `_`.

    Values go in afterwards, by name: `_("Row {row} is empty.").format(row=row)`.
    """
    return _translator.gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the form for so many, in the reader's language."""
    return _translator.ngettext(singular, plural, number)


def join_and(parts: Iterable[str]) -> str:
    """Return a list in words of which all hold."""
    return _listed(parts, gettext(" and "))


def join_or(parts: Iterable[str]) -> str:
    """Return a list in words of which one holds."""
    return _listed(parts, gettext(" or "))


def _listed(parts: Iterable[str], last: str) -> str:
    *some, end = list(parts) or [""]
    return last.join([gettext(", ").join(some), end]) if some else end


def translated(one: Data, *names: str) -> Data:
    """Return the data class with the marked constants of these fields translated."""
    said = {name: gettext(getattr(one, name)) for name in names}
    return replace(one, **said)


def gettext_noop(message: str) -> str:
    """Mark a constant and return it as it is; `_()` translates it where it is shown."""
    return message
