"""A small HTTP server of the protocol of chat completions, that does as it is told.

It speaks HTTP/1.1 with keep-alive over real sockets. `decide` gives the answer to each
request; the default is a verdict for the first completion. Tests use it as the fixture
`judge_server`; `python -m tests.models.server` serves it for a benchmark.
"""

import argparse
import asyncio
import gzip
import json
import math
import re
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

VERDICT = '{"verdict": "A", "strength": 2, "reason": "It answers what was asked."}'
Token = tuple[str, Mapping[str, float]]


@dataclass(frozen=True)
class Request:
    """One request. `number` counts all requests of the server, from 1."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """The words of all messages."""
        return "\n".join(one["content"] for one in self.body.get("messages", ()))


@dataclass(frozen=True)
class Answer:
    """What the server does with a request.

    `text` is said in a chat completion, unless `payload` (any JSON) or `raw` (any
    bytes) stands in its place. `letters`: the probabilities of the token of the text
    that is one of them. `cut_after`: the connection ends after so many bytes of the
    body. `is_held`: nothing is sent until `release`. `n_filler`: zeros sent behind.
    """

    text: str = VERDICT
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    payload: Any = None
    raw: bytes | None = None
    letters: Mapping[str, float] = field(default_factory=dict)
    finish_reason: str = "stop"
    refusal: str | None = None
    usage: Mapping[str, int] | None = None
    cut_after: int | None = None
    delay_s: float = 0.0
    is_held: bool = False
    is_gzipped: bool = False
    n_filler: int = 0


def error(status: int, message: str = "", **details: Any) -> Answer:
    """Return an error in the shape that most servers give."""
    payload = {"error": {"message": message, **details}}
    return Answer(status=status, payload=payload)


def tokens_of(text: str, letters: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the tokens of a text, each of them sure but those among `letters`."""
    found = []
    for token in re.findall(r"\w+|\s+|[^\w\s]", text):
        chances = letters if token in letters else {token: 1.0}
        top = [
            {"token": other, "logprob": math.log(p), "bytes": list(other.encode())}
            for other, p in sorted(chances.items(), key=lambda pair: -pair[1])
        ]
        logprob = math.log(chances[token])
        found.append({"token": token, "logprob": logprob, "top_logprobs": top})
    return found


def completion(request: Request, answer: Answer) -> dict[str, Any]:
    """Return the JSON of a chat completion."""
    usage = answer.usage or {
        "prompt_tokens": len(request.prompt.split()),
        "completion_tokens": len(answer.text.split()),
    }
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text},
        "finish_reason": answer.finish_reason,
    }
    if answer.refusal is not None:
        choice["message"] = {"content": None, "refusal": answer.refusal}
    if request.body.get("logprobs"):
        choice["logprobs"] = {"content": tokens_of(answer.text, answer.letters)}
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "model": request.body.get("model"),
        "choices": [choice],
        "usage": usage,
    }


Decide = Callable[[Request], Answer]


class JudgeServer:
    """The server, on a port of its own of the loopback address.

    Counts requests, connections and the most requests that were under way at once, and
    keeps the requests unless `keeps` is False.
    """

    def __init__(
        self,
        decide: Decide | None = None,
        *,
        models: Sequence[str] | None = ("judge",),
        keeps: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.decide = decide or (lambda request: Answer())
        self.models = models
        self.keeps = keeps
        self.requests: list[Request] = []
        self.n_requests = self.n_connections = self.n_open = 0
        self.n_under_way = self.peak = 0
        self.port = 0
        self.tls = tls
        self._changed = threading.Condition()
        self._released: asyncio.Event | None = None
        self._over: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._released, timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def release(self) -> None:
        """Send every answer that is held, and hold none from now on."""
        assert self._released is not None
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_until(self, is_so: Callable[[Self], bool]) -> None:
        """Wait for a state of the counters; fails where it does not come."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_so(self), timeout=60)

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        """Serve until it is over, and end every connection with it."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        over = asyncio.Event()
        with self._changed:
            self._loop, self._over = asyncio.get_running_loop(), over
            self._released = asyncio.Event()
            self._changed.notify_all()
        await over.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _count(self, **changes: int) -> None:
        with self._changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self.peak = max(self.peak, self.n_under_way)
            self._changed.notify_all()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request after the other on a connection."""
        self._count(n_connections=1, n_open=1)
        try:
            while (request := await self._read(reader)) is not None:
                self._count(n_under_way=1)
                try:
                    goes_on = await self._answer(request, reader, writer)
                finally:
                    self._count(n_under_way=-1)
                if not goes_on:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The client has gone, as clients do.
        finally:
            writer.close()
            self._count(n_open=-1)

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        self._count(n_requests=1)
        body = json.loads(raw) if raw else {}
        request = Request(self.n_requests, method, path, headers, body)
        if self.keeps:
            self.requests.append(request)
        return request

    def _listed(self) -> Answer:
        """Return the list of models; an error where `models` is None, as some give."""
        if self.models is None:
            return error(500, "no list")
        listed = [{"id": name, "object": "model"} for name in self.models]
        return Answer(payload={"object": "list", "data": listed})

    async def _hold(self, reader: asyncio.StreamReader) -> None:
        """Wait for `release`, or for the client to go."""
        assert self._released is not None
        released = asyncio.create_task(self._released.wait())
        gone = asyncio.create_task(reader.read(1))
        await asyncio.wait({released, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in (released, gone):
            task.cancel()
        await asyncio.gather(released, gone, return_exceptions=True)
        if not self._released.is_set():
            raise ConnectionError("The client has gone.")

    async def _answer(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Do what `decide` says; returns whether the connection goes on."""
        if request.path.endswith("/models"):
            answer = self._listed()
        else:
            answer = self.decide(request)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        if answer.is_held:
            await self._hold(reader)
        body = _body(request, answer)
        length = len(body) + answer.n_filler
        headers = {"content-length": str(length), "content-type": "application/json"}
        if answer.is_gzipped:
            headers["content-encoding"] = "gzip"
        lines = [f"HTTP/1.1 {answer.status} Said"]
        lines += [
            f"{name}: {value}" for name, value in {**headers, **answer.headers}.items()
        ]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        writer.write(head + body[: answer.cut_after])
        for begin in range(0, answer.n_filler, 65536):
            writer.write(b" " * min(65536, answer.n_filler - begin))
            await writer.drain()
        await writer.drain()
        return answer.cut_after is None


def _body(request: Request, answer: Answer) -> bytes:
    if answer.raw is not None:
        body = answer.raw
    elif answer.payload is not None:
        body = json.dumps(answer.payload).encode()
    else:
        body = json.dumps(completion(request, answer)).encode()
    return gzip.compress(body) if answer.is_gzipped else body


def main() -> None:
    """Serve verdicts on a port until this process is ended; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    given = parser.parse_args()
    answer = Answer(delay_s=given.latency_ms / 1000, letters={"A": 0.8, "B": 0.2})
    with JudgeServer(lambda request: answer, keeps=False) as server:
        print(server.port, flush=True)  # noqa: T201  # read by who started it
        server._thread.join()


if __name__ == "__main__":
    main()
