"""PURE: all that is told of how far a machine annotator can be trusted.

Called by a worker with arrays of one machine's verdicts and of people's answers to the
same items; what comes out is plain data that JSON can hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from math import isfinite
from typing import Any

import numpy as np

from annotation.agreement import Interval
from annotation.agreement.coefficients import Floats
from models_service.answers_table import AnswersTable
from models_service.calibration import (
    Isotonic,
    Temperature,
    calibrate,
    fit_temperature,
)
from models_service.cells import (
    MIN_STRATUM_PEOPLE,
    MIN_TAG_ITEMS,
    cell_of,
    per_tag,
)
from models_service.comparing import (
    agreement_interval,
    compare,
    counts_of,
    kappa_interval,
    majority_of,
)
from models_service.length_bias import length_bias
from models_service.replacing import replace_person
from models_service.resampling import ratio, resample
from models_service.versus import versus
from models_service.weight import PositionBias

# The version of what `figures` returns; others are computed anew before they are shown.
FORMULA = 4
# The people with the most answers in common are told of; below the least, nobody is.
MOST_PEOPLE = 100
MIN_COMMON = 10
N_RESAMPLES = 1000


@dataclass(frozen=True)
class Evidence:
    """What a machine and people said of the same items.

    Attributes
    ----------
    labels : AnswersTable
        People's answers.
    judge : float, shape [n_items]
        1, 0, -1, or NaN where the machine has no verdict.
    logits : float, shape [n_items]
        Its evidence for completion 0 in nats; NaN where it tells none.
    is_flipped : bool, shape [n_items]
        Whether its two orders contradict each other.
    length_difference : float, shape [n_items]
        Characters of completion 0 less those of completion 1; NaN = not known.
    prompts : sequence of str, length n_items
        Items of one prompt stay together when a calibration is tried.
    tags, strata : mapping
        By what they tell (“category”, a question): the tags of each item, and the
        stratum of each person, "" = not known.
    others : mapping of str to float [n_items]
        The choices of other machines on these items.
    evidence : float, shape [n_items] or [0]
        As `logits`, from its votes where it tells none; by it a jury hears the machine.
    """

    labels: AnswersTable
    judge: Floats
    logits: Floats
    is_flipped: Sequence[bool]
    length_difference: Floats
    prompts: Sequence[str]
    tags: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    strata: Mapping[str, Sequence[str]] = field(default_factory=dict)
    others: Mapping[str, Floats] = field(default_factory=dict)
    evidence: Floats = field(default_factory=lambda: np.zeros(0))


def figures(
    found: Evidence,
    position: PositionBias,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> dict[str, Any]:
    """Return all figures as JSON can hold them; None in the place of NaN.

    `position` comes apart, since items that nobody has labelled tell it as well.
    """
    people = found.labels.packed()
    majority = majority_of(counts_of(people))
    more = {"n_resamples": n_resamples}
    compared = compare(people, found.judge, rng, found.length_difference, **more)
    told = asdict(compared)
    # The rows are no particular people; these are told of one by one below.
    del told["persons"]
    told |= _shares(found, majority, rng, n_resamples)
    told |= {
        "n_people": found.labels.n_people,
        "position": asdict(position),
        "length": asdict(
            length_bias(found.judge, majority, found.length_difference, rng)
        ),
        "calibration": _calibration(found, rng),
        "temperature": _temperature(found),
        "tags": [
            {"name": name, **asdict(per_tag(people, found.judge, tags, rng, **more))}
            for name, tags in found.tags.items()
        ],
        "strata": [
            {"name": name, **_strata(found, of_people, rng, n_resamples)}
            for name, of_people in found.strata.items()
        ],
        "people": _people(found, rng, n_resamples),
        "others": [
            {
                "machine": name,
                **asdict(versus(found.judge, said, majority, rng, **more)),
            }
            for name, said in found.others.items()
        ],
    }
    result: dict[str, Any] = plain(told)
    return result


def _beside(
    judge: Floats,
    other: Floats,
    majority: Floats,
    rng: np.random.Generator,
    **more: int,
) -> dict[str, Any]:
    return asdict(versus(judge, other, majority, rng, **more))


def _shares(
    found: Evidence, majority: Floats, rng: np.random.Generator, n_resamples: int
) -> dict[str, Any]:
    """Return the two shares by which published judges are often told.

    `of_all`: as most people say, where an item without a verdict counts as wrong.
    `one_order`: the mean over both orders; of a contradiction, one order is right
    where people name a side.
    """
    known = ~np.isnan(majority)
    hits = (found.judge == majority).astype(float)
    flipped = np.array(found.is_flipped, bool)
    halves = np.where(flipped & (majority != 0), 0.5, hits)
    both = known & ~np.isnan(found.judge)

    def share(points: Floats, counted: Any) -> Interval:
        some = points[counted]
        sums = np.stack([some, np.ones_like(some)], axis=1)
        return resample(sums, ratio, rng, n_resamples)

    return {
        "n_with_majority": int(known.sum()),
        "of_all": share(hits, known),
        "one_order": share(halves, both),
    }


def _strata(
    found: Evidence, strata: Sequence[str], rng: np.random.Generator, n_resamples: int
) -> dict[str, Any]:
    """Return the judge against the people of each stratum that is large enough."""
    names = sorted(set(strata) - {""})
    cells = []
    for name in names:
        members = np.array(
            [at for at, stratum in enumerate(strata) if stratum == name], np.int64
        )
        some = found.labels.of_people(members)
        if some.n_people < MIN_STRATUM_PEOPLE:
            continue
        cell = cell_of(
            name, some.packed(), found.judge, rng, n_resamples, n_people=some.n_people
        )
        if cell.n_items >= MIN_TAG_ITEMS:
            cells.append(asdict(cell))
    return {"shown": cells, "n_suppressed": len(names) - len(cells)}


def _people(
    found: Evidence, rng: np.random.Generator, n_resamples: int
) -> dict[str, Any]:
    """Return each person beside the judge, and what if the judge took their place."""
    judged = ~np.isnan(found.judge)
    counts = np.bincount(found.labels.people[judged[found.labels.items]])
    enough = np.flatnonzero(counts >= MIN_COMMON)
    order = sorted(enough.tolist(), key=lambda at: (-counts[at], at))[:MOST_PEOPLE]
    return {
        "shown": [_person(found, at, rng, n_resamples) for at in order],
        "n_suppressed": int((counts > 0).sum()) - len(order),
    }


def _person(
    found: Evidence, person: int, rng: np.random.Generator, n_resamples: int
) -> dict[str, Any]:
    row = found.labels.row_of(person)
    items = np.flatnonzero(~np.isnan(row) & ~np.isnan(found.judge))
    own, judge = row[items], found.judge[items]
    others = found.labels.at(items).without(person).packed()
    instead = replace_person(np.vstack([own, others]), judge, 0, rng, n_resamples)
    both = np.ones(items.size, bool)
    return {
        **asdict(instead),
        "index": person,
        "n_common": int(items.size),
        "agreement": agreement_interval(own, judge, both, rng, n_resamples),
        "kappa": kappa_interval(own, judge, rng, n_resamples),
    }


def _temperature(found: Evidence) -> dict[str, Any] | None:
    """Return the temperature of its evidence, votes included; None where it has none.

    A jury needs one of every member, also of those that tell no probabilities or are
    calibrated in another way.
    """
    counts = counts_of(found.labels.packed())
    n = counts.sum(axis=1)
    if not found.evidence.size:
        return None
    known = np.flatnonzero((n > 0) & np.isfinite(found.evidence))
    share = (counts[known, 0] + counts[known, 1] / 2) / n[known]
    return asdict(fit_temperature(found.evidence[known], share)) if known.size else None


def _calibration(found: Evidence, rng: np.random.Generator) -> dict[str, Any] | None:
    """Return how calibrated the machine is; None where it tells no evidence."""
    counts = counts_of(found.labels.packed())
    n = counts.sum(axis=1)
    known = np.flatnonzero((n > 0) & np.isfinite(found.logits))
    if not known.size:
        return None
    share = (counts[known, 0] + counts[known, 1] / 2) / n[known]
    groups = [found.prompts[at] for at in known.tolist()]
    result = calibrate(found.logits[known], share, groups, rng)
    told = asdict(result)
    told["calibrator"] = _stored(result.calibrator)
    told["is_silent"] = not bool(np.any(found.logits[known]))
    told["ece_by_bins"] = [list(one) for one in result.ece_by_bins]
    return told


def _stored(calibrator: Temperature | Isotonic) -> dict[str, Any]:
    if isinstance(calibrator, Temperature):
        return {"method": "temperature", **asdict(calibrator)}
    knots = np.array(calibrator.knots)
    values = np.array(calibrator.values)
    # Between two equal neighbours the map is level: the ends of a level are enough.
    inner = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    kept = np.concatenate([[True], inner, [True]]) if values.size > 2 else values >= 0
    return {
        "method": "isotonic",
        "knots": knots[kept].tolist(),
        "values": values[kept].tolist(),
        "n_items": calibrator.n_items,
    }


def calibrator_from(stored: Mapping[str, Any]) -> Temperature | Isotonic:
    """Return the calibrator that `figures` stored."""
    if stored["method"] == "temperature":
        return Temperature(stored["value"], stored["n_items"])
    return Isotonic(tuple(stored["knots"]), tuple(stored["values"]), stored["n_items"])


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what is not finite is None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value
