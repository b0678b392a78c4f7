"""PURE: the method judged on labelled pairs: many splits, every strategy, one table.

Called by the command `simulate_routing` and by tests. In each split people's labels of
the pool are hidden; each strategy says whom to ask, and gets what it asked for.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from routing.pairs import Bools, Floats
from routing.performance import Fit
from routing.proxy import fit_mixes, score_margins
from routing.simulated import KINDS, RIDGE
from routing.splits import Split, draw_split
from routing.strategies import (
    DEFAULT,
    SIMULATED,
    STRATEGIES,
    Choices,
    Known,
    choose,
    missing_inputs,
)

METRICS = (
    "label_accuracy",
    "label_accuracy_gain",
    "oracle_lead_share",
    "log_likelihood_gain",
    "rm_accuracy_gain",
)
# An accuracy is a share, in [0, 1]; a gain of accuracy is in points.
POINTS = 100.0
UNDECIDED = "not distinguishable from random at this budget"
BETTER = "better than random at this budget"
WORSE = "worse than random at this budget"


class SimulationError(ValueError):
    """The plan does not fit the pairs; the text says what to do."""


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    `budgets`: shares of the pool, in (0, 1]. `ppm`: the kind of the performance
    prediction model; `has_simulated`: its best simulated mix is judged too.
    """

    seed_size: int
    budgets: tuple[float, ...]
    n_splits: int
    rng: int
    reserve: float = 0.0
    n_draws: int = 10
    ppm: str = RIDGE
    has_simulated: bool = False

    @property
    def strategies(self) -> tuple[str, ...]:
        """Return the strategies that are judged."""
        return (*STRATEGIES, SIMULATED) if self.has_simulated else STRATEGIES


@dataclass(frozen=True)
class Figure:
    """A mean over splits and its standard error; None where it is not defined."""

    mean: float | None
    se: float | None


@dataclass(frozen=True)
class Verdict:
    """The default against random at one budget.

    `low` and `high` are the 95 % interval of the gain in label accuracy, in points, for
    pairs like these: it knows that all splits share the same pairs.
    """

    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Reserve:
    """What the default's reserve said of the AI at one budget.

    `truth` and `estimate`: share of the pool on which the AI is right, the mean over
    splits. `coverage`: share of the splits whose 95 % interval holds the truth.
    """

    truth: float
    estimate: float
    coverage: float
    n_splits: int


@dataclass(frozen=True)
class Result:
    """What a simulation found.

    `cells`: by strategy, budget and metric; a strategy is missing where `reasons` says
    why. `n_fallbacks`: in how many splits the default chose at random.
    """

    plan: Plan
    cells: dict[str, dict[float, dict[str, Figure]]]
    reasons: dict[str, str]
    ppm: Fit | None
    verdicts: dict[float, Verdict]
    n_fallbacks: int
    fallback_note: str
    n_pool: float
    reserves: dict[float, Reserve]


@dataclass(frozen=True)
class _Scored:
    """What came of one split.

    `values`: float64 [n_budgets, 5], by strategy, in the order METRICS.
    `lead`: float64 [n_budgets, n_pool], the default's errors found beyond random's.
    """

    values: dict[str, Floats]
    lead: Floats
    split: Split
    choices: Choices


