"""Projects whose truth is known: what the AI, a judge and people say of each item."""

from dataclasses import dataclass

import numpy as np

from annotation.models import MachineAnnotator, Participant, Project, Route
from tests.models.people import answer_items
from tests.routing.conftest import Says, lookup, make_machine, routes_of


@dataclass(frozen=True)
class World:
    """A project, whose label is taken, and what is true by the item's number."""

    project: Project
    machine: MachineAnnotator
    person: Participant
    truth: dict[int, int]
    wrong: frozenset[int]

    @property
    def says(self) -> Says:
        """Return what people say: the truth."""
        return lookup(self.truth)

    def label_seed(self) -> None:
        """Lay the answers to all that is drawn into the database at once."""
        drawn = {n for n, r in routes_of(self.project).items() if r.source == "human"}
        answer_items(
            self.person, lambda number: self.truth[number] if number in drawn else None
        )

    def found(self, source: str) -> float:
        """Return the share of wrong AI labels among the items of a source."""
        routes = routes_of(self.project)
        some = [n for n, r in routes.items() if r.source == source and is_decided(r)]
        return sum(number in self.wrong for number in some) / max(len(some), 1)


def is_decided(route: Route) -> bool:
    """Tell whether it was chosen for its gain or left to the AI."""
    return route.part in (Route.Part.CHOSEN, Route.Part.REST)


def make_world(
    project: Project,
    person: Participant,
    *,
    error: float = 0.25,
    told: float = 0.9,
    false_alarm: float = 0.05,
    seed: int = 3,
) -> World:
    """Let an AI err on some items, which a judge contradicts that often.

    With `told` as large as `false_alarm` nothing tells errors from the rest.
    """
    rng = np.random.default_rng(seed)
    n = project.items.count()
    truth = dict(enumerate(rng.choice([1, -1], n).tolist(), 1))
    is_wrong = rng.random(n) < error
    wrong = frozenset((np.flatnonzero(is_wrong) + 1).tolist())
    against = rng.random(n) < np.where(is_wrong, told, false_alarm)
    ai = {
        number: -truth[number] if number in wrong else truth[number] for number in truth
    }
    judged = {
        number: -ai[number] if against[number - 1] else ai[number] for number in ai
    }
    machine = make_machine(project, "ai", lookup(ai))
    make_machine(project, "second", lookup(judged))
    return World(project, machine, person, truth, wrong)
