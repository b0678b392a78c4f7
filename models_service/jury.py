"""PURE: several judges of one item give one verdict, in calibrated logits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from annotation.words import gettext as _
from models_service.combining import Combined, sigmoid
from models_service.verdicts import STATUSES

# Members name different sides.
SPLIT = "split"


@dataclass(frozen=True)
class Member:
    """What one judge said of an item, and how it counts.

    `temperature` is that of its own calibration. `weight` 0 = it carries none.
    """

    verdict: Combined
    temperature: float = 1.0
    weight: float = 1.0


def decide(members: Sequence[Member], tie_band: float = 0.0) -> Combined:
    """Return the verdict of a jury on one comparison.

    Its logit is the weighted mean of the members' logits, each divided by its own
    temperature, and needs no temperature of its own; `spread` is their weighted
    standard deviation. It is a tie where more than half of the weight says so, or
    where p_a lies within `tie_band` of 1/2. Members without a verdict do not count;
    where none is left, the jury has the worst of their statuses.

    Raises
    ------
    ValueError
        If there is no member, or a weight is negative.
    """
    if not members or any(not one.weight >= 0 for one in members):
        raise ValueError("a jury needs members, and no weight may be negative")
    heard = [
        one
        for one in members
        if one.verdict.status == "ok" and one.verdict.logit is not None and one.weight
    ]
    if not heard:
        return _silent(members)
    total = sum(one.weight for one in heard)
    logits = [(one.verdict.logit or 0.0) / one.temperature for one in heard]
    shares = [one.weight / total for one in heard]
    mean = sum(w * x for w, x in zip(shares, logits, strict=True))
    spread = sqrt(sum(w * (x - mean) ** 2 for w, x in zip(shares, logits, strict=True)))
    grades = [one.verdict.value["value"] for one in heard]
    found = Combined(
        status="ok",
        question=heard[0].verdict.question,
        logit=mean,
        p_a=sigmoid(mean),
        spread=spread,
        flags=(SPLIT,) if min(grades) < 0 < max(grades) else (),
    )
    return _named(found, heard, shares, tie_band)


def _silent(members: Sequence[Member]) -> Combined:
    """Return what a jury says of which nobody is heard."""
    worst = max(members, key=lambda one: STATUSES.index(one.verdict.status)).verdict
    if worst.status == "ok":
        reason = _("No member of the jury carries weight on this item.")
        return Combined("failed", reason, worst.question)
    return Combined(worst.status, worst.reason, worst.question)


def _named(
    found: Combined, heard: Sequence[Member], shares: Sequence[float], tie_band: float
) -> Combined:
    values = [one.verdict.value for one in heard]
    pairs = list(zip(shares, values, strict=True))
    if sum(share for share, value in pairs if value.get("both_bad")) > 0.5:
        return replace(found, value={"value": 0, "both_bad": True})
    lead = (found.p_a or 0.5) - 0.5
    ties = sum(share for share, value in pairs if value["value"] == 0)
    if ties > 0.5 or abs(lead) <= tie_band:
        return replace(found, value={"value": 0})
    sign = 1 if lead > 0 else -1
    theirs = [(w, abs(v["value"])) for w, v in pairs if v["value"] * sign > 0]
    weight = sum(w for w, grade in theirs)
    size = round(sum(w * grade for w, grade in theirs) / weight) if weight else 1
    found = replace(found, value={"value": sign * max(size, 1)})
    said = next((m.verdict for m in heard if m.verdict.value["value"] * sign > 0), None)
    if said is None:
        return found
    return replace(
        found, rationale=said.rationale, rationale_order=said.rationale_order
    )
