"""Filters for money and shares of machine annotators, in the words of the pages."""

from decimal import Decimal
from math import floor, isnan, log10

from django import template

from annotation.words import gettext as _

register = template.Library()

UNKNOWN = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


@register.filter
def usd(amount: Decimal | float | None) -> str:
    """Return US dollars: with cents, and with two digits that count below one.

    1234.5 is “$1,234.50”, 0.000456 is “$0.00046”.
    """
    if amount is None:
        return UNKNOWN
    value = float(amount)
    if not 0 < value < 1:
        return f"${value:,.2f}"
    n_places = max(2, 1 - floor(log10(value)))
    return f"${value:.{min(n_places, 8)}f}"


@register.filter
def share(value: float | None) -> str:
    """Return a share in [0, 1] in whole percent: 0.518 is “52%”."""
    return UNKNOWN if value is None or isnan(value) else f"{100 * value:.0f}%"


@register.filter
def took(milliseconds: float | None) -> str:
    """Return how long a call takes: 380 is “380 ms”, 12,300 is “12.3 s”."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1000:
        return _("{n:.0f} ms").format(n=milliseconds)
    return _("{n:,.1f} s").format(n=milliseconds / 1000)


@register.filter
def signed(value: float | None) -> str:
    """Return a number with its sign and two places, or a dash."""
    if value is None or isnan(value):
        return UNKNOWN
    return f"{value:+.2f}".replace("-", MINUS)


@register.filter
def ticks(share_of_all: float) -> int:
    """Return a share in [0, 1] as the part of a bar, in percent."""
    return round(100 * share_of_all)
