"""The pages of jobs: list, progress, cancel, report and download."""

from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Job, Project
from annotation.selectors import workers
from annotation.services import jobs


def make_job(project: Project, **fields: Any) -> Job:
    """Return a job of the project."""
    options = {"kind": "import", "parameters": {"name": "items.jsonl"}} | fields
    return Job.objects.create(project=project, **options)


def page_of(client: Client, job: Job, name: str = "job") -> str:
    """Return a page of a job."""
    address = reverse(name, args=[job.project.slug, job.public_id])
    return client.get(address).content.decode()


def test_running_job_asks_again_and_an_ended_one_does_not(
    project: Project, owner: Client
) -> None:
    job = make_job(project, state="running", n_done=250, n_total=1000)
    page = page_of(owner, job, "job_live")
    assert 'hx-trigger="every 1s"' in page
    assert 'aria-valuenow="25"' in page
    Job.objects.update(state="done", message="1,000 items were added.")
    page = page_of(owner, job, "job_live")
    assert "hx-trigger" not in page
    assert "1,000 items were added." in page


def test_job_of_unknown_length_claims_no_percentage(
    project: Project, owner: Client
) -> None:
    page = page_of(owner, make_job(project, state="running", n_done=250))
    assert "aria-valuenow" not in page
    assert "250 rows so far" in page


def test_waiting_job_says_that_no_worker_is_there(
    project: Project, owner: Client
) -> None:
    job = make_job(project)
    assert "No worker is running" in page_of(owner, job)
    cache.set(workers.beat_key("default"), True, 60)
    assert "No worker is running" not in page_of(owner, job)


def test_waiting_job_is_cancelled_at_once_and_only_once(
    project: Project, owner: Client
) -> None:
    job = make_job(project)
    address = reverse("job_cancel", args=[project.slug, job.public_id])
    assert owner.post(address, follow=True).status_code == 200
    job.refresh_from_db()
    assert job.state == "cancelled"
    again = owner.post(address)
    assert again.status_code == 409
    assert "has ended" in again.content.decode()


def test_running_job_is_asked_to_stop(project: Project, owner: Client) -> None:
    job = make_job(project, state="running")
    owner.post(reverse("job_cancel", args=[project.slug, job.public_id]))
    job.refresh_from_db()
    assert (job.state, job.is_cancel_wanted) == ("running", True)
    assert "asked to stop" in page_of(owner, job)


def test_job_is_paused_and_goes_on(
    project: Project, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(project)
    how = jobs.Registered("nowhere.run", can_pause=True)
    monkeypatch.setitem(jobs._REGISTERED, job.kind, how)
    assert "Pause the job" in page_of(owner, job)
    owner.post(reverse("job_pause", args=[project.slug, job.public_id]))
    job.refresh_from_db()
    assert job.state == "paused"
    assert "The job rests" in page_of(owner, job)
    owner.post(reverse("job_resume", args=[project.slug, job.public_id]))
    job.refresh_from_db()
    assert job.state == "waiting"


def test_import_offers_no_pause(project: Project, owner: Client) -> None:
    job = make_job(project)
    assert "Pause the job" not in page_of(owner, job)
    address = reverse("job_pause", args=[project.slug, job.public_id])
    assert owner.post(address).status_code == 409


def test_refused_import_shows_rows_and_the_whole_report(
    project: Project, owner: Client
) -> None:
    evil = "<script>alert(1)</script>"
    problem = {"row": 1204, "field": "prompt", "problem": evil, "fix": "Write it."}
    job = make_job(
        project,
        state="done",
        message="2 rows were rejected; nothing was imported.",
        result={"is_refused": True, "n_rejected": 2, "problems": [problem]},
        report_file=default_storage.save("imports/a/r.csv", ContentFile(b"row\n")),
    )
    page = page_of(owner, job)
    assert "Refused" in page
    assert "1,204" in page
    assert evil not in page
    report = owner.get(reverse("job_report", args=[project.slug, job.public_id]))
    assert b"".join(report) == b"row\n"
    assert report["Content-Disposition"].startswith("attachment")


def test_good_import_shows_its_counts(project: Project, owner: Client) -> None:
    counts = {"n_added": 1234, "n_known": 5, "n_rejected": 0, "n_annotations": 77}
    page = page_of(owner, make_job(project, state="done", result=counts))
    assert "<dd>1,234</dd>" in page
    assert "<dd>77</dd>" in page


def test_export_is_downloaded_when_it_is_done(project: Project, owner: Client) -> None:
    stored = default_storage.save("exports/a/data.zip", ContentFile(b"PK"))
    job = make_job(
        project,
        kind="export",
        state="running",
        file=stored,
        finished_at=timezone.now(),
        parameters={"options": {"format": "trl_preference"}},
        result={"rows": {"train": 12}, "stored": 14, "exported": 12, "size": 2},
    )
    address = reverse("job_download", args=[project.slug, job.public_id])
    assert owner.get(address).status_code == 404
    Job.objects.update(state="done")
    assert b"".join(owner.get(address)) == b"PK"
    page = page_of(owner, job)
    assert "Preference pairs (TRL, explicit prompt)" in page
    assert "Of 14 stored answers" in page


def test_table_called_items_stands_among_the_others(
    project: Project, owner: Client
) -> None:
    job = make_job(
        project,
        kind="export",
        state="done",
        parameters={"options": {"format": "raw"}},
        result={"rows": {"annotations": 14, "items": 1200}, "size": 2},
    )
    page = page_of(owner, job)
    assert "<dt>items</dt><dd>1,200</dd>" in page
    assert "<dt>annotations</dt><dd>14</dd>" in page


def test_secret_of_an_export_is_on_no_page(project: Project, owner: Client) -> None:
    job = make_job(
        project,
        kind="export",
        state="done",
        parameters={"options": {"format": "raw"}, "salt_encrypted": "TOPSECRET"},
    )
    assert "TOPSECRET" not in page_of(owner, job)
    jobs = owner.get(reverse("jobs", args=[project.slug])).content.decode()
    assert "TOPSECRET" not in jobs


def test_missing_file_is_not_found(project: Project, owner: Client) -> None:
    job = make_job(project, kind="export", state="done", file="exports/gone.zip")
    for name in ("job_download", "job_report"):
        address = reverse(name, args=[project.slug, job.public_id])
        assert owner.get(address).status_code == 404


def test_files_of_a_job_stay_with_its_managers(
    project: Project, outsider: Client, annotator: Client
) -> None:
    stored = default_storage.save("exports/b/data.zip", ContentFile(b"PK"))
    job = make_job(project, kind="export", state="done", file=stored)
    address = reverse("job_download", args=[project.slug, job.public_id])
    assert outsider.get(address).status_code == 404
    assert annotator.get(address).status_code == 404


def test_list_shows_what_people_asked_for(project: Project, owner: Client) -> None:
    make_job(project, parameters={"name": "<b>mine</b>.csv"})
    make_job(project, kind="charts")
    page = owner.get(reverse("jobs", args=[project.slug])).content.decode()
    assert "Import: &lt;b&gt;mine&lt;/b&gt;.csv" in page
    assert "Charts" not in page


@pytest.mark.parametrize("number", ["2", "x", "-1", "999"])
def test_list_has_pages(number: str, project: Project, owner: Client) -> None:
    Job.objects.bulk_create(
        Job(project=project, kind="import", state="done") for _ in range(31)
    )
    address = reverse("jobs", args=[project.slug])
    assert owner.get(f"{address}?page={number}").status_code == 200
    assert 'rel="next"' in owner.get(address).content.decode()
