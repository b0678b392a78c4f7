"""A local language model of random weights: tokens a second, in batches and one by one.

    python -m bench.bench_local_model [--size tiny|1b|8b] [--calls 32] [--tokens 64]

Prints tokens a second in batches, their ratio to one call at a time, and pairs of
answers a second by letters; on a GPU also the share of the time in which it computes.
Without a GPU the tiny model runs on one CPU core; the ratio is what compares.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

from models_service.backends import loading
from models_service.backends.base import Ask, ChatMessage, Reply
from models_service.backends.language_model import LanguageModel
from models_service.backends.loading import LocalSettings
from models_service.prompts import pairwise

WORDS = "What makes an answer good, and who can tell which of two is the better one? "


def config_of(size: str) -> Any:
    """Return the shape of a model."""
    from tests.models import tiny  # It loads torch.

    tokenizer = tiny.make_tokenizer()
    if size == "tiny":
        return tiny.llama_config(tokenizer)
    config = tiny.billion(tokenizer)
    if size == "8b":
        config.hidden_size, config.intermediate_size = 4096, 14_336
        config.num_hidden_layers, config.vocab_size = 32, 128_256
    return config


def calls(n: int, n_tokens: int) -> list[Ask]:
    """Return calls of different lengths."""
    return [
        Ask(
            f"k{at}",
            (ChatMessage("user", WORDS * (1 + at % 8)),),
            max_tokens=n_tokens,
            temperature=1.0,
        )
        for at in range(n)
    ]


def verdict_calls(n: int) -> list[Ask]:
    """Return pairwise calls, which letters can answer."""
    properties = {"verdict": {"enum": ["A", "B"]}, "strength": {}, "reason": {}}
    schema = {"properties": properties}
    text = f"{pairwise.TASK}\n{WORDS * 8}"
    told = (ChatMessage("user", text),)
    return [Ask(f"v{at}", told, schema=schema) for at in range(n)]


def measure(model: LanguageModel, asks: Sequence[Ask]) -> tuple[float, float]:
    """Return tokens and calls a second."""
    began = time.monotonic()
    replies = [one for one in model.ask_all(asks) if isinstance(one, Reply)]
    took = time.monotonic() - began
    return sum(one.tokens_out for one in replies) / took, len(replies) / took


def computing_share(model: LanguageModel, asks: Sequence[Ask]) -> float:
    """Return the share of the time in which the GPU runs a kernel."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    torch.cuda.synchronize()
    began = time.monotonic()
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        list(model.ask_all(asks))
        torch.cuda.synchronize()
    took = time.monotonic() - began
    busy = sum(one.self_device_time_total for one in seen.key_averages())
    return busy / 1e6 / took


def main() -> None:
    """Measure and print."""
    import torch

    from tests.models import tiny

    is_gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description=__doc__)
    usual = "1b" if is_gpu else "tiny"
    parser.add_argument("--size", choices=["tiny", "1b", "8b"], default=usual)
    parser.add_argument("--calls", type=int, default=128 if is_gpu else 32)
    parser.add_argument("--tokens", type=int, default=64)
    given = parser.parse_args()
    words = LocalSettings(given.size)
    letters = LocalSettings(given.size, mode="letters")
    n_bytes = tiny.place_llama(words, config_of(given.size))
    with LanguageModel(words) as model:
        measure(model, calls(4, 4))
        batched, _calls = measure(model, calls(given.calls, given.tokens))
        share = computing_share(model, calls(given.calls, 16)) if is_gpu else None
        size, model.batcher.size = model.batcher.size, 1
        single, _calls = measure(model, calls(max(4, given.calls // 8), given.tokens))
    with LanguageModel(letters) as model:
        _tokens, passes = measure(model, verdict_calls(given.calls))
    print(
        f"{given.size}, {n_bytes / loading.MIB:,.1f} MB on {model.device} in "
        f"{model.dtype}: {batched:,.0f} tokens a second in batches of {size}, "
        f"{single:,.0f} one by one, ratio {batched / single:.1f}; by letters "
        f"{passes / 2:,.1f} pairs a second in both orders"
    )
    if share is not None:
        peak = torch.cuda.max_memory_allocated() / loading.MIB
        print(f"the GPU computes {share:.0%} of the time; peak memory {peak:,.0f} MB")


if __name__ == "__main__":
    main()
