"""PURE: ask a model behind an OpenAI-compatible endpoint, many calls at once.

The calls live on an event loop in a thread of their own, so that they go on while the
consumer stores what came back; asks are pulled in the consumer's thread, where they may
read the database. Needs httpcore2, so only a worker loads this module.
"""

import asyncio
import json
import random
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import httpcore2

from models_service.backends import troubles
from models_service.backends.addresses import (
    AddressRefused,
    Resolver,
    look_up,
    read_base,
)
from models_service.backends.base import Ask, Failure, Reply
from models_service.backends.chat_wire import (
    Refused,
    Said,
    Trouble,
    read_answer,
    read_json,
    refused_name,
    write_body,
)
from models_service.backends.connecting import (
    BadEncoding,
    Connections,
    NameNotFound,
    RawAnswer,
    TooLarge,
    send,
    target,
)
from models_service.backends.endpoint_settings import EndpointSettings
from models_service.backends.pacing import Clock, Pace, read_retry_after, wait_before

# How many calls in a row may fail for good before the run is given up.
MOST_FAILURES_IN_A_ROW = 20
# A call waits through so many times more answers of 429 than other troubles.
PATIENCE = 10
# What an answer may weigh: a frame, and a share for each token wanted.
FRAME_BYTES = 1024 * 1024
# So much of an error is read: some servers quote the whole request in it.
ERROR_BYTES = 256 * 1024
BYTES_PER_TOKEN = 64
BYTES_PER_TOKEN_WITH_LOGPROBS = 4096


@dataclass
class _Run:
    """The calls of one `ask_all`: touched by the loop's thread alone but for `ended`.

    `fatal`: why no further call is sent.
    """

    ended: "SimpleQueue[asyncio.Task[Reply | Failure]]" = field(
        default_factory=SimpleQueue
    )
    tasks: "set[asyncio.Task[Reply | Failure]]" = field(default_factory=set)
    fatal: Trouble | None = None
    n_failed_in_a_row: int = 0

    def end(self, task: "asyncio.Task[Reply | Failure]") -> None:
        """Hand an ended call to the consumer."""
        self.tasks.discard(task)
        self.ended.put(task)

    def note(self, trouble: Trouble) -> Trouble:
        """Count a call that failed for good; return what it means for the others."""
        if trouble.tries != "one" or trouble.may_be_all:
            self.n_failed_in_a_row += 1
        is_hopeless = self.n_failed_in_a_row >= MOST_FAILURES_IN_A_ROW
        if self.fatal is None and (trouble.is_fatal or is_hopeless):
            self.fatal = trouble
        return trouble


@dataclass
class _Tally:
    """What one call has cost so far."""

    began: float | None = None
    n_attempts: int = 0
    n_limited: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def add(self, outcome: Said | Trouble) -> None:
        """Count the tokens of an attempt: they are paid for, whatever came of them."""
        self.tokens_in += outcome.tokens_in
        self.tokens_out += outcome.tokens_out

    def may_go_on(self, trouble: Trouble, max_attempts: int) -> bool:
        """Tell whether the call is tried again after this."""
        if trouble.code == "http_429":
            self.n_limited += 1
            return self.n_limited < PATIENCE * max_attempts
        n_tries = {"one": 1, "two": min(2, max_attempts), "all": max_attempts}
        return self.n_attempts - self.n_limited < n_tries[trouble.tries]


