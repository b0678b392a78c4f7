"""A size of budget, as it is asked for: in items, in money, or as a share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

import numpy as np

from annotation.money import SMALLEST, shown
from annotation.questions import Problem
from annotation.words import gettext as _

ZERO = Decimal(0)
CENT = Decimal("0.01")
N_STEPS = 100
LONGEST = 40


@dataclass(frozen=True)
class Pool:
    """Items that are not decided on yet, and what people's label of one costs.

    `label_usd`: the mean of all of them; 0 where labels have no price. `costs`: what so
    many of them cost together, US dollars, in the order in which they are chosen; empty
    where all cost the same.
    """

    n_items: int
    label_usd: Decimal
    costs: tuple[tuple[int, float], ...] = ()

    @property
    def is_priced(self) -> bool:
        """Tell whether a budget is asked for in money."""
        return self.label_usd > 0

    @property
    def step(self) -> int:
        """Return by how many items a slider moves."""
        return max(1, round(self.n_items / N_STEPS))

    @property
    def whole_usd(self) -> Decimal:
        """Return what people's labels of all items cost."""
        return self.usd_of(self.n_items)

    def usd_of(self, n_items: int) -> Decimal:
        """Return what people's labels of so many items cost."""
        if not self.costs:
            return self.label_usd * n_items
        counts, usd = zip(*self.costs, strict=True)
        found = Decimal(repr(float(np.interp(n_items, counts, usd))))
        return found.quantize(SMALLEST)

    def usd_by_lot(self, n_items: int) -> Decimal:
        """Return what labels of so many items drawn by lot cost."""
        return self.label_usd * n_items

    def items_for(self, usd: Decimal) -> int:
        """Return how many labels an amount pays for, never more than there are."""
        if not self.is_priced:
            return 0
        if self.costs:
            counts, told = zip(*self.costs, strict=True)
            paid = Decimal(repr(float(np.interp(float(usd), told, counts))))
        else:
            paid = usd / self.label_usd
        whole = (paid + Decimal("0.001")).to_integral_value(ROUND_FLOOR)
        return int(min(max(whole, ZERO), Decimal(self.n_items)))

    def size(self, n_items: int) -> "Size":
        """Return a size of budget, within the pool."""
        return Size(self, min(max(n_items, 0), self.n_items))


@dataclass(frozen=True)
class Size:
    """So many items go to people, and the others take the AI's label."""

    pool: Pool
    n_items: int

    @property
    def share(self) -> float:
        """Return the share of the pool, in [0, 1]."""
        return self.n_items / self.pool.n_items if self.pool.n_items else 0.0

    @property
    def percent(self) -> str:
        """Return the share as it is shown."""
        return f"{100 * self.share:.3g}%"

    @property
    def n_ai(self) -> int:
        """Return how many items take the AI's label."""
        return self.pool.n_items - self.n_items

    @property
    def usd(self) -> str:
        """Return the cost as it is shown; empty where labels have no price."""
        if not self.pool.is_priced:
            return ""
        return shown(self.pool.usd_of(self.n_items).quantize(CENT, ROUND_HALF_UP))

    @property
    def field(self) -> str:
        """Return the size as its field has it: an amount, or a number of items."""
        if not self.pool.is_priced:
            return str(self.n_items)
        return f"{self.pool.usd_of(self.n_items):.6f}".rstrip("0").rstrip(".") or "0"

    @property
    def is_whole(self) -> bool:
        """Tell whether all items go the same way, so that nothing is chosen."""
        return self.n_items in (0, self.pool.n_items)


def pool_of(figures: Mapping[str, Any]) -> Pool:
    """Return the items that a policy has routed: open ones, and those people have."""
    n_bought = int(figures.get("n_bought", 0))
    n_items = int(figures["n_open"]) + n_bought
    usual = Decimal(str(figures.get("label_usd") or 0))
    told = figures.get("prices") or {}
    costs = tuple(zip(told.get("n_items", ()), told.get("usd", ()), strict=True))
    if not usual or not costs or not costs[-1][0]:
        return Pool(n_items, usual)
    mean = (Decimal(repr(costs[-1][1])) / costs[-1][0]).quantize(SMALLEST)
    # What people have already came at other prices: then the mean is all that is known.
    rises = all(a[0] < b[0] for a, b in pairwise(costs))
    return Pool(n_items, mean, () if n_bought or not rises else costs)


def paid_size(figures: Mapping[str, Any]) -> int:
    """Return how many of them people have or get under the policy's budget."""
    return int(figures["n_human"]) + int(figures.get("n_bought", 0))


def asked_size(pool: Pool, asked: Mapping[str, str], usual: int) -> Size:
    """Return the size that an address asks for; `usual` where it asks for none.

    `usd`: an amount; `items`: a number; `at`: a share from 0 to 1.
    """
    usd, items, at = (_number(asked.get(name)) for name in ("usd", "items", "at"))
    if usd is not None and pool.is_priced:
        return pool.size(pool.items_for(usd))
    if items is not None:
        return pool.size(int(min(items, Decimal(pool.n_items))))
    if at is not None and at <= 1:
        return pool.size(math.floor(float(at) * pool.n_items + 0.5))
    return pool.size(usual)


def size_problems(pool: Pool, asked: Mapping[str, str]) -> list[Problem]:
    """Return what is wrong with the size that an address asks for; [] = nothing.

    A page shows the usual size instead; over REST that would answer another question.
    """
    given = {name: asked[name] for name in ("usd", "items", "at") if asked.get(name)}
    found = {name: _number(text) for name, text in given.items()}
    problems = [
        Problem(name, _("“{text}” is no number from 0.").format(text=text[:LONGEST]))
        for name, text in given.items()
        if found[name] is None
    ]
    items, share = found.get("items"), found.get("at")
    if items is not None and items % 1:
        problems.append(Problem("items", _("Write a whole number of items.")))
    if share is not None and share > 1:
        problems.append(Problem("at", _("Write a share from 0 to 1.")))
    if found.get("usd") is not None and not pool.is_priced:
        text = _("Labels have no price here. Ask with items= or at= instead.")
        problems.append(Problem("usd", text))
    return problems


def _number(text: str | None) -> Decimal | None:
    """Return a number from 0 as people write it; None where it is none."""
    bare = (text or "").replace("$", "").replace(",", "").strip()
    try:
        found = Decimal(bare) if len(bare) <= LONGEST else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and found >= 0 else None
