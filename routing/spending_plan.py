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
        1 for what was chosen by score; the chance of the lot for everything else.
    order : int64 [n_human]
        Those who are asked in the order in which the budget is spent: by falling score,
        the reserve at random places between them.
    reserve : Reserve or None
        The lots that were drawn, which later runs keep to; None without a reserve.
    """

    human: Bools
    is_reserve: Bools
    propensity: Floats
    order: Ints
    reserve: "Reserve | None"

    @property
    def n_chosen(self) -> int:
        """Return how many are asked for their score."""
        return int(self.human.sum() - self.is_reserve.sum())


@dataclass(frozen=True)
class Reserve:
    """The lots of a policy: whoever has one up to `threshold` comes to people.

    It is drawn once, before anything is chosen by score, and holds for items that come
    later. So what it drew is a random part of all items whatever is learned since: lots
    drawn from what a choice by score leaves would be fewer at every run where gains are
    high. `propensity`: the chance of each item to be drawn.
    """

    threshold: float
    propensity: float


@dataclass(frozen=True)
class Room:
    """What may be spent. `share` of `budget`, in [0, 1], goes to items by lot.

    `reserve`: the lots of the policy, where an earlier run has drawn them.
    """

    budget: float
    share: float
    reserve: Reserve | None = None


def spend(
    score: Floats,
    cost: Floats,
    may_choose: Bools,
    lots: Floats,
    room: Room,
    rng: np.random.Generator,
    may_draw: Bools | None = None,
) -> Spent:
    """Spend a budget on open items, never more than it: first by lot, then by score.

    Parameters
    ----------
    may_choose : bool [n]
        Whether the gain is worth a label; the others come to people by lot alone.
    lots : float64 [n]
        Uniform in [0, 1) and kept over runs.
    may_draw : bool [n]
        What can be drawn by lot, None = all. The next lots take the places of the
        others, which have no chance by lot: what is drawn stands for all but them.
    """
    if not len(score):
        none = np.zeros(0, dtype=bool)
        nothing = np.zeros(0, dtype=np.int64)
        return Spent(none, none, np.zeros(0), nothing, room.reserve)
    ready_for_lot = np.ones(len(score), dtype=bool) if may_draw is None else may_draw
    is_reserve = np.zeros(len(score), dtype=bool)
    drawn, reserve = _draw(cost[ready_for_lot], lots[ready_for_lot], room)
    is_reserve[ready_for_lot] = drawn
    ready = np.flatnonzero(may_choose & ~is_reserve & (room.share < 1))
    left = room.budget - float(cost[is_reserve].sum())
    by_score = np.zeros(len(score), dtype=bool)
    by_score[ready[select(score[ready], cost[ready], left, rng).human]] = True
    by_lot = _propensity(lots[ready_for_lot], drawn, reserve)
    propensity = np.full(len(score), by_lot)
    propensity[~ready_for_lot] = 0.0
    propensity[by_score] = 1.0
    order = _order(score / cost, by_score, is_reserve, lots)
    return Spent(by_score | is_reserve, is_reserve, propensity, order, reserve)


def _draw(cost: Floats, lots: Floats, room: Room) -> tuple[Bools, Reserve | None]:
    """Return whose lot is drawn, and the lots of the policy from now on.

    The first run draws as many as its share pays for at the mean cost, so that costs
    have no say in who is drawn; where all is by lot, until the next one is too dear.
    Later runs draw those below the threshold. Both draw fewer only where the budget
    ends.
    """
    is_drawn = np.zeros(len(lots), dtype=bool)
    if not len(lots):
        return is_drawn, room.reserve
    order = np.argsort(lots, kind="stable")
    n_paid = int(
        np.searchsorted(np.cumsum(cost[order]), room.budget + 1e-9, side="right")
    )
    if room.reserve is not None:
        n_below = int((lots <= room.reserve.threshold).sum())
        is_drawn[order[: min(n_below, n_paid)]] = True
        return is_drawn, room.reserve
    if not room.share:
        return is_drawn, None
    n_drawn = n_paid
    if room.share < 1:
        n_drawn = min(int(room.budget * room.share / cost.mean() + 1e-9), n_paid)
    is_drawn[order[:n_drawn]] = True
    ends = np.concatenate([[0.0], lots[order], [1.0]])
    threshold = float(ends[n_drawn : n_drawn + 2].mean()) if n_drawn else 0.0
    return is_drawn, Reserve(threshold, n_drawn / len(lots))


def _propensity(lots: Floats, drawn: Bools, reserve: Reserve | None) -> float:
    """Return the chance by lot in this run: less where the budget ends before it."""
    if reserve is None:
        return 0.0
    n_below = int((lots <= reserve.threshold).sum())
    return reserve.propensity * (int(drawn.sum()) / n_below if n_below else 1.0)


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


def places_of(worth: Floats, among: Floats) -> tuple[Floats, Floats]:
    """Return between which places items would stand in the order of others.

    Parameters
    ----------
    worth : float64 [n]
        Score for its cost, of items that are not among the others.
    among : float64 [m]
        The same of those that can be chosen.

    Returns
    -------
    first, last : float64 [n]
        How many of the others come before for certain, and how many where all ties do;
        of ties the order is drawn by lot.
    """
    ranked = np.sort(among)
    n = len(ranked)
    first = n - np.searchsorted(ranked, worth, side="right")
    last = n - np.searchsorted(ranked, worth, side="left")
    return first.astype(np.float64), last.astype(np.float64)


def chance_at(first: Floats, last: Floats, n_chosen: int) -> Floats:
    """Return the chance to be one of the first `n_chosen`, in [0, 1]: float64 [n]."""
    return np.asarray(
        np.clip((n_chosen - first) / np.maximum(last - first, 1.0), 0.0, 1.0)
    )
