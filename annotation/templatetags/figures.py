"""Filters for figures: times, shares and ranges, in the words of the pages."""

import re
import uuid
from collections.abc import ItemsView, Mapping
from datetime import datetime

from django import template
from django.utils.dateformat import format as formatted
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from annotation.durations import clock, number_word, spoken
from annotation.money import shown
from annotation.words import gettext as _

register = template.Library()

MOMENTS = {"date": "j F Y", "datetime": "j F, H:i", "time": "H:i"}

register.filter("usd", shown)
register.filter("clock", clock)
register.filter("spoken", spoken)
register.filter("number_word", number_word)


@register.filter
def percent(share: float | None, n_digits: int = 1) -> str:
    """Return a share in [0, 1] in percent: 0.518 is “51.8%”."""
    return "" if share is None else f"{100 * share:.{n_digits}f}%"


@register.filter(expects_localtime=True)
def local(at: datetime | None, kind: str) -> str:
    """Return a moment that the browser shows in the reader's own zone.

    `kind`: "date", "datetime" or "time", as `localiseTimes` in base.js knows them.
    """
    if at is None:
        return ""
    words = formatted(at, MOMENTS[kind])
    begin = '<time datetime="{}" data-local="{}">{}</time>'
    return format_html(begin, at.isoformat(), kind, words)


@register.filter
def pairs(table: Mapping[str, int] | None) -> ItemsView[str, int]:
    """Return keys with their values; `.items` would find a key of that name first."""
    return (table or {}).items()


@register.filter
def with_code(text: str) -> SafeString:
    """Return a sentence in which `names` between backticks are set as code."""
    parts = re.split("`([^`]*)`", text)
    told = zip(parts[::2], [*parts[1::2], ""], strict=True)
    return format_html_join("", "{}{}", ((words, _code(name)) for words, name in told))


def _code(name: str) -> SafeString:
    return format_html("<code>{}</code>", name) if name else SafeString()


@register.filter
def file_size(n_bytes: float) -> str:
    """Return a size as people say it: 1,234,567 is “1.2 MB”."""
    if n_bytes < 1000:
        return _("{n_bytes:.0f} bytes").format(n_bytes=n_bytes)
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 1000 or unit == "GB":
            break
    return f"{n_bytes:.1f} {unit}"


@register.simple_tag
def new_key() -> str:
    """Return a name for what a form will send, by which a second press is known."""
    return str(uuid.uuid4())


SPEAKERS = {
    "user": gettext_lazy("User"),
    "assistant": gettext_lazy("Assistant"),
    "system": gettext_lazy("System"),
}


@register.filter
def speaker(role: str) -> str:
    """Return who speaks in a conversation, as a heading."""
    return str(SPEAKERS.get(role, role.capitalize()))
