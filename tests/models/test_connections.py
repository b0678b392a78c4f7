"""An endpoint is stored with its key encrypted, and opened again for calls."""

import logging
from typing import Any

import pytest
from django.core import serializers
from django.db import connection as database

from annotation.errors import ConflictError
from annotation.models import MachineAnnotator
from annotation.services.encryption import ENDPOINT_KEY, IDENTITY, decrypt, encrypt
from annotation.services.jobs import JobFailed
from models_service.models import Connection
from models_service.services.backends import endpoint_settings, open_generator
from models_service.services.machines import add_machine, change_machine
from models_service.specs import Spec
from tests.factories import make_project, make_user
from tests.models.asking import KEY, asks, reply_of
from tests.models.server import JudgeServer

pytestmark = pytest.mark.django_db
URL = "https://api.example.org/v1"


def spec(base_url: str = URL, api_key: str | None = KEY) -> Spec:
    """Return a judge behind an endpoint, as its owner describes it."""
    return Spec(
        "judge", "endpoint", "pairwise", "judge", base_url=base_url, api_key=api_key
    )


def make_judge(base_url: str = URL) -> MachineAnnotator:
    """Return a judge behind an endpoint, stored with a key."""
    user = make_user()
    return add_machine(project=make_project(user), user=user, spec=spec(base_url))


def test_key_is_nowhere_in_the_database_in_clear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    machine = make_judge()
    stored = Connection.objects.get(machine=machine)
    with database.cursor() as cursor:
        cursor.execute("SELECT c::text FROM model_connection c")
        rows = str(cursor.fetchall())
    opened = open_generator(machine)
    shown = f"{stored!r} {stored} {endpoint_settings(machine)!r} {opened!r} {spec()!r}"
    assert KEY not in rows + shown + caplog.text
    assert KEY.encode().hex() not in rows
    assert KEY not in serializers.serialize("json", [stored])
    assert endpoint_settings(machine).api_key == KEY


def test_opened_endpoint_asks_with_the_stored_key(
    judge_server: JudgeServer, settings: Any
) -> None:
    settings.MODEL_PRIVATE_ADDRESSES = True
    opened = open_generator(make_judge(judge_server.url))
    (result,) = opened.ask_all(asks(1))
    opened.close()
    reply_of(result)
    assert judge_server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_key_is_kept_for_its_address_and_goes_nowhere_else() -> None:
    machine = make_judge()
    user = machine.project.created_by
    kept = change_machine(machine=machine, user=user, spec=spec(api_key=None))
    assert endpoint_settings(kept).api_key == KEY
    other = spec("https://evil.example.org/v1", api_key=None)
    moved = change_machine(machine=kept, user=user, spec=other)
    assert endpoint_settings(moved).api_key == ""


def test_one_purpose_cannot_read_what_another_stored() -> None:
    # No token of a cipher can hold a space, as it may hold four letters by chance.
    sealed = encrypt("a word", purpose=ENDPOINT_KEY)
    assert b"a word" not in sealed
    assert decrypt(sealed, purpose=ENDPOINT_KEY) == "a word"
    with pytest.raises(ConflictError, match="SECRET_KEY"):
        decrypt(sealed, purpose=IDENTITY)


def test_changed_secret_key_is_said(settings: Any) -> None:
    machine = make_judge()
    settings.SECRET_KEY = "another secret key of more than 32 characters"
    with pytest.raises(JobFailed, match="Enter it again"):
        open_generator(machine)
