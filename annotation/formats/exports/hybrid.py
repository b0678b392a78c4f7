"""PURE: one label for each item: people's where they gave one, else the AI's.

What a policy of routing and a calibration say comes from `AiLabels`, which the apps
above fill. Nothing here is an average of people and machines: a label is of one source.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from annotation.agreement.protocols import signs_of
from annotation.agreement.votes import majority
from annotation.formats.exports.policy import Reading
from annotation.formats.exports.types import (
    BOOL,
    FLOAT,
    INT,
    TEXT,
    TEXTS,
    Column,
    Machine,
    Row,
    StoredAnswer,
    StoredItem,
    StoredRoute,
)
from annotation.formats.exports.votes import SIDES
from annotation.questions import Question

HUMAN, AI = "human", "ai"
AUDIT, TRAIN = "audit", "train"
NO_PART = "none"
# Where a label's confidence comes from.
VOTES, ADJUDICATED = "votes", "adjudicated"
CALIBRATED, STATED = "calibrated", "stated"
# Parts of a policy that are drawn by lot, so that they stand for all items.
WEIGHTED = frozenset(("seed", AUDIT, "reserve"))
COLUMNS = (
    Column("label_source", TEXT, "whose label it is: `human` or `ai`"),
    Column(
        "label_confidence",
        FLOAT,
        "of people's: the share of their answers that the most frequent one has, over "
        "pairs of completions; of an AI's: P(its answer is people's); in [0, 1]",
    ),
    Column(
        "label_confidence_kind",
        TEXT,
        "`votes` of people, `adjudicated` by the team, `calibrated` on people's "
        "labels, or `stated` by the machine itself; empty = nothing is known",
    ),
    Column(
        "label_weight",
        FLOAT,
        "for training: the confidence (1 where unknown) / rows of the item",
    ),
    Column(
        "label_is_complete",
        BOOL,
        "people's: whether all answers that the item wants are there",
    ),
    Column("people_label", TEXT, "of two completions: a, b or tie, as people say"),
    Column("ai_label", TEXT, "the same, as the AI annotator says"),
    Column("ai_annotator", TEXT, "which one: name, version, revision and prompt"),
    Column("split", TEXT, "`audit`: of the audit, for measuring alone; else `train`"),
    Column("route_source", TEXT, "where it was sent: human, ai, waiting"),
    Column("route_reason", TEXT, "why somebody decided that by hand"),
    Column(
        "route_part",
        TEXT,
        "seed, audit, reserve, chosen, rest, by_hand; none = by no policy",
    ),
    Column("route_policy", INT, "the number of the routing policy"),
    Column("route_run", TEXT, "the run of the policy that decided"),
    Column("route_gain", FLOAT, "expected gain of a person's label, in [0, 1]"),
    Column("route_gain_low", FLOAT, "lower bound of its 95 % interval"),
    Column("route_gain_high", FLOAT, "upper bound of its 95 % interval"),
    Column("route_propensity", FLOAT, "probability that it went to people"),
    Column("route_cost_usd", FLOAT, "expected cost of its label, in US dollars"),
    Column("route_reasons", TEXTS, "the strongest reasons in words, strongest first"),
    Column(
        "ipw",
        FLOAT,
        "inverse-propensity weight: 1 / route_propensity of a complete label by people "
        "in the parts drawn by lot: seed, audit and reserve; else empty",
    ),
)


class Draw(NamedTuple):
    """That the newest policy drew an item for its seed or its audit.

    It stands also where the route does not say so: of what people answered before.
    """

    policy: int
    part: str
    propensity: float | None
    cost_usd: float | None
    run: str


class AiVerdict(NamedTuple):
    """What a machine says of an item. `confidence`: P(that is right), in [0, 1]."""

    value: Mapping[str, Any]
    confidence: float | None = None
    kind: str = ""


@dataclass(frozen=True)
class ToldPolicy:
    """A policy of routing, as a card tells it. `machine`: the key of its AI annotator.

    `n_fits`: how often it was learned and let hold.
    """

    number: int
    machine: int
    words: str
    n_fits: int = 0


class AiLabels(Protocol):
    """What the apps above know of the AI labels of one project."""

    @property
    def policies(self) -> Sequence[ToldPolicy]:
        """Return the policies, the newest last."""

    def draws(self, numbers: Sequence[int]) -> Mapping[int, Draw]:
        """Return what the newest policy drew at random, by the number of the item."""

    def verdict(
        self, question: Question, answers: Sequence[StoredAnswer], n_completions: int
    ) -> AiVerdict | None:
        """Return what one machine's stored answers say together; None = nothing."""


