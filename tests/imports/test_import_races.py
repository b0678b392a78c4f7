"""An import beside what else happens: owners, annotators, other imports, workers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from annotation.access import Seat
from annotation.errors import InvalidError
from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import FrontierEntry, Item, Job, Participant, Project
from annotation.services import assignments, imports, jobs
from annotation.services.imports import request_import, store_items
from annotation.services.item_store import take_turn
from tests.assign.test_crossings import elsewhere

MakePool = Callable[..., Project]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(default_storage, "base_location", str(tmp_path), raising=False)
    monkeypatch.setattr(default_storage, "location", str(tmp_path), raising=False)
    return tmp_path


def draft(number: int, priority: int = 0) -> ItemDraft:
    return ItemDraft(
        row=number,
        messages=(Message("user", f"New question {number}?"),),
        completions=(CompletionDraft("One."), CompletionDraft("Two.")),
        priority=priority,
    )


def job_of(project: Project, lines: list[object], mode: str = "good") -> Job:
    upload = ContentFile("\n".join(map(json.dumps, lines)).encode())
    seat = Seat(project, "owner", project.created_by_id)
    request_import(seat=seat, upload=upload, name="items.jsonl", mode=mode)
    found = jobs.claim_job(Job.objects.latest("pk").pk)
    assert found is not None
    return found


def row(number: int) -> dict[str, object]:
    return {"prompt": f"Why {number}?", "completions": ["One.", "Two."]}


def test_overlap_changed_during_an_import_reaches_its_items(
    make_pool: MakePool,
) -> None:
    project = make_pool(1, overlap=1)

    def drafts() -> object:
        yield draft(1)
        again = Project.objects.get(pk=project.pk)
        elsewhere(lambda: assignments.set_overlap(project=again, overlap=4)).result()
        yield draft(2)

    store_items(project=project, items=drafts())  # type: ignore[arg-type]
    assert set(FrontierEntry.objects.values_list("target", flat=True)) == {4}


def test_urgent_items_come_next_for_whoever_is_under_way(
    make_pool: MakePool, make_annotator: Callable[[Project], Participant]
) -> None:
    project = make_pool(40)
    annotator = make_annotator(project)
    held = assignments.claim_next(participant=annotator, project=project)
    assert held is not None
    assignments.skip(assignment=held, reason="")
    store_items(project=project, items=[draft(1, priority=5)])
    project.refresh_from_db()
    urgent = assignments.claim_next(participant=annotator, project=project)
    assert urgent is not None
    assert urgent.item_id == Item.objects.latest("pk").pk


def test_items_of_one_priority_send_nobody_back_to_the_front(
    make_pool: MakePool,
) -> None:
    project = make_pool(3)
    store_items(project=project, items=[draft(1), draft(2)])
    again = Project.objects.get(pk=project.pk)
    assert again.frontier_version == project.frontier_version


def test_import_that_waits_for_another_keeps_its_lease_and_says_why(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_pool(0)
    job = job_of(project, [row(1)])
    said: list[str] = []

    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(%s, %s)", [7201, project.pk])

    def other_ends(seconds: float) -> None:
        told = elsewhere(lambda: Job.objects.get(pk=job.pk).message)
        said.append(told.result())
        other.rollback()

    monkeypatch.setattr("annotation.services.imports.time.sleep", other_ends)
    jobs.run_claimed(job, imports.run_import)
    other.close()
    job.refresh_from_db()
    assert said == ["Waits for another import into this project."]
    assert (job.state, job.message) == (Job.State.DONE, "1 items were added.")


def test_file_of_refused_rows_alone_tells_its_progress(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad: list[object] = [{"prompt": "", "completions": ["a", "b"]}] * 5
    job = job_of(make_pool(0), [row(1), *bad])
    told: list[int] = []
    monkeypatch.setattr(
        jobs.Progress, "set", lambda self, n_done, *_, **__: told.append(n_done)
    )
    jobs.run_claimed(job, imports.run_import)
    assert told[:5] == [1, 2, 3, 4, 5]


def test_refused_upload_leaves_no_file(make_pool: MakePool, files: Path) -> None:
    seat_of = make_pool(0)
    seat = Seat(seat_of, "owner", seat_of.created_by_id)
    with pytest.raises(InvalidError):
        request_import(
            seat=seat, upload=ContentFile(b"\x00\x01"), name="x.jsonl", mode="all"
        )
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_one_import_of_a_project_at_a_time(make_pool: MakePool) -> None:
    project = make_pool(0)
    with transaction.atomic():
        assert take_turn(project)

        def other() -> bool:
            with transaction.atomic():
                return take_turn(project)

        assert not elsewhere(other).result()
    assert elsewhere(other).result()
