"""PURE: bands of whole numbers, such as age in years, for quotas and their census."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from annotation.words import gettext as _

MOST_BANDS = 50


def labels(cuts: Sequence[int]) -> tuple[str, ...]:
    """Return the names of all bands, lowest first: one more than there are cuts.

    A band goes from its cut up to, and without, the next one: 18 and 25 make
    “under 18”, “18 to 24” and “25 or over”.
    """
    inner = [
        str(low) if low == following - 1 else f"{low} to {following - 1}"
        for low, following in pairwise(cuts)
    ]
    return (f"under {cuts[0]}", *inner, f"{cuts[-1]} or over")


def band_of(number: int, cuts: Sequence[int]) -> str:
    """Return the name of the band of a number; a cut belongs to the band it opens."""
    return labels(cuts)[bisect_right(cuts, number)]


def fault(cuts: Sequence[object]) -> str:
    """Return as a sentence what keeps these from being cuts, or an empty string."""
    if not 1 <= len(cuts) <= MOST_BANDS:
        return _("Give from 1 to {most_bands} numbers at which bands begin.").format(
            most_bands=MOST_BANDS
        )
    for cut in cuts:
        if isinstance(cut, bool) or not isinstance(cut, int) or not 0 < cut < 10**9:
            return _(
                "A band begins at a whole number above 0; {cut!r} is none."
            ).format(cut=cut)
    numbers = [cut for cut in cuts if isinstance(cut, int)]
    if numbers != sorted(set(numbers)):
        return _("Each band begins at a higher number than the one before.")
    return ""