@dataclass
class HybridCounts:
    """What became of each item, and whose labels the rows have.

    `by_source`: items in rows by (source, part); `left_out`: the others by reason;
    `machines`: those whose labels are in rows, with how many, by identity.
    """

    by_source: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    n_audit: int = 0
    machines: dict[str, tuple[Machine, int]] = field(default_factory=dict)
    policies: Sequence[ToldPolicy] = ()

    @property
    def n_items(self) -> int:
        """Return how many items are in rows."""
        return self.by_source.total()

    def of(self, source: str) -> int:
        """Return how many items have a label of a source."""
        return sum(n for (whose, _), n in self.by_source.items() if whose == source)

    def use(self, machine: Machine) -> None:
        """Count a label by a machine."""
        _, n = self.machines.get(machine.identity, (machine, 0))
        self.machines[machine.identity] = (machine, n + 1)


class Label(NamedTuple):
    """The label of an item with all that its columns tell, but for its rows."""

    source: str
    confidence: float | None
    kind: str
    is_complete: bool
    people: str | None
    ai: str | None
    ai_annotator: str
    route: StoredRoute

    @property
    def split(self) -> str:
        """Return what the label may be used for."""
        return AUDIT if self.route.part == AUDIT else TRAIN

    @property
    def ipw(self) -> float | None:
        """Return 1 / propensity of a complete label by people that was drawn by lot."""
        route = self.route
        is_usable = self.source == HUMAN and self.is_complete
        if not is_usable or route.part not in WEIGHTED or not route.propensity:
            return None
        return 1 / route.propensity

    def cells(self, n_rows: int) -> Row:
        """Return the cells of COLUMNS for each of the `n_rows` rows of its item."""
        route = self.route
        trust = 1.0 if self.confidence is None else self.confidence
        return (
            self.source,
            self.confidence,
            self.kind,
            trust / n_rows,
            self.is_complete,
            self.people,
            self.ai,
            self.ai_annotator,
            self.split,
            route.source,
            route.reason,
            route.part,
            route.policy,
            route.run,
            route.gain,
            route.gain_low,
            route.gain_high,
            route.propensity,
            route.cost_usd,
            [one["words"] for one in json.loads(route.reasons)],
            self.ipw,
        )


def route_of(item: StoredItem, draw: Draw | None) -> StoredRoute:
    """Return the decision that holds of an item: the newest policy's draw, if any.

    What a draw does not tell of an item is told by its route where that is of the same
    policy.
    """
    route = item.route
    if draw is None:
        return route if route.part else route._replace(part=NO_PART)
    if route.policy == draw.policy and route.part == draw.part:
        return route
    return StoredRoute(
        source=HUMAN,
        part=draw.part,
        policy=draw.policy,
        propensity=draw.propensity,
        cost_usd=draw.cost_usd,
        run=draw.run,
    )


def blind_of(answer: StoredAnswer) -> StoredAnswer | None:
    """Return the answer as it was before anything of a verdict was visible.

    None where it was visible from the beginning: see annotation.selectors.blind.
    """
    if not answer.is_suggestion_visible:
        return answer
    drawn = answer.suggested
    if drawn is None or drawn.arm != "revealed":
        return None
    return answer._replace(answers=drawn.first_answers, is_suggestion_visible=False)


def side_of(readings: Sequence[Reading], n_completions: int) -> str | None:
    """Return the side of two completions that most name: a, b or tie.

    A tie is a class of its own, and so it is where no side has most. None where nothing
    of two completions is said.
    """
    found = [
        signs_of(one.question, one.value, n_completions).get((0, 1)) for one in readings
    ]
    said = [side for side in found if side is not None]
    if n_completions != 2 or not said:
        return None
    return SIDES[majority(said).choice or 0]


def share_of(readings: Sequence[Reading], n_completions: int) -> float | None:
    """Return the share of answers that the most frequent one has, over all pairs.

    None where the answers compare nothing.
    """
    by_pair: dict[tuple[int, int], list[int]] = {}
    for one in readings:
        for pair, sign in signs_of(one.question, one.value, n_completions).items():
            by_pair.setdefault(pair, []).append(sign)
    shares = [max(Counter(signs).values()) / len(signs) for signs in by_pair.values()]
    return sum(shares) / len(shares) if shares else None
