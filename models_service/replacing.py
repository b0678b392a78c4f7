"""PURE: what a project gains or loses if a model answers in place of one person."""

from dataclasses import dataclass

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.comparing import N_RESAMPLES
from models_service.resampling import difference, ratio, resample


@dataclass(frozen=True)
class Replacement:
    """What a project would gain or lose if a model answered for one person.

    Over the pairs of this person's answers with those of others to the same items: how
    often the others say what the person says, what the model says, and the difference,
    paired by item; above 0 = the others agree more with the model.
    """

    index: int
    n_items: int
    n_pairs: int
    with_person: Interval
    with_model: Interval
    gain: Interval


def replace_person(
    people: Floats,
    judge: Floats,
    index: int,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> Replacement:
    """Return how the others agree with one person, and with a model in their place."""
    own = people[index]
    shared = ~np.isnan(own) & ~np.isnan(judge)
    others = np.delete(people, index, axis=0)[:, shared]
    totals = (~np.isnan(others)).sum(axis=0).astype(float)
    person = (others == own[shared]).sum(axis=0).astype(float)
    model = (others == judge[shared]).sum(axis=0).astype(float)
    rest = (rng, n_resamples)
    return Replacement(
        index=index,
        n_items=int((totals > 0).sum()),
        n_pairs=int(totals.sum()),
        with_person=resample(np.stack([person, totals], axis=1), ratio, *rest),
        with_model=resample(np.stack([model, totals], axis=1), ratio, *rest),
        gain=resample(np.stack([model, person, totals], axis=1), difference, *rest),
    )
