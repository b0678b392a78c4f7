"""PURE: several judges of one item give one verdict, in calibrated logits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from annotation.agreement.disagreement import disagreement
from annotation.questions import Question
from annotation.words import gettext as _
from models_service.combining import (
    ORDER_INCONSISTENT,
    UNSURE,
    Combined,
    sigmoid,
)
from models_service.strength import grade_of, strength_of
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
    where p_a lies within `tie_band` of 1/2. Who contradicts itself is evidence for
    nothing; where all do, so does the jury: a tie with their flag. Members without a
    verdict do not count; where none is left, the jury has the worst of their statuses.

    Raises
    ------
    ValueError
        If there is no member, or a weight is negative.
    """
    if not members or any(not one.weight >= 0 for one in members):
        raise ValueError("a jury needs members, and no weight may be negative")
    heard = [one for one in members if is_heard(one)]
    if not heard:
        return _silent(members)
    total = sum(one.weight for one in heard)
    logits = [evidence_of(one) for one in heard]
    shares = [one.weight / total for one in heard]
    mean = sum(w * x for w, x in zip(shares, logits, strict=True))
    spread = sqrt(sum(w * (x - mean) ** 2 for w, x in zip(shares, logits, strict=True)))
    values = [one.verdict.value for one in heard]
    grades = [value["value"] for value in values]
    question = heard[0].verdict.question
    found = Combined(
        status="ok",
        question=question,
        logit=mean,
        p_a=sigmoid(mean),
        disagreement=_disagreement(question, values),
        spread=spread,
        strength=strength_of(mean, spread),
        flags=_flags(heard, grades),
    )
    return _named(found, heard, shares, tie_band)


def is_heard(member: Member) -> bool:
    """Tell whether a member counts on an item: it has a verdict, and weight."""
    said = member.verdict
    return said.status == "ok" and said.logit is not None and member.weight > 0


def evidence_of(member: Member) -> float:
    """Return what a heard member holds for completion 0, as the jury counts it.

    In nats. The log-odds of one whose two orders name different sides rest on its pull
    to a place, so they count as 0.
    """
    if is_torn(member):
        return 0.0
    return (member.verdict.logit or 0.0) / member.temperature


def is_torn(member: Member) -> bool:
    """Tell whether a member named different sides in the two orders."""
    return ORDER_INCONSISTENT in member.verdict.flags


def _flags(heard: Sequence[Member], grades: Sequence[int]) -> tuple[str, ...]:
    if all(map(is_torn, heard)):
        return (ORDER_INCONSISTENT,)
    return (SPLIT,) if min(grades) < 0 < max(grades) else ()


def _disagreement(
    question: Question | None, values: Sequence[Mapping[str, int]]
) -> float | None:
    found = disagreement(question, values, 2) if question else None
    return found.value if found else None


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
    pairs = [(w, one.verdict) for w, one in zip(shares, heard, strict=True)]
    if sum(w for w, said in pairs if said.value.get("both_bad")) > 0.5:
        return replace(found, value={"value": 0, "both_bad": True})
    lead = (found.p_a or 0.5) - 0.5
    # Whoever contradicts itself does not say that both are alike: it knows nothing.
    ties = sum(
        w
        for w, said in pairs
        if said.value["value"] == 0 and ORDER_INCONSISTENT not in said.flags
    )
    if ties > 0.5 or abs(lead) <= tie_band:
        return _tied(found)
    n_steps = found.question.strength if found.question else 1
    grade = grade_of(found.logit or 0.0, found.spread or 0.0, n_steps)
    found = replace(found, value={"value": grade})
    theirs = (m.verdict for m in heard if m.verdict.value["value"] * grade > 0)
    said = next((one for one in theirs if one.rationale), None)
    if said is None:
        return found
    return replace(
        found, rationale=said.rationale, rationale_order=said.rationale_order
    )


def _tied(found: Combined) -> Combined:
    # A tie where people are offered none is the jury's own doubt.
    is_offered = found.question is None or found.question.allow_tie
    flags = found.flags if is_offered else (*found.flags, UNSURE)
    return replace(found, value={"value": 0}, flags=flags)
