"""Step route: what the audit says: unbiased, from items that nothing was learned from.

The audit stands for the items that the seed was drawn from; what people had labelled
before is known and needs no estimate. An item of the audit has been asked about by
design, so what routing would have done with it is followed from run to run: where it
would have stood in each order, and how far down that order people have come.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from annotation.models import Route
from routing.curve import LEAST_CELL, LEAST_ERRORS, Estimate, share_of_all
from routing.models import Decision, RoutingPolicy, RoutingRun
from routing.pairs import Floats, Ints
from routing.services.plain import DIGITS, Figures, plain
from routing.spending_plan import chance_at, places_of

if TYPE_CHECKING:
    from routing.services.fit import Decided


@dataclass(frozen=True)
class Population:
    """The items that the audit stands for.

    `n_drawn_from`: those that the seed was drawn from; `n_known`: beside them, those
    that people had labelled, with `n_known_wrong` AI labels that are not theirs;
    `n_certain`: of both, those that people labelled whatever is routed; `n_since`:
    items that came later, for which it says nothing.
    """

    n_drawn_from: int
    n_known: int
    n_known_wrong: int
    n_certain: int
    n_since: int

    @property
    def n(self) -> int:
        """Return the number of items."""
        return self.n_drawn_from + self.n_known

    def agreement(self, found: Estimate) -> Estimate:
        """Return the share of right AI labels of all, from that of those drawn from."""
        n_right = self.n_known - self.n_known_wrong
        return _mapped(found, lambda v: (n_right + self.n_drawn_from * v) / self.n)

    def accuracy(self, found: Estimate) -> Estimate:
        """Return the share of right labels of all, from that of what is routed."""
        n_routed = self.n - self.n_certain
        return _mapped(found, lambda v: (self.n_certain + n_routed * v) / self.n)


def _mapped(found: Estimate, change: Any) -> Estimate:
    return Estimate(change(found.mean), change(found.low), change(found.high))


def previous_fit(policy: RoutingPolicy) -> RoutingRun | None:
    """Return the newest run of a policy that was learned from labels; one query."""
    runs = RoutingRun.objects.filter(
        policy=policy, kind=RoutingRun.Kind.FIT, planned_at__isnull=False
    )
    return runs.order_by("-job_id").first()


def audit_figures(policy: RoutingPolicy, decided: "Decided") -> Figures:
    """Return the estimates of the audit, and its places for the next run."""
    live, known = decided.live, decided.known
    drawn = np.flatnonzero(live.is_audit)
    places = _places(policy, decided, drawn)
    chance = dict(zip(drawn.tolist(), _chances(decided, places), strict=True))
    rows = np.flatnonzero(live.is_audit & live.is_labelled)
    told = {"audit_places": _plain(live.numbers[drawn], places)}
    if len(rows) < LEAST_CELL:
        return told | {"audit": {"n": len(rows), "is_suppressed": True}}
    wrong, group = known.wrong[rows], known.pairs.group[rows]
    weight = 1.0 / live.propensity[rows]
    asked = np.array([chance[row] for row in rows.tolist()])
    all_items = population_of(policy, decided)
    n_wrong = int(wrong.sum())
    right = share_of_all(1.0 - wrong, group, weight)
    hybrid = share_of_all(1.0 - wrong * (1.0 - asked), group, weight)
    audit: Figures = {
        "n": len(rows),
        "n_wrong": n_wrong,
        "is_suppressed": False,
        **asdict(all_items),
        "agreement": plain(all_items.agreement(right)),
        "hybrid_accuracy": plain(all_items.accuracy(hybrid)),
        "errors_found": None,
        "by_tag": _by_tag(decided, rows),
    }
    if n_wrong >= LEAST_ERRORS:
        errors = wrong > 0
        found = share_of_all(asked[errors], group[errors], weight[errors])
        audit["errors_found"] = plain(found)
    return told | {"audit": audit}


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
    return Population(
        int(seed.get("n_drawn_from", seed["n_pool"])),
        int(is_known.sum()),
        int(decided.known.wrong[is_known].sum()),
        n_seed + int(is_before.sum()),
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
    spent = decided.spent
    worth = decided.scores.score[decided.open] / decided.cost
    of_audit = decided.scores.score[rows] / decided.cost_of(rows)
    first, last = places_of(of_audit, worth[~spent.is_reserve])
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


def _by_tag(decided: "Decided", rows: Ints) -> list[Figures]:
    tags = decided.scores.learned.tags
    live, known = decided.live, decided.known
    found = []
    for name, has in zip(tags.names, tags.has[rows].T, strict=True):
        some = rows[has]
        if len(some) >= LEAST_CELL:
            share = share_of_all(
                1.0 - known.wrong[some],
                known.pairs.group[some],
                1.0 / live.propensity[some],
            )
            found.append({"name": name, "n": len(some), "agreement": plain(share)})
    return found
