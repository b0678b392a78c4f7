"""Whatever the body of a call holds, the answer is a 4xx in the one error shape."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.models import Annotation, Assignment, Participant, Project
from annotation.models import QuestionsVersion as Questions
from annotation.project_templates import TEMPLATES
from tests.counts import n_runs

CALLS = ("api_submit", "api_draft", "api_beat", "api_skip", "api_flag", "api_open")
FUZZ = settings(
    max_examples=n_runs(60, 3000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
texts = st.text(st.characters(exclude_categories=()), max_size=8)
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.integers(-4, 4)
    | st.floats()
    | texts
    | st.sampled_from(["na", "\x00", "\ud800", "1e999", "both"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner),
    max_leaves=8,
)


@pytest.fixture
def caller(annotator: Participant, client_of: Callable[..., Client]) -> Client:
    return client_of(annotator)


@pytest.fixture
def opened(caller: Client, pool: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an open assignment that asks every type of question, all optional."""
    monkeypatch.setattr("annotation.api.work.CALLS_PER_MINUTE", 10**9)
    merged = {
        str(question["name"]): {**question, "is_required": False}
        for template in TEMPLATES.values()
        for question in template.questions
    }
    Questions.objects.update(questions=list(merged.values()))
    found = send(caller, "api_next", pool.slug, b"{}")
    return str(found.json()["assignment"]["id"])


def send(client: Client, name: str, key: object, body: bytes | str) -> Any:
    method = client.put if name == "api_draft" else client.post
    return method(reverse(name, args=[key]), body, content_type="application/json")


def assert_refused(response: Any, *codes: int) -> None:
    assert response.status_code in (codes or (422,)), response.content
    assert set(response.json()) >= {"code", "message", "problems"}


def asked() -> list[dict[str, Any]]:
    version = Questions.objects.get()
    return list(version.questions)


@FUZZ
@given(data=st.data(), name=st.sampled_from(CALLS))
def test_no_body_breaks_a_call(
    caller: Client, opened: str, data: st.DataObject, name: str
) -> None:
    fields = ("answers", "submission_id", "active_ms", "layout", "revision", "tab")
    more = ("view", "reason", "kind", "note")
    body = {field: data.draw(junk) for field in (*fields, *more)}
    if data.draw(st.booleans()):
        body["submission_id"] = str(uuid.uuid4())
        body["answers"] = {
            question["name"]: data.draw(
                junk
                | st.fixed_dictionaries({"value": junk, "reasons": junk})
                | st.fixed_dictionaries({"tiers": junk, "unacceptable": junk})
                | st.fixed_dictionaries(
                    {
                        criterion["name"]: junk
                        for criterion in question.get("criteria", ())
                    }
                )
            )
            for question in data.draw(st.lists(st.sampled_from(asked()), max_size=3))
        }
        body["active_ms"] = 5
        body["layout"] = body["view"] = body["tab"] = ""
        body["revision"] = 0
    # Undone afterwards, so that no example finds the assignment at its end already.
    with transaction.atomic():
        response = send(caller, name, opened, json.dumps(body))
        transaction.set_rollback(True)
    assert response.status_code in (200, 201, 409, 422), response.content
    if response.status_code > 201:
        assert_refused(response, 409, 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"answers": {"a": NaN}, "revision": 0}',
        b'{"answers": {"a": 1e999}, "revision": 0}',
        b'{"answers": {"a": "\\ud83d"}, "revision": 0}',
        b'{"answers": {"a": "\\u0000"}, "revision": 0}',
        b'{"answers": {"a\\u0000": 1}, "revision": 0}',
        b'{"answers": {}, "revision": NaN}',
        b'{"answers": {}, "revision": ' + b"9" * 5000 + b"}",
        b'{"answers": {}, "tab": "\\udc00", "revision": 0}',
        b'{"answers": ' + b"[" * 100_000,
        b'{"answers": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
        b"\xff\xfe{\x00}\x00",
        b"\xed\xa0\x80",
        b"\x00",
    ],
)
@pytest.mark.parametrize("name", ["api_draft", "api_submit"])
def test_what_cannot_be_stored_is_refused(
    caller: Client, opened: str, name: str, body: bytes
) -> None:
    assert_refused(send(caller, name, opened, body))
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("name", CALLS[:5])
def test_body_of_ten_megabytes_is_refused(
    caller: Client, opened: str, name: str
) -> None:
    body = json.dumps(
        {
            "submission_id": str(uuid.uuid4()),
            "answers": {"rationale": "x" * 10_000_000},
        }
    )
    assert_refused(send(caller, name, opened, body), 413)


@pytest.mark.parametrize(
    "answers",
    [
        {"ranking": {"tiers": [[0] * 300_000], "unacceptable": []}},
        {"ranking": {"tiers": [[0]] * 300_000, "unacceptable": [1] * 300_000}},
        {f"question{number}": 1 for number in range(100_000)},
        {"a" * 3_000_000: 1},
    ],
)
def test_long_answers_are_refused_in_short(
    caller: Client, opened: str, answers: dict[str, Any]
) -> None:
    body = {"submission_id": str(uuid.uuid4()), "answers": answers}
    response = send(caller, "api_submit", opened, json.dumps(body))
    assert_refused(response)
    assert len(response.content) < 20_000


def test_escaped_letters_and_emoji_are_stored_as_they_are(
    caller: Client, opened: str
) -> None:
    body = b'{"answers": {"a": "\\u00e9 \\ud83d\\ude00 \\\\u0000"}, "revision": 0}'
    assert send(caller, "api_draft", opened, body).status_code == 200
    draft = Assignment.objects.select_related("draft").get(public_id=opened).draft
    assert draft.answers == {"a": "é 😀 \\u0000"}
