"""The annotator's calls over HTTP."""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Annotation,
    Assignment,
    CheckPlan,
    Participant,
    Project,
)
from annotation.services.item_store import ItemStore
from tests.checks.conftest import set_rules
from tests.pools import draft

ANSWERS = {"preference": {"value": 2}}


@pytest.fixture
def caller(annotator: Participant, client_of: Callable[..., Client]) -> Client:
    return client_of(annotator)


def post(client: Client, path: str, body: object = None, **headers: str) -> Any:
    return client.post(
        path, json.dumps(body or {}), content_type="application/json", headers=headers
    )


def next_path(project: Project) -> str:
    return reverse("api_next", args=[project.slug])


def path_of(name: str, desk: dict[str, Any]) -> str:
    return reverse(name, args=[desk["assignment"]["id"]])


def submission(**changes: object) -> dict[str, object]:
    return {"submission_id": str(uuid.uuid4()), "answers": ANSWERS, **changes}


def test_next_gives_the_item_in_the_presented_order(
    caller: Client, pool: Project
) -> None:
    desk = post(caller, next_path(pool)).json()
    assignment = Assignment.objects.get(public_id=desk["assignment"]["id"])
    texts = list(assignment.item.completions.order_by("index"))
    assert assignment.order is not None
    assert [c["text"] for c in desk["completions"]] == [
        texts[index].text for index in assignment.order
    ]
    assert [c["letter"] for c in desk["completions"]] == ["A", "B"]
    assert desk["questions"][0]["name"] == "preference"


def test_names_of_models_never_reach_the_annotator(
    caller: Client, pool: Project
) -> None:
    body = post(caller, next_path(pool)).content.decode()
    assert "model-0" not in body
    assert "model-1" not in body


def test_pool_without_a_free_place_answers_204(caller: Client, pool: Project) -> None:
    for _ in range(3):
        desk = post(caller, next_path(pool)).json()
        assert (
            post(caller, path_of("api_submit", desk), submission()).status_code == 201
        )
    assert post(caller, next_path(pool)).status_code == 204


