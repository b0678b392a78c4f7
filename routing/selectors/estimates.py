"""Estimates of a fit as people read them, and points between those of a curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.words import gettext as _

MINUS = "\N{MINUS SIGN}"
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"
# All items go the same way: there is nothing to choose.
NOTHING = "nothing"
TINY = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A share, or a difference of shares, with its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """Return the share in percent."""
        return f"{100 * self.mean:.1f}%"

    @property
    def ends(self) -> str:
        """Return the interval in percent, without signs."""
        return _ends(self, "{:.1f}")

    @property
    def points(self) -> str:
        """Return a difference in points, with its sign."""
        return _signed("{:+.1f}", 100 * self.mean)

    @property
    def points_ends(self) -> str:
        """Return the interval of a difference, with signs."""
        return _ends(self, "{:+.1f}")

    @property
    def thousandths(self) -> str:
        """Return what is no share, such as nats, in thousandths with its sign."""
        return _signed("{:+.1f}", 1000 * self.mean)

    @property
    def thousandths_ends(self) -> str:
        """Return its interval in thousandths, with signs."""
        return _ends(self, "{:+.1f}", 1000)

    @property
    def verdict(self) -> str:
        """Tell whether a difference can be told from none."""
        if self.low > TINY:
            return BETTER
        return WORSE if self.high < -TINY else UNDECIDED

    def towards(self, other: "Estimate", part: float) -> "Estimate":
        """Return what lies that part of the way to another, in [0, 1]."""
        pairs = zip(_three(self), _three(other), strict=True)
        return Estimate(*(a + part * (b - a) for a, b in pairs))


def _three(found: Estimate) -> tuple[float, float, float]:
    return found.mean, found.low, found.high


def _ends(found: Estimate, form: str, times: int = 100) -> str:
    low, high = (_signed(form, times * end) for end in (found.low, found.high))
    return _("{low} to {high}").format(low=low, high=high)


def _signed(form: str, value: float) -> str:
    """Write a number; what rounds to nothing has no sign."""
    text = form.format(value)
    if not text.strip("+-0."):
        return text.lstrip("+-")
    return text.replace("-", MINUS)


@dataclass(frozen=True)
class Point:
    """What a strategy buys for a share of the open items; `gain` is over random."""

    share: float
    right: Estimate
    gain: Estimate


def read_points(
    raw: Sequence[Mapping[str, Any]], here: Mapping[str, Any] | None, of: str
) -> list[Point]:
    """Return the points of a curve by share, that of the policy's budget among them.

    `of`: the key of the share of right labels.
    """
    every = {float(one["budget"]): one for one in [*raw, *([here] if here else [])]}
    return [
        Point(share, Estimate(**one[of]), Estimate(**one["gain"]))
        for share, one in sorted(every.items())
    ]


def point_at(points: Sequence[Point], share: float) -> Point:
    """Return the point of a share; between two points of a curve lies a straight line.

    `points`: at least one, by share.
    """
    before = [one for one in points if one.share <= share + TINY] or [points[0]]
    after = [one for one in points if one.share >= share - TINY] or [points[-1]]
    a, b = before[-1], after[0]
    width = b.share - a.share
    part = (share - a.share) / width if width > TINY else 0.0
    return Point(share, a.right.towards(b.right, part), a.gain.towards(b.gain, part))
