"""PURE: who is asked about each item of a pool, by every strategy, on one split.

All strategies get the same labels: those of the seed. What the default does is in
`gain`; the others are what it must be better than, and the oracle what it cannot be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.words import gettext as _
from models_service.backends.embeddings import Vectors
from models_service.heads.ensemble import log_loss
from routing.audit import Audit, audit_pool
from routing.features.bins import Tags, percentile_of, tags_of
from routing.features.signals import STATES, Signals, signals_of
from routing.features.similar import differ_near, split_of
from routing.features.space import Space
from routing.features.text import (
    FORM,
    MATCH,
    MEASURES,
    compare_form,
    measure_pairs,
)
from routing.gain import Design, Gain, design_of, fit_gain
from routing.pairs import (
    Bools,
    Floats,
    Ints,
    Pairs,
    consensus_of,
    share_of,
    target_of,
)
from routing.performance import LEAST_SEED, Fit, Trials, try_mixes
from routing.proxy import (
    Proxy,
    choose_ridge,
    cross_margins,
    fit_mixes,
    folds_of,
    proxy_of,
)
from routing.quadratic import fit_quadratic
from routing.selection import Chosen, select
from routing.simulated import RIDGE, Model, best_simulated, fit_performance
from routing.splits import Split

DEFAULT = "default"
STRATEGIES = (
    DEFAULT,
    "random",
    "disagreement",
    "confidence",
    "contradiction",
    "top_k",
    "paper",
    "oracle",
    "all_human",
    "all_ai",
)
# Judged where it is asked for: the best simulated mix by the performance prediction
# model that is chosen, which `paper` is by the paper's.
SIMULATED = "simulated"
# Disagreement of people on items like this one.
DIFFER = "people_differ"
N_FOLDS = 5


@dataclass(frozen=True)
class Known:
    """All pairs with what is computed once, before any split.

    Attributes
    ----------
    share : float64 [n]
        Share of people's votes for A.
    target : float64 [n]
        What a proxy learns: the same, or softer where people were not sure.
    ai_share : float64 [n]
        The AI label in the same unit: 1, 0 or 0.5.
    wrong : float64 [n]
        1 where the AI label is not the consensus of people.
    place : float32 [n, d], optional
        Where the texts of each item lie, of length 1.
    is_chosen : bool [n], optional
        Whose label of people was asked for since much was expected of it.
    """

    pairs: Pairs
    share: Floats
    target: Floats
    ai_share: Floats
    wrong: Floats
    signals: Signals
    figures: dict[str, Floats]
    form: Floats
    proxy: Proxy
    place: Vectors | None = None
    is_chosen: Bools | None = None


def know(pairs: Pairs, space: Space) -> Known:
    """Compute what does not depend on the split."""
    measures = measure_pairs(pairs)
    figures = dict(zip(MEASURES, measures.T, strict=True))
    figures["cosine"] = space.cosine
    if space.match is not None:
        figures[MATCH] = space.match
    form = compare_form(pairs)
    return Known(
        pairs,
        share_of(pairs.people),
        target_of(pairs),
        (1.0 + pairs.ai) / 2.0,
        (consensus_of(pairs.people) != pairs.ai).astype(np.float64),
        signals_of(pairs),
        figures,
        form,
        proxy_of(form, space),
        space.place,
    )


@dataclass(frozen=True)
class Learned:
    """What the labels of the seed say.

    `margin`: float64 [n], log-odds towards A, by proxies that saw nothing of a pair's
    prompt. `ridge` is the proxy's, from cross-validation on the seed. `differ`: float64
    [n], how far people are expected to differ, None where nothing tells.
    """

    margin: Floats
    ridge: float
    gain: Gain
    tags: Tags
    differ: Floats | None = None


def learn(known: Known, split: Split, rng: np.random.Generator) -> Learned:
    """Learn proxy and gain on the seed."""
    x, seed = known.proxy.x, split.seed
    group, target = known.pairs.group[seed], known.target[seed]
    folds = folds_of(group, N_FOLDS, rng)
    ridge = choose_ridge(x[seed], target, folds)
    margin = x @ fit_mixes(x[seed], target[:, None], ridge)[:, 0]
    margin[seed] = cross_margins(x[seed], target, folds, ridge)
    differ = _differ(known, seed)
    design = design_from(known, margin, differ)
    gain = fit_gain(design, known.wrong, seed, known.pairs.group, rng, known.is_chosen)
    return Learned(margin, ridge, gain, _tags(known, margin, differ), differ)


def _differ(known: Known, seed: Ints) -> Floats | None:
    """Return how far people are expected to differ, where something tells."""
    if known.place is None:
        return None
    split = split_of(known.pairs.people)
    found = differ_near(known.place, split, seed, known.pairs.group)
    return found if np.isfinite(found).any() else None


def design_from(known: Known, margin: Floats, differ: Floats | None) -> Design:
    """Put together what the gain is learned from; arguments as in `Learned`."""
    figures = dict(known.figures)
    if differ is not None:
        figures[DIFFER] = differ
    return design_of(
        known.signals,
        known.pairs.ai,
        (tuple(figures), np.stack(list(figures.values()), axis=1)),
        (FORM, known.form),
        margin,
        tags_of({}, {}, known.pairs.tags),
    )


def _tags(known: Known, margin: Floats, differ: Floats | None) -> Tags:
    """Return the tags: terciles of texts, contradiction, confidence; judges' states."""
    signals = known.signals
    figures = {name: f for name, f in known.figures.items() if name != "is_same"}
    if differ is not None:
        figures[DIFFER] = differ
    figures["contradiction"] = log_loss(known.ai_share, margin)
    for number, sure in enumerate(signals.confidence.T, start=1):
        figures[f"confidence {number}"] = sure
    return tags_of(figures, signals.words(), known.pairs.tags)


