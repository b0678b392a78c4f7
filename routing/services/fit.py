"""Step route: learn from the labels so far, and decide on every open item.

The seed without its audit teaches, and so do the labels of items that were routed to
people since. The same labels, verdicts, policy and versions give the same decisions.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from annotation.models import MachineAnnotator, Route
from annotation.services.jobs import JobFailed
from annotation.services.routes import RouteDraft
from annotation.words import gettext as _
from routing.facts import facts_of, reasons_of
from routing.features.signals import signals_of
from routing.lots import lots_of, lowest
from routing.models import RoutingPolicy
from routing.pairs import Bools, Floats, Ints, consensus_of, share_of, target_of
from routing.proxy import proxy_of
from routing.scoring import Scores, score_pool, with_mix
from routing.selectors.ai_costs import ai_costs
from routing.selectors.embedded import newest_embedding
from routing.selectors.pairs import LivePairs, pairs_of
from routing.selectors.pool import last_number
from routing.selectors.prices import prices_for
from routing.selectors.spending import Spending, spending_of
from routing.services.audit_facts import previous_fit
from routing.services.features import Features, Tell, features_of
from routing.services.figures import figures_of
from routing.services.lengths import measure_lengths
from routing.services.seed import METHOD, Plan
from routing.spending_plan import Reserve, Room, Spent, spend
from routing.strategies import Known

# More labels teach hardly more, and learning from them takes longer than a minute.
MOST_LABELS = 5_000
DIGITS = 6
# What of a policy the decisions depend on.
FIELDS = (
    "seed",
    "strategy",
    "budget",
    "budget_unit",
    "label_usd",
    "length_share",
    "surcharges",
    "reserve_share",
    "stop_gain",
    "machine_id",
    "ppm",
    "tagger_id",
    "metadata_fields",
)


@dataclass(frozen=True)
class Decided:
    """All that a fit found; arrays are over the pool, `open` are its rows decided on.

    `rows`: those that it learned from. `prices`: of people's label of every item, in US
    dollars; `cost`: of the open items, in the unit of the budget. `may_choose`: whose
    gain reaches the stop rule.
    """

    live: LivePairs
    known: Known
    features: Features
    rows: Ints
    scores: Scores
    open: Ints
    cost: Floats
    prices: list[Decimal]
    spent: Spent
    spending: Spending
    may_choose: Bools

    def cost_of(self, rows: Ints) -> Floats:
        """Return what people's labels of some items cost, in the unit of the budget."""
        return cost_in(self.spending, [self.prices[row] for row in rows.tolist()])


def plan_fit(policy: RoutingPolicy, tell: Tell) -> Plan:
    """Learn and decide; writes nothing but what texts measure.

    Raises JobFailed where there is nothing to learn from.
    """
    measure_lengths(policy.project)
    live = pairs_of(policy, tell)
    n_read = live.n
    if not len(_teaching(policy, live)):
        raise JobFailed(
            _(
                "No item of the seed has its label of people yet. Let people answer"
                " first."
            )
        )
    live, features = features_of(live, newest_embedding(policy), tell)
    rows = _teaching(policy, live)
    known = known_of(live, features)
    rng = np.random.default_rng(policy.seed)
    scores = score_pool(known, rows, policy.strategy, rng, policy.ppm)
    decided = _decide(policy, live, known, features, rows, scores, rng)
    figures = figures_of(policy, decided, rng) | {
        "last_number": last_number(policy.project),
        "n_not_embedded": n_read - live.n,
    }
    inputs = _inputs(policy, decided)
    return Plan(_drafts(decided, policy.machine), figures, inputs, len(rows))


def _teaching(policy: RoutingPolicy, live: LivePairs) -> Ints:
    """Return what may be learned from; of too many labels some, drawn by lot."""
    wanted = np.flatnonzero(live.is_labelled & ~live.is_audit)
    if len(wanted) <= MOST_LABELS:
        return wanted
    lots = lots_of(live.numbers[wanted], policy.seed, "teach")
    return np.asarray(wanted[lowest(lots, MOST_LABELS)])


def known_of(live: LivePairs, features: Features) -> Known:
    """Put together what is known of a pool; people's labels are NaN where unknown."""
    pairs = live.pairs
    consensus = consensus_of(pairs.people)
    return Known(
        pairs,
        share_of(pairs.people),
        target_of(pairs),
        (1.0 + pairs.ai) / 2.0,
        (consensus != pairs.ai).astype(np.float64),
        signals_of(pairs),
        features.figures,
        features.form,
        proxy_of(features.form, features.space),
        features.space.place,
        live.is_bought,
    )


