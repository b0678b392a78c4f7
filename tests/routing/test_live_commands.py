"""Commands of the live loop make the jobs that pages make, and say what is wrong."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Job, MachineAnnotator, Membership, Participant, Project
from routing.models import RoutingPolicy
from routing.tasks import refresh_due
from tests.routing.conftest import run_newest, says_always, work

pytestmark = pytest.mark.django_db(transaction=True)


def call(name: str, project: Project, *options: str) -> str:
    Membership.objects.get_or_create(
        project=project, user=project.created_by, role="owner"
    )
    out = StringIO()
    call_command(name, project.slug, *options, stdout=out)
    return out.getvalue()


def set_up(project: Project, *more: str) -> str:
    options = ["--machine", "ai", "--budget", "0.5", "--seed-size", "40", "--rng", "1"]
    return call("route", project, *options, "--no-wait", *more)


def test_route_sets_a_policy_and_then_does_what_is_due(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    assert set_up(pool, "--label-usd", "0.2").startswith("job ")
    policy = RoutingPolicy.objects.get()
    assert (policy.n_seed, policy.seed, policy.machine) == (40, 1, machine)
    run_newest(pool)
    assert call("route", pool).startswith("collecting: People label the seed")
    work(person, says_always)
    assert call("route", pool, "--no-wait").startswith("job ")
    assert Job.objects.filter(kind="route").latest("id").parameters["action"] == "fit"
    run_newest(pool)
    assert call("route", pool).startswith("routed: ")
    assert call("fit_routing", pool, "--no-wait").startswith("job ")


def test_beat_asks_once(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    set_up(pool)
    refresh_due()
    run_newest(pool)
    refresh_due()
    work(person, says_always)
    refresh_due()
    refresh_due()
    found = Job.objects.filter(kind="route").order_by("id")
    actions = [job.parameters["action"] for job in found]
    assert actions == ["seed", "fit"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--machine", "nobody", "--budget", "1"], "There is no AI annotator 'nobody'"),
        (["--machine", "ai", "--budget", "much"], "--budget 'much' is no number"),
        (["--machine", "ai", "--budget", "2"], "budget: A share is at most 1"),
        (["--machine", "ai", "--unit", "labels", "--budget", "50.5"], "whole number"),
        (["--machine", "ai"], "Say how much: --budget 0.25"),
        ([], "No routing policy is in force"),
    ],
)
def test_faults_are_told(
    pool: Project, machine: MachineAnnotator, options: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call("route", pool, *options)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "options", [["--budget", "0.7"], ["--refit-every", "5"], ["--judge-new-items"]]
)
def test_what_would_be_ignored_is_refused(
    pool: Project, machine: MachineAnnotator, options: list[str]
) -> None:
    set_up(pool)
    with pytest.raises(CommandError, match=f"{options[0]} describes a policy"):
        call("route", pool, *options)


def test_nothing_is_learned_before_the_seed_is_labelled(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    set_up(pool)
    run_newest(pool)
    work(person, says_always, most=3)
    with pytest.raises(CommandError, match="3 of 40 items of the seed"):
        call("fit_routing", pool, "--no-wait")
