"""The job row is the truth: claimed once, resent when lost, cancelled, given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import Job, Project
from annotation.services import jobs

State = Job.State
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(make_pool: Callable[..., Project]) -> Job:
    return Job.objects.create(
        project=make_pool(0),
        kind=Job.Kind.IMPORT,
        lease_until=timezone.now() + jobs.LEASE,
    )


def claimed(job: Job) -> Job:
    found = jobs.claim_job(job.pk)
    assert found is not None
    return found


def let_lease_run_out(job: Job) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(lease_until=past)


def test_result_is_stored_with_the_job(job: Job) -> None:
    jobs.run_claimed(claimed(job), lambda job, progress: {"message": "Done.", "n": 1})
    job.refresh_from_db()
    assert (job.state, job.message, job.result["n"]) == (State.DONE, "Done.", 1)
    assert job.finished_at is not None


def test_second_message_for_a_running_job_does_nothing(job: Job) -> None:
    claimed(job)
    assert jobs.claim_job(job.pk) is None


def test_job_whose_worker_is_gone_is_sent_again_and_claimed(job: Job) -> None:
    claimed(job)
    assert jobs.due_jobs() == []
    let_lease_run_out(job)
    assert jobs.due_jobs() == [job.pk]
    assert claimed(job).n_attempts == 2


def test_worker_that_lost_its_job_cannot_finish_it(job: Job) -> None:
    slow = claimed(job)
    let_lease_run_out(job)
    quick = claimed(job)

    def report(job: Job, progress: jobs.Progress) -> dict[str, object]:
        progress.set(5, 10, "half")
        return {"who": "slow"}

    jobs.run_claimed(slow, report)
    job.refresh_from_db()
    assert (job.state, job.n_done) == (State.RUNNING, 0)
    jobs.run_claimed(quick, lambda job, progress: {"who": "quick"})
    job.refresh_from_db()
    assert job.result == {"who": "quick"}


def test_progress_is_seen_from_outside_the_running_transaction(job: Job) -> None:
    from django.db import transaction

    seen: list[int] = []

    def run(job: Job, progress: jobs.Progress) -> dict[str, object]:
        with transaction.atomic():
            Project.objects.update(name="changed")
            progress.set(3, 10, "reading")
            other = connection.copy()
            with other.cursor() as db:
                db.execute("SELECT n_done FROM job WHERE id = %s", [job.pk])
                seen.append(db.fetchone()[0])
                db.execute("SELECT count(*) FROM project WHERE name = 'changed'")
                seen.append(db.fetchone()[0])
            other.close()
        return {}

    jobs.run_claimed(claimed(job), run)
    assert seen == [3, 0]


def test_waiting_job_is_cancelled_at_once(job: Job) -> None:
    jobs.cancel_job(job=job)
    assert job.state == State.CANCELLED
    assert jobs.claim_job(job.pk) is None


def test_running_job_stops_at_its_next_report(job: Job) -> None:
    def run(job: Job, progress: jobs.Progress) -> dict[str, object]:
        jobs.cancel_job(job=job)
        progress.set(1, 2, "on")
        raise AssertionError("the report must have stopped the job")

    jobs.run_claimed(claimed(job), run)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_ended_job_cannot_be_cancelled(job: Job) -> None:
    jobs.run_claimed(claimed(job), lambda job, progress: {})
    with pytest.raises(ConflictError, match="has ended"):
        jobs.cancel_job(job=job)


def test_expected_failure_tells_its_sentence(job: Job) -> None:
    def run(job: Job, progress: jobs.Progress) -> dict[str, object]:
        raise jobs.JobFailed("The file is a picture.")

    jobs.run_claimed(claimed(job), run)
    job.refresh_from_db()
    assert (job.state, job.message) == (State.FAILED, "The file is a picture.")


def test_fault_is_raised_on_and_told_without_its_details(job: Job) -> None:
    def run(job: Job, progress: jobs.Progress) -> dict[str, object]:
        raise ZeroDivisionError("secret")

    with pytest.raises(ZeroDivisionError):
        jobs.run_claimed(claimed(job), run)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "secret" not in job.message


def test_job_lost_too_often_is_given_up(job: Job) -> None:
    for _ in range(jobs.MAX_ATTEMPTS):
        claimed(job)
        let_lease_run_out(job)
    assert jobs.due_jobs() == []
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "lost 5 times" in job.message
