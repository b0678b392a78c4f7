"""A large run at high concurrency: killed twice, it loses nothing and pays once.

A real Celery worker of the queue `models`, a real broker, a real HTTP server. In full
(`make prove`) 100,000 calls.
"""

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from annotation import access
from annotation.models import Job, MachineAnnotator, PreAnnotation, Project
from annotation.services import jobs
from models_service.models import Call, Connection, Run
from models_service.selectors.wanted import Selection
from models_service.services.judging import FLUSH
from models_service.services.runs import request_run
from tests.counts import IS_FULL, n_runs
from tests.models.judges import make_judge
from tests.models.server import Answer, JudgeServer, Request
from tests.pools import make_pool

if TYPE_CHECKING:
    from tests.workers import CeleryWorker

__all__ = ["make_pool"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(n_runs(600, 7200)),
]
# Each item is asked about in two orders.
N_ITEMS = n_runs(400, 50_000)
CONCURRENCY = 64
# So many requests are answered before the judge waits until both kills are over.
N_BEFORE = 3 * N_ITEMS // 2
PRICE = Decimal(1)


def decide(request: Request) -> Answer:
    """Prefer the completion that a pool stores first, in whichever place it is."""
    text = request.prompt
    document, _end = json.JSONDecoder().raw_decode(text[text.index('{\n "') :])
    first = document["answers"][0]["text"]
    letter = "A" if first.startswith("Answer 0") else "B"
    told = {"verdict": letter, "strength": 1, "reason": "So it is."}
    usage = {"prompt_tokens": 9, "completion_tokens": 1}
    is_late = request.number > N_BEFORE
    return Answer(text=json.dumps(told), usage=usage, is_held=is_late)


@pytest.fixture
def machine(make_pool: Callable[..., Project], judge: JudgeServer) -> MachineAnnotator:
    project = make_pool(N_ITEMS)
    project.memberships.create(user=project.created_by, role="owner")
    found = make_judge(project, usd_per_million_in=PRICE, usd_per_million_out=PRICE)
    Connection.objects.create(
        machine=found, base_url=judge.url, concurrency=CONCURRENCY
    )
    return found


@pytest.fixture
def judge() -> Iterator[JudgeServer]:
    with JudgeServer(keeps=False) as server:
        server.decide = decide
        yield server


def resident_kb(pid: int) -> int:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def wait_for_calls(job: Job, n: int) -> None:
    """Wait until so many answers are stored."""
    while Call.objects.count() < n:
        job.refresh_from_db()
        assert job.state in jobs.UNFINISHED, job.message
        threading.Event().wait(0.05)


def test_run_is_killed_twice_loses_nothing_and_pays_once(
    machine: MachineAnnotator,
    judge: JudgeServer,
    start_celery_worker: "Callable[..., CeleryWorker]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODEL_PRIVATE_ADDRESSES", "true")
    monkeypatch.setattr(jobs, "queue_of", lambda kind: "storm")
    worker = start_celery_worker(queues="storm", pool="threads")
    seat = access.seat(machine.project.created_by, machine.project.slug)
    job = request_run(seat=seat, machine=machine, selection=Selection())
    memory = []
    for share in (3, 2):
        wait_for_calls(job, 2 * N_ITEMS // (share * 2))
        memory.append(resident_kb(worker.process.pid))
        worker.kill()
        Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
        worker = start_celery_worker(queues="storm", pool="threads")
        assert jobs.due_jobs() == {job.pk: job.kind}
        jobs.send(job.pk, job.kind)
    judge.release()
    while job.state in jobs.UNFINISHED:
        memory.append(resident_kb(worker.process.pid))
        threading.Event().wait(0.5)
        job.refresh_from_db()
    assert job.state == Job.State.DONE, job.message
    run = Run.objects.get(job=job)
    assert (run.n_ok, run.n_items) == (N_ITEMS, N_ITEMS)
    assert PreAnnotation.objects.filter(machine=machine, status="ok").count() == N_ITEMS
    assert (Call.objects.count(), run.n_calls) == (2 * N_ITEMS, 2 * N_ITEMS)
    # A kill may lose what is on its way or not yet stored, and nothing that was.
    assert judge.n_requests <= 2 * N_ITEMS + 2 * (CONCURRENCY + FLUSH)
    assert run.cost_usd == 2 * N_ITEMS * 10 * PRICE / 1_000_000
    if IS_FULL:
        assert max(memory) < 1.3 * sorted(memory)[len(memory) // 2]
