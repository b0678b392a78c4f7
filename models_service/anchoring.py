"""PURE: what a suggestion does to answers: the arms of suggestion policies compared.

Called by a worker with one entry for each answer to an item with a drawn arm. Agreement
is that of the first answer with the machine's; see models_service.agreeing.
The intervals are those of models_service.crossed.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from annotation.suggestions import ARMS, REVEALED, Arm
from models_service.crossed import (
    MIN_PEOPLE,
    Answers,
    Flags,
    Indexes,
    difference_of,
    share_of,
)

Reason: TypeAlias = Literal["", "no_answers", "no_both", "few_people"]

# Of the items on which a machine is with, or against, most of the others: so many
# answers of each arm at least.
MIN_PER_ARM = 20
# The version of what a report holds; others are computed anew.
FORMULA = 2
CONTRASTS: tuple[tuple[Arm, Arm], ...] = (
    ("shown", "blind"),
    ("hedged", "blind"),
    ("shown", "hedged"),
)
NAN = float("nan")


@dataclass(frozen=True)
class Exposures:
    """One entry per answer to an item with a drawn arm.

    Attributes
    ----------
    items, people, policies : int64, shape [n]
        Index of the item, the person and the policy; the last one into `shares`.
    arms : int64, shape [n]
        Index into annotation.suggestions.ARMS.
    agrees : float, shape [n]
        1 where the first answer says what the machine says, else 0.
    last_agrees : float, shape [n]
        The same of the answer that holds now.
    is_changed : bool, shape [n]
        Whether that one differs from the first one.
    with_others : float, shape [n]
        1 where the machine says what most blind answers of others to the item say, 0
        where it says something else, NaN where it cannot be told; see `with_others`.
    active_ms : float, shape [n]
        Time of the first answer; NaN = not known.
    shares : float, shape [n_policies, len(ARMS)]
        The probability of each arm under each policy.
    """

    items: Indexes
    people: Indexes
    policies: Indexes
    arms: Indexes
    agrees: Floats
    last_agrees: Floats
    is_changed: Flags
    with_others: Floats
    active_ms: Floats
    shares: Floats

    @property
    def answers(self) -> Answers:
        """Return the entries, each weighing the inverse of its arm's probability."""
        weights = 1 / self.shares[self.policies, self.arms]
        return Answers(self.items, self.people, weights)


@dataclass(frozen=True)
class ArmFigures:
    """The answers of one arm; `agreement` is a share with its interval."""

    arm: Arm
    n: int
    n_people: int
    agreement: Interval
    median_ms: float | None


@dataclass(frozen=True)
class Effect:
    """P(agree | `arm`) less P(agree | `than`).

    Counted over `n` answers of `arm` and `n_than` of `than`, by `n_people`; `n_other`
    more of the two arms were given under policies without both. `reason`: why there is
    no value, or no interval.
    """

    arm: Arm
    than: Arm
    n: int
    n_than: int
    n_people: int
    n_other: int
    value: Interval
    reason: Reason


@dataclass(frozen=True)
class Changes:
    """What people did once the verdict was revealed; shares of `n` answers.

    `towards`: did not agree before, and does now; `away`: the other way round. The rest
    of the `changed` ones moved without coming to the machine's answer or leaving it.
    """

    n: int
    n_people: int
    changed: Interval
    towards: Interval
    away: Interval


@dataclass(frozen=True)
class Anchoring:
    """Everything that is told. `when_with`, `when_against`: over-reliance.

    The effects among items where the machine says what most others say blind, and
    where it says something else; leaning on it does harm in the second.
    """

    n: int
    n_people: int
    n_items: int
    arms: tuple[ArmFigures, ...]
    effects: tuple[Effect, ...]
    when_with: tuple[Effect, ...]
    when_against: tuple[Effect, ...]
    changes: Changes


def anchoring(found: Exposures) -> Anchoring:
    """Return how far people lean to what they were shown.

    Where policies had different shares of the arms, each answer counts by the inverse
    of the probability of its arm; an effect counts only the answers given under a
    policy that could have drawn either of its two arms.
    """
    everything = np.ones(found.arms.size, bool)
    return Anchoring(
        n=int(found.arms.size),
        n_people=int(np.unique(found.people).size),
        n_items=int(np.unique(found.items).size),
        arms=tuple(_arm(found, arm) for arm in ARMS),
        effects=_effects(found, everything, 1),
        when_with=_effects(found, found.with_others == 1, MIN_PER_ARM),
        when_against=_effects(found, found.with_others == 0, MIN_PER_ARM),
        changes=_changes(found),
    )


def _effects(found: Exposures, kept: Flags, least: int) -> tuple[Effect, ...]:
    return tuple(effect_of(found, arm, than, kept, least) for arm, than in CONTRASTS)


def effect_of(
    found: Exposures, arm: Arm, than: Arm, kept: Flags, least: int = 1
) -> Effect:
    """Return the difference of two arms over the entries `kept`: bool [n].

    There is no value below `least` answers in either arm.
    """
    one, other = ARMS.index(arm), ARMS.index(than)
    of_two = kept & np.isin(found.arms, (one, other))
    has_both = (found.shares[:, one] > 0) & (found.shares[:, other] > 0)
    used = of_two & has_both[found.policies]
    first, second = used & (found.arms == one), used & (found.arms == other)
    n, n_than = int(first.sum()), int(second.sum())
    n_people = int(np.unique(found.people[used]).size)
    value, reason = Interval(NAN, NAN, NAN), _reason(kept, found.arms, (one, other))
    if min(n, n_than) >= least:
        value = difference_of(found.answers, first, second, found.agrees)
        reason = "few_people" if n_people < MIN_PEOPLE else ""
    return Effect(
        arm, than, n, n_than, n_people, int(of_two.sum()) - n - n_than, value, reason
    )


def _reason(kept: Flags, arms: Indexes, two: tuple[int, int]) -> Reason:
    return (
        "no_both"
        if all((kept & (arms == one)).any() for one in two)
        else ("no_answers")
    )


def _arm(found: Exposures, arm: Arm) -> ArmFigures:
    used = found.arms == ARMS.index(arm)
    times = found.active_ms[used & ~np.isnan(found.active_ms)]
    return ArmFigures(
        arm=arm,
        n=int(used.sum()),
        n_people=int(np.unique(found.people[used]).size),
        agreement=share_of(found.answers, used, found.agrees),
        median_ms=float(np.median(times)) if times.size else None,
    )


def _changes(found: Exposures) -> Changes:
    used = found.arms == ARMS.index(REVEALED)
    before, after = found.agrees == 1, found.last_agrees == 1
    moved = found.is_changed
    return Changes(
        n=int(used.sum()),
        n_people=int(np.unique(found.people[used]).size),
        changed=share_of(found.answers, used, moved.astype(float)),
        towards=share_of(found.answers, used, (moved & ~before & after).astype(float)),
        away=share_of(found.answers, used, (moved & before & ~after).astype(float)),
    )


def half_width(n_answers: int, share: float, share_than: float) -> float:
    """Return how far the interval of an effect will reach to both sides, about.

    For `n_answers` of which such shares fall into the two arms, where half of them
    agree: the widest case. People who differ in how far they lean make it wider.
    """
    n, n_than = n_answers * share, n_answers * share_than
    if min(n, n_than) <= 0:
        return NAN
    return NormalDist().inv_cdf(0.975) * sqrt(0.25 * (1 / n + 1 / n_than))
