"""PURE: what labels cost by how many of the open items people label.

Chosen by gain for price the cheap come early, so the sum is no straight line; by lot it
is one. A fit keeps it in its figures, and what shows budgets reads it from there.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from annotation.money import ZERO
from routing.pairs import Floats

CENTS = Decimal("0.01")


def price_curve(
    score: Floats, cost: Floats, prices: Sequence[Decimal], shares: Sequence[float]
) -> dict[str, Any]:
    """Return what the best items for their cost cost together, at each share of them.

    Parameters
    ----------
    score, cost : float64 [n]
        Of the open items; the greatest `score / cost` comes first.
    prices : Sequence[Decimal]
        US dollars, of the same items.
    """
    order = np.argsort(-(score / cost), kind="stable")
    usd = np.array([float(price) for price in prices])
    sums = np.concatenate([[0.0], np.cumsum(usd[order])])
    at = [round(share * len(usd)) for share in shares]
    return {"n_items": at, "usd": [round(float(sums[n]), 6) for n in at]}


def has_price(figures: Mapping[str, Any]) -> bool:
    """Tell whether labels have a price."""
    return Decimal(str(figures.get("label_usd") or 0)) > 0


def usd_of(
    figures: Mapping[str, Any], n_items: int, *, is_by_lot: bool = False
) -> Decimal:
    """Return what people's labels of so many open items cost, in whole cents.

    `is_by_lot`: where they are drawn at random. 0 where labels have no price.
    """
    told = figures.get("prices")
    if not told or not told["n_items"] or not told["n_items"][-1]:
        return Decimal(str(figures.get("label_usd") or 0)) * n_items
    all_items, all_usd = told["n_items"][-1], told["usd"][-1]
    if is_by_lot:
        found = all_usd * n_items / all_items
    else:
        found = float(np.interp(n_items, told["n_items"], told["usd"]))
    return Decimal(repr(found)).quantize(CENTS) if found else ZERO
