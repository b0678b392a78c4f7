"""PURE: two judges of the same items, held against people and against each other."""

from dataclasses import dataclass

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.comparing import (
    N_RESAMPLES,
    agreement_interval,
    kappa_interval,
)
from models_service.resampling import difference, ratio, resample


@dataclass(frozen=True)
class Versus:
    """Two judges on the `n_items` on which both have a verdict.

    `alike`, `kappa`: how far they agree with each other. On the `n_labelled` of these
    with a majority of people: how often each says what most people say, and `gain`,
    the first less the second, paired by item.
    """

    n_items: int
    n_labelled: int
    alike: Interval
    kappa: Interval
    first: Interval
    second: Interval
    gain: Interval


def versus(
    first: Floats,
    second: Floats,
    majority: Floats,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> Versus:
    """Hold two judges against each other.

    Parameters
    ----------
    first, second, majority : float, shape [n_items]
        The choice of each judge and of most people: 1, 0, -1, or NaN where none.
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    labelled = both & ~np.isnan(majority)
    truth = majority[labelled]
    hits = [(said[labelled] == truth).astype(float) for said in (first, second)]
    ones = np.ones_like(truth)
    rest = (rng, n_resamples)
    return Versus(
        n_items=int(both.sum()),
        n_labelled=int(labelled.sum()),
        alike=agreement_interval(first, second, both, *rest),
        kappa=kappa_interval(first, second, *rest),
        first=resample(np.stack([hits[0], ones], axis=1), ratio, *rest),
        second=resample(np.stack([hits[1], ones], axis=1), ratio, *rest),
        gain=resample(np.stack([*hits, ones], axis=1), difference, *rest),
    )
