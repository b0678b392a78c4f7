"""The worker fixtures give a real process on the test database."""

from collections.abc import Callable

import pytest

from tests.workers import CeleryWorker, database_environment

pytestmark = pytest.mark.django_db(transaction=True)


def test_worker_reads_both_queues_of_the_test_run(celery_worker: CeleryWorker) -> None:
    from annotation.config.celery import app

    asked = app.control.inspect([celery_worker.name], timeout=30, limit=1)
    queues = asked.active_queues()
    assert queues is not None
    names = {queue["name"] for queue in queues[celery_worker.name]}
    assert names == {"default", "models"}
    assert "/test_" in database_environment()["DATABASE_URL"]


def test_killed_worker_answers_no_more(
    start_celery_worker: Callable[..., CeleryWorker],
) -> None:
    worker = start_celery_worker(queues="models", pool="threads")
    worker.kill()
    assert not worker.is_answering()
