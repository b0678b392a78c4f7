"""PURE: the verdicts in two presented orders, or of several judges, become one.

In logit space, where an additive preference for a place cancels exactly:
l1 = s + b with completion 0 in front, l2 = -s + b behind, so s = (l1 - l2) / 2 and
b = (l1 + l2) / 2. Averaging probabilities does not do that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, exp
from typing import Any

import numpy as np

from annotation.agreement.disagreement import disagreement
from annotation.agreement.protocols import signs_of
from annotation.answers import NOT_APPLICABLE
from annotation.questions import Question
from models_service.verdicts import STATUSES, OrderVerdict, Status

# The two orders name different sides: the verdict is a tie.
ORDER_INCONSISTENT = "order_inconsistent"
# One order names a side and the other none, or the probability gainsays the verdict.
UNSURE = "unsure"
# The item was shown in one order only, so nothing is known of the judge's bias.
ONE_ORDER = "one_order"

# Of rankings and ratings: so large a share of the pairs of completions, of which both
# orders name a better one, must be turned round for the verdict to be flagged.
MANY_TURNED = 0.5


@dataclass(frozen=True)
class Combined:
    """One verdict of a machine on one item, in canonical order.

    `logit`: evidence for completion 0 in nats, before division by the temperature;
    `p_a`: P(completion 0 is preferred), in [0, 1]; both of pairwise verdicts only.
    `bias`: pull of the place shown first: in nats for pairwise verdicts, else the share
    of pairs of completions, in [-1, 1]. `disagreement` of the two orders, in [0, 1]
    (annotation.agreement.disagreement). `means`, `spread`: mean marks per criterion
    and completion, and the mean absolute difference of two marks from their mean; of an
    ensemble `spread` is the deviation of its members' logits, and `strength` what that
    and their mean say of the preference, in [0, 1] (models_service.strength).
    `members`: what each member of a jury said.
    `rationale_order`: the presented order in which the rationale was given, whose
    letters it uses.
    """

    status: Status
    reason: str = ""
    question: Question | None = None
    value: Any = None
    logit: float | None = None
    p_a: float | None = None
    bias: float | None = None
    disagreement: float | None = None
    flags: tuple[str, ...] = ()
    rationale: str = ""
    rationale_order: tuple[int, ...] = ()
    critiques: tuple[str, ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)
    means: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    spread: float | None = None
    strength: float | None = None
    members: tuple[Mapping[str, Any], ...] = ()

    @property
    def answers(self) -> dict[str, Any]:
        """Return the stored form of the verdict; empty where there is none."""
        if self.status != "ok" or self.question is None:
            return {}
        return {self.question.name: self.value}

    @property
    def probability(self) -> float | None:
        """Return P(the side named); None for a tie, of which two sides say nothing."""
        if self.p_a is None or not isinstance(self.value, Mapping):
            return None
        grade = self.value.get("value")
        if not grade:
            return None
        return self.p_a if grade > 0 else 1 - self.p_a


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1 / (1 + exp(-logit))
    return exp(logit) / (1 + exp(logit))


def combine(
    first: OrderVerdict,
    second: OrderVerdict | None = None,
    temperature: float = 1.0,
    tie_band: float = 0.0,
) -> Combined:
    """Return one verdict of those in two presented orders; one where only one exists.

    Parameters
    ----------
    temperature : float
        p_a = sigmoid(logit / temperature); fitted by models_service.calibration.
    tie_band : float, in [0, 1/2)
        A pairwise verdict with |p_a - 1/2| up to this is a tie.

    Returns
    -------
    Combined
        With the worse status where one order has none that is ok, and no verdict then.
        Orders that contradict each other give a tie with the flag, also where the
        question offers people no tie.

    Raises
    ------
    ValueError
        If both verdicts are in the same order, or the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"{temperature!r} is no temperature: it must be positive.")
    both = [first] if second is None else [first, second]
    if second is not None and first.order == second.order:
        raise ValueError(f"{first.order!r} is the order of both verdicts.")
    worst = max(both, key=lambda one: STATUSES.index(one.status))
    if worst.status != "ok":
        return Combined(worst.status, worst.reason, worst.question)
    if first.question is None:
        return Combined(
            "ok",
            rationale=first.rationale,
            rationale_order=tuple(first.order),
            tags=first.tags,
        )
    merged = _MERGERS[first.question.type](first.question, both)
    found = replace(
        merged,
        critiques=first.critiques,
        disagreement=_disagreement(first.question, both),
    )
    if first.question.type == "comparison":
        found = _with_probability(found, temperature, tie_band)
    said = _reasoned(found, both)
    if said is None:
        return found
    return replace(found, rationale=said.rationale, rationale_order=tuple(said.order))


