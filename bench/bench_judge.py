"""Calls a second to an endpoint on the loopback address, and the worker's CPU for each.

    python -m bench.bench_judge [--calls 3000] [--latency-ms 0]

The server of the tests runs in a process of its own. CPU is that of this process, the
client's: its loop, the parsing of the replies with their log-probabilities, and the
hand-over to the consumer. The baseline of the same run is one call at a time.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models_service.backends.base import Ask, ChatMessage, Reply
from models_service.backends.endpoint import Endpoint
from models_service.backends.endpoint_settings import EndpointSettings

ROOT = Path(__file__).resolve().parent.parent
# As long as a prompt with two answers of 150 words each.
WORDS = " ".join(f"word{number % 97}" for number in range(400))


@contextmanager
def server(latency_ms: float) -> Iterator[str]:
    """Give the base address of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.models.server"]
    command += ["--latency-ms", str(latency_ms)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.terminate()
        process.wait()


def measure(url: str, concurrency: int, n_calls: int) -> tuple[float, float]:
    """Return calls a second and CPU in ms for each call."""
    settings = EndpointSettings(
        url, "judge", "sk-bench", concurrency=concurrency, allow_private=True
    )
    calls = (
        Ask(f"k{n}", (ChatMessage("user", f"{WORDS} {n}"),), wants_logprobs=True)
        for n in range(n_calls)
    )
    with Endpoint(settings) as endpoint:
        began, cpu = time.monotonic(), time.process_time()
        n_replies = sum(isinstance(one, Reply) for one in endpoint.ask_all(calls))
        took, spent = time.monotonic() - began, time.process_time() - cpu
    assert n_replies == n_calls
    return n_calls / took, 1000 * spent / n_calls


def main() -> None:
    """Measure each concurrency and print it beside one call at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    given = parser.parse_args()
    with server(given.latency_ms) as url:
        measure(url, 4, 200)
        base_s, base_cpu = 0.0, 0.0
        for concurrency in (1, 16, 64):
            calls_s, cpu_ms = measure(url, concurrency, given.calls)
            base_s, base_cpu = base_s or calls_s, base_cpu or cpu_ms
            print(
                f"{concurrency:>3} at once: {calls_s:,.0f} calls a second "
                f"({calls_s / base_s:.2f} times one at a time), "
                f"{cpu_ms:.2f} ms of CPU a call ({cpu_ms / base_cpu:.2f} times)"
            )


if __name__ == "__main__":
    main()
