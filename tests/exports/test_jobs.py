"""Export jobs, the stream and the command, on the database."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from annotation.access import Seat
from annotation.api.serializers import JobOut
from annotation.errors import InvalidError
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.package import FolderPackage
from annotation.models import Item, Job, Project
from annotation.services.datasets import write_dataset
from annotation.services.exports import (
    request_export,
    run_export,
    stream_annotations,
)
from annotation.services.jobs import cancel_job, claim_job, run_claimed
from tests.exports.study import SALT, make_pairs

transactional = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> Iterator[Path]:
    """Keep stored files in a folder of the test's own."""
    backend = "django.core.files.storage.FileSystemStorage"
    options = {"location": str(tmp_path / "files")}
    with override_settings(
        STORAGES={
            "default": {"BACKEND": backend, "OPTIONS": options},
            "staticfiles": {"BACKEND": backend},
        }
    ):
        yield tmp_path / "files"


def requested(project: Project, **options: Any) -> Job:
    """Ask for an export as its owner."""
    owner = User.objects.get(pk=project.created_by_id)
    return request_export(seat=Seat(project, "owner", owner.pk), options=options)


def run(job: Job) -> Job:
    """Run a job as a worker does."""
    claimed = claim_job(job.pk)
    assert claimed is not None
    run_claimed(claimed, run_export)
    job.refresh_from_db()
    return job


@transactional
def test_job_stores_a_zip_file_with_its_counts() -> None:
    job = run(requested(make_pairs(), format="trl_preference", file_type="parquet"))
    assert (job.state, job.message) == (
        "done",
        "3 rows were written. 7 answers were left out.",
    )
    with default_storage.open(job.file) as file:
        content = file.read()
    assert hashlib.sha256(content).hexdigest() == job.result["sha256"]
    assert len(content) == job.result["size"]
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert names == [
        "data/trl_preference/train-00000-of-00001.parquet",
        "README.md",
        "checksums.txt",
    ]
    assert job.result["stored"] == 10
    assert job.result["stored"] == job.result["exported"] + sum(
        job.result["dropped"].values()
    )
    assert job.result["card"].startswith("---\npretty_name: The pairs study")


@transactional
def test_job_tells_whose_the_labels_are() -> None:
    project = make_pairs()
    asked = {"format": "sides", "labels_from": "hybrid"}
    with pytest.raises(InvalidError) as caught:
        requested(project, **asked, machine="judge")
    assert caught.value.problems[0].message == (
        "No AI annotator is called 'judge'. Choose one of judge@r1."
    )
    labels = run(requested(project, **asked, machine="judge@r1")).result["labels"]
    assert labels == {
        "human": 3,
        "ai": 0,
        "audit": 0,
        "by_part": {"human none": 3},
        "left_out": {},
        "left_out_in_words": {},
        "machines": {},
        "policies": [],
    }


@transactional
def test_job_that_starts_again_writes_the_same_bytes() -> None:
    job = run(requested(make_pairs(), format="raw", file_type="csv"))
    first = job.result["sha256"], job.file
    Job.objects.filter(pk=job.pk).update(state="waiting")
    again = run(job)
    assert (again.result["sha256"], again.file) == first
    assert len(default_storage.listdir(f"exports/{job.public_id}")[1]) == 1


@transactional
def test_cancelled_job_leaves_no_file(files: Path) -> None:
    job = requested(make_pairs(), format="raw")
    claimed = claim_job(job.pk)
    assert claimed is not None
    cancel_job(job=job)
    run_claimed(claimed, run_export)
    job.refresh_from_db()
    assert (job.state, job.file) == ("cancelled", "")
    assert not [path for path in files.rglob("*") if path.is_file()]


@transactional
def test_export_shows_one_moment_while_people_go_on(tmp_path: Path) -> None:
    project = make_pairs()

    def add_item() -> None:
        Item.objects.create(
            project=project, number=99, messages=[], n_completions=1, content_sha256="x"
        )
        connection.close()

    def meanwhile(done: int, total: int) -> None:
        if not added:
            added.append(done)
            with ThreadPoolExecutor() as pool:
                pool.submit(add_item).result()

    added: list[int] = []
    written = write_dataset(
        project=project,
        options=ExportOptions(format="raw"),
        package=FolderPackage(tmp_path / "set"),
        salt=SALT,
        on_progress=meanwhile,
    )
    sizes = {table.name: table.n_rows for table in written.tables}
    assert added
    assert Item.objects.filter(number=99).exists()
    assert sizes["items"] == 3


def test_salt_is_shown_to_nobody_and_differs_each_time(pairs: Project) -> None:
    first, second = (requested(pairs, format="raw") for _ in range(2))
    salts = [job.parameters["salt_encrypted"] for job in (first, second)]
    assert salts[0] != salts[1]
    assert salts[0] not in json.dumps(JobOut(first).data, default=str)


def test_bad_options_are_refused_with_each_fault(pairs: Project) -> None:
    with pytest.raises(InvalidError) as caught:
        requested(pairs, format="native", file_type="csv", ties="never")
    assert [p.path for p in caught.value.problems] == ["ties", "file_type"]
    assert not Job.objects.exists()


# --- stream ---------------------------------------------------------------------------


def test_stream_gives_the_current_answers_as_objects(pairs: Project) -> None:
    content = b"".join(stream_annotations(pairs))
    rows = [json.loads(line) for line in content.splitlines()]
    assert len(rows) == 6
    assert {row["fate"] for row in rows} == {"current"}
    first = rows[0]
    assert first["answers"]["preference"]["value"] == 2
    assert (first["order_shown"], first["questions_version"]) == ([0, 1], 1)
    assert first["metadata"] == {}


def test_stream_keeps_its_pseudonyms_and_no_export_shares_them(
    pairs: Project,
) -> None:
    streams = [b"".join(stream_annotations(pairs)) for _ in range(2)]
    assert streams[0] == streams[1]
    other = b"".join(stream_annotations(pairs, salt=b"a salt of its own"))
    names = [
        {json.loads(line)["annotator"] for line in content.splitlines()}
        for content in (streams[0], other)
    ]
    assert not names[0] & names[1]


# --- command --------------------------------------------------------------------------


def test_command_writes_a_folder_and_says_the_counts(
    pairs: Project, tmp_path: Path
) -> None:
    out, salt = StringIO(), tmp_path / "salt"
    salt.write_bytes(b"a secret of many bytes")
    options = {"project": "pairs", "out": tmp_path / "a", "salt_file": salt}
    flags = ["--format", "trl_preference", "--as", "csv", "--ties", "half"]
    call_command("export_dataset", *flags, stdout=out, **options)
    assert "stored 10, exported 4" in out.getvalue()
    call_command(
        "export_dataset", *flags, stdout=out, **options | {"out": tmp_path / "b"}
    )
    name = "data/trl_preference/train-00000-of-00001.csv"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"project": "nowhere"}, "no project"),
        ({"salt_file": Path("/nowhere/salt")}, "no file"),
        ({"min_difference": "much"}, "must be a number"),
    ],
)
def test_command_says_what_is_wrong(
    pairs: Project, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    options = {"project": "pairs", "out": tmp_path / "out"} | change
    with pytest.raises(CommandError, match=message):
        call_command("export_dataset", **options)
    assert not (tmp_path / "out").exists()


def test_command_writes_into_no_folder_that_holds_something(
    pairs: Project, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="not an empty folder"):
        call_command("export_dataset", project="pairs", out=tmp_path)
