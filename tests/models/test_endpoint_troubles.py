"""An endpoint that is slow, broken, overloaded or hostile."""

import gzip
import logging
import socket
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from models_service.backends.base import Failure, Reply
from models_service.backends.endpoint import MOST_FAILURES_IN_A_ROW, Endpoint
from models_service.backends.endpoint_settings import EndpointSettings
from tests.models.asking import (
    KEY,
    FakeTime,
    ask,
    ask_many,
    ask_one,
    asks,
    endpoint,
    failure_of,
    in_turn,
    reply_of,
)
from tests.models.server import Answer, JudgeServer, Request, error


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_transient_status_is_tried_again(
    judge_server: JudgeServer, status: int
) -> None:
    judge_server.decide = in_turn(error(status, "wait"), error(status), Answer())
    assert reply_of(ask_one(judge_server)).n_attempts == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_lasting_status_is_not_tried_again(
    judge_server: JudgeServer, status: int
) -> None:
    judge_server.decide = lambda request: error(status, "no")
    failure = failure_of(ask_one(judge_server))
    assert (failure.status, failure.code) == ("failed", f"http_{status}")
    assert failure.message.endswith(".")
    assert judge_server.n_requests == 1


def test_transient_status_ends_after_the_tries_that_are_set(
    judge_server: JudgeServer,
) -> None:
    judge_server.decide = lambda request: error(500, "no")
    failure = failure_of(ask_one(judge_server, max_attempts=3))
    assert (failure.code, failure.n_attempts) == ("http_500", 3)
    assert judge_server.n_requests == 3


def test_waits_between_tries_grow(judge_server: JudgeServer) -> None:
    time = FakeTime()
    judge_server.decide = lambda request: error(500, "no")
    ask_one(judge_server, time=time, max_attempts=5)
    assert [0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(time.waits)] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        (format_datetime(datetime.fromtimestamp(1_020, UTC), usegmt=True), 20.0),
        ("86400", 60.0),
        ("-5", 0.0),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute(
    judge_server: JudgeServer, value: str, seconds: float
) -> None:
    time = FakeTime()
    limited = Answer(status=429, payload={}, headers={"Retry-After": value})
    judge_server.decide = in_turn(limited, Answer())
    reply_of(ask_one(judge_server, time=time))
    assert sum(time.waits) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["soon", "nan", "inf"])
def test_retry_after_that_makes_no_sense_does_no_harm(
    judge_server: JudgeServer, value: str
) -> None:
    time = FakeTime()
    limited = Answer(status=429, payload={}, headers={"Retry-After": value})
    judge_server.decide = in_turn(limited, Answer())
    reply_of(ask_one(judge_server, time=time))
    assert 0 < sum(time.waits) <= 60


def test_storm_of_429_loses_nothing(judge_server: JudgeServer) -> None:
    limited = Answer(status=429, payload={}, headers={"Retry-After": "1"})

    def decide(request: Request) -> Answer:
        return Answer(text=request.prompt) if request.number % 3 == 0 else limited

    judge_server.decide = decide
    results = ask_many(judge_server, asks(120), concurrency=32)
    texts = {one.key: reply_of(one).text for one in results}
    assert texts == {f"k{n}": f"number {n}" for n in range(120)}
    assert judge_server.n_requests == 360


