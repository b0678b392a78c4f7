"""PURE: spending a budget: the most gain for its cost, and a random reserve."""

from dataclasses import dataclass

import numpy as np

from annotation.words import gettext as _
from routing.pairs import Bools, Floats, Ints


@dataclass(frozen=True)
class Chosen:
    """Who is asked about each item.

    Attributes
    ----------
    human : bool [n]
        True: people; False: the AI's label is taken.
    is_reserve : bool [n]
        Chosen by lot, so that what they show holds for all items not chosen by gain.
    propensity : float64 [n]
        The chance with which the item came to people, in [0, 1]: 1 for what was chosen
        by gain, the share of the lot for all others, drawn or not.
    """

    human: Bools
    is_reserve: Bools
    propensity: Floats


def order_by_gain(gain: Floats, cost: Floats, rng: np.random.Generator) -> Ints:
    """Return the items by falling gain for their cost; ties in an order by lot.

    Raises
    ------
    ValueError
        If a cost is not above 0, or a gain is not a number.
    """
    if not (np.isfinite(cost) & (cost > 0)).all():
        raise ValueError(_("The cost of an item must be above 0."))
    if not np.isfinite(gain).all():
        raise ValueError(_("The gain of an item must be a number."))
    return np.asarray(np.lexsort((rng.random(len(gain)), -gain / cost)))


def select(
    gain: Floats,
    cost: Floats,
    budget: float,
    rng: np.random.Generator,
    *,
    reserve: float = 0.0,
) -> Chosen:
    """Spend a budget by gain for cost, a share of it by lot; never more than it.

    For equal costs the choice by gain has the greatest total gain there is. An item
    that is too dear for what is left is passed over for the next.

    Parameters
    ----------
    budget : float
        In the unit of `cost`.
    reserve : float
        The share of the budget that goes to items by lot, in [0, 1). By lot an item is
        drawn whatever its cost, and as many are drawn as the dearest would allow.
    """
    if not 0 <= reserve < 1:
        raise ValueError(_("The reserve is a share of the budget, in [0, 1)."))
    n = len(gain)
    human = _take(order_by_gain(gain, cost, rng), cost, budget * (1 - reserve), n)
    rest = np.flatnonzero(~human)
    propensity = np.ones(n)
    is_reserve = np.zeros(n, dtype=bool)
    left = budget - float(cost[human].sum())
    n_drawn = 0
    if reserve and rest.size:
        n_drawn = min(int(left / cost[rest].max() + 1e-9), rest.size)
        is_reserve[rng.permutation(rest)[:n_drawn]] = True
    propensity[rest] = n_drawn / rest.size if rest.size else 0.0
    return Chosen(human | is_reserve, is_reserve, propensity)


def _take(order: Ints, cost: Floats, budget: float, n: int) -> Bools:
    """Take items in their order while they can be paid."""
    human = np.zeros(n, dtype=bool)
    spent = np.cumsum(cost[order])
    n_first = int(np.searchsorted(spent, budget + 1e-9, side="right"))
    human[order[:n_first]] = True
    left = budget - (spent[n_first - 1] if n_first else 0.0)
    cheapest = cost.min(initial=np.inf)
    for item in order[n_first:]:
        if left < cheapest - 1e-9:
            break
        if cost[item] <= left + 1e-9:
            human[item] = True
            left -= cost[item]
    return human
