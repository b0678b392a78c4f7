"""Step route: what each tag gains from people, and items that show it."""

from typing import TYPE_CHECKING

import numpy as np

from routing.curve import LEAST_CELL, Estimate
from routing.pairs import Bools, Floats, Ints
from routing.services.plain import Figures, plain, plain_share

if TYPE_CHECKING:
    from routing.services.fit import Decided

N_SHOWN = 3


def tag_figures(decided: "Decided") -> Figures:
    """Return the tags, the most gaining first, and items with the extreme gains.

    Of a tag, `gain`: the mean of its open items, with its 95 % interval over resamples
    of the seed; `lift`: that minus the mean of all open items; `slope`: what the
    performance prediction model says, in nats of log-likelihood for all items of the
    pool; `examples` and `least`: its items with the highest and the lowest gains.
    """
    n_open = len(decided.open)
    if not n_open:
        return {"tags": [], "examples": {"human": [], "ai": []}}
    every = _means(decided, np.ones(n_open, dtype=bool))
    tags = decided.scores.learned.tags
    has_open = tags.has[decided.open]
    found = [
        _tag(decided, place, name, has_open[:, place], every)
        for place, name in enumerate(tags.names)
        if has_open[:, place].sum() >= LEAST_CELL
    ]
    return {
        "tags": sorted(found, key=lambda one: (-one["gain"], one["name"])),
        "examples": _telling(decided),
    }


def _tag(
    decided: "Decided", place: int, name: str, has: Bools, every: Floats
) -> Figures:
    tags, performance = decided.scores.learned.tags, decided.scores.performance
    taught = decided.rows[tags.has[decided.rows, place]]
    means = _means(decided, has)
    gain, lift = _estimate(means), _estimate(means - every)
    rows = np.flatnonzero(has)
    one: Figures = {
        "name": name,
        "n_open": len(rows),
        "gain": gain["mean"],
        "gain_low": gain["low"],
        "gain_high": gain["high"],
        "lift": lift,
        "n_seed": len(taught),
        "wrong": _wrong(decided, taught),
        "slope": None,
        "examples": _numbers(decided, rows, -1.0),
        "least": _numbers(decided, rows, 1.0),
    }
    if performance is not None:
        model = performance.model
        values = (model.slopes[place], model.low[place], model.high[place])
        one["slope"] = plain(Estimate(*(float(v) for v in values)))
    return one


def _means(decided: "Decided", has: Bools) -> Floats:
    """Return the mean gain of open items: as learned, then by each resample."""
    rows = decided.open[has]
    scores = decided.scores
    resampled = scores.resampled[:, rows].mean(axis=1, dtype=np.float64)
    return np.concatenate([[scores.gain[rows].mean()], resampled])


def _estimate(means: Floats) -> Figures:
    """Return the first as the estimate, and of all the interval that holds it."""
    low, high = np.quantile(means[1:], [0.025, 0.975])
    mean = float(means[0])
    return plain(Estimate(mean, min(float(low), mean), max(float(high), mean)))


def _wrong(decided: "Decided", taught: Ints) -> Figures | None:
    if len(taught) < LEAST_CELL:
        return None
    return plain_share(int(decided.known.wrong[taught].sum()), len(taught))


def _numbers(decided: "Decided", rows: Ints, sign: float) -> list[int]:
    """Return the numbers of the open items with the lowest gains, by that sign."""
    gain = decided.scores.gain[decided.open][rows]
    best = rows[np.argsort(sign * gain, kind="stable")[:N_SHOWN]]
    return [int(n) for n in decided.live.numbers[decided.open[best]]]


def _telling(decided: "Decided") -> Figures:
    """Return who shows the decisions best: chosen with most, left with least gain."""
    spent = decided.spent
    chosen = np.flatnonzero(spent.human & ~spent.is_reserve)
    left = np.flatnonzero(~spent.human)
    return {
        "human": _numbers(decided, chosen, -1.0),
        "ai": _numbers(decided, left, 1.0),
    }
