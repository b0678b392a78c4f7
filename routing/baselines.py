"""PURE: every way to choose beside the one that was chosen, judged on the same seed.

Same folds, same labels: each is scored out of fold by models that have not seen the
prompt. Called by a fit; `simulate` does the like for labelled files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.words import gettext as _
from routing.curve import Point, chances, chosen_share, points_of, with_lots
from routing.pairs import Bools, Floats, Ints
from routing.performance import LEAST_SEED, Trials, try_mixes
from routing.proxy import folds_of
from routing.quadratic import fit_quadratic
from routing.scoring import lacking, score_by, take_known
from routing.simulated import (
    RIDGE,
    Model,
    Performance,
    best_simulated,
    fit_performance,
)
from routing.splits import Split
from routing.strategies import DEFAULT, SIMULATED, Known, Learned, learn

PAPER, ORACLE, ALL_HUMAN, ALL_AI = "paper", "oracle", "all_human", "all_ai"
SCORED = (DEFAULT, "disagreement", "confidence", "contradiction", "top_k")
BASELINES = (*SCORED, PAPER, ORACLE, ALL_HUMAN, ALL_AI)
N_FOLDS = 5
# The paper simulates 500 mixes for each budget, so it is tried at every second one.
PAPER_EVERY = 2
NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Judged:
    """What a way to choose buys; `points` is empty where `reason` says what it lacks.

    In a point `chosen` is this way, and `gain` its paired difference against random.
    """

    points: tuple[Point, ...]
    reason: str = ""


@dataclass(frozen=True)
class Fold:
    """What one fold teaches. `trials` is None below the least seed."""

    inside: Ints
    outside: Ints
    learned: Learned
    performance: Performance | None
    trials: Trials | None


def judge_all(
    known: Known,
    rows: Ints,
    is_seed: Bools,
    strategy: str,
    shares: Sequence[float],
    reserve: float,
    rng: np.random.Generator,
    ppm: str = RIDGE,
) -> dict[str, Judged]:
    """Judge `strategy` and every baseline on the seed.

    Parameters
    ----------
    rows : int64 [m]
        What may be learned from; never the audit.
    is_seed : bool [m]
        Which of them were drawn at random, so that they stand for all items.
    shares : sequence of float
        The budgets, as shares of the open items, in [0, 1]; the last may be any.
    reserve : float
        The share of each budget that goes to items by lot; the oracle has none.
    ppm : str
        The kind of the performance prediction model.
    """
    known = take_known(known, rows)
    group, wrong = known.pairs.group, known.wrong
    fold = folds_of(group, N_FOLDS, rng)
    has_ppm = len(rows) >= LEAST_SEED
    folds = learn_folds(known, fold, rng, ppm if has_ppm else "")
    reasons = _reasons(known, has_ppm=has_ppm)
    scores = {
        name: out_of_fold(known, folds, name)
        for name in dict.fromkeys((strategy, *SCORED))
        if name not in reasons and name != SIMULATED
    } | {ORACLE: wrong}
    at = fold[is_seed]
    found = {name: Judged((), reason) for name, reason in reasons.items()}
    for name, score in scores.items():
        lots = 0.0 if name == ORACLE else reserve
        found[name] = _judged(
            shares,
            [chances(score[is_seed], at, share, lots) for share in shares],
            wrong[is_seed],
            group[is_seed],
        )
    level = np.ones(int(is_seed.sum()))
    for name, value in ((ALL_HUMAN, level), (ALL_AI, 0.0 * level)):
        found[name] = _judged(
            shares, [value] * len(shares), wrong[is_seed], group[is_seed]
        )
    mixed = {} if PAPER in reasons else {PAPER: [*shares[:-1:PAPER_EVERY], shares[-1]]}
    if strategy == SIMULATED and has_ppm:
        mixed[SIMULATED] = [*shares]
    for name, some in mixed.items():
        chosen = _mixes(known, folds, name, some, reserve, rng)
        paid = [one[is_seed] for one in chosen]
        found[name] = _judged(some, paid, wrong[is_seed], group[is_seed])
    return found


def _judged(
    shares: Sequence[float], chance: Sequence[Floats], wrong: Floats, group: Ints
) -> Judged:
    return Judged(tuple(points_of(shares, chance, wrong, group)))


def _reasons(known: Known, *, has_ppm: bool) -> Mapping[str, str]:
    """Return what a baseline lacks, for those that lack something."""
    said = {name: lacking(known, name, has_performance=has_ppm) for name in SCORED}
    if not has_ppm:
        words = _("Performance prediction needs a seed of {n} items.")
        said[PAPER] = words.format(n=LEAST_SEED)
    return {name: words for name, words in said.items() if words}


def learn_folds(
    known: Known, fold: Ints, rng: np.random.Generator, ppm: str
) -> list[Fold]:
    """Learn once in each fold, for all ways to choose; `ppm` empty: no prediction."""
    names = np.unique(fold)
    found = []
    for one, stream in zip(names, rng.spawn(len(names)), strict=True):
        inside, outside = np.flatnonzero(fold != one), np.flatnonzero(fold == one)
        learned = learn(known, Split(inside, outside, NOTHING), stream)
        performance = trials = None
        if ppm:
            trials = _try(known, inside, learned, stream)
            performance = fit_performance(trials, len(inside), ppm, stream)
        found.append(Fold(inside, outside, learned, performance, trials))
    return found


def _try(
    known: Known, inside: Ints, learned: Learned, rng: np.random.Generator
) -> Trials:
    return try_mixes(
        known.proxy.x[inside],
        (known.target[inside], known.share[inside]),
        known.ai_share[inside],
        known.pairs.group[inside],
        learned.tags.take(inside),
        rng,
        ridge=learned.ridge,
    )


def out_of_fold(known: Known, folds: Sequence[Fold], name: str) -> Floats:
    """Return the score of each item by what was learned without its fold."""
    found = np.zeros(known.pairs.n)
    for one in folds:
        score = score_by(known, one.learned, one.performance, name)
        found[one.outside] = score[one.outside]
    return found


def _mixes(
    known: Known,
    folds: Sequence[Fold],
    name: str,
    shares: Sequence[float],
    reserve: float,
    rng: np.random.Generator,
) -> list[Floats]:
    """Return the chance of each item by simulated mixes, for each budget.

    In every fold the best predicted of many mixes of what is outside it: by the paper's
    model, or by the one that is chosen.
    """
    found = [np.zeros(known.pairs.n) for _share in shares]
    for one in folds:
        if one.trials is None or one.performance is None:
            continue
        n_outside = len(one.outside)
        model: Model = one.performance.model
        if name == PAPER:
            model = fit_quadratic(one.trials, len(one.inside))
        tags = one.learned.tags.take(one.outside)
        for place, share in enumerate(shares):
            n_human = round(chosen_share(share, reserve) * n_outside)
            human = np.zeros(n_outside, dtype=bool)
            if n_human:
                human = best_simulated(model, tags, n_human, rng)
            chance = with_lots(human.astype(np.float64), reserve * share)
            found[place][one.outside] = chance
    return found
