"""Nobody reaches what is not theirs: roles, other projects, those who left."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Annotation,
    ConsentDocument,
    ConsentRecord,
    Job,
    Membership,
    Participant,
    Project,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.services import members, withdrawals

ANSWERS = {"preference": {"value": 2}}
WORK = ("api_submit", "api_draft", "api_beat", "api_open", "api_back", "api_flag")


def send(client: Client, name: str, key: object, body: object = None) -> Any:
    method = client.put if name == "api_draft" else client.post
    return method(reverse(name, args=[key]), json.dumps(body or {}), "application/json")


def submission() -> dict[str, object]:
    return {
        "submission_id": str(uuid.uuid4()),
        "answers": ANSWERS,
        "revision": 0,
        "kind": "other",
    }


@pytest.fixture
def caller(annotator: Participant, client_of: Callable[..., Client]) -> Client:
    return client_of(annotator)


@pytest.fixture
def session(annotator: Participant) -> Client:
    """The same person by a browser's session."""
    assert annotator.user is not None
    browser = Client()
    browser.force_login(annotator.user, "django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def agreed(annotator: Participant) -> ConsentRecord:
    document = ConsentDocument.objects.create(
        project=annotator.project, number=1, text="Yes?", scopes=[]
    )
    return ConsentRecord.objects.create(participant=annotator, document=document)


def opened(client: Client, project: Project) -> str:
    return str(send(client, "api_next", project.slug).json()["assignment"]["id"])


@pytest.mark.parametrize("name", [*WORK, "api_skip", "api_release"])
def test_who_took_the_consent_back_can_answer_no_more(
    caller: Client,
    session: Client,
    pool: Project,
    annotator: Participant,
    agreed: ConsentRecord,
    name: str,
) -> None:
    held = opened(caller, pool)
    withdrawals.withdraw(participant=annotator)
    for client in (caller, session):
        response = send(client, name, held, submission())
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert send(client, "api_next", pool.slug).status_code == 403
    assert not Annotation.objects.exists()


def test_new_consent_text_stops_nobody_from_ending_an_item(
    caller: Client, pool: Project, annotator: Participant, agreed: ConsentRecord
) -> None:
    held = opened(caller, pool)
    Participant.objects.update(is_ready=False)
    assert send(caller, "api_submit", held, submission()).status_code == 201
    assert send(caller, "api_next", pool.slug).status_code == 403


@pytest.mark.parametrize("name", [*WORK, "api_skip", "api_release"])
def test_removed_member_reaches_nothing(
    caller: Client, session: Client, pool: Project, annotator: Participant, name: str
) -> None:
    held = opened(caller, pool)
    seat = Membership.objects.get(project=pool, user=annotator.user)
    members.remove_member(membership=seat, by=pool.created_by)
    for client in (caller, session):
        assert send(client, name, held, submission()).status_code == 404
        assert send(client, "api_next", pool.slug).status_code == 404
        assert client.get(reverse("api_project", args=[pool.slug])).status_code == 404


def manager_calls(project: Project, job: Job) -> list[tuple[str, str]]:
    slug, key = project.slug, job.public_id
    return [
        ("post", reverse("api_imports", args=[slug])),
        ("post", reverse("api_exports", args=[slug])),
        ("get", reverse("api_annotations", args=[slug])),
        ("post", reverse("api_item_changes", args=[slug])),
        ("post", reverse("api_undo", args=[slug, key])),
        ("get", reverse("api_filters", args=[slug])),
        ("post", reverse("api_filters", args=[slug])),
        ("get", reverse("api_recruitment", args=[slug])),
        ("put", reverse("api_recruitment", args=[slug])),
        ("get", reverse("api_links", args=[slug])),
        ("post", reverse("api_links", args=[slug])),
        ("get", reverse("api_pay", args=[slug])),
        ("get", reverse("api_pay_file", args=[slug])),
        ("post", reverse("api_paid", args=[slug])),
        ("post", reverse("api_statuses", args=[slug])),
        ("get", reverse("api_job", args=[key])),
        ("post", reverse("api_cancel", args=[key])),
        ("get", reverse("api_download", args=[key])),
    ]


@pytest.fixture
def job(pool: Project) -> Job:
    return Job.objects.create(
        project=pool, kind="export", parameters={"salt": "c2VjcmV0LXNhbHQ="}
    )


def test_annotator_reaches_no_call_of_a_manager(
    caller: Client, session: Client, pool: Project, job: Job
) -> None:
    for client in (caller, session):
        for method, path in manager_calls(pool, job):
            response = getattr(client, method)(path, content_type="application/json")
            assert response.status_code == 404, path


def test_owner_of_another_project_reaches_nothing_here(
    make_pool: Callable[..., Project],
    token_client: Callable[..., Client],
    caller: Client,
    pool: Project,
    job: Job,
) -> None:
    other = make_pool(1)
    Membership.objects.create(project=other, user=other.created_by, role="owner")
    client, held = token_client(other.created_by), opened(caller, pool)
    for method, path in manager_calls(pool, job):
        response = getattr(client, method)(path, content_type="application/json")
        assert response.status_code == 404, path
    for name in WORK:
        assert send(client, name, held, submission()).status_code == 404


def test_job_never_tells_its_parameters(manager: Client, job: Job) -> None:
    response = manager.get(reverse("api_job", args=[job.public_id]))
    assert response.status_code == 200
    assert "secret" not in response.content.decode()
    assert "c2VjcmV0" not in response.content.decode()


def test_annotator_sees_neither_models_nor_answers_nor_profiles_of_others(
    caller: Client,
    pool: Project,
    make_annotator: Callable[[Project], Participant],
    client_of: Callable[..., Client],
) -> None:
    colleague = make_annotator(pool)
    version = SurveyVersion.objects.create(project=pool, number=1, questions=[])
    SurveyAnswer.objects.create(
        participant=colleague,
        version=version,
        question="age",
        state="answered",
        value="very-private",
    )
    other = client_of(colleague)
    note = {"kind": "other", "note": "very-private"}
    for _ in range(3):
        held = opened(other, pool)
        send(other, "api_flag", held, note)
        assert send(other, "api_submit", held, submission()).status_code == 201
    seen = send(caller, "api_next", pool.slug).content.decode()
    seen += send(caller, "api_next", pool.slug, {"ahead": True}).content.decode()
    seen += caller.get(reverse("api_project", args=[pool.slug])).content.decode()
    for secret in ("model-", "very-private", colleague.pseudonym, "external_id", "q1"):
        assert secret not in seen


def test_unknown_address_of_the_api_answers_in_the_one_shape(caller: Client) -> None:
    for path in ("/api/v1/nothing/", "/api/v1/assignments/5/submit/"):
        response = caller.get(path)
        assert response.status_code == 404
        assert set(response.json()) == {"code", "message", "problems"}


def test_throttle_forgets_with_the_minute(
    caller: Client, pool: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a counter without an end, as a race in the cache leaves one."""
    now = 6000.0
    monkeypatch.setattr("annotation.api.work.time.time", lambda: now)
    monkeypatch.setattr("annotation.api.work.CALLS_PER_MINUTE", 2)
    codes = [send(caller, "api_next", pool.slug).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    for key in cache._cache.get_client(None, write=True).keys("*calls:*"):  # type: ignore[attr-defined]
        cache._cache.get_client(None, write=True).persist(key)  # type: ignore[attr-defined]
    now += 60
    assert send(caller, "api_next", pool.slug).status_code == 200