def test_retry_of_a_submission_answers_200_with_the_same_annotation(
    caller: Client, pool: Project
) -> None:
    desk = post(caller, next_path(pool)).json()
    body = submission()
    first = post(caller, path_of("api_submit", desk), body)
    again = post(caller, path_of("api_submit", desk), body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["annotation"] == again.json()["annotation"]
    assert Annotation.objects.count() == 1


def test_missing_answer_answers_422_and_names_it(caller: Client, pool: Project) -> None:
    desk = post(caller, next_path(pool)).json()
    response = post(caller, path_of("api_submit", desk), submission(answers={}))
    assert response.status_code == 422
    assert [p["path"] for p in response.json()["problems"]] == ["answers.preference"]


@pytest.mark.parametrize(
    "body",
    [
        {"answers": ANSWERS},
        {"submission_id": "no", "answers": ANSWERS},
        {"submission_id": str(uuid.UUID(int=1)), "answers": [1]},
        {"submission_id": str(uuid.UUID(int=1)), "answers": ANSWERS, "active_ms": "x"},
        {"submission_id": 5, "answers": ANSWERS},
    ],
)
def test_malformed_submission_answers_422_and_stores_nothing(
    caller: Client, pool: Project, body: object
) -> None:
    desk = post(caller, next_path(pool)).json()
    assert post(caller, path_of("api_submit", desk), body).status_code == 422
    assert not Annotation.objects.exists()


def test_body_that_is_not_json_answers_422(caller: Client, pool: Project) -> None:
    response = caller.post(next_path(pool), "{", content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (422, "json")


def test_draft_heartbeat_and_take_back(caller: Client, pool: Project) -> None:
    desk = post(caller, next_path(pool)).json()
    saved = caller.put(
        path_of("api_draft", desk),
        json.dumps({"answers": ANSWERS, "revision": 0, "tab": "one"}),
        content_type="application/json",
    )
    assert saved.json() == {"revision": 1}
    assert post(caller, next_path(pool)).json()["draft"]["answers"] == ANSWERS
    beat = post(caller, path_of("api_beat", desk), {"layout": "stacked"})
    assert beat.json()["lease_until"] > desk["assignment"]["lease_until"]
    post(caller, path_of("api_submit", desk), submission())
    back = post(caller, path_of("api_back", desk))
    assert back.json()["assignment"]["state"] == "open"
    assert post(caller, next_path(pool)).json()["draft"]["answers"] == ANSWERS


def test_item_leased_ahead_can_be_opened_after_the_first(
    caller: Client, pool: Project
) -> None:
    first = post(caller, next_path(pool)).json()
    ahead = post(caller, next_path(pool), {"ahead": True}).json()
    assert ahead["assignment"]["state"] == "queued"
    busy = post(caller, path_of("api_open", ahead))
    assert (busy.status_code, busy.json()["code"]) == (409, "busy")
    post(caller, path_of("api_submit", first), submission())
    assert post(caller, path_of("api_open", ahead)).status_code == 200


def test_skip_and_flag_are_kept(caller: Client, pool: Project) -> None:
    desk = post(caller, next_path(pool)).json()
    flagged = post(caller, path_of("api_flag", desk), {"kind": "broken", "note": "x"})
    assert flagged.status_code == 201
    assert post(caller, path_of("api_flag", desk), {"kind": "ugly"}).status_code == 422
    post(caller, path_of("api_skip", desk), {"reason": "Not mine."})
    assert Assignment.objects.get().skip_reason == "Not mine."


def test_assignment_of_somebody_else_is_not_found(
    caller: Client,
    pool: Project,
    outsider: Client,
    make_annotator: Callable[[Project], Participant],
    client_of: Callable[..., Client],
) -> None:
    desk = post(caller, next_path(pool)).json()
    colleague = client_of(make_annotator(pool))
    for client in (outsider, colleague):
        for name in ("api_submit", "api_beat", "api_skip", "api_back", "api_open"):
            response = post(client, path_of(name, desk), submission())
            assert response.status_code == 404, name


def test_outsider_gets_no_item(outsider: Client, pool: Project) -> None:
    assert post(outsider, next_path(pool)).status_code == 404


def test_participant_without_consent_is_sent_to_the_start(
    caller: Client, annotator: Participant, pool: Project
) -> None:
    Participant.objects.update(is_ready=False)
    response = post(caller, next_path(pool))
    assert (response.status_code, response.json()["code"]) == (403, "not_ready")
    assert response.json()["start"] == f"/p/{pool.slug}/start/"


def test_wrong_method_is_refused_and_told(caller: Client, pool: Project) -> None:
    response = caller.get(next_path(pool))
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_nobody_is_told_to_log_in(client: Client, pool: Project) -> None:
    response = post(client, next_path(pool))
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_wrong_token_is_refused(client: Client, pool: Project) -> None:
    response = post(client, next_path(pool), authorization="Token wrong")
    assert response.status_code == 401


def test_session_without_csrf_token_is_refused(
    annotator: Participant, pool: Project
) -> None:
    assert annotator.user is not None
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(annotator.user, "django.contrib.auth.backends.ModelBackend")
    response = post(browser, next_path(pool))
    assert (response.status_code, response.json()["code"]) == (403, "csrf")
    browser.cookies["csrftoken"] = "a" * 32
    response = post(browser, next_path(pool), **{"X-CSRFToken": "a" * 32})
    assert response.status_code == 200


def test_too_many_calls_are_throttled(
    caller: Client, pool: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.api.work.CALLS_PER_MINUTE", 2)
    # Calls are counted by the minute of the clock, which does not end meanwhile.
    clock = SimpleNamespace(time=lambda: 0.0)
    monkeypatch.setattr("annotation.api.work.time", clock)
    codes = [post(caller, next_path(pool)).status_code for _ in range(4)]
    assert codes[0] == 200
    assert codes[-1] == 429


RANKING = {"name": "order", "type": "ranking", "title": "?", "n_places": 2}


@pytest.mark.parametrize(
    ("asks", "tiers", "confirmed", "metadata"),
    [
        (True, [[0], [1]], True, {"was_unchanged_confirmed": True}),
        (True, [[0], [1]], False, {}),
        (True, [[1], [0]], True, {}),
        (False, [[0], [1]], True, {}),
    ],
)
def test_confirmed_order_as_shown_is_noted_with_the_answer(
    caller: Client,
    pool: Project,
    asks: bool,
    tiers: list[list[int]],
    confirmed: bool,
    metadata: dict[str, bool],
) -> None:
    pool.questions_versions.update(questions=[{**RANKING, "warn_unchanged": asks}])
    desk = post(caller, next_path(pool)).json()
    sent = submission(
        answers={"order": {"tiers": tiers}}, is_unchanged_confirmed=confirmed
    )
    assert post(caller, path_of("api_submit", desk), sent).status_code == 201
    assert Annotation.objects.get().metadata == metadata


def test_best_of_more_is_stored_with_who_stands_below(
    caller: Client, pool: Project
) -> None:
    pool.questions_versions.update(questions=[{**RANKING, "n_places": 1}])
    desk = post(caller, next_path(pool)).json()
    sent = submission(answers={"order": {"tiers": [[0]]}})
    assert post(caller, path_of("api_submit", desk), sent).status_code == 201
    order = Assignment.objects.get(public_id=desk["assignment"]["id"]).order
    assert order is not None
    assert Annotation.objects.get().answers["order"] == {
        "tiers": [[order[0]]],
        "unacceptable": [],
        "below": [order[1]],
    }


def test_confirmation_must_be_true_or_false(caller: Client, pool: Project) -> None:
    desk = post(caller, next_path(pool)).json()
    sent = submission(is_unchanged_confirmed="yes")
    answer = post(caller, path_of("api_submit", desk), sent)
    assert answer.status_code == 422
    assert answer.json()["message"] == "is_unchanged_confirmed must be true or false."


def hints(caller: Client, project: Project, n: int) -> list[str | None]:
    """Answer so many items, each time A; return the field of each result."""
    told = []
    for _ in range(n):
        desk = post(caller, next_path(project)).json()
        done = post(caller, path_of("api_submit", desk), submission())
        assert done.status_code == 201
        told.append(done.json().get("hint"))
    return told


def test_a_hint_comes_with_the_result_once_in_so_many(
    caller: Client, annotator: Participant, pool: Project
) -> None:
    with transaction.atomic():
        ItemStore(pool).add([draft(number) for number in range(10, 40)])
    set_rules(pool, hint_every=8)
    told = hints(caller, pool, 20)
    assert [number for number, words in enumerate(told, 1) if words] == [10, 20]
    assert str(told[9]).startswith("Your last 10 answers were all the same.")
    assert CheckPlan.objects.get(participant=annotator).hinted_at == 20


def test_without_its_rule_there_is_no_field_for_a_hint(
    caller: Client, pool: Project
) -> None:
    with transaction.atomic():
        ItemStore(pool).add([draft(number) for number in range(10, 30)])
    for rules in ({}, {"mirror_every": 1000}):
        set_rules(pool, **rules)
        desk = post(caller, next_path(pool)).json()
        done = post(caller, path_of("api_submit", desk), submission())
        assert "hint" not in done.json()
    assert hints(caller, pool, 12) == [None] * 12
