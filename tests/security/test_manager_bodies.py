"""Managers' calls: bodies and files of any kind are refused in the one shape."""

from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import Job, Membership, Project, Recruitment

DEEP = "[" * 100_000


STRANGE = (DEEP, "[NaN]", '["\\ud800"]', "5", "[]", "[5]", "[{}]", "[[]]")
# The last marks everybody as paid where nobody is named.
MORE = ("item_changes", "filters", "links", "recruitment", "paid")
# An export without options is made as usual, so these are strange elsewhere only.
EMPTY = ("null", "{}")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        *(
            (name, body)
            for name in ("imports", "exports", "projects", *MORE)
            for body in STRANGE
        ),
        *(
            (name, body)
            for name in ("imports", "projects", *MORE[:4])
            for body in EMPTY
        ),
    ],
)
def test_strange_json_is_refused_in_the_one_shape(
    manager: Client, pool: Project, name: str, body: str
) -> None:
    Recruitment.objects.create(project=pool, provider="panel", completion_code="C")
    path = reverse(f"api_{name}", args=[] if name == "projects" else [pool.slug])
    send = manager.put if name == "recruitment" else manager.post
    response = send(path, body, content_type="application/json")
    assert response.status_code in (400, 422), response.content
    assert set(response.json()) >= {"code", "message", "problems"}
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "mapping",
    [
        DEEP,
        "5",
        "[]",
        '{"shape": 5}',
        '{"shape": "native", "fields": 5}',
        '{"shape": "columns", "fields": {"prompt": 5}}',
        '{"shape": "columns", "fields": {"prompt": [[1]]}}',
        '{"shape": ["x"]}',
        '{"shape": "no such"}',
        '{"shape": "columns", "fields": {"prompt": "p\\u0000"}}',
    ],
)
def test_strange_mapping_is_refused(
    manager: Client, pool: Project, mapping: str
) -> None:
    file = SimpleUploadedFile("items.jsonl", b'{"p": "Why?", "c": ["a", "b"]}\n')
    response = manager.post(
        reverse("api_imports", args=[pool.slug]), {"file": file, "mapping": mapping}
    )
    assert response.status_code == 422, response.content
    assert not Job.objects.exists()


def test_json_larger_than_memory_allows_is_refused_unread(
    manager: Client, pool: Project
) -> None:
    body = '["' + "x" * 17 * 1024 * 1024 + '"]'
    path = reverse("api_imports", args=[pool.slug])
    response = manager.post(path, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_upload_by_rest_has_the_limit_of_the_page(
    manager: Client, pool: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configured, "UPLOAD_LIMIT_MB", 1)
    file = SimpleUploadedFile("too-large.jsonl", b"x" * 1_000_001)
    response = manager.post(reverse("api_imports", args=[pool.slug]), {"file": file})
    assert (response.status_code, response.json()["code"]) == (429, "limit")
    assert not list(Path(default_storage.path("")).glob("imports/*/too-large.jsonl"))


def test_page_of_projects_is_bounded(manager: Client, pool: Project) -> None:
    for number in range(101):
        other = Project.objects.create(
            slug=f"other-{number}", name="Other", created_by=pool.created_by
        )
        Membership.objects.create(project=other, user=pool.created_by, role="owner")
    response = manager.get(reverse("api_projects"), {"limit": "100000000"})
    assert len(response.json()["results"]) == 100


def test_export_whose_file_is_gone_says_so(manager: Client, pool: Project) -> None:
    job = Job.objects.create(
        project=pool, kind="export", state="done", file="exports/gone.zip"
    )
    response = manager.get(reverse("api_download", args=[job.public_id]))
    assert (response.status_code, response.json()["code"]) == (409, "conflict")
