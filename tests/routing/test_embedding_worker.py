"""The job that embeds, in real workers of a queue of its own: killed and taken up."""

import importlib.util
import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from annotation.models import Job, Project
from annotation.services import jobs
from models_service.backends.embeddings import OFFLINE_NAME, OFFLINE_PACKAGE
from models_service.models import Embedding, ItemEmbedding
from routing.models import EmbeddingRun
from routing.selectors.state import state_of
from routing.services.policies import set_policy
from tests.routing.conftest import (
    MakePool,
    draft_of,
    make_machine,
    run_job,
    says_always,
)

if TYPE_CHECKING:
    from tests.workers import CeleryWorker

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The workers load torch, twice.
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec(OFFLINE_PACKAGE) is None,
        reason="No sentence model is installed: `make weights`.",
    ),
]
WAIT_S = 150
N = 150


@pytest.fixture
def start_models_worker(
    start_celery_worker: "Callable[..., CeleryWorker]",
    monkeypatch: pytest.MonkeyPatch,
) -> "Callable[[], CeleryWorker]":
    """Start workers that read what is sent to the queue `models` and nothing else.

    The session's worker would else take the job that is meant for one to be killed.
    """
    lone = uuid.uuid4().hex[:8]
    monkeypatch.setattr(
        jobs, "queue_of", lambda kind: f"{lone}-{jobs.registered(kind).queue}"
    )
    return lambda: start_celery_worker(queues=f"{lone}-models", pool="threads")


def wait_until_it(job: Job, holds: Callable[[], bool]) -> None:
    for _ in range(WAIT_S * 20):
        if holds():
            return
        threading.Event().wait(0.05)
    job.refresh_from_db()
    raise AssertionError(f"It did not come: {job.state} {job.message}")


def is_over(job: Job) -> bool:
    job.refresh_from_db()
    return job.state not in jobs.UNFINISHED


def set_up(make_pool: MakePool) -> tuple[Project, Job]:
    project = make_pool(N)
    machine = make_machine(project, "ai", says_always)
    set_policy(project=project, by=project.created_by, draft=draft_of(machine))
    return project, Job.objects.get(project=project, kind="embed")


def test_a_killed_worker_loses_nothing_and_the_next_repeats_nothing(
    make_pool: MakePool, start_models_worker: "Callable[[], CeleryWorker]"
) -> None:
    worker = start_models_worker()
    project, job = set_up(make_pool)
    wait_until_it(job, lambda: Embedding.objects.exists() or is_over(job))
    worker.kill()
    assert not is_over(job), "the worker was too quick to be killed midway"
    before = dict(Embedding.objects.values_list("id", "sha256"))
    # The queue of the others is not read there: the seed waits, and so is it said.
    assert state_of(project).embedding == job
    seed = Job.objects.get(project=project, kind="route")
    assert seed.state == "waiting"
    run_job(seed)
    # What beat finds once the lease of the dead worker has run out.
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    assert jobs.due_jobs() == {job.pk: "embed"}
    start_models_worker()
    jobs.send(job.pk, "embed")
    wait_until_it(job, lambda: is_over(job))
    assert (job.state, job.n_attempts, job.n_done) == ("done", 2, N)
    run = EmbeddingRun.objects.get(job=job)
    assert run.encoder is not None
    assert run.encoder.name == OFFLINE_NAME
    after = dict(Embedding.objects.values_list("id", "sha256"))
    assert len(after) == 2 * N
    assert before.items() <= after.items()
    assert run.n_new == 2 * N - len(before)
    assert ItemEmbedding.objects.count() == N
