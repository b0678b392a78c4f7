"""Filters for figures: times, shares and ranges, in the words of the pages."""

from django import template

from annotation.durations import clock, number_word, spoken

register = template.Library()

register.filter("clock", clock)
register.filter("spoken", spoken)
register.filter("number_word", number_word)


@register.filter
def percent(share: float | None, n_digits: int = 1) -> str:
    """Return a share in [0, 1] in percent: 0.518 is “51.8%”."""
    return "" if share is None else f"{100 * share:.{n_digits}f}%"


@register.filter
def file_size(n_bytes: float) -> str:
    """Return a size as people say it: 1,234,567 is “1.2 MB”."""
    if n_bytes < 1000:
        return f"{n_bytes:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 1000 or unit == "GB":
            break
    return f"{n_bytes:.1f} {unit}"