def simulate(known: Known, plan: Plan) -> Result:
    """Judge every strategy on `plan.n_splits` splits.

    The same plan on the same pairs gives the same figures; a split does not depend on
    how many there are.

    Raises
    ------
    SimulationError
        Where the plan does not fit the pairs.
    """
    splits, streams = _draw(known, plan)
    reasons = missing_inputs(known, plan.seed_size)
    with _one_thread():
        scored = [
            _play(known, split, plan, reasons, rng)
            for split, rng in zip(splits, streams, strict=True)
        ]
    return _summarise(known, plan, reasons, scored)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread: its matrices are small, and threads wait."""
    # Comes with scikit-learn, which the web process does without.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _draw(known: Known, plan: Plan) -> tuple[list[Split], list[np.random.Generator]]:
    """Draw all splits first, so that a plan that does not fit is refused at once."""
    if plan.n_splits < 2:
        raise SimulationError("Ask for at least 2 splits, or no error can be given.")
    if plan.rng < 0:
        raise SimulationError("The random seed is a whole number from 0.")
    if plan.seed_size < 1:
        raise SimulationError("The seed needs at least one item.")
    if plan.ppm not in KINDS:
        raise SimulationError(
            f"There is no performance prediction model {plan.ppm!r}. There are "
            f"{' and '.join(KINDS)}."
        )
    if not 0 <= plan.reserve < 1:
        raise SimulationError("The reserve is a share of the budget, in [0, 1).")
    for budget in plan.budgets:
        if not 0 < budget <= 1:
            raise SimulationError(
                f"A budget is a share of the pool, above 0 and up to 1, not {budget:g}."
            )
    seeds = np.random.SeedSequence(plan.rng).spawn(plan.n_splits)
    streams = [np.random.default_rng(seed) for seed in seeds]
    splits = [draw_split(known.pairs.group, plan.seed_size, rng) for rng in streams]
    _check_pools(known, plan, splits)
    return splits, streams


def _check_pools(known: Known, plan: Plan, splits: Sequence[Split]) -> None:
    smallest = min(len(split.pool) for split in splits)
    if not smallest:
        raise SimulationError(
            f"A seed of {plan.seed_size} leaves nothing to route of {known.pairs.n} "
            f"pairs in {len(np.unique(known.pairs.group))} groups, which stay whole. "
            f"Ask for a smaller seed, or name a group with more values."
        )
    least = min(plan.budgets)
    if not count_of(least, smallest):
        raise SimulationError(
            f"A budget of {least:g} of {smallest} items is less than one label. Ask "
            f"for at least {1 / smallest:.2g}."
        )


def count_of(budget: float, n: int) -> int:
    """Return how many of n items a share buys; never more than the budget."""
    return int(budget * n + 1e-9)


def _play(
    known: Known,
    split: Split,
    plan: Plan,
    reasons: Mapping[str, str],
    rng: np.random.Generator,
) -> _Scored:
    """Let every strategy choose on one split, and score what it chose."""
    counts = [count_of(budget, len(split.pool)) for budget in plan.budgets]
    choices = choose(
        known,
        split,
        counts,
        rng,
        reasons=reasons,
        reserve=plan.reserve,
        n_draws=plan.n_draws,
        ppm=plan.ppm,
        has_simulated=plan.has_simulated,
    )
    wrong = known.wrong[split.pool]
    found = {name: (h * wrong).sum(axis=2) for name, h in choices.human.items()}
    likelihood, accuracy = _train(known, split, choices.human, choices.ridge)
    ideal = {name: values.mean(axis=0) for name, values in found.items()}
    lead = ideal["oracle"] - ideal["random"]
    values = {}
    for name in choices.human:
        gained = ideal[name] - ideal["random"]
        share = np.divide(
            gained, lead, out=np.full(len(lead), np.nan), where=lead > 1e-9
        )
        values[name] = np.stack(
            [
                1 - (wrong.sum() - ideal[name]) / len(wrong),
                POINTS * gained / len(wrong),
                share,
                likelihood[name] - likelihood["random"],
                POINTS * (accuracy[name] - accuracy["random"]),
            ],
            axis=1,
        )
    human = choices.human[DEFAULT][0]
    beyond = (human - human.mean(axis=1, keepdims=True)) * wrong
    return _Scored(values, beyond, split, choices)


def _train(
    known: Known, split: Split, human: Mapping[str, Bools], ridge: float
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Train a proxy on each choice and score it on the people of the held-out part.

    Returns log-likelihood and accuracy by strategy, the mean over draws: [n_budgets].
    """
    x, seed, pool = known.proxy.x, split.seed, split.pool
    flat = {name: h.reshape(-1, len(pool)) for name, h in human.items()}
    chosen = np.concatenate(list(flat.values()))
    labels = np.where(chosen, known.target[pool], known.ai_share[pool]).T
    same = np.repeat(known.target[seed][:, None], labels.shape[1], axis=1)
    rows = np.concatenate([seed, pool])
    theta = fit_mixes(x[rows], np.concatenate([same, labels]), ridge)
    scores = score_margins(known.share[split.held], x[split.held] @ theta)
    parts: list[dict[str, Floats]] = []
    for values in scores:
        start, by_name = 0, {}
        for name, h in human.items():
            stop = start + len(flat[name])
            by_name[name] = values[start:stop].reshape(h.shape[:2]).mean(axis=0)
            start = stop
        parts.append(by_name)
    return parts[0], parts[1]


