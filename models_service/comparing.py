"""PURE: how far a judge agrees with people, against two lines.

The lines: what one person reaches against the others, and "the longer answer wins".
A judge below either of them adds nothing. Choices are 1 = completion 0, -1 = completion
1, 0 = tie, NaN = none; a status other than ok is NaN, never a tie.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotation.agreement import (
    Interval,
    cohen_kappa,
    krippendorff_alpha,
)
from annotation.agreement.coefficients import Floats
from models_service.resampling import alpha, difference, kappa, ratio, resample

CODES = (1.0, 0.0, -1.0)
N_RESAMPLES = 1000


@dataclass(frozen=True)
class Line:
    """One way to judge, held against what most of the others say, person by person.

    Each answer that one person gave is set aside in turn, and the majority of the
    others on that item is the reference. Where it is shared, the answer is not counted
    (`n_open`); a tie is a choice like another. All lines are counted over the same
    answers. `person`: what the person set aside reaches, the human ceiling. `longer`
    is NaN where lengths are not known; equal lengths are a tie.
    """

    n_answers: int
    n_open: int
    person: Interval
    judge: Interval
    longer: Interval
    judge_less_person: Interval
    judge_less_longer: Interval


@dataclass(frozen=True)
class PersonLine:
    """How far the judge agrees with one person; `index` = their row."""

    index: int
    n_items: int
    agreement: Interval
    kappa: Interval


@dataclass(frozen=True)
class Comparison:
    """A judge beside people. `n_without_verdict`: items that it has no verdict on.

    `majority`: share of items on which it says what most people say, of the `n_items`
    with a majority; `decisive`: the same where both name a side.
    """

    n_items: int
    n_without_verdict: int
    majority: Interval
    decisive: Interval
    kappa: Interval
    alpha_people: Interval
    alpha_with_judge: Interval
    lines: Line
    persons: tuple[PersonLine, ...]


def counts_of(people: Floats) -> Floats:
    """Return how many people gave each choice: float [n_items, 3], as `CODES`."""
    return np.stack([(people == code).sum(axis=0) for code in CODES], axis=1).astype(
        float
    )


def majority_of(counts: Floats) -> Floats:
    """Return the choice of most people, NaN where the first place is shared or empty.

    Parameters
    ----------
    counts : float, shape [..., 3]
        As of `counts_of`.
    """
    most = counts.max(axis=-1)
    is_clear = ((counts == most[..., None]).sum(axis=-1) == 1) & (most > 0)
    return np.where(is_clear, np.array(CODES)[counts.argmax(axis=-1)], np.nan)


def compare(
    people: Floats,
    judge: Floats,
    rng: np.random.Generator,
    length_difference: Floats | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Comparison:
    """Hold a judge against people.

    Parameters
    ----------
    people : float, shape [n_people, n_items]
        The choice of each person.
    judge : float, shape [n_items]
        The judge's choice.
    length_difference : float, shape [n_items]
        Length of completion 0 less that of completion 1; NaN = not known.
    """
    _check(people, judge)
    majority = majority_of(counts_of(people))
    has_both = ~np.isnan(majority) & ~np.isnan(judge)
    sides = has_both & (majority != 0) & (judge != 0)
    with_judge = np.vstack([people, judge])
    return Comparison(
        n_items=int(has_both.sum()),
        n_without_verdict=int(np.isnan(judge).sum()),
        majority=agreement_interval(majority, judge, has_both, rng, n_resamples),
        decisive=agreement_interval(majority, judge, sides, rng, n_resamples),
        kappa=kappa_interval(majority, judge, rng, n_resamples),
        alpha_people=alpha_interval(people, rng, n_resamples),
        alpha_with_judge=alpha_interval(with_judge, rng, n_resamples),
        lines=lines(people, judge, rng, length_difference, n_resamples),
        persons=tuple(
            _person(index, row, judge, rng, n_resamples)
            for index, row in enumerate(people)
            if np.any(~np.isnan(row) & ~np.isnan(judge))
        ),
    )


def _check(people: Floats, judge: Floats) -> None:
    if people.ndim != 2 or judge.shape != people.shape[1:]:
        raise ValueError(f"{people.shape!r} answers do not match {judge.shape!r}.")
    known = np.concatenate([people.ravel(), judge])
    if not np.all(np.isnan(known) | np.isin(known, CODES)):
        raise ValueError("choices are 1, 0, -1 or NaN")


def agreement_interval(
    first: Floats,
    second: Floats,
    counted: NDArray[np.bool_],
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> Interval:
    """Return the share of the items counted on which two rows of choices are equal."""
    pairs = np.stack([first, second])[:, counted]
    hits = (pairs[0] == pairs[1]).astype(float)
    sums = np.stack([hits, np.ones_like(hits)], axis=1)
    return resample(sums, ratio, rng, n_resamples)


def _person(
    index: int, row: Floats, judge: Floats, rng: np.random.Generator, n_resamples: int
) -> PersonLine:
    both = ~np.isnan(row) & ~np.isnan(judge)
    return PersonLine(
        index=index,
        n_items=int(both.sum()),
        agreement=agreement_interval(row, judge, both, rng, n_resamples),
        kappa=kappa_interval(row, judge, rng, n_resamples),
    )


def kappa_interval(
    first: Floats,
    second: Floats,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> Interval:
    """Return Cohen's kappa of two rows of choices, with an interval over items."""
    both = ~(np.isnan(first) | np.isnan(second))
    a = np.stack([first[both] == code for code in CODES], axis=1).astype(float)
    b = np.stack([second[both] == code for code in CODES], axis=1).astype(float)
    tables = (a[:, :, None] * b[:, None, :]).reshape(-1, 9)
    found = resample(tables, kappa, rng, n_resamples)
    value = cohen_kappa(first, second).value
    return Interval(value, found.low, found.high)


