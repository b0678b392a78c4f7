"""What waits under a policy that has ended returns to people."""

import pytest

from annotation.models import FrontierEntry, Item, Project, Route
from tests.routing.conftest import (
    MakePool,
    judge,
    make_machine,
    says_always,
    start,
)

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