def _summarise(
    known: Known, plan: Plan, reasons: Mapping[str, str], scored: Sequence[_Scored]
) -> Result:
    cells: dict[str, dict[float, dict[str, Figure]]] = {}
    for name in plan.strategies:
        if name in reasons:
            continue
        values = np.stack([one.values[name] for one in scored])
        cells[name] = {
            budget: {
                metric: figure_of(values[:, place, number])
                for number, metric in enumerate(METRICS)
            }
            for place, budget in enumerate(plan.budgets)
        }
    fits = [one.choices.fit for one in scored if one.choices.fit is not None]
    gains = [one.choices.gain for one in scored]
    notes = [gain.note for gain in gains if not gain.is_informative]
    left_out = set() if plan.has_simulated else {SIMULATED}
    return Result(
        plan,
        cells,
        {name: words for name, words in reasons.items() if name not in left_out},
        _mean_fit(fits) if fits else None,
        _verdicts(known, plan, scored),
        len(notes),
        max(notes, key=notes.count) if notes else "",
        float(np.mean([len(one.split.pool) for one in scored])),
        _reserves(known, plan, scored),
    )


def _reserves(
    known: Known, plan: Plan, scored: Sequence[_Scored]
) -> dict[float, Reserve]:
    """Hold what the reserve says against the truth, where it had enough items."""
    found = {}
    for place, budget in enumerate(plan.budgets):
        pairs = [
            (1.0 - float(known.wrong[one.split.pool].mean()), audit.ai_accuracy)
            for one in scored
            if (audit := one.choices.audits[place]) is not None
        ]
        if pairs:
            inside = [said.low <= truth <= said.high for truth, said in pairs]
            found[budget] = Reserve(
                float(np.mean([truth for truth, _ in pairs])),
                float(np.mean([said.value for _, said in pairs])),
                float(np.mean(inside)),
                len(pairs),
            )
    return found


def figure_of(values: Floats) -> Figure:
    """Return mean and standard error of what is defined in these splits."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return Figure(float(known[0]) if len(known) else None, None)
    error = known.std(ddof=1) / np.sqrt(len(known))
    return Figure(float(known.mean()), float(error))


def _mean_fit(fits: Sequence[Fit]) -> Fit:
    def mean(name: str) -> float:
        return float(np.mean([getattr(fit, name) for fit in fits]))

    return Fit(
        mean("spearman"),
        mean("rmse"),
        mean("target_sd"),
        mean("budget_only_spearman"),
        mean("budget_only_rmse"),
    )


def _verdicts(
    known: Known, plan: Plan, scored: Sequence[_Scored]
) -> dict[float, Verdict]:
    """Hold the default against random at each budget, with an honest interval.

    Splits share their pairs, so the spread over splits alone would say how exactly
    these pairs are known, and not how pairs like these would do. So each prompt's mean
    contribution to the gain is one observation, and the errors of both are added.
    """
    n = known.pairs.n
    total, seen = np.zeros((len(plan.budgets), n)), np.zeros(n)
    for one in scored:
        total[:, one.split.pool] += one.lead
        seen[one.split.pool] += 1
    each = POINTS * np.divide(total, seen, out=np.zeros_like(total), where=seen > 0)
    place = np.unique(known.pairs.group, return_inverse=True)[1]
    verdicts = {}
    for number, budget in enumerate(plan.budgets):
        gains = np.array([one.values[DEFAULT][number, 1] for one in scored])
        mean, error = gains.mean(), gains.std(ddof=1) / np.sqrt(len(gains))
        centred = np.where(seen > 0, each[number] - each[number][seen > 0].mean(), 0.0)
        by_group = np.bincount(place, centred)
        among = np.sqrt(np.square(by_group).sum()) / (seen > 0).sum()
        half = 1.96 * float(np.hypot(error, among))
        low, high = float(mean - half), float(mean + half)
        words = BETTER if low > 0 else WORSE if high < 0 else UNDECIDED
        verdicts[budget] = Verdict(low, high, words)
    return verdicts