class Endpoint:
    """A `Generator` that asks an endpoint. Close it, or use it with `with`.

    After a trouble that no further call could escape (a wrong key, an address that is
    refused, many failures in a row) nothing more is pulled or sent: calls under way
    end, those pulled come back as failures with `is_fatal`, and `ask_all` ends.
    """

    def __init__(
        self,
        settings: EndpointSettings,
        *,
        resolve: Resolver = look_up,
        clock: Clock | None = None,
        rng_seed: int = 0,
    ) -> None:
        self.settings = settings
        self.base = read_base(settings.base_url)
        self.resolve = resolve
        self.clock = clock or Clock()
        self.refused = Refused()
        self.pace = Pace(settings.requests_per_minute, self.clock)
        self._rng = random.Random(rng_seed)  # noqa: S311  # jitter, not a secret
        self._runs: list[_Run] = []
        self._connections = Connections(
            self.base, allow_private=settings.allow_private, resolve=resolve
        )
        self._opening = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # --- In the consumer's thread.

    def ask_all(self, asks: Iterable[Ask]) -> "Generator[Reply | Failure]":
        """Yield what each call brought, in the order of completion.

        At most twice the calls at once are pulled and not yet yielded. Closing the
        iterator cancels the calls under way and waits for their end.
        """
        loop, run = self._open(), _Run()
        self._runs.append(run)
        waiting, n_out = iter(asks), 0
        try:
            while True:
                while run.fatal is None and n_out < 2 * self.settings.concurrency:
                    ask = next(waiting, None)
                    if ask is None:
                        break
                    loop.call_soon_threadsafe(self._start, run, ask)
                    n_out += 1
                if n_out == 0:
                    return
                task = run.ended.get()
                n_out -= 1
                if task.cancelled():
                    raise RuntimeError("closed while it was asked")
                yield task.result()
        finally:
            self._runs.remove(run)
            if n_out and loop.is_running():
                asyncio.run_coroutine_threadsafe(_cancel(run), loop).result()

    def get(self, path: str) -> Any:
        """Return the JSON below the base address; None where there is none."""
        loop = self._open()
        return asyncio.run_coroutine_threadsafe(self._get(path), loop).result()

    def close(self) -> None:
        """Cancel what is under way, close the connections and end the thread."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> asyncio.AbstractEventLoop:
        """Return the running loop; its thread starts with the first call."""
        with self._opening:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # It belongs to one loop, and so is made with it.
                self._slots = asyncio.Semaphore(self.settings.concurrency)
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="endpoint", daemon=True
                )
                self._thread.start()
            return self._loop

    # --- In the loop's thread.

    def _start(self, run: _Run, ask: Ask) -> None:
        task = asyncio.get_running_loop().create_task(self._call(run, ask))
        run.tasks.add(task)
        task.add_done_callback(run.end)

    async def _shut(self) -> None:
        for run in self._runs:
            await _cancel(run)
        await self._connections.aclose()

    async def _call(self, run: _Run, ask: Ask) -> Reply | Failure:
        """Try one call until it is answered or given up."""
        tally = _Tally()
        while True:
            async with self._slots:
                if run.fatal is None:
                    await self.pace.wait()
                if run.fatal is not None:
                    return self._failure(ask, run.fatal, tally, is_fatal=True)
                if tally.began is None:
                    tally.began = self.clock.now()
                tally.n_attempts += 1
                outcome = await self._attempt(ask)
            tally.add(outcome)
            if isinstance(outcome, Said):
                run.n_failed_in_a_row = 0
                self.pace.speed_up()
                return self._reply(ask, outcome, tally)
            if not tally.may_go_on(outcome, self.settings.max_attempts):
                trouble = run.note(outcome)
                is_fatal = trouble.is_fatal or run.fatal is trouble
                return self._failure(ask, trouble, tally, is_fatal=is_fatal)
            await self._wait_after(outcome, tally)

    async def _wait_after(self, trouble: Trouble, tally: _Tally) -> None:
        """Wait before the next try; what a server asks of one call holds for all."""
        n_failed = max(1, tally.n_attempts - tally.n_limited, tally.n_limited)
        wait_s = wait_before(n_failed, self._rng)
        asked_s = trouble.retry_after_s
        if trouble.code == "http_429" or asked_s is not None:
            self.pace.slow_down(wait_s if asked_s is None else asked_s)
        else:
            await self.clock.sleep(wait_s)

    async def _attempt(self, ask: Ask) -> Said | Trouble:
        """Send a call, again without what the server says it does not take."""
        per_token = BYTES_PER_TOKEN
        if ask.wants_logprobs:
            per_token = BYTES_PER_TOKEN_WITH_LOGPROBS
        limit = FRAME_BYTES + per_token * ask.max_tokens
        given = self.settings.given()
        while True:
            body = write_body(
                ask, model=self.settings.model, given=given, refused=self.refused
            )
            content = json.dumps(body).encode("ascii")
            answer = await self._send("POST", "/chat/completions", content, limit)
            if isinstance(answer, Trouble):
                return answer
            if answer.status == 200:
                return _read(answer)
            text = answer.body[:ERROR_BYTES].decode("utf-8", "replace")
            is_refused = answer.status in (400, 422)
            name = refused_name(text, body) if is_refused else None
            if name is None:
                return self._trouble(answer, text)
            self.refused.note(name, body)

    def _trouble(self, answer: RawAnswer, text: str) -> Trouble:
        wait = answer.headers.get(b"retry-after", b"").decode("latin-1")
        return troubles.of_status(
            answer.status,
            text,
            key=self.settings.api_key,
            retry_after_s=read_retry_after(wait, self.clock) if wait else None,
        )

    async def _send(
        self, method: str, path: str, content: bytes | None, limit: int
    ) -> RawAnswer | Trouble:
        """Send one request within its time."""
        headers = [(b"Accept", b"application/json"), (b"Accept-Encoding", b"identity")]
        if content is not None:
            headers.append((b"Content-Type", b"application/json"))
        if self.settings.api_key:
            bearer = f"Bearer {self.settings.api_key}"
            headers.append((b"Authorization", bearer.encode("ascii")))
        url = target(self.base, path)
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                return await send(
                    self._connections,
                    method,
                    url,
                    headers=headers,
                    content=content,
                    limit=limit,
                )
        except TimeoutError:
            return troubles.of_timeout(self.settings.timeout_s)
        except (
            AddressRefused,
            BadEncoding,
            NameNotFound,
            TooLarge,
            httpcore2.TimeoutException,
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
        ) as error:
            return troubles.of_error(error, self.base.host)

    async def _get(self, path: str) -> Any:
        answer = await self._send("GET", path, None, FRAME_BYTES)
        if isinstance(answer, Trouble) or answer.status != 200:
            return None
        try:
            return read_json(answer.body)
        except ValueError:
            return None

    def _reply(self, ask: Ask, said: Said, tally: _Tally) -> Reply:
        return Reply(
            key=ask.key,
            text=said.text,
            finish_reason=said.finish_reason,
            tokens_in=tally.tokens_in,
            tokens_out=tally.tokens_out,
            latency_ms=self._elapsed_ms(tally),
            tokens=said.tokens,
            n_attempts=tally.n_attempts,
        )

    def _failure(
        self, ask: Ask, trouble: Trouble, tally: _Tally, *, is_fatal: bool
    ) -> Failure:
        return Failure(
            key=ask.key,
            status="refused" if trouble.is_refusal else "failed",
            code=trouble.code,
            message=trouble.message,
            latency_ms=self._elapsed_ms(tally),
            tokens_in=tally.tokens_in,
            tokens_out=tally.tokens_out,
            n_attempts=tally.n_attempts,
            is_fatal=is_fatal,
        )

    def _elapsed_ms(self, tally: _Tally) -> int:
        if tally.began is None:
            return 0
        return round(1000 * (self.clock.now() - tally.began))


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop until it is stopped."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _cancel(run: _Run) -> None:
    """Cancel the calls of a run and wait until they have let go."""
    tasks = list(run.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _read(answer: RawAnswer) -> Said | Trouble:
    try:
        payload = read_json(answer.body)
    except ValueError:
        return troubles.of_bad_json()
    return read_answer(payload)
