"""A judge over real HTTP, asked by a real worker: paused, killed, and paid once."""

import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotation.config.supervisor.processes import wait_until
from annotation.models import Budget, Job, MachineAnnotator, PreAnnotation, Project
from annotation.services import jobs
from models_service.models import Call, Run
from tests.factories import make_items, make_project
from tests.models.server import Answer, JudgeServer, Request, error

if TYPE_CHECKING:
    from tests.workers import CeleryWorker

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_S = 150
N_ITEMS = 24
# Each item in both orders.
N_CALLS = 2 * N_ITEMS
N_AT_ONCE = 2
N_BEFORE = 20
Start = Callable[[], "CeleryWorker"]


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    """A judge that answers so many calls, then holds its answers back until released.

    Then it takes its time, since a worker looks for a pause no oftener than twice a
    second.
    """

    def decide(request: Request) -> Answer:
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        is_late = request.number > N_BEFORE
        return Answer(usage=usage, is_held=is_late, delay_s=0.2 if is_late else 0)

    with JudgeServer(decide) as running:
        yield running


@pytest.fixture
def start_worker(
    start_celery_worker: "Callable[..., CeleryWorker]",
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> Start:
    """Start workers that may ask at private addresses, on a queue of their own."""
    queue = f"lone-{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(jobs, "queue_of", lambda kind: queue)
    monkeypatch.setenv("MODEL_PRIVATE_ADDRESSES", "true")
    settings.MODEL_PRIVATE_ADDRESSES = True
    cache.clear()
    return lambda: start_celery_worker(queues=queue)


@pytest.fixture
def project() -> Project:
    made = make_project()
    make_items(made, N_ITEMS)
    Budget.objects.create(project=made, cap_usd=Decimal(5))
    return made


@pytest.fixture
def owner(project: Project) -> Client:
    client = Client()
    client.force_login(project.created_by)
    return client


def add_judge(owner: Client, project: Project, server: JudgeServer) -> MachineAnnotator:
    sent = {
        "name": "Judge",
        "backend": "endpoint",
        "base_url": server.url,
        "model": "judge",
        "api_key": "sk-1",
        "protocol": "pairwise",
        "usd_per_million_in": "10",
        "usd_per_million_out": "100",
        "concurrency": str(N_AT_ONCE),
    }
    response = owner.post(reverse("machine_new", args=[project.slug]), sent)
    assert response.status_code == 302, response.content.decode()
    return MachineAnnotator.objects.get()


def begin(owner: Client, machine: MachineAnnotator) -> Job:
    where = reverse("run_start", args=[machine.project.slug, machine.public_id])
    sent = {"which": "all", "cap_usd": "5"}
    assert owner.post(where, sent).status_code == 302
    return Job.objects.get(kind=Job.Kind.PRE_ANNOTATE)


def reach(job: Job, state: str) -> None:
    def is_there() -> bool:
        job.refresh_from_db()
        return job.state == state

    assert wait_until(is_there, timeout=WAIT_S), f"{job.state}: {job.message}"


def check_books(project: Project, server: JudgeServer, asked: int, kept: int) -> None:
    """Check that all is answered, and only what was missing was asked again."""
    assert server.n_requests - asked == N_CALLS - kept
    assert Call.objects.filter(status="ok").count() == N_CALLS
    assert PreAnnotation.objects.filter(status="ok").count() == N_ITEMS
    run = Run.objects.get()
    assert (run.n_items, run.n_ok, run.n_calls) == (N_ITEMS, N_ITEMS, N_CALLS)
    assert run.cost_usd == N_CALLS * Decimal("0.002")
    budget = Budget.objects.get(project=project)
    assert budget.spent_usd == run.cost_usd
    assert budget.reserved_usd == 0


def test_killed_worker_pays_for_no_stored_answer_twice(
    project: Project, owner: Client, server: JudgeServer, start_worker: Start
) -> None:
    job = begin(owner, add_judge(owner, project, server))
    first = start_worker()
    server.wait_until(lambda one: one.n_requests == N_BEFORE + N_AT_ONCE)
    assert wait_until(lambda: Call.objects.exists(), timeout=WAIT_S)
    first.kill()
    kept, asked = Call.objects.count(), server.n_requests
    assert 0 < kept < N_CALLS
    server.release()
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    start_worker()
    jobs.send(job.pk, job.kind)
    reach(job, Job.State.DONE)
    check_books(project, server, asked, kept)


def test_paused_run_goes_on_where_it_was(
    project: Project, owner: Client, server: JudgeServer, start_worker: Start
) -> None:
    job = begin(owner, add_judge(owner, project, server))
    start_worker()
    server.wait_until(lambda one: one.n_requests == N_BEFORE + N_AT_ONCE)
    owner.post(reverse("job_pause", args=[project.slug, job.public_id]))
    server.release()
    reach(job, Job.State.PAUSED)
    server.wait_until(lambda one: one.n_under_way == 0)
    kept, asked = Call.objects.count(), server.n_requests
    assert 0 < kept < N_CALLS
    page = owner.get(reverse("run", args=[project.slug, job.public_id]))
    assert "The job rests." in page.content.decode()
    owner.post(reverse("job_resume", args=[project.slug, job.public_id]))
    reach(job, Job.State.DONE)
    check_books(project, server, asked, kept)


def test_wrong_key_is_told_by_the_check_and_lets_the_run_rest(
    project: Project,
    owner: Client,
    server: JudgeServer,
    start_worker: Start,
    capsys: pytest.CaptureFixture[str],
) -> None:
    is_locked = True
    server.decide = lambda request: error(401) if is_locked else Answer()
    machine = add_judge(owner, project, server)
    start_worker()
    with pytest.raises(CommandError, match="It cannot be asked as it is"):
        call_command("check_backend", project.slug, "Judge")
    assert "problem" in capsys.readouterr().out
    page = owner.get(reverse("machine", args=[project.slug, machine.public_id]))
    assert "finding-problem" in page.content.decode()
    with pytest.raises(CommandError, match="Paused: "):
        call_command("pre_annotate", project.slug, "Judge", "--n", "2")
    is_locked = False
    job = Job.objects.get(kind=Job.Kind.PRE_ANNOTATE)
    owner.post(reverse("job_resume", args=[project.slug, job.public_id]))
    reach(job, Job.State.DONE)
    call_command("check_backend", project.slug, "Judge")
    assert "The endpoint lists the model." in capsys.readouterr().out
    call_command("pre_annotate", project.slug, str(machine.public_id), "--cap", "1")
    told = capsys.readouterr().out
    assert f"items {N_ITEMS - 2}, ok {N_ITEMS - 2}," in told
