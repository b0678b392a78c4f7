"""PURE: how much the answers to one question of one item disagree, and in which way.

Every question type has a distance of two answers in [0, 1] and says whether the two are
opposed. The disagreement of an item is the mean distance over all pairs of its answers:
the item's own term of the observed disagreement in Krippendorff's alpha.

References
----------
Krippendorff (2011), Computing Krippendorff's alpha-reliability, section E: the term of
one unit in D_observed, divided by its number of values.
Fagin, Kumar, Mahdian, Sivakumar and Vee (2006), Comparing partial rankings, SIAM J.
Discrete Math. 20, 628-648: the Kendall distance K^(p) with p = 1/2 for ties.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple, TypeAlias

from annotation.questions import Question

# "side": two answers are opposed. "taste": they agree on the side and differ in degree.
Kind = Literal["side", "taste"]


class Distance(NamedTuple):
    """How far two answers lie apart, in [0, 1], and whether they are opposed."""

    value: float
    is_opposed: bool


@dataclass(frozen=True)
class Disagreement:
    """The mean distance of all pairs of answers, in [0, 1]; 0 = all say the same."""

    value: float
    kind: Kind
    n_answers: int


Measure: TypeAlias = Callable[[Question, Any, Any, int], Distance | None]


def disagreement(
    question: Question, values: Sequence[Any], n_completions: int
) -> Disagreement | None:
    """Return how much the answers to a question disagree.

    None where fewer than two answers can be compared, or where the question's type
    has no distance (texts, tags, how sure somebody is).
    """
    measure = MEASURES.get(question.type)
    if measure is None:
        return None
    distances = [
        distance
        for one, other in combinations(values, 2)
        if (distance := measure(question, one, other, n_completions)) is not None
    ]
    if not distances:
        return None
    return Disagreement(
        value=sum(distance.value for distance in distances) / len(distances),
        kind="side" if any(d.is_opposed for d in distances) else "taste",
        n_answers=len(values),
    )


def comparison_distance(
    question: Question, one: Any, other: Any, n_completions: int
) -> Distance | None:
    """Return half the difference of grades by the scale, and half for opposed sides.

    With grades g, h in [-s, s]: d = |g - h| / (4 s) + 1/2 [g h < 0]. So any two opposed
    answers lie further apart than two on one side. “Both bad” lies in the middle of no
    side: d = 1/4 to every grade, 0 to another “both bad”.
    """
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    if one.get("both_bad") or other.get("both_bad"):
        is_same = bool(one.get("both_bad")) == bool(other.get("both_bad"))
        return Distance(0.0 if is_same else 0.25, False)
    g, h = one.get("value"), other.get("value")
    if type(g) is not int or type(h) is not int:
        return None
    strength = max(question.strength, abs(g), abs(h))
    is_opposed = g * h < 0
    return Distance(abs(g - h) / (4 * strength) + 0.5 * is_opposed, is_opposed)


def ranking_distance(
    question: Question, one: Any, other: Any, n_completions: int
) -> Distance | None:
    """Return the mean Kendall distance over the pairs of completions both compare.

    A pair counts 1 where the two order it in opposite ways, 1/2 where one of them ties
    it, 0 where they agree. What is not judged, or where both stand below the places,
    is not compared.
    """
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    first, second = pair_orders(one), pair_orders(other)
    gaps = [abs(first[pair] - second[pair]) for pair in first if pair in second]
    if not gaps:
        return None
    return Distance(sum(gaps) / (2 * len(gaps)), 2 in gaps)


def pair_orders(value: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    """Return the sign of each pair compared: 1 = the lower index is better."""
    below = list(value.get("below") or ())
    tiers = [*(value.get("tiers") or ()), below, value.get("unacceptable") or ()]
    places = {index: place for place, tier in enumerate(tiers) for index in tier}
    return {
        (a, b): (places[a] < places[b]) - (places[a] > places[b])
        for a, b in combinations(sorted(places), 2)
        if not (a in below and b in below)
    }


def rating_distance(
    question: Question, one: Any, other: Any, n_completions: int
) -> Distance | None:
    """Return the mean squared difference of marks by the squared length of the scale.

    The distance of Krippendorff's alpha for interval data, scaled to [0, 1]; a mark
    that either left out is not compared. Two answers are opposed where they order two
    completions by mean mark in opposite ways; with a single completion, where they lie
    on either side of the middle of the scale.
    """
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return None
    span = max(question.high - question.low, 1)
    gaps = [
        min(abs(x - y) / span, 1.0)
        for name in one
        for x, y in zip(_marks(one, name), _marks(other, name), strict=False)
        if x is not None and y is not None
    ]
    if not gaps:
        return None
    value = sum(gap * gap for gap in gaps) / len(gaps)
    return Distance(value, _rated_apart(question, one, other, n_completions))


def _marks(value: Mapping[str, Any], name: str) -> list[float | None]:
    marks = value.get(name)
    if not isinstance(marks, list):
        return []
    return [
        float(mark)
        if isinstance(mark, (int, float)) and not isinstance(mark, bool)
        else None
        for mark in marks
    ]


def _rated_apart(
    question: Question, one: Mapping[str, Any], other: Mapping[str, Any], n: int
) -> bool:
    first, second = mean_marks(one, n), mean_marks(other, n)
    known = [i for i in range(n) if first[i] is not None and second[i] is not None]
    a, b = [first[i] or 0.0 for i in known], [second[i] or 0.0 for i in known]
    if n == 1 and known:
        middle = (question.low + question.high) / 2
        return (a[0] - middle) * (b[0] - middle) < 0
    pairs = combinations(range(len(known)), 2)
    return any((a[i] - a[j]) * (b[i] - b[j]) < 0 for i, j in pairs)


def mean_marks(value: Mapping[str, Any], n: int) -> list[float | None]:
    """Return the mean mark of each of n completions; None where it has none."""
    rows = [_marks(value, name) for name in value]
    means: list[float | None] = []
    for index in range(n):
        marks = [row[index] for row in rows if index < len(row)]
        given = [mark for mark in marks if mark is not None]
        means.append(sum(given) / len(given) if given else None)
    return means


def choice_distance(
    question: Question, one: Any, other: Any, n_completions: int
) -> Distance | None:
    """Return the share of completions (or 1 for the item) with another option.

    Options have no order, so any two of them are opposed.
    """
    if isinstance(one, str) and isinstance(other, str):
        return Distance(float(one != other), one != other)
    if not isinstance(one, list) or not isinstance(other, list):
        return None
    both = [
        x != y
        for x, y in zip(one, other, strict=False)
        if x is not None and y is not None
    ]
    return Distance(sum(both) / len(both), any(both)) if both else None


MEASURES: dict[str, Measure] = {
    "comparison": comparison_distance,
    "ranking": ranking_distance,
    "rating": rating_distance,
    "choice": choice_distance,
}
