"""New items wait for the AI's verdict where one is on its way, or go to people."""

from collections.abc import Sequence

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from annotation.models import (
    FrontierEntry,
    Item,
    Job,
    MachineAnnotator,
    Participant,
    PreAnnotation,
    Project,
    Route,
)
from annotation.services.item_store import ItemStore
from models_service.models import Run
from routing.models import RoutingPolicy
from routing.services.due import refresh_due
from routing.services.policies import end_policy
from tests.pools import draft
from tests.routing.conftest import (
    MakePool,
    judge,
    lend,
    make_machine,
    routes_of,
    run_newest,
    says_always,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(pool: Project, machine: MachineAnnotator) -> MachineAnnotator:
    """Return an AI annotator that can be asked, with verdicts on a hundred items."""
    MachineAnnotator.objects.filter(pk=machine.pk).update(backend="endpoint")
    machine.refresh_from_db()
    return machine


def bring(project: Project, *numbers: int) -> None:
    """Import items, as a file brings them."""
    project.refresh_from_db()
    with transaction.atomic():
        store = ItemStore(project)
        store.add([draft(number) for number in numbers])
        store.finish()


def begin_run(machine: MachineAnnotator, **selection: object) -> Run:
    """Store a run of an AI annotator that a worker is at."""
    job = Job.objects.create(
        project=machine.project, kind=Job.Kind.PRE_ANNOTATE, state=Job.State.RUNNING
    )
    return Run.objects.create(job=job, machine=machine, selection=selection)


def end_run(run: Run, judged: Sequence[int], failed: Sequence[int] = ()) -> None:
    """Store verdicts on some items, and failures on others; the run is done."""
    project = run.machine.project
    items = Item.objects.filter(project=project)
    asked = project.current_questions()
    assert asked is not None
    judge(run.machine, says_always, items.filter(number__in=judged))
    for item in items.filter(number__in=failed):
        PreAnnotation.objects.create(
            project=project,
            item=item,
            machine=run.machine,
            questions_version=asked,
            status=PreAnnotation.Status.FAILED,
            answers={},
        )
    Run.objects.filter(pk=run.pk).update(n_ok=len(judged), n_failed=len(failed))
    Job.objects.filter(pk=run.job_id).update(state=Job.State.DONE)


def standing(project: Project, *numbers: int) -> list[tuple[str, bool]]:
    """Return the source of the route, and whether people are lent it, by number."""
    routes = routes_of(project)
    entries = FrontierEntry.objects.filter(project=project).select_related("item")
    targets = {entry.item.number: entry.target > 0 for entry in entries}
    return [(routes[n].source if n in routes else "", targets[n]) for n in numbers]


def owner_of(project: Project) -> Client:
    project.memberships.get_or_create(user=project.created_by, role="owner")
    client = Client()
    client.force_login(project.created_by)
    return client


def page_of(project: Project) -> str:
    address = reverse("routing", args=[project.slug])
    return " ".join(owner_of(project).get(address).content.decode().split())


def test_without_a_run_new_items_go_to_people_and_the_page_says_what_to_do(
    pool: Project, asked: MachineAnnotator
) -> None:
    start(pool, asked)
    bring(pool, 101, 102)
    refresh_due()
    assert standing(pool, 101, 102) == [("", True)] * 2
    page = page_of(pool)
    assert "2 items have no usable verdict of ai" in page
    assert "Let it judge them" in page
    address = reverse("api_routing", args=[pool.slug])
    told = owner_of(pool).get(address).json()["new_items"]
    assert told == {"n_waiting": 0, "n_with_people": 2}


def test_while_a_run_is_under_way_new_items_wait_for_it(
    pool: Project, asked: MachineAnnotator, person: Participant
) -> None:
    start(pool, asked)
    bring(pool, 101, 102, 103)
    FrontierEntry.objects.filter(item__number=103, project=pool).update(rank=-2_000)
    held = lend(person)
    assert held is not None
    assert held.item.number == 103
    run = begin_run(asked)
    refresh_due()
    assert standing(pool, 101, 102, 103) == [
        ("waiting", False),
        ("waiting", False),
        ("", True),
    ]
    # What comes now waits from the first moment.
    bring(pool, 104)
    assert standing(pool, 104) == [("waiting", False)]
    page = page_of(pool)
    assert "3 new items wait for the verdict of ai" in page
    end_run(run, [101, 104], failed=[102])
    # Decided on with the others by the next run of routing; the failed one is people's.
    assert refresh_due() != []
    assert standing(pool, 102) == [("human", True)]
    run_newest(pool)
    routes = routes_of(pool)
    assert [routes[n].policy for n in (101, 104)] == [1, 1]
    assert standing(pool, 101, 104) == [("waiting", False)] * 2
    assert refresh_due() == []
    bring(pool, 105)
    assert standing(pool, 105) == [("", True)]


def test_a_run_over_other_items_makes_nobody_wait(
    pool: Project, asked: MachineAnnotator
) -> None:
    start(pool, asked)
    begin_run(asked, which="labelled")
    bring(pool, 101)
    refresh_due()
    assert standing(pool, 101) == [("", True)]


def test_the_policy_has_its_ai_judge_new_items(
    pool: Project, asked: MachineAnnotator
) -> None:
    policy = start(pool, asked, judge_new_items=True)
    refresh_due()
    assert not Run.objects.exists()
    bring(pool, 101, 102)
    assert standing(pool, 101, 102) == [("waiting", False)] * 2
    refresh_due()
    run = Run.objects.select_related("job").get()
    assert (run.machine, run.job.created_by) == (asked, policy.created_by)
    assert run.selection["which"] == "unlabelled"
    refresh_due()
    assert Run.objects.count() == 1
    end_run(run, [101], failed=[102])
    refresh_due()
    run_newest(pool)
    assert standing(pool, 101, 102) == [("waiting", False), ("human", True)]
    # What failed is not asked for again and again.
    refresh_due()
    assert Run.objects.count() == 1
    bring(pool, 103)
    refresh_due()
    assert Run.objects.count() == 2


def test_after_a_cancelled_run_new_items_wait_and_the_page_says_so(
    pool: Project, asked: MachineAnnotator
) -> None:
    start(pool, asked, judge_new_items=True)
    bring(pool, 101)
    refresh_due()
    Job.objects.filter(kind="pre_annotate").update(state=Job.State.CANCELLED)
    refresh_due()
    assert Run.objects.count() == 1
    assert standing(pool, 101) == [("waiting", False)]
    page = page_of(pool)
    assert "Its last run failed or was cancelled." in page
    Job.objects.filter(kind="pre_annotate").update(state=Job.State.PAUSED)
    assert "Its run is paused." in page_of(pool)


def test_what_a_verdict_says_nothing_of_returns_to_people(
    pool: Project, asked: MachineAnnotator
) -> None:
    start(pool, asked)
    run = begin_run(asked)
    bring(pool, 101)
    refresh_due()
    end_run(run, [101])
    PreAnnotation.objects.filter(item__number=101).update(answers={})
    assert refresh_due() != []
    run_newest(pool)
    assert refresh_due() == []
    assert standing(pool, 101) == [("human", True)]
    assert refresh_due() == []


def test_new_items_are_decided_on_though_others_never_were(
    pool: Project, asked: MachineAnnotator
) -> None:
    """What nothing could be decided on has gone to people, and is no longer counted."""
    start(pool, asked)
    run = begin_run(asked)
    bring(pool, 101, 102)
    refresh_due()
    end_run(run, [101, 102])
    PreAnnotation.objects.filter(item__number__in=(101, 102)).update(answers={})
    assert refresh_due() != []
    run_newest(pool)
    refresh_due()
    gone = FrontierEntry.objects.filter(item__number__in=(101, 102))
    gone.update(n_taken=1, n_counted=1)
    run = begin_run(asked)
    bring(pool, 103, 104)
    refresh_due()
    end_run(run, [103, 104])
    assert refresh_due() != []
    run_newest(pool)
    decided = Route.objects.filter(item__number__in=(103, 104), policy=1)
    assert decided.count() == 2
    assert refresh_due() == []


def test_what_waited_for_an_earlier_policy_is_not_forgotten(
    make_pool: MakePool,
) -> None:
    project = make_pool(100)
    first = make_machine(project, "ai", says_always)
    second = make_machine(project, "second", None)
    judge(second, says_always, Item.objects.filter(project=project, number__lte=90))
    start(project, first)
    start(project, second)
    waiting = Route.objects.filter(project=project, source="waiting", policy=1)
    assert not waiting.exists()
    left = range(91, 101)
    assert standing(project, *left) == [("human", True)] * len(left)


def test_new_items_are_lent_again_when_the_policy_ends(
    pool: Project, asked: MachineAnnotator
) -> None:
    start(pool, asked, judge_new_items=True)
    bring(pool, 101)
    end_policy(project=pool, by=pool.created_by)
    run_newest(pool)
    assert standing(pool, 101) == [("human", True)]
    bring(pool, 102)
    assert standing(pool, 102) == [("", True)]


def test_verdicts_of_files_cannot_be_asked_for(
    pool: Project, machine: MachineAnnotator
) -> None:
    sent = {
        "machine": str(machine.public_id),
        "strategy": "default",
        "n_seed": "40",
        "budget": "50%",
        "budget_unit": "share",
        "label_usd": "0.2",
        "judge_new_items": "on",
    }
    address = reverse("routing", args=[pool.slug])
    refused = owner_of(pool).post(address, sent)
    assert refused.status_code == 422
    assert "come from files" in refused.content.decode()
    MachineAnnotator.objects.update(backend="endpoint")
    assert owner_of(pool).post(address, sent).status_code == 302
    assert RoutingPolicy.objects.get().judge_new_items
    pool.refresh_from_db()
    assert pool.do_new_items_wait
