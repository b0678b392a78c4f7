"""PURE: what the seed teaches of every item: its gain, the interval, and its score.

The live loop's half of `strategies`: there a strategy is judged on items whose labels
are known, here it says which items people should label next.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from annotation.words import gettext as _
from models_service.heads.ensemble import log_loss
from routing.features.bins import percentile_of
from routing.gain import Design, Gain, fit_gain
from routing.pairs import Floats, Ints
from routing.performance import LEAST_SEED, try_mixes
from routing.proxy import Proxy
from routing.simulated import (
    RIDGE,
    Performance,
    best_simulated,
    fit_performance,
    mix_score,
)
from routing.splits import Split
from routing.strategies import DEFAULT, SIMULATED, Known, Learned, design_from, learn

N_BOOTSTRAP = 40
NOTHING = np.zeros(0, dtype=np.int64)
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """What is known of every item of a pool.

    Attributes
    ----------
    score : float64 [n]
        What the budget is spent by, above 0; higher first.
    gain, low, high : float64 [n]
        Chance that people say something else than the AI, with its 95 % interval over
        resamples of the seed; in [0, 1].
    resampled : float32 [n_resamples, n]
        The same chance as each resample of the seed teaches it.
    strategy : str
        The strategy that was used; it is the default where another lacks its input.
    note : str
        Why another strategy was not used; else empty.
    """

    score: Floats
    gain: Floats
    low: Floats
    high: Floats
    resampled: Singles
    learned: Learned
    design: Design
    performance: Performance | None
    strategy: str
    note: str


def score_pool(
    known: Known,
    rows: Ints,
    strategy: str,
    rng: np.random.Generator,
    ppm: str = RIDGE,
) -> Scores:
    """Learn on the labelled rows, and score every item.

    Parameters
    ----------
    rows : int64
        Items with labels of people that may be learned from; never the audit.
    ppm : str
        The kind of the performance prediction model.
    """
    learned = learn(known, Split(rows, NOTHING, NOTHING), rng)
    design = design_from(known, learned.margin, learned.differ)
    performance = None
    if len(rows) >= LEAST_SEED:
        performance = _performance(known, rows, learned, ppm, rng)
    note = lacking(known, strategy, has_performance=performance is not None)
    used = DEFAULT if note else strategy
    gain = learned.gain.p_wrong
    resampled = _resampled(design, known, rows, learned.gain, rng)
    low, high = _interval(resampled, gain)
    score = score_by(known, learned, performance, used)
    return Scores(
        score, gain, low, high, resampled, learned, design, performance, used, note
    )


def lacking(known: Known, strategy: str, *, has_performance: bool) -> str:
    """Return why a strategy cannot be used here; empty where it can."""
    if strategy == "disagreement" and not known.signals.names:
        return _("No other judge has judged these items.")
    if strategy == "confidence" and not known.signals.confidence.shape[1]:
        return _("The AI does not tell how sure it is.")
    if strategy in ("top_k", SIMULATED) and not has_performance:
        return _("Performance prediction needs a seed of {n} items.").format(
            n=LEAST_SEED
        )
    return ""


def score_by(
    known: Known, learned: Learned, performance: Performance | None, strategy: str
) -> Floats:
    """Return the score of every item by a strategy, above 0.

    The default's is its gain. Of the others only the order matters, so theirs is the
    percentile rank, which can be divided by a price. The best simulated mix depends on
    the budget: `with_mix` puts it in the place of the gains that its model predicts.
    """
    if strategy == DEFAULT:
        return np.maximum(learned.gain.p_wrong, 1e-9)
    signals, n = known.signals, known.pairs.n
    raw = np.zeros(n)
    if strategy == "disagreement":
        some = slice(0, signals.n_judges or None)
        raw = signals.differs[:, some].sum(axis=1).astype(np.float64)
    elif strategy == "confidence":
        sure = [percentile_of(column) for column in signals.confidence.T]
        raw = -np.nan_to_num(np.array(sure), nan=0.5).sum(axis=0)
    elif strategy == "contradiction":
        raw = log_loss(known.ai_share, learned.margin)
    elif strategy in ("top_k", SIMULATED) and performance is not None:
        raw = performance.model.gains(learned.tags)
    return np.maximum(percentile_of(raw), 1e-9)


def with_mix(
    scores: Scores, rows: Ints, cost: Floats, budget: float, rng: np.random.Generator
) -> Scores:
    """Put the best simulated mix of a budget in the place of the scores of some rows.

    Parameters
    ----------
    rows : int64 [k]
        Those among which it is drawn.
    cost : float64 [k]
    budget : float
        For all of these rows, in the unit of `cost`.
    """
    if scores.performance is None or scores.strategy != SIMULATED:
        return scores
    model, tags = scores.performance.model, scores.learned.tags.take(rows)
    mix = best_simulated(model, tags, budget, rng, cost=cost)
    score = scores.score.copy()
    score[rows] = mix_score(mix, model.gains(tags), cost)
    return replace(scores, score=score)


def _performance(
    known: Known, rows: Ints, learned: Learned, ppm: str, rng: np.random.Generator
) -> Performance:
    trials = try_mixes(
        known.proxy.x[rows],
        (known.target[rows], known.share[rows]),
        known.ai_share[rows],
        known.pairs.group[rows],
        learned.tags.take(rows),
        rng,
        ridge=learned.ridge,
    )
    return fit_performance(trials, len(rows), ppm, rng)


def _resampled(
    design: Design, known: Known, rows: Ints, gain: Gain, rng: np.random.Generator
) -> Singles:
    """Return the gain learned anew on resampled prompts: float32 [n_resamples, n]."""
    group = known.pairs.group
    names, place = np.unique(group[rows], return_inverse=True)
    of_group = np.split(
        np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1]
    )
    found = np.empty((N_BOOTSTRAP, len(gain.p_wrong)), dtype=np.float32)
    for number in range(N_BOOTSTRAP):
        drawn = rng.integers(0, len(names), len(names))
        again = rows[np.concatenate([of_group[one] for one in drawn])]
        learned = fit_gain(design, known.wrong, again, group, rng, known.is_chosen)
        found[number] = learned.p_wrong
    return found


def _interval(resampled: Singles, gain: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of the gain."""
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return np.minimum(low, gain), np.maximum(high, gain)


def take_known(known: Known, rows: Ints) -> Known:
    """Return what is known of some items alone."""
    few = replace(
        known.signals,
        state=known.signals.state[rows],
        confidence=known.signals.confidence[rows],
    )
    return replace(
        known,
        pairs=known.pairs.take(rows),
        share=known.share[rows],
        target=known.target[rows],
        ai_share=known.ai_share[rows],
        wrong=known.wrong[rows],
        signals=few,
        figures={name: values[rows] for name, values in known.figures.items()},
        form=known.form[rows],
        proxy=Proxy(known.proxy.x[rows]),
        place=None if known.place is None else known.place[rows],
        is_chosen=None if known.is_chosen is None else known.is_chosen[rows],
    )
