"""What the API refuses, in our own whole sentences."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_user

Ask = Callable[[Client], object]


@pytest.fixture
def caller(token_client: Callable[[User], Client]) -> Client:
    return token_client(make_user())


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "name", "name is missing. Send it."),
        ({"name": " "}, "name", "name is empty. Write something."),
        ({"name": None}, "name", "name is null. Send a value, or leave it out."),
        (
            {"name": "n" * 121},
            "name",
            "name is too long. Shorten it to 120 characters.",
        ),
        (
            {"name": "n", "overlap": 0},
            "overlap",
            "overlap is too small. The smallest number is 1.",
        ),
        (
            {"name": "n", "overlap": 101},
            "overlap",
            "overlap is too large. The largest number is 100.",
        ),
        (
            {"name": "n", "overlap": "many"},
            "overlap",
            "overlap does not fit. Look up its form in the documentation.",
        ),
    ],
)
def test_field_is_named_with_what_to_do(
    caller: Client, body: dict[str, object], path: str, message: str
) -> None:
    sent = {"template": "pairwise", **body}
    answer = caller.post("/api/v1/projects/", sent, content_type="application/json")
    assert answer.status_code == 400
    assert {"path": path, "row": None, "message": message} in answer.json()["problems"]


@pytest.mark.parametrize(
    ("content_type", "method", "status", "message"),
    [
        (
            "application/json",
            "post",
            400,
            "The body cannot be read. Send JSON, or a form with a file.",
        ),
        (
            "text/plain",
            "post",
            415,
            "This type of body is not read. Send JSON, or a form with a file.",
        ),
        (
            "application/json",
            "delete",
            405,
            "This address does not take DELETE.",
        ),
    ],
)
def test_whole_request_is_refused_in_our_words(
    caller: Client, content_type: str, method: str, status: int, message: str
) -> None:
    send = getattr(caller, method)
    answer = send("/api/v1/projects/", "{broken", content_type=content_type)
    assert answer.status_code == status
    assert answer.json()["message"] == message


def test_caller_without_a_token_is_told_to_send_one(client: Client, db: None) -> None:
    answer = client.get("/api/v1/projects/")
    assert answer.status_code == 401
    assert answer.json()["message"] == "You are not logged in. Send a token, or log in."


def test_own_sentence_of_a_wrong_token_stays(client: Client, db: None) -> None:
    headers = {"authorization": "Token pp_nothing"}
    answer = client.get("/api/v1/projects/", headers=headers)
    assert answer.json()["message"] == "This token is not valid. Make a new one."