def _disagreement(question: Question, both: Sequence[OrderVerdict]) -> float | None:
    found = disagreement(question, [one.value for one in both], len(both[0].order))
    return found.value if found else None


def _reasoned(found: Combined, both: Sequence[OrderVerdict]) -> OrderVerdict | None:
    """Return the order whose reason stands: one that says what both together say.

    Of a ranking or marks that neither order says, the first.
    """
    if ORDER_INCONSISTENT in found.flags or found.question is None:
        return None
    n = len(both[0].order)
    wanted = signs_of(found.question, found.value, n)
    for one in both:
        if signs_of(found.question, one.value, n) == wanted:
            return one
    return None if found.question.type == "comparison" else both[0]


# --- pairwise ----------------------------------------------------------------------


def _merge_comparisons(question: Question, both: Sequence[OrderVerdict]) -> Combined:
    towards = [_canonical_logit(one) for one in both]
    shown = [one.logit for one in both if one.logit is not None]
    is_known = len(shown) == len(both)
    value, flags = _merged_value([one.value for one in both])
    return Combined(
        status="ok",
        question=question,
        value=value,
        logit=sum(towards) / len(both) if is_known else None,
        bias=sum(shown) / 2 if is_known and len(both) == 2 else None,
        flags=flags if len(both) == 2 else (ONE_ORDER,),
    )


def _canonical_logit(verdict: OrderVerdict) -> float:
    logit = verdict.logit or 0.0
    return logit if verdict.order[0] == 0 else -logit


def _merged_value(
    values: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Any], tuple[str, ...]]:
    grades = [one["value"] for one in values]
    if min(grades) < 0 < max(grades):
        return {"value": 0}, (ORDER_INCONSISTENT,)
    if all(one.get("both_bad") for one in values):
        return {"value": 0, "both_bad": True}, ()
    total = sum(grades)
    if total == 0:
        return {"value": 0}, ()
    # The weaker of two neighbouring strengths, since one order does not bear it out.
    size = max(1, ceil(abs(total) / len(grades) - 0.5))
    return {"value": size if total > 0 else -size}, (UNSURE,) if 0 in grades else ()


def _with_probability(found: Combined, temperature: float, tie_band: float) -> Combined:
    if found.logit is None:
        return found
    p_a = sigmoid(found.logit / temperature)
    found = replace(found, p_a=p_a)
    grade = found.value["value"]
    lead = (p_a - 0.5) * ((grade > 0) - (grade < 0))
    if grade == 0 or lead > tie_band:
        return found
    flags = found.flags
    if lead < 0 and UNSURE not in flags:
        flags = (*flags, UNSURE)
    return replace(found, value={"value": 0}, flags=flags)


# --- rankings and ratings ----------------------------------------------------------


def _turned(question: Question, both: Sequence[OrderVerdict]) -> float:
    """Return the share of pairs, decided in both orders, that are turned round."""
    n = len(both[0].order)
    signs = [signs_of(question, one.value, n) for one in both]
    products = [
        signs[0][pair] * signs[-1][pair] for pair in signs[0].keys() & signs[-1]
    ]
    n_decided = sum(product != 0 for product in products)
    return products.count(-1) / n_decided if n_decided else 0.0


