"""PURE: what people's label of an item costs: by its answers, length and expertise.

Amounts are US dollars in whole millionths, rounded up, as those of the ledger.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from annotation.money import SMALLEST
from annotation.words import gettext as _

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# A word with the space after it; in characters every script has a length.
CHARS_PER_WORD = 6
# What the database keeps of one item.
DEAREST = Decimal("999999.999999")
LOWEST_FACTOR, HIGHEST_FACTOR = 0.1, 100.0
MOST_SURCHARGES = 20
MOST_CHARS = 200
# The sign before the factor is a letter, a cross, a star or a colon.
_LINE = re.compile(r"\s*([^=\s][^=]*?)\s*=\s*(.+?)\s*[x\u00d7*:]\s*(\S+)\s*")


class SurchargeError(ValueError):
    """A surcharge cannot be read; the message says how one is written."""


@dataclass(frozen=True)
class Tariff:
    """How a policy prices the labels of people.

    `label_usd`: of an item of mean length that wants `overlap` answers and has no
    surcharge. `length_share`, in [0, 1]: the share of it that grows with the words.
    `least_usd`: what one answer costs in the ledger, below which no price falls.
    """

    label_usd: Decimal
    overlap: int
    length_share: float = 0.0
    least_usd: Decimal = Decimal(0)


def prices_of(
    tariff: Tariff, n_wanted: Ints, words: Floats, factors: Floats
) -> list[Decimal]:
    """Return the price of each item of a pool.

    Parameters
    ----------
    n_wanted : int64 [n]
        Answers that each wants.
    words : float64 [n]
        What is read, prompt and completions; NaN where nobody measured it, which
        counts as the mean of the others.
    factors : float64 [n]
        The product of the surcharges of each.
    """
    relative = factors * (
        1.0 - tariff.length_share + tariff.length_share * relative_length(words)
    )
    known: dict[tuple[int, float], Decimal] = {}
    found = []
    for key in zip(n_wanted.tolist(), relative.tolist(), strict=True):
        if key not in known:
            known[key] = _price(tariff, *key)
        found.append(known[key])
    return found


def relative_length(words: Floats) -> Floats:
    """Return each length as a share of the mean; a text has one word at least."""
    least = np.where(np.isfinite(words), np.maximum(words, 1.0), np.nan)
    if not np.isfinite(least).any():
        return np.ones(len(words))
    mean = float(np.nanmean(least))
    return np.asarray(np.where(np.isfinite(least), least, mean) / mean)


def _price(tariff: Tariff, n_wanted: int, relative: float) -> Decimal:
    usual = tariff.label_usd * n_wanted / tariff.overlap
    price = max(usual * Decimal(repr(relative)), tariff.least_usd * n_wanted)
    return min(price, DEAREST).quantize(SMALLEST, ROUND_UP)


# --- surcharges ---------------------------------------------------------------------


def read_surcharges(raw: object) -> dict[str, float]:
    """Read surcharges: an object of numbers, or text with one a line.

    A line is such as “category=medicine x 2”. Raises SurchargeError.
    """
    if isinstance(raw, Mapping):
        pairs = [(str(name), str(factor)) for name, factor in raw.items()]
    elif isinstance(raw, str):
        pairs = [_line(line) for line in raw.splitlines() if line.strip()]
    else:
        pairs = [("", "")]
    found = {}
    for name, factor in pairs:
        field, value = parts_of(name)
        key = f"{field}={value}"
        if key in found:
            text = _("The surcharge for {name} stands twice. Leave one of them out.")
            raise SurchargeError(text.format(name=key))
        found[key] = _factor(key, factor)
    if len(found) > MOST_SURCHARGES:
        text = _("There can be {n} surcharges at most.")
        raise SurchargeError(text.format(n=MOST_SURCHARGES))
    return found


def parts_of(name: str) -> tuple[str, str]:
    """Return the field and the value that a surcharge names; raises SurchargeError."""
    field, _equals, value = name.partition("=")
    field, value = field.strip(), value.strip()
    if not field or not value or len(name) > MOST_CHARS or "\0" in name:
        raise _unreadable(name)
    return field, value


def _line(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise _unreadable(line)
    return f"{found[1]}={found[2]}", found[3]


def _unreadable(text: str) -> SurchargeError:
    said = _(
        "“{text}” is no surcharge. Write a field, a value and a factor, such as "
        "category=medicine x 2."
    )
    return SurchargeError(said.format(text=text.strip()[:40]))


def _factor(name: str, raw: str) -> float:
    try:
        factor = float(raw)
    except ValueError:
        factor = float("nan")
    if not LOWEST_FACTOR <= factor <= HIGHEST_FACTOR:
        text = _(
            "The factor of {name} is a number from {low} to {high}; “{factor}” is none."
        )
        raise SurchargeError(
            text.format(
                name=name,
                low=LOWEST_FACTOR,
                high=f"{HIGHEST_FACTOR:.0f}",
                factor=raw[:20],
            )
        )
    return factor


def written_surcharges(surcharges: Mapping[str, float]) -> str:
    """Return surcharges as `read_surcharges` reads them, one a line."""
    lines = (f"{name} x {factor:g}" for name, factor in sorted(surcharges.items()))
    return "\n".join(lines)
