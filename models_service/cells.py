"""PURE: a judge on the items of each tag, and against the people of each stratum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.comparing import (
    N_RESAMPLES,
    agreement_interval,
    counts_of,
    kappa_interval,
    lines,
    majority_of,
)

# A tag with fewer judged items, or a stratum with fewer people, is not shown.
MIN_TAG_ITEMS = 20
MIN_STRATUM_PEOPLE = 5


@dataclass(frozen=True)
class Cell:
    """A judge on the items of one tag, or against the people of one stratum."""

    name: str
    n_items: int
    n_people: int
    majority: Interval
    kappa: Interval
    person: Interval


@dataclass(frozen=True)
class Cells:
    """The cells large enough to show; of the others, only how many they are."""

    shown: tuple[Cell, ...]
    n_suppressed: int


def cell_of(
    name: str,
    people: Floats,
    judge: Floats,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
    n_people: int | None = None,
) -> Cell:
    """Return one cell; `n_people` where the rows of `people` are no particular ones."""
    majority = majority_of(counts_of(people))
    both = ~np.isnan(majority) & ~np.isnan(judge)
    return Cell(
        name=name,
        n_items=int(both.sum()),
        n_people=(
            int((~np.isnan(people)).any(axis=1).sum()) if n_people is None else n_people
        ),
        majority=agreement_interval(majority, judge, both, rng, n_resamples),
        kappa=kappa_interval(majority, judge, rng, n_resamples),
        person=lines(people, judge, rng, n_resamples=n_resamples).person,
    )


def per_tag(
    people: Floats,
    judge: Floats,
    tags: Sequence[Sequence[str]],
    rng: np.random.Generator,
    min_items: int = MIN_TAG_ITEMS,
    n_resamples: int = N_RESAMPLES,
) -> Cells:
    """Return the judge on the items of each tag, the tags by name.

    Parameters
    ----------
    tags : sequence, length n_items
        The tags of each item; an item may have several, or none.
    """
    members: dict[str, list[int]] = {}
    for index, names in enumerate(tags):
        for name in dict.fromkeys(names):
            members.setdefault(name, []).append(index)
    cells = [
        cell_of(name, people[:, at], judge[at], rng, n_resamples)
        for name, at in sorted(members.items())
    ]
    shown = tuple(cell for cell in cells if cell.n_items >= min_items)
    return Cells(shown, len(cells) - len(shown))


def per_stratum(
    people: Floats,
    judge: Floats,
    strata: Sequence[str],
    rng: np.random.Generator,
    min_people: int = MIN_STRATUM_PEOPLE,
    min_items: int = MIN_TAG_ITEMS,
    n_resamples: int = N_RESAMPLES,
) -> Cells:
    """Return the judge against the people of each stratum, the strata by name.

    A stratum of few people is not shown, so that nobody in it can be told.

    Parameters
    ----------
    strata : sequence of str, length n_people
        The stratum of each person; "" = not known, which is no stratum.
    """
    members: Mapping[str, list[int]] = {
        name: [at for at, stratum in enumerate(strata) if stratum == name]
        for name in sorted(set(strata) - {""})
    }
    cells = [
        cell_of(name, people[at], judge, rng, n_resamples)
        for name, at in members.items()
    ]
    shown = tuple(
        cell
        for cell in cells
        if cell.n_people >= min_people and cell.n_items >= min_items
    )
    return Cells(shown, len(cells) - len(shown))