def _pull(question: Question, both: Sequence[OrderVerdict]) -> float | None:
    """Return how often the completion shown earlier wins, less how often it loses.

    Of all pairs in both orders, in [-1, 1]; 0 for a judge that keeps to its verdict.
    None of one order alone.
    """
    if len(both) < 2:
        return None
    leads = []
    for one in both:
        for (a, b), sign in signs_of(question, one.value, len(one.order)).items():
            is_shown_first = one.order.index(a) < one.order.index(b)
            leads.append(sign if is_shown_first else -sign)
    return sum(leads) / len(leads) if leads else None


def _flags(question: Question, both: Sequence[OrderVerdict]) -> tuple[str, ...]:
    if len(both) < 2:
        return (ONE_ORDER,) if len(both[0].order) > 1 else ()
    is_turned = _turned(question, both) >= MANY_TURNED
    return (ORDER_INCONSISTENT,) if is_turned else ()


def _merge_rankings(question: Question, both: Sequence[OrderVerdict]) -> Combined:
    return Combined(
        status="ok",
        question=question,
        value=_mean_ranking(question, [one.value for one in both]),
        bias=_pull(question, both),
        flags=_flags(question, both),
    )


def _mean_ranking(
    question: Question, values: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Order the completions by mean rank (Borda); equal means are a tie.

    What both orders call unacceptable stays so; what one does stands behind all.
    """
    ranks: dict[int, float] = {}
    for value in values:
        for index, rank in _ranks(value).items():
            ranks[index] = ranks.get(index, 0.0) + rank / len(values)
    bad = set.intersection(*(set(value.get("unacceptable", ())) for value in values))
    placed = sorted(set(ranks) - bad)
    steps = sorted({round(ranks[index], 9) for index in placed})
    tiers = [[i for i in placed if round(ranks[i], 9) == step] for step in steps]
    most = question.n_places if 0 < question.n_places < len(ranks) else len(tiers)
    merged = {"tiers": tiers[:most], "unacceptable": sorted(bad)}
    below = sorted(index for tier in tiers[most:] for index in tier)
    return {**merged, "below": below} if below else merged


def _ranks(value: Mapping[str, Any]) -> dict[int, float]:
    """Return each completion's rank from 1; those in one tier share the mean of it."""
    found: dict[int, float] = {}
    below, bad = value.get("below") or [], value.get("unacceptable") or []
    for tier in (*value["tiers"], below, bad):
        place = len(found) + (len(tier) + 1) / 2
        found.update(dict.fromkeys(tier, place))
    return found


def _merge_ratings(question: Question, both: Sequence[OrderVerdict]) -> Combined:
    means: dict[str, tuple[float | None, ...]] = {}
    value: dict[str, list[int | str]] = {}
    gaps: list[float] = []
    for criterion in question.criteria:
        rows = [one.value[criterion.name] for one in both]
        marks = [
            [mark for mark in column if mark != NOT_APPLICABLE]
            for column in zip(*rows, strict=True)
        ]
        row = tuple(sum(found) / len(found) if found else None for found in marks)
        means[criterion.name] = row
        # Halves go to the even mark, so that rounding pulls to neither end.
        value[criterion.name] = [
            NOT_APPLICABLE if mean is None else round(mean) for mean in row
        ]
        gaps += [(max(m) - min(m)) / 2 for m in marks if len(m) == 2]
    return Combined(
        status="ok",
        question=question,
        value=value,
        bias=_pull(question, both) if len(both[0].order) > 1 else None,
        flags=_flags(question, both),
        means=means,
        spread=float(np.mean(gaps)) if gaps else None,
    )


_MERGERS: Mapping[str, Callable[[Question, Sequence[OrderVerdict]], Combined]] = {
    "comparison": _merge_comparisons,
    "ranking": _merge_rankings,
    "rating": _merge_ratings,
}