def _decide(
    policy: RoutingPolicy,
    live: LivePairs,
    known: Known,
    features: Features,
    rows: Ints,
    scores: Scores,
    rng: np.random.Generator,
) -> Decided:
    """Spend what is left of the budget on the open items."""
    spending = spending_of(policy, live.n, is_settled=True)
    open_rows = np.flatnonzero(live.is_open)
    prices = prices_for(policy, live.ids, live.n_wanted)
    cost_of_all = cost_in(spending, prices)
    cost = cost_of_all[open_rows]
    scores = _mixed(policy, live, scores, cost_of_all, float(spending.left))
    may_choose = scores.gain >= (policy.stop_gain or 0.0)
    by_lot = scores.strategy == RoutingPolicy.Strategy.RANDOM
    spent = spend(
        scores.score[open_rows],
        cost,
        may_choose[open_rows],
        lots_of(live.numbers[open_rows], policy.seed, "reserve"),
        Room(
            float(spending.left),
            1.0 if by_lot else policy.reserve_share,
            reserve_of(policy),
        ),
        rng,
        ~live.is_seen[open_rows],
    )
    return Decided(
        live,
        known,
        features,
        rows,
        scores,
        open_rows,
        cost,
        prices,
        spent,
        spending,
        may_choose,
    )


def cost_in(spending: Spending, prices: Sequence[Decimal]) -> Floats:
    """Return what items cost in the unit of the budget: their price, or one each."""
    if spending.budget_items is not None:
        return np.ones(len(prices))
    return np.array([float(price) for price in prices])


def _mixed(
    policy: RoutingPolicy,
    live: LivePairs,
    scores: Scores,
    cost: Floats,
    left: float,
) -> Scores:
    """Put the best simulated mix in, where that is the policy's strategy.

    It is drawn among the open items and those of the audit, which are like them, with
    as much more budget: so the audit tells what the mix finds.
    """
    least = 0.0 if policy.stop_gain is None else policy.stop_gain
    rows = np.flatnonzero(live.is_open | live.is_audit)
    left *= (1 - policy.reserve_share) * len(rows) / max(int(live.is_open.sum()), 1)
    rows = rows[scores.gain[rows] >= least]
    rng = np.random.default_rng([policy.seed, 1])
    return with_mix(scores, rows, cost[rows], left, rng)


def reserve_of(policy: RoutingPolicy) -> Reserve | None:
    """Return the lots that an earlier run has drawn, if any; one query."""
    run = previous_fit(policy)
    kept = run.figures.get("reserve") if run else None
    return Reserve(**kept) if kept else None


def _drafts(decided: Decided, machine: MachineAnnotator) -> list[RouteDraft]:
    """Return the decisions: who is asked in the order of the budget, then the rest."""
    spent, scores = decided.spent, decided.scores
    facts = facts_of(scores.design, scores.learned.gain.weights, decided.known.signals)
    some = facts.take(decided.open)
    ai = ai_costs(machine, decided.live.ids[decided.open])
    reasons = reasons_of(some, spent.human, spent.is_reserve, scores.strategy)
    order = [*spent.order.tolist(), *np.flatnonzero(~spent.human).tolist()]
    return [
        RouteDraft(
            item_id=int(decided.live.ids[decided.open[at]]),
            source=Route.Source.HUMAN if spent.human[at] else Route.Source.AI,
            part=_part(spent, at),
            gain=_rounded(scores.gain[decided.open[at]]),
            gain_low=_rounded(scores.low[decided.open[at]]),
            gain_high=_rounded(scores.high[decided.open[at]]),
            propensity=_rounded(spent.propensity[at]),
            cost_usd=decided.prices[decided.open[at]] if spent.human[at] else ai[at],
            reasons=reasons[at],
        )
        for at in order
    ]


def _part(spent: Spent, at: int) -> str:
    if not spent.human[at]:
        return Route.Part.REST
    return Route.Part.RESERVE if spent.is_reserve[at] else Route.Part.CHOSEN


def _rounded(value: Any) -> float:
    return round(float(value), DIGITS)


def _inputs(policy: RoutingPolicy, decided: Decided) -> str:
    """Return a hash of everything that the decisions depend on."""
    live, features = decided.live, decided.features
    digest = hashlib.sha256()
    columns = [*live.pairs.judges.values(), *live.pairs.swapped.values()]
    columns += list(live.pairs.confidence.values())
    arrays = [live.numbers, live.pairs.ai, live.pairs.people, live.is_open, *columns]
    arrays += [live.is_seed, live.is_audit, live.n_wanted, live.pairs.group]
    arrays += [live.is_seen, live.is_bought]
    arrays += list(features.figures.values())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    for name, field in live.pairs.tags.items():
        digest.update("\0".join([name, *field.values]).encode())
        digest.update(np.packbits(field.has).tobytes())
    said = [str(getattr(policy, name)) for name in FIELDS]
    said += [str(price) for price in decided.prices]
    said += [str(decided.spending.left), str(decided.spent.reserve)]
    if live.pairs.grades is not None:
        digest.update(np.ascontiguousarray(live.pairs.grades).tobytes())
    digest.update("\0".join([METHOD, features.encoder, *said]).encode())
    return digest.hexdigest()
