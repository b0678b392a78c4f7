"""What waits under a policy that has ended returns to people."""

import pytest

from annotation.models import FrontierEntry, Item, Job, Project, Route
from routing import tasks
from routing.models import RoutingPolicy
from routing.services import due
from routing.services.due import refresh_due
from routing.services.policies import end_policy
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    judge,
    make_machine,
    run_newest,
    says_always,
    start,
)
from tests.routing.live_worlds import make_world

pytestmark = pytest.mark.django_db(transaction=True)
N = 100


@pytest.fixture
def project(make_pool: MakePool) -> Project:
    """Return a project with a policy: 40 items are the seed, 60 wait."""
    project = make_pool(N)
    start(project, make_machine(project, "ai", says_always), judges=[])
    return project


def waiting(project: Project) -> int:
    return Route.objects.filter(project=project, source="waiting").count()


def test_a_policy_of_another_machine_returns_what_is_not_of_its_pool(
    project: Project,
) -> None:
    other = make_machine(project, "other", None)
    some = Item.objects.filter(project=project, number__gt=20)
    judge(other, says_always, some)
    start(project, other, judges=[], n_seed=40)
    stale = Route.objects.filter(project=project, policy=1, source="waiting")
    assert not stale.exists()
    gone = FrontierEntry.objects.filter(project=project, item__number__lte=20)
    assert not gone.filter(is_routed_away=True).exists()
    assert waiting(project) == N - 20 - 40


def test_what_an_earlier_policy_left_to_the_ai_stays_so_at_whatever_end(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(160)
    world = make_world(project, make_annotator(project))
    start(project, world.machine, judges=None)
    world.label_seed()
    refresh_due()
    run_newest(project)
    left = routes_by(project, "ai")
    assert left
    start(project, world.machine, judges=None)
    assert not routes_by(project, "ai")
    drawn = routes_by(project, "human", part__in=("seed", "audit"), policy=2)
    cancelled = end_policy(project=project, by=project.created_by)
    Job.objects.filter(pk=cancelled.pk).update(state=Job.State.CANCELLED)
    tasks.refresh_due()
    job = run_newest(project)
    assert job.pk != cancelled.pk
    assert routes_by(project, "ai") == left - drawn
    assert not routes_by(project, "waiting")
    route = Route.objects.filter(project=project, source="ai").first()
    assert route is not None
    assert route.gain is not None
    assert f"{job.n_total - len(left - drawn)} item" in job.message


def routes_by(project: Project, source: str, **more: object) -> set[int]:
    found = Route.objects.filter(project=project, source=source, **more)
    return set(found.values_list("item__number", flat=True))


def test_a_project_that_fails_keeps_no_other_from_what_is_due(
    project: Project, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = make_pool(N)
    start(second, make_machine(second, "ai", says_always), judges=[])
    asked = []

    def fail_first(*, policy: RoutingPolicy) -> None:
        if policy.project_id == project.pk:
            raise ValueError("This project cannot be read.")
        asked.append(policy.project_id)

    monkeypatch.setattr(due, "do_next", fail_first)
    with pytest.raises(ExceptionGroup):
        tasks.refresh_due()
    assert asked == [second.pk]
