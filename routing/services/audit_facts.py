"""Step route: what a fit leaves of its audit: items that nothing was learned from.

The audit stands for the items that the seed was drawn from; what people had labelled
before is known and needs no estimate. An item of the audit has been asked about by
design, so what routing would have done with it is followed from run to run: where it
would have stood in each order, and how far down that order people have come.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from annotation.models import Route
from routing.curve import LEAST_CELL
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.pairs import Floats, Ints
from routing.population import Population
from routing.services.plain import DIGITS, Figures
from routing.spending_plan import chance_at, places_of

if TYPE_CHECKING:
    from routing.services.fit import Decided


def previous_fit(policy: RoutingPolicy) -> RoutingRun | None:
    """Return the newest run of a policy that was learned from labels; one query."""
    runs = RoutingRun.objects.filter(
        policy=policy, kind=RoutingRun.Kind.FIT, planned_at__isnull=False
    )
    return runs.order_by("-job_id").first()


def audit_facts(policy: RoutingPolicy, decided: "Decided") -> Figures:
    """Return what a fit leaves of its audit, and its places for the next run.

    Nothing of what people said of its items is in it: that is read anew, see
    services.audits, so that nothing of who withdraws stays.
    """
    live = decided.live
    rows = np.flatnonzero(live.is_audit)
    places = _places(policy, decided, rows)
    chances = _chances(decided, places)
    return {
        "n_audit": int((live.is_audit & live.is_labelled).sum()),
        "audit_places": _plain(live.numbers[rows], places),
        "audit_facts": {
            "numbers": live.numbers[rows].tolist(),
            "chances": [round(one, DIGITS) for one in chances],
            "propensities": np.round(live.propensity[rows], DIGITS).tolist(),
            "tags": _tags(decided, rows),
            "population": asdict(population_of(policy, decided)),
        },
    }


def _tags(decided: "Decided", rows: Ints) -> dict[str, list[int]]:
    """Return the numbers of the items of each tag that enough of them have."""
    tags = decided.scores.learned.tags
    numbers, has = decided.live.numbers[rows], tags.has[rows]
    return {
        name: numbers[has[:, place]].tolist()
        for place, name in enumerate(tags.names)
        if has[:, place].sum() >= LEAST_CELL
    }


def population_of(policy: RoutingPolicy, decided: "Decided") -> Population:
    """Return what the audit stands for; one query."""
    live = decided.live
    seed = (
        RoutingRun.objects.filter(policy=policy, kind=RoutingRun.Kind.SEED)
        .exclude(planned_at=None)
        .latest("job_id")
        .figures
    )
    is_before = live.is_before & (live.numbers <= seed["last_number"])
    is_known = is_before & (not seed["is_even"])
    n_seed = int((live.is_seed & live.is_labelled).sum())
    n_drawn_from = int(seed.get("n_drawn_from", seed["n_pool"]))
    n_before = int(is_before.sum())
    if seed["is_even"]:
        # What somebody had in hand as the seed was drawn is none of its population.
        n_left = seed.get("n_labelled", n_drawn_from) - seed.get("n_before", 0)
        n_before = min(n_before, n_left, n_drawn_from - n_seed)
    return Population(
        n_drawn_from,
        int(is_known.sum()),
        int(decided.known.wrong[is_known].sum()),
        n_seed + n_before,
        int((live.numbers > seed["last_number"]).sum()),
    )


@dataclass(frozen=True)
class _Places:
    """Where items would stand in the order of this run, and what was bought before.

    `before`: the chance that they would have come to people by an earlier run.
    """

    first: Floats
    last: Floats
    before: Floats


def _places(policy: RoutingPolicy, decided: "Decided", rows: Ints) -> _Places:
    """Return the places in this run; what the stop rule leaves out comes after all."""
    can_be_chosen = ~decided.spent.is_reserve & decided.may_choose[decided.open]
    worth = decided.scores.score[decided.open] / decided.cost
    of_audit = decided.scores.score[rows] / decided.cost_of(rows)
    of_audit[~decided.may_choose[rows]] = -np.inf
    first, last = places_of(of_audit, worth[can_be_chosen])
    return _Places(first, last, _before(policy, decided.live.numbers[rows]))


def _before(policy: RoutingPolicy, numbers: Ints) -> Floats:
    """Return the chance that people would have had these items by an earlier run.

    The order of a run was followed as far as people took its items; two queries.
    """
    run = previous_fit(policy)
    known = run.figures.get("audit_places", []) if run else []
    if run is None or not known:
        return np.zeros(len(numbers))
    n_taken = Decision.objects.filter(
        run=run, part=Route.Part.CHOSEN, item__frontier__n_taken__gt=0
    ).count()
    table = np.array(known, dtype=np.float64)
    chance = _either(table[:, 3], chance_at(table[:, 1], table[:, 2], n_taken))
    by_number = dict(zip(table[:, 0].astype(int).tolist(), chance, strict=True))
    return np.array([by_number.get(number, 0.0) for number in numbers.tolist()])


def _chances(decided: "Decided", places: _Places) -> list[float]:
    """Return the chance that items come to people: earlier, now, or by lot."""
    spent = decided.spent
    now = chance_at(places.first, places.last, spent.n_chosen)
    by_lot = np.full(len(now), spent.reserve.propensity if spent.reserve else 0.0)
    found: list[float] = _either(_either(places.before, now), by_lot).tolist()
    return found


def _either(one: Floats, other: Floats) -> Floats:
    return np.asarray(1.0 - (1.0 - one) * (1.0 - other))


def _plain(numbers: Ints, places: _Places) -> list[list[float]]:
    """Return the places as JSON: number, first, last, chance before, an item each."""
    before = np.round(places.before, DIGITS)
    columns = (numbers, places.first, places.last, before)
    return [list(row) for row in zip(*(c.tolist() for c in columns), strict=True)]