def test_account_without_credit_ends_the_run(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: error(429, "x", code="insufficient_quota")
    results = ask_many(judge_server, asks(1000), concurrency=2)
    assert {failure_of(one).code for one in results} == {"no_credit"}
    assert judge_server.n_requests <= 4


@pytest.mark.parametrize("status", [401, 402, 405])
def test_fatal_status_ends_the_run_early_and_answers_for_every_ask_pulled(
    judge_server: JudgeServer, status: int
) -> None:
    pulled: list[str] = []

    def calls() -> Any:
        for call in asks(1000):
            pulled.append(call.key)
            yield call

    judge_server.decide = lambda request: error(status, "no")
    results = [failure_of(one) for one in ask_many(judge_server, calls())]
    assert sorted(one.key for one in results) == sorted(pulled)
    assert len(pulled) <= 16
    assert all(one.is_fatal for one in results)
    assert sum(one.n_attempts for one in results) == judge_server.n_requests


@pytest.mark.parametrize("status", [403, 404, 451])
def test_status_that_may_mean_one_item_fails_that_one_alone(
    judge_server: JudgeServer, status: int
) -> None:
    def decide(request: Request) -> Answer:
        return error(status, "no") if request.prompt == "number 3" else Answer()

    judge_server.decide = decide
    results = ask_many(judge_server, asks(40))
    (failed,) = [one for one in results if isinstance(one, Failure)]
    assert (failed.key, failed.code) == ("k3", f"http_{status}")
    assert not failed.is_fatal
    assert judge_server.n_requests == len(results) == 40


@pytest.mark.parametrize("status", [403, 404, 451])
def test_status_that_may_mean_one_item_ends_the_run_where_it_means_all(
    judge_server: JudgeServer, status: int
) -> None:
    judge_server.decide = lambda request: error(status, "no")
    results = [failure_of(one) for one in ask_many(judge_server, asks(1000))]
    assert any(one.is_fatal for one in results)
    assert judge_server.n_requests <= MOST_FAILURES_IN_A_ROW + 4


@pytest.mark.parametrize(
    "beside",
    [
        {"metadata": {"reasons": ["violence"], "flagged_input": "He took"}},
        {"code": "content_policy_violation"},
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_flagged_item_is_a_refusal(
    judge_server: JudgeServer, status: int, beside: dict[str, Any]
) -> None:
    judge_server.decide = lambda request: error(status, "Flagged.", **beside)
    results = [failure_of(one) for one in ask_many(judge_server, asks(40))]
    assert {(one.status, one.code) for one in results} == {
        ("refused", "content_filter")
    }
    assert not any(one.is_fatal for one in results)


def test_server_that_is_down_ends_the_run_after_some_failures() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        settings = EndpointSettings(url, "judge", allow_private=True, max_attempts=2)
        with Endpoint(settings, clock=FakeTime().clock) as opened:
            results = [failure_of(one) for one in opened.ask_all(asks(1000))]
    assert {one.code for one in results} == {"connect"}
    assert any(one.is_fatal for one in results)
    assert len(results) <= MOST_FAILURES_IN_A_ROW + 16


def test_failures_between_replies_end_nothing(judge_server: JudgeServer) -> None:
    def decide(request: Request) -> Answer:
        number = int(request.prompt.split()[1])
        return Answer() if number % 5 == 0 else error(500)

    judge_server.decide = decide
    results = ask_many(judge_server, asks(200), max_attempts=1, concurrency=1)
    assert len(results) == 200
    assert len([one for one in results if isinstance(one, Reply)]) == 40


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<html>Welcome</html>", "bad_json"),
        (b'{"choices": [{"message": ', "bad_json"),
        (b"", "bad_json"),
        (b"\xff\xfe\x00", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"[]", "bad_answer"),
        (b"null", "bad_answer"),
        (b'{"choices": []}', "bad_answer"),
        (b'{"choices": [{"text": "old protocol"}]}', "bad_answer"),
        (b'{"choices": [{"message": {"content": null}}]}', "bad_answer"),
        (b'{"error": {"message": "inner", "code": 418}}', "error_answer"),
    ],
)
def test_broken_answer_is_tried_once_more_and_then_fails(
    judge_server: JudgeServer, raw: bytes, code: str
) -> None:
    judge_server.decide = lambda request: Answer(raw=raw)
    failure = failure_of(ask_one(judge_server))
    assert (failure.status, failure.code, failure.n_attempts) == ("failed", code, 2)
    judge_server.decide = in_turn(*[Answer(raw=raw)] * 3, Answer())
    assert reply_of(ask_one(judge_server)).n_attempts == 2


def test_tokens_of_an_answer_that_is_no_use_are_counted(
    judge_server: JudgeServer,
) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    wrong = Answer(payload={"choices": [{"message": {}}], "usage": usage})
    judge_server.decide = in_turn(wrong, Answer(usage=usage))
    reply = reply_of(ask_one(judge_server))
    assert (reply.tokens_in, reply.tokens_out) == (200, 20)


def test_answer_that_is_cut_is_tried_again(judge_server: JudgeServer) -> None:
    judge_server.decide = in_turn(Answer(cut_after=20), Answer(cut_after=0), Answer())
    assert reply_of(ask_one(judge_server)).n_attempts == 3
    judge_server.decide = lambda request: Answer(cut_after=50)
    assert failure_of(ask_one(judge_server, max_attempts=2)).code == "cut"


def test_server_that_hangs_is_left_after_its_time(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer(is_held=True)
    failure = failure_of(ask_one(judge_server, timeout_s=0.05, max_attempts=2))
    assert (failure.code, failure.n_attempts) == ("timeout", 2)


def test_slow_answer_is_waited_for(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer(is_held=True)
    with endpoint(judge_server) as opened:
        results = opened.ask_all(iter([ask()]))
        judge_server.release()
        assert reply_of(next(results)).n_attempts == 1


def test_body_of_20_mb_is_not_read(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer(n_filler=20 * 2**20)
    failure = failure_of(ask_one(judge_server))
    assert (failure.code, failure.n_attempts) == ("too_large", 2)


def test_bomb_of_gzip_is_not_unpacked(judge_server: JudgeServer) -> None:
    bomb = gzip.compress(b" " * (200 * 2**20), compresslevel=1)
    assert len(bomb) < 2**20
    headers = {"content-encoding": "gzip"}
    judge_server.decide = lambda request: Answer(raw=bomb, headers=headers)
    assert failure_of(ask_one(judge_server)).code == "too_large"


def test_gzip_that_was_not_asked_for_is_read(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer(text="squeezed", is_gzipped=True)
    assert reply_of(ask_one(judge_server)).text == "squeezed"
    assert judge_server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_encoding_that_cannot_be_read_fails(
    judge_server: JudgeServer, encoding: str
) -> None:
    broken = Answer(raw=b"no such thing", headers={"content-encoding": encoding})
    judge_server.decide = lambda request: broken
    assert failure_of(ask_one(judge_server)).code == "bad_encoding"


def test_error_quotes_the_server_and_never_the_key(
    judge_server: JudgeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    judge_server.decide = lambda request: error(400, f"Key {KEY} may not\n do this.")
    with endpoint(judge_server) as opened:
        (result,) = list(opened.ask_all([ask()]))
        shown = f"{opened!r} {opened.settings!r} {vars(opened)!r} {result!r}"
    assert "may not do this." in failure_of(result).message
    assert KEY not in shown + caplog.text


def test_key_stays_out_of_the_logs_of_every_trouble(
    judge_server: JudgeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    troubles = [error(401, KEY), error(500, KEY), Answer(cut_after=3), Answer(raw=b"x")]
    for trouble in troubles:
        judge_server.decide = in_turn(trouble)
        result: Reply | Failure = ask_one(judge_server, max_attempts=2)
        assert KEY not in repr(result)
    assert KEY not in caplog.text