def alpha_interval(
    people: Floats, rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> Interval:
    """Return Krippendorff's nominal alpha of all, with an interval over items."""
    counts = counts_of(people)
    n = counts.sum(axis=1)
    counts, n = counts[n >= 2], n[n >= 2]
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(3)
    coincidences = (pairs / (n - 1)[:, None, None]).reshape(-1, 9)
    found = resample(coincidences, alpha, rng, n_resamples)
    value = krippendorff_alpha(people).value
    return Interval(value, found.low, found.high)


def lines(
    people: Floats,
    judge: Floats,
    rng: np.random.Generator,
    length_difference: Floats | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Line:
    """Hold a judge, each person and the longer answer against the other people.

    Only answers to items that the judge has a verdict on count, and only items whose
    lengths are known where lengths are given.
    """
    given = ~np.isnan(people) & ~np.isnan(judge)
    longer = np.full(judge.shape, np.nan)
    if length_difference is not None:
        longer = np.sign(length_difference)
        given &= ~np.isnan(longer)
    counts = counts_of(people)
    own = np.stack([people == code for code in CODES], axis=2)
    reference = majority_of(counts[None] - own)
    counted = given & ~np.isnan(reference)
    totals = counted.sum(axis=0).astype(float)
    hits = {
        name: ((said == reference) & counted).sum(axis=0).astype(float)
        for name, said in (("person", people), ("judge", judge), ("longer", longer))
    }

    def share(name: str) -> Interval:
        sums = np.stack([hits[name], totals], axis=1)
        return resample(sums, ratio, rng, n_resamples)

    def less(name: str) -> Interval:
        sums = np.stack([hits["judge"], hits[name], totals], axis=1)
        return resample(sums, difference, rng, n_resamples)

    unknown = Interval(float("nan"), float("nan"), float("nan"))
    has_lengths = length_difference is not None
    return Line(
        n_answers=int(totals.sum()),
        n_open=int((given & np.isnan(reference)).sum()),
        person=share("person"),
        judge=share("judge"),
        longer=share("longer") if has_lengths else unknown,
        judge_less_person=less("person"),
        judge_less_longer=less("longer") if has_lengths else unknown,
    )
