"""The job row is the truth: claimed once, resent when lost, cancelled, given up."""

import threading
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
    assert jobs.due_jobs() == {}
    let_lease_run_out(job)
    assert jobs.due_jobs() == {job.pk: job.kind}
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
    assert jobs.due_jobs() == {}
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "lost again and again" in job.message


@pytest.fixture
def patient(job: Job, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job of a kind that can rest, and that outlives many workers."""
    how = jobs.Registered("nowhere.run", can_pause=True, max_attempts=9)
    monkeypatch.setitem(jobs._REGISTERED, job.kind, how)
    return job


def test_patient_job_outlives_more_workers(patient: Job) -> None:
    for _ in range(9):
        claimed(patient)
        let_lease_run_out(patient)
    assert jobs.claim_job(patient.pk) is None
    assert jobs.due_jobs() == {}
    patient.refresh_from_db()
    assert patient.state == State.FAILED


def test_job_rests_and_goes_on_where_it_was(patient: Job) -> None:
    def rest(job: Job, progress: jobs.Progress) -> dict[str, int]:
        progress.set(3, 9, "Three of nine.")
        jobs.pause_job(job=job)
        progress.set(4, 9, "Never said.")
        raise AssertionError("it went on though it was asked to rest")

    jobs.run_claimed(claimed(patient), rest)
    patient.refresh_from_db()
    assert (patient.state, patient.n_done) == (State.PAUSED, 4)
    assert patient.finished_at is None
    assert jobs.claim_job(patient.pk) is None, "it rests until somebody resumes it"
    assert jobs.resume_job(job=patient).state == State.WAITING
    jobs.run_claimed(claimed(patient), lambda job, progress: {"n_done": 9})
    patient.refresh_from_db()
    assert (patient.state, patient.n_done) == (State.DONE, 9)


def test_job_that_is_cancelled_as_it_comes_to_rest_is_cancelled(patient: Job) -> None:
    def rest(job: Job, progress: jobs.Progress) -> dict[str, int]:
        jobs.cancel_job(job=job)
        raise jobs.JobPaused("The budget is used up.")

    jobs.run_claimed(claimed(patient), rest)
    patient.refresh_from_db()
    assert (patient.state, patient.lease_until) == (State.CANCELLED, None)
    assert patient.finished_at is not None
    assert patient.message == jobs.CANCELLED_AT_REST


def test_waiting_job_rests_at_once_and_can_be_cancelled(patient: Job) -> None:
    assert jobs.pause_job(job=patient).state == State.PAUSED
    assert jobs.cancel_job(job=patient).state == State.CANCELLED
    with pytest.raises(ConflictError, match="not paused"):
        jobs.resume_job(job=patient)


def test_wish_to_rest_can_be_taken_back(patient: Job) -> None:
    claimed(patient)
    assert jobs.pause_job(job=patient).is_pause_wanted
    assert not jobs.resume_job(job=patient).is_pause_wanted


def test_import_cannot_rest(job: Job) -> None:
    with pytest.raises(ConflictError, match="cannot be paused"):
        jobs.pause_job(job=job)


# --- steps that outlast a lease ------------------------------------------------------


class Turns:
    """Stands for the event that ends the renewing: so many turns, and no waiting."""

    def __init__(self, n: int) -> None:
        self.n = n

    def wait(self, _seconds: float) -> bool:
        self.n -= 1
        return self.n < 0


def test_lease_is_renewed_while_a_step_goes_on(job: Job) -> None:
    held = claimed(job)
    let_lease_run_out(held)
    jobs.renew_until(held, Turns(0), 0)  # type: ignore[arg-type]
    assert held.pk in jobs.due_jobs()
    let_lease_run_out(held)
    jobs.renew_until(held, Turns(1), 0)  # type: ignore[arg-type]
    assert held.pk not in jobs.due_jobs()
    assert jobs.claim_job(held.pk) is None


def test_lease_of_a_later_attempt_is_not_renewed(job: Job) -> None:
    held = claimed(job)
    let_lease_run_out(held)
    later = claimed(held)
    let_lease_run_out(later)
    jobs.renew_until(held, Turns(1), 0)  # type: ignore[arg-type]
    assert later.pk in jobs.due_jobs()


def test_renewing_ends_with_the_step(job: Job) -> None:
    name = f"job-{job.pk}"
    with jobs.kept_alive(claimed(job)):
        assert name in {thread.name for thread in threading.enumerate()}
    assert name not in {thread.name for thread in threading.enumerate()}
