"""Uploads that nobody imports are removed after some days; imported ones never."""

import os
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.models import Job, Project
from annotation.services.imports import save_upload
from annotation.services.uploads import KEPT, MARGIN, remove_unused_uploads
from annotation.tasks import remove_unused_uploads as task
from tests.factories import make_project

OLD = KEPT + MARGIN + timedelta(minutes=1)


def uploaded(age: timedelta) -> str:
    """Store a file as if it had been uploaded a while ago."""
    stored = save_upload(ContentFile(b"prompt\nWhy?\n"), "items.csv")
    at = (timezone.now() - age).timestamp()
    os.utime(default_storage.path(stored), (at, at))
    return stored


@pytest.fixture
def project(db: None) -> Project:
    """A project to import into."""
    return make_project()


def test_old_upload_without_a_job_is_removed_with_its_folder(project: Project) -> None:
    stored = uploaded(OLD)
    assert remove_unused_uploads() >= 1
    assert not default_storage.exists(stored)
    assert not default_storage.exists(stored.rpartition("/")[0])
    assert remove_unused_uploads() == 0


def test_upload_whose_page_is_still_open_stays(project: Project) -> None:
    stored = uploaded(KEPT)
    task()
    assert default_storage.exists(stored)


@pytest.mark.parametrize("field", ["file", "report_file"])
def test_file_of_a_job_stays_whatever_its_age(project: Project, field: str) -> None:
    stored = uploaded(OLD)
    Job.objects.create(project=project, kind="import", **{field: stored})
    remove_unused_uploads()
    assert default_storage.exists(stored)
