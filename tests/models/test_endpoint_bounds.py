"""Many calls at once: how many, how fast, in how much memory, and how they end."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from models_service.backends import connecting
from models_service.backends.base import Ask
from models_service.backends.pacing import Pace
from tests.counts import n_runs
from tests.models.asking import FakeTime, ask, ask_many, asks, endpoint, reply_of
from tests.models.server import Answer, JudgeServer

T = TypeVar("T")


def run_apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it on its own thread: a browser of earlier tests keeps a loop on ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


def release_at(server: JudgeServer, n_calls: int) -> None:
    """Let the answers go as soon as so many calls are under way."""
    server.wait_until(lambda server: server.n_under_way == n_calls)
    server.release()


def test_no_more_calls_at_once_than_set_and_no_fewer(judge_server: JudgeServer) -> None:
    judge_server.decide = lambda request: Answer(is_held=True)
    pulled = []

    def calls() -> Iterator[Ask]:
        for call in asks(50):
            pulled.append(call.key)
            yield call

    with endpoint(judge_server, concurrency=8) as opened:
        results = opened.ask_all(calls())
        released = threading.Thread(target=release_at, args=(judge_server, 8))
        released.start()
        next(results)
        assert len(pulled) <= 17
        assert len(list(results)) == 49
        released.join()
    assert judge_server.peak == 8


def test_connections_are_kept_for_the_next_calls(
    judge_server: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "KEEP_ALIVE_S", 600.0)
    with endpoint(judge_server, concurrency=1) as opened:
        for _ in range(3):
            assert len(list(opened.ask_all(asks(5)))) == 5
    assert judge_server.n_connections == 1


def test_calls_a_minute_are_spread_evenly(judge_server: JudgeServer) -> None:
    time = FakeTime()
    results = ask_many(
        judge_server, asks(31), time=time, requests_per_minute=120, concurrency=1
    )
    assert len(results) == 31
    assert time.now - 1_000 == pytest.approx(15.0)


def test_pause_of_one_call_holds_for_all_and_ends_step_by_step() -> None:
    time = FakeTime()
    pace = Pace(None, time.clock)

    async def run() -> list[float]:
        pace.slow_down(5)
        pace.slow_down(3)
        starts = []
        for _ in range(3):
            await pace.wait()
            starts.append(time.now - 1_000)
        for _ in range(20):
            pace.speed_up()
        return starts

    assert run_apart(run) == pytest.approx([5.0, 5.02, 5.04])
    assert pace.gap_s == 0


def test_call_that_waited_through_a_new_pause_waits_again() -> None:
    time = FakeTime()
    pace = Pace(60, time.clock)

    async def run() -> None:
        await pace.wait()
        first = asyncio.create_task(pace.wait())
        await asyncio.sleep(0)
        pace.slow_down(30)
        await first

    run_apart(run)
    assert time.now - 1_000 >= 30


def test_closing_early_cancels_calls_and_closes_connections(
    judge_server: JudgeServer,
) -> None:
    judge_server.decide = lambda request: Answer(is_held=request.number > 3)
    before = set(threading.enumerate())
    with endpoint(judge_server, concurrency=4) as opened:
        results = opened.ask_all(asks(100))
        reply_of(next(results))
        results.close()  # a generator
        judge_server.wait_until(lambda server: server.n_under_way == 0)
        judge_server.decide = lambda request: Answer(text="again")
        assert [reply_of(one).text for one in opened.ask_all(asks(2))] == ["again"] * 2
    judge_server.wait_until(lambda server: server.n_open == 0)
    assert set(threading.enumerate()) <= before


def test_error_of_the_source_of_asks_reaches_the_consumer(
    judge_server: JudgeServer,
) -> None:
    def broken() -> Iterator[Ask]:
        yield ask()
        raise LookupError("gone")

    with endpoint(judge_server) as opened:
        with pytest.raises(LookupError, match="gone"):
            list(opened.ask_all(broken()))
        assert len(list(opened.ask_all(asks(3)))) == 3


def test_asks_are_pulled_in_the_thread_of_the_consumer(
    judge_server: JudgeServer,
) -> None:
    threads = set()

    def calls() -> Iterator[Ask]:
        for call in asks(20):
            threads.add(threading.current_thread())
            yield call

    assert len(ask_many(judge_server, calls())) == 20
    assert threads == {threading.current_thread()}


def test_two_consumers_share_one_endpoint(judge_server: JudgeServer) -> None:
    counts: list[int] = []
    with endpoint(judge_server, concurrency=4) as opened:
        threads = [
            threading.Thread(
                target=lambda: counts.append(len(list(opened.ask_all(asks(50)))))
            )
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == [50] * 3
    assert judge_server.peak <= 4


def test_closed_endpoint_opens_again(judge_server: JudgeServer) -> None:
    with endpoint(judge_server, concurrency=2) as opened:
        assert len(list(opened.ask_all(asks(9)))) == 9
        opened.close()
        opened.close()
        assert len(list(opened.ask_all(asks(9)))) == 9


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_memory_is_flat_and_no_call_is_lost() -> None:
    n_calls, words = n_runs(5_000, 100_000), "x" * 20_000
    held = []
    with JudgeServer(keeps=False) as server, endpoint(server, concurrency=64) as opened:
        calls = (ask(f"k{k}", words + str(k)) for k in range(n_calls))
        for number, result in enumerate(opened.ask_all(calls), 1):
            assert reply_of(result).n_attempts == 1
            if number % 500 == 0:
                held.append(resident())
    assert server.n_requests == n_calls == number
    # What was asked is 100 MB in all, and more in a full run.
    assert max(held) - held[0] < 40 * 2**20
