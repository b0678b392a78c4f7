"""PURE: what labels cost by how many of the open items people label.

Chosen by gain for price the cheap come early, so the sum is no straight line; by lot it
is one. A fit keeps it in its figures, and what shows budgets reads it from there.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from routing.pairs import Floats


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