@dataclass(frozen=True)
class Choices:
    """Who is asked, and what was learned on the way.

    `human`: bool [n_draws, n_budgets, n_pool] by strategy; one draw but for random.
    `ridge`: the penalty of the proxy, the same for every strategy. `audits`: by budget,
    what the default's reserve says of the pool; None where it has too few items.
    """

    human: dict[str, Bools]
    ridge: float
    fit: Fit | None
    gain: Gain
    audits: tuple[Audit | None, ...]


def missing_inputs(known: Known, seed_size: int) -> dict[str, str]:
    """Return why a strategy cannot be judged, for those that cannot."""
    reasons = {}
    if not known.signals.names:
        reasons["disagreement"] = _("No judge and no exchanged verdict is named.")
    elif (known.signals.state == STATES.index("missing")).all():
        reasons["disagreement"] = _("No judge and no exchanged verdict says anything.")
    if not np.isfinite(known.signals.confidence).any():
        reasons["confidence"] = _("Nothing says how sure the AI is.")
    if seed_size < LEAST_SEED:
        words = _(
            "A seed of {n} items is below {least}, too few for a performance "
            "prediction model."
        ).format(n=seed_size, least=LEAST_SEED)
        reasons |= dict.fromkeys(("top_k", "paper", SIMULATED, "ppm"), words)
    return reasons


def choose(
    known: Known,
    split: Split,
    counts: Sequence[int],
    rng: np.random.Generator,
    *,
    reasons: Mapping[str, str],
    reserve: float,
    n_draws: int,
    ppm: str = RIDGE,
    has_simulated: bool = False,
) -> Choices:
    """Let every strategy that has its input choose, for each number of items.

    `ppm`: the kind of the performance prediction model; `has_simulated`: whether its
    best simulated mix is judged too.
    """
    learned = learn(known, split, rng)
    scores = _scores(known, learned)
    human: dict[str, Bools] = {}
    audits: tuple[Audit | None, ...] = ()
    fit = None
    if "ppm" not in reasons:
        trials = _try(known, split, learned, rng)
        found = fit_performance(trials, len(split.seed), ppm, rng)
        fit = found.fit
        scores["top_k"] = found.model.gains(learned.tags)
        tags = learned.tags.take(split.pool)
        paper = fit_quadratic(trials, len(split.seed))
        human["paper"] = _simulate(paper, tags, counts, rng)
        if has_simulated:
            human[SIMULATED] = _simulate(found.model, tags, counts, rng)
    lot = int(rng.integers(2**32))
    for name, score in scores.items():
        if name not in reasons:
            held_back = 0.0 if name == "oracle" else reserve
            chosen = _spend(score[split.pool], counts, lot, held_back)
            human[name] = np.stack([one.human for one in chosen])[None]
            if name == DEFAULT:
                wrong = known.wrong[split.pool]
                audits = tuple(audit_pool(wrong, one) for one in chosen)
    human["random"] = np.stack(
        [_by_lot(len(split.pool), counts, rng) for _ in range(n_draws)]
    )
    everyone = np.ones((1, len(counts), len(split.pool)), dtype=bool)
    human |= {"all_human": everyone, "all_ai": ~everyone}
    return Choices(human, learned.ridge, fit, learned.gain, audits)


def _scores(known: Known, learned: Learned) -> dict[str, Floats]:
    """Return the score of each item by the strategies that have one."""
    signals = known.signals
    some = slice(0, signals.n_judges or None)
    sure = [percentile_of(column) for column in signals.confidence.T]
    unsure = -np.nan_to_num(np.array(sure), nan=0.5).sum(axis=0)
    return {
        DEFAULT: learned.gain.p_wrong,
        "disagreement": signals.differs[:, some].sum(axis=1).astype(np.float64),
        "confidence": np.broadcast_to(unsure, (known.pairs.n,)),
        "contradiction": log_loss(known.ai_share, learned.margin),
        "oracle": known.wrong,
    }


def _spend(
    score: Floats, counts: Sequence[int], lot: int, reserve: float
) -> list[Chosen]:
    """Choose by score for each number of items.

    The lot is the same for every number, so that more budget keeps what less bought.
    """
    cost = np.ones(len(score))
    return [
        select(score, cost, count, np.random.default_rng(lot), reserve=reserve)
        for count in counts
    ]


def _by_lot(n: int, counts: Sequence[int], rng: np.random.Generator) -> Bools:
    """Choose at random, more budget keeping what less bought: bool [n_budgets, n]."""
    place = rng.permutation(n)
    return np.asarray(place[None, :] < np.array(counts)[:, None])


def _try(
    known: Known, split: Split, learned: Learned, rng: np.random.Generator
) -> Trials:
    seed = split.seed
    return try_mixes(
        known.proxy.x[seed],
        (known.target[seed], known.share[seed]),
        known.ai_share[seed],
        known.pairs.group[seed],
        learned.tags.take(seed),
        rng,
        ridge=learned.ridge,
    )


def _simulate(
    model: Model, tags: Tags, counts: Sequence[int], rng: np.random.Generator
) -> Bools:
    """Return the best simulated mix of each number of items: [1, n_budgets, n]."""
    return np.stack([best_simulated(model, tags, k, rng) for k in counts])[None]
