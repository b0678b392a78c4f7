"""PURE: times in the units that people use."""

from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext

_WORDS = (
    gettext_noop("no"),
    gettext_noop("one"),
    gettext_noop("two"),
    gettext_noop("three"),
    gettext_noop("four"),
    gettext_noop("five"),
    gettext_noop("six"),
    gettext_noop("seven"),
    gettext_noop("eight"),
    gettext_noop("nine"),
    gettext_noop("ten"),
    gettext_noop("eleven"),
    gettext_noop("twelve"),
)


def number_word(n: int) -> str:
    """Return a small number as a word, a larger one in digits."""
    return _(_WORDS[n]) if 0 <= n < len(_WORDS) else f"{n:,}"


def left_words(days: float) -> str:
    """Say how long work will go on, as roughly as it is known."""
    if days < 0.9:
        return _("less than a day")
    if days < 1.5:
        return _("about a day")
    if days < 13.5:
        n = round(days)
        about = ngettext("about {n} day", "about {n} days", n)
        return about.format(n=number_word(n))
    if days < 60:
        n = round(days / 7)
        about = ngettext("about {n} week", "about {n} weeks", n)
        return about.format(n=number_word(n))
    if days < 730:
        n = round(days / 30.4)
        about = ngettext("about {n} month", "about {n} months", n)
        return about.format(n=number_word(n))
    return _("more than two years")


def clock(ms: float | None) -> str:
    """Return a time as minutes and seconds: 161,000 ms is “2:41”."""
    if ms is None:
        return ""
    seconds = round(ms / 1000)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"


def spoken(ms: float | None) -> str:
    """Return a time in words: 161,000 ms is “2 min 41 s”."""
    if ms is None:
        return ""
    if ms < 10_000:
        return f"{ms / 1000:.1f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return (
        _("{minutes} min {seconds:02d} s").format(minutes=minutes, seconds=seconds)
        if minutes
        else f"{seconds} s"
    )
