"""PURE: the order in which a budget is spent: by score for its cost, and by lot."""

from dataclasses import dataclass

import numpy as np

from routing.pairs import Bools, Floats, Ints
from routing.selection import select


@dataclass(frozen=True)
class Spent:
    """Who is asked about each open item.

    Attributes
    ----------
    human, is_reserve : bool [n]
        Asked at all; asked because its lot was drawn.
    propensity : float64 [n]
        The chance with which it comes to people: 1 for what was chosen by score, the
        share of the lots drawn for everything else.
    order : int64 [n_human]
        Those who are asked in the order in which the budget is spent: by falling score,
        the reserve at random places between them.
    cutoff : float
        The least score for its cost that was chosen; infinite where none was.
    """

    human: Bools
    is_reserve: Bools
    propensity: Floats
    order: Ints
    cutoff: float


@dataclass(frozen=True)
class Room:
    """What may be spent. `reserve_share` of `budget` goes to items by lot.

    `n_before`: items whose lot was drawn, and people have them, by earlier runs.
    """

    budget: float
    reserve_share: float
    n_before: int = 0


def spend(
    score: Floats,
    cost: Floats,
    may_choose: Bools,
    lots: Floats,
    room: Room,
    rng: np.random.Generator,
) -> Spent:
    """Spend a budget on open items, never more than it.

    Parameters
    ----------
    may_choose : bool [n]
        Whether the gain is worth a label; the others come to people by lot alone.
    lots : float64 [n]
        Uniform in [0, 1) and kept over runs, so that the share of all lots that were
        drawn is the chance of each.
    """
    if not len(score):
        none = np.zeros(0, dtype=bool)
        nothing = np.zeros(0, dtype=np.int64)
        return Spent(none, none, np.zeros(0), nothing, np.inf)
    ready = np.flatnonzero(may_choose)
    by_score = np.zeros(len(score), dtype=bool)
    bought = select(
        score[ready], cost[ready], room.budget * (1 - room.reserve_share), rng
    )
    by_score[ready[bought.human]] = True
    rest = np.flatnonzero(~by_score)
    left = room.budget - float(cost[by_score].sum())
    n_drawn = _n_lots(left, cost[rest], room.reserve_share)
    is_reserve = np.zeros(len(score), dtype=bool)
    is_reserve[rest[np.argsort(lots[rest], kind="stable")[:n_drawn]]] = True
    propensity = np.ones(len(score))
    n_all = room.n_before + len(rest)
    propensity[rest] = (room.n_before + n_drawn) / n_all if n_all else 0.0
    if not room.reserve_share:
        propensity[rest] = 0.0
    human = by_score | is_reserve
    worth = score / cost
    cutoff = float(worth[by_score].min()) if by_score.any() else np.inf
    order = _order(worth, by_score, is_reserve, lots)
    return Spent(human, is_reserve, propensity, order, cutoff)


def _n_lots(left: float, cost: Floats, share: float) -> int:
    """Return how many lots can be drawn, as the dearest would allow."""
    if not share or not len(cost):
        return 0
    return min(int(left / cost.max() + 1e-9), len(cost))


def _order(worth: Floats, chosen: Bools, reserve: Bools, lots: Floats) -> Ints:
    """Return those who are asked; the reserve is spread over the order of the rest."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((lots[rows], -worth[rows]))]
    places = (np.arange(len(rows)) + 0.5) / max(len(rows), 1)
    drawn = np.flatnonzero(reserve)
    ranks = np.argsort(np.argsort(lots[drawn] * 7919 % 1.0, kind="stable"))
    spread = (ranks + 0.25) / max(len(drawn), 1)
    every = np.concatenate([rows, drawn])
    return np.asarray(
        every[np.argsort(np.concatenate([places, spread]), kind="stable")]
    )


def chance_of(score: Floats, cost: Floats, spent: Spent) -> Floats:
    """Return the chance in [0, 1] that items like these would be asked about.

    1 above the cutoff of what was chosen, the share of lots below it.
    """
    worth = score / cost
    by_lot = float(spent.propensity[~spent.human].max(initial=0.0))
    if spent.is_reserve.any():
        by_lot = float(spent.propensity[spent.is_reserve].max())
    return np.where(worth >= spent.cutoff - 1e-12, 1.0, by_lot)
