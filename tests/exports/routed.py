"""A small project that a policy has routed, in which every id and time is fixed."""

from decimal import Decimal
from typing import Any

from annotation.models import Item, MachineAnnotator, PreAnnotation, Project, Route
from routing.models import RoutingPolicy
from tests.exports.build import COMPARISON
from tests.exports.study import START, Study, grade

# By name of an item: what people and the AI say, and its route.
ITEMS: dict[str, tuple[list[int], int | None, dict[str, Any]]] = {
    "seed": ([2, 1], 1, {"part": "seed", "propensity": 0.5}),
    "audit": ([-1, -1], 1, {"part": "audit", "propensity": 0.5}),
    "tied": ([1, -1], 2, {"part": "reserve", "propensity": 0.25}),
    "chosen": ([-3], 1, {"part": "chosen", "propensity": 1.0}),
    "rest": ([], -1, {"part": "rest", "propensity": 0.25, "source": "ai"}),
    "unread": ([], None, {"part": "rest", "propensity": 0.25, "source": "ai"}),
    "free": ([], None, {}),
}
LEARNED = {"chosen", "rest", "unread"}
WHY = [{"name": "judges", "words": "Another judge contradicts the AI label."}]


def make_routed() -> Project:
    """Return the project: a label by each source and part, and items without one."""
    study = Study("routed", [COMPARISON])
    study.project.overlap = 2
    study.project.save()
    ai, other = (
        MachineAnnotator.objects.create(
            project=study.project, name=name, model="judge-7b", revision=revision
        )
        for name, revision in (("ai", "r1"), ("other", ""))
    )
    people = [study.person(name, ["research"]) for name in ("anna", "ben")]
    for name, (grades, verdict, route) in ITEMS.items():
        item = study.item([("user", f"{name}?")], ["One.", "Two."], external_id=name)
        for person, value in zip(people, grades, strict=False):
            study.answer(item, person, grade(value))
        if name == "free":
            judge(study, other, item, 1)
        else:
            judge(study, ai, item, verdict)
            send(study, item, name, route)
    policy = RoutingPolicy.objects.create(
        project=study.project,
        number=1,
        machine=ai,
        n_seed=3,
        budget_unit="share",
        budget=Decimal("0.5"),
        label_usd=Decimal("0.2"),
        seed=7,
    )
    RoutingPolicy.objects.filter(pk=policy.pk).update(created_at=START)
    return study.project


def judge(study: Study, machine: MachineAnnotator, item: Item, value: Any) -> None:
    """Store a machine's verdict on an item; None = it gave none."""
    study.made(
        PreAnnotation.objects.create(
            public_id=study.uuid(),
            project=study.project,
            item=item,
            machine=machine,
            questions_version=study.version,
            status="failed" if value is None else "ok",
            answers={} if value is None else grade(value),
            probability=0.8,
        )
    )


def send(study: Study, item: Item, name: str, route: dict[str, Any]) -> None:
    """Store the route of an item."""
    learned = {"gain": 0.4, "gain_low": 0.1, "gain_high": 0.7, "reasons": WHY}
    Route.objects.create(
        project=study.project,
        item=item,
        policy=1,
        run=study.uuid(),
        cost_usd=Decimal("0.2"),
        **{
            "source": "human",
            **route,
            **(learned if name in LEARNED else {}),
        },
    )
