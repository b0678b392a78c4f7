"""Imports and exports as jobs of a real Celery worker, through a real broker."""

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from annotation import access
from annotation.models import Annotation, Item, Job, Project
from annotation.services import jobs
from annotation.services.exports import request_export
from annotation.services.imports import request_import
from tests.factories import make_project
from tests.waiting import somebody_waits

if TYPE_CHECKING:
    from tests.workers import CeleryWorker

pytestmark = pytest.mark.django_db(transaction=True)
State = Job.State
WAIT_S = 150


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def start_lone_worker(
    start_celery_worker: "Callable[..., CeleryWorker]",
    monkeypatch: pytest.MonkeyPatch,
) -> "Callable[[], CeleryWorker]":
    """Start workers of a queue that nobody else reads, and send all jobs there.

    The session's worker would else take a job that is meant for one to be killed.
    """
    queue = f"lone-{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(jobs, "queue_of", lambda kind: queue)
    return lambda: start_celery_worker(queues=queue)


def seat(project: Project) -> access.Seat:
    return access.seat(project.created_by, project.slug)


def pairs(n: int, *, bad_row: int = 0) -> "ContentFile[bytes]":
    rows = [
        {
            "idx": f"r{k}",
            "instruction": "" if k == bad_row else f"Question {k}?",
            "response1": f"One of {k}.",
            "response2": f"Two of {k}.",
            "annotator1": 1,
            "annotator2": k % 3,
        }
        for k in range(1, n + 1)
    ]
    return ContentFile("\n".join(json.dumps(row) for row in rows).encode())


def ask_import(project: Project, upload: "ContentFile[bytes]", **options: Any) -> Job:
    return request_import(
        seat=seat(project),
        upload=upload,
        name="pairs.jsonl",
        mode=options.get("mode", "all"),
    )


def ended(job: Job) -> Job:
    """Wait until a worker has ended the job."""
    for _ in range(WAIT_S * 20):
        job.refresh_from_db()
        if job.state not in jobs.UNFINISHED:
            return job
        threading.Event().wait(0.05)
    raise AssertionError(f"The job did not end: {job.state} {job.message}")


@contextmanager
def locked(project: Project, strength: str) -> Iterator[None]:
    """Lock the project's row, for which an import waits in the middle of its work.

    "UPDATE": as it checks the references of its first rows, before it tells of them.
    "NO KEY UPDATE": once it has stored and told of all, before its commit.
    """
    other = connection.copy()
    try:
        with other.cursor() as db:
            db.execute("BEGIN")
            db.execute(
                f"SELECT 1 FROM project WHERE id = %s FOR {strength}", [project.pk]
            )
        yield
    finally:
        other.close()


def test_import_and_export_run_in_the_worker(
    celery_worker: "CeleryWorker", project: Project
) -> None:
    imported = ended(ask_import(project, pairs(25)))
    assert (imported.state, imported.result["n_added"]) == (State.DONE, 25)
    assert Annotation.objects.count() == 50
    exported = ended(request_export(seat=seat(project), options={"format": "raw"}))
    assert exported.state == State.DONE
    with default_storage.open(exported.file) as file:
        names = zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    assert "README.md" in names
    assert any("annotations" in name for name in names)


def test_one_bad_row_stops_everything_and_is_named(
    celery_worker: "CeleryWorker", project: Project
) -> None:
    job = ended(ask_import(project, pairs(25, bad_row=7)))
    assert job.result["is_refused"]
    assert [(p["row"], p["field"]) for p in job.result["problems"]] == [
        (7, "instruction")
    ]
    assert not Item.objects.exists()
    with default_storage.open(job.report_file) as report:
        assert report.read().decode().splitlines()[1].startswith("7,instruction,")


def test_good_rows_are_taken_where_the_owner_says_so(
    celery_worker: "CeleryWorker", project: Project
) -> None:
    job = ended(ask_import(project, pairs(25, bad_row=7), mode="good"))
    assert (job.result["n_added"], job.result["n_rejected"]) == (24, 1)
    assert Item.objects.count() == 24


def test_file_that_is_no_data_fails_with_a_sentence_at_once(project: Project) -> None:
    from annotation.errors import InvalidError

    with pytest.raises(InvalidError, match=r"picture|image|PNG"):
        ask_import(project, ContentFile(b"\x89PNG\r\n\x1a\n" + bytes(100)))


def test_import_whose_worker_is_killed_is_done_once_by_the_next(
    project: Project, start_lone_worker: "Callable[[], CeleryWorker]"
) -> None:
    worker = start_lone_worker()
    with locked(project, "NO KEY UPDATE"):
        job = ask_import(project, pairs(3_000))
        while job.n_done == 0 and job.state in jobs.UNFINISHED:
            threading.Event().wait(0.02)
            job.refresh_from_db()
        worker.kill()
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert not Item.objects.exists()
    # What beat finds once the lease of the dead worker has run out.
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    assert jobs.due_jobs() == {job.pk: job.kind}
    start_lone_worker()
    jobs.send(job.pk, job.kind)
    assert ended(job).state == State.DONE
    assert Item.objects.count() == 3_000
    assert job.n_attempts == 2


def test_cancelled_import_leaves_nothing(
    project: Project, start_lone_worker: "Callable[[], CeleryWorker]"
) -> None:
    job = ask_import(project, pairs(3_000))
    with locked(project, "UPDATE"):
        start_lone_worker()
        while not somebody_waits():
            threading.Event().wait(0.02)
        jobs.cancel_job(job=job)
    assert ended(job).state == State.CANCELLED
    assert not Item.objects.exists()


def test_worker_tells_that_it_is_alive_and_on_what(
    celery_worker: "CeleryWorker",
) -> None:
    from annotation.selectors.workers import models_device, workers_alive
    from models_service.tasks import report_device

    report_device.delay()
    is_alive = {"default": True, "models": True}
    # Another test may have emptied the cache since the worker told last.
    for _ in range(WAIT_S * 20):
        if models_device() is not None and workers_alive() == is_alive:
            break
        threading.Event().wait(0.05)
    told = models_device()
    assert told is not None
    assert told["kind"] in ("cpu", "cuda")
    assert workers_alive() == is_alive
