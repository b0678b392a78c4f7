"""An endpoint is stored with its key encrypted, and opened again for calls."""

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from django.core import serializers
from django.db import connection as database

from annotation.errors import ConflictError, InvalidError
from annotation.models import MachineAnnotator
from annotation.services.encryption import ENDPOINT_KEY, IDENTITY, decrypt, encrypt
from models_service.models import Connection
from models_service.services.connections import (
    open_endpoint,
    set_connection,
    settings_of,
)
from tests.factories import make_project
from tests.models.asking import KEY, asks, reply_of
from tests.models.server import JudgeServer

pytestmark = pytest.mark.django_db
URL = "https://api.example.org/v1"


def public(host: str, port: int) -> Sequence[str]:
    """Resolve every name to one public address."""
    return ["93.184.215.14"]


def make_judge() -> MachineAnnotator:
    """Return a judge behind an endpoint."""
    return MachineAnnotator.objects.create(
        project=make_project(),
        name="judge",
        model="judge",
        backend=MachineAnnotator.Backend.ENDPOINT,
        parameters={"top_p": 0.5, "extra_body": {"top_k": 4}},
    )


def connect(machine: MachineAnnotator, **changes: Any) -> Connection:
    """Store a connection with a key."""
    given = {"base_url": URL, "api_key": KEY, "resolve": public}
    return set_connection(machine=machine, **{**given, **changes})


def test_key_is_nowhere_in_the_database_in_clear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    stored = connect(make_judge())
    stored.refresh_from_db()
    with database.cursor() as cursor:
        cursor.execute("SELECT c::text FROM model_connection c")
        rows = str(cursor.fetchall())
    shown = f"{stored!r} {stored} {settings_of(stored)!r} {open_endpoint(stored)!r}"
    assert KEY not in rows + shown + caplog.text
    assert KEY.encode().hex() not in rows
    assert KEY not in serializers.serialize("json", [stored])
    assert settings_of(stored).api_key == KEY


def test_connection_gives_the_settings_of_calls(judge_server: JudgeServer) -> None:
    stored = connect(make_judge(), concurrency=3, requests_per_minute=90, timeout_s=5)
    found = settings_of(stored)
    assert (found.concurrency, found.requests_per_minute, found.timeout_s) == (3, 90, 5)
    assert found.given() == {"top_p": 0.5, "top_k": 4}
    assert found.allow_private is False


def test_opened_endpoint_asks_with_the_stored_key(
    judge_server: JudgeServer, settings: Any
) -> None:
    settings.MODEL_PRIVATE_ADDRESSES = True
    stored = connect(make_judge(), base_url=judge_server.url + "/chat/completions")
    assert stored.base_url == judge_server.url
    with open_endpoint(stored) as opened:
        (result,) = opened.ask_all(asks(1))
    reply_of(result)
    assert judge_server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_private_address_is_refused_unless_the_operator_allows_it(
    settings: Any,
) -> None:
    machine = make_judge()
    with pytest.raises(InvalidError, match="MODEL_PRIVATE_ADDRESSES"):
        connect(machine, base_url="http://127.0.0.1:8000/v1")
    settings.MODEL_PRIVATE_ADDRESSES = True
    connect(machine, base_url="http://127.0.0.1:8000/v1")


def test_key_is_kept_removed_and_never_sent_to_another_server() -> None:
    machine = make_judge()
    connect(machine)
    kept = connect(machine, api_key=None, base_url=f"{URL}/beta", concurrency=2)
    assert (settings_of(kept).api_key, kept.concurrency) == (KEY, 2)
    for other in ("https://evil.example.org/v1", "http://api.example.org/v1"):
        with pytest.raises(InvalidError, match="API key"):
            connect(machine, api_key=None, base_url=other)
    assert settings_of(connect(machine, api_key="")).api_key == ""
    assert Connection.objects.count() == 1


def test_numbers_out_of_bounds_are_refused_in_words() -> None:
    with pytest.raises(InvalidError, match="Calls at once"):
        connect(make_judge(), concurrency=0)
    with pytest.raises(InvalidError, match="API key") as caught:
        connect(make_judge(), api_key="sk bad key")
    assert "sk bad key" not in str(caught.value)


def test_one_purpose_cannot_read_what_another_stored() -> None:
    sealed = encrypt("word", purpose=ENDPOINT_KEY)
    assert b"word" not in sealed
    assert decrypt(sealed, purpose=ENDPOINT_KEY) == "word"
    with pytest.raises(ConflictError, match="SECRET_KEY"):
        decrypt(sealed, purpose=IDENTITY)


def test_changed_secret_key_is_said(settings: Any) -> None:
    stored = connect(make_judge())
    settings.SECRET_KEY = "another secret key of more than 32 characters"
    with pytest.raises(ConflictError, match="Enter it again"):
        settings_of(stored)
