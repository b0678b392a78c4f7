"""A billion random weights on a GPU: memory, batches in bfloat16, eviction.

Opt-in: `pytest -m gpu`. Skipped, and counted as such, where there is no GPU.
"""

import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from models_service.backends import decoding, loading
from models_service.backends.base import Ask, ChatMessage, Reply
from models_service.backends.language_model import LanguageModel
from models_service.backends.loading import LocalSettings
from tests.models import tiny

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no GPU here."),
]
SETTINGS = LocalSettings("a-billion-random-weights", batch_size=32)


@pytest.fixture(scope="module")
def n_bytes() -> Iterator[int]:
    """The bytes of the weights; the model lies in the registry of this process."""
    yield tiny.place_llama(SETTINGS, tiny.billion(tiny.make_tokenizer()))
    loading.shared().entries.clear()
    loading.shared().free()


@pytest.fixture
def model(n_bytes: int) -> Iterator[LanguageModel]:
    with LanguageModel(SETTINGS) as opened:
        yield opened


def asks(n: int, n_new: int) -> list[Ask]:
    return [
        Ask(
            f"k{at}",
            (ChatMessage("user", "word " * (20 + 5 * at)),),
            n_new,
            wants_logprobs=True,
        )
        for at in range(n)
    ]


def test_it_runs_in_bfloat16_on_the_gpu(model: LanguageModel, n_bytes: int) -> None:
    assert (model.device, model.dtype) == ("cuda", "bfloat16")
    n_weights = sum(weight.numel() for weight in model.model.parameters())
    assert 1.0e9 < n_weights < 1.3e9
    assert n_bytes == 2 * n_weights


def test_batched_log_probabilities_are_those_of_each_alone(
    model: LanguageModel,
) -> None:
    """bfloat16 keeps 8 bits, so sums in another order differ in the third digit."""
    rows = [model.encode(ask).ids for ask in asks(16, 1)]
    together = decoding.next_logprobs(model.model, rows, "cuda")
    for row, logprobs in zip(rows, together, strict=True):
        (alone,) = decoding.next_logprobs(model.model, [row], "cuda")
        np.testing.assert_allclose(logprobs, alone, atol=0.1)
        assert np.abs(logprobs - alone).mean() < 0.02


def test_memory_stays_within_weights_and_one_batch(
    model: LanguageModel, n_bytes: int
) -> None:
    torch.cuda.reset_peak_memory_stats()
    list(model.ask_all(asks(64, 32)))
    first = torch.cuda.max_memory_allocated()
    list(model.ask_all(asks(64, 32)))
    assert torch.cuda.max_memory_allocated() <= 1.05 * first, "nothing piles up"
    assert first < n_bytes + 4 * 1024**3


def test_a_batch_says_many_times_more_in_the_same_time(model: LanguageModel) -> None:
    def tokens_per_second(size: int, n: int) -> float:
        model.batcher.size = size
        list(model.ask_all(asks(size, 8)))
        torch.cuda.synchronize()
        began = time.monotonic()
        replies = [one for one in model.ask_all(asks(n, 64)) if isinstance(one, Reply)]
        took = time.monotonic() - began
        return sum(one.tokens_out for one in replies) / took

    # About ten times on an idle GPU.
    assert tokens_per_second(32, 32) > 3 * tokens_per_second(1, 4)


def test_eviction_gives_the_memory_back(model: LanguageModel, n_bytes: int) -> None:
    before = torch.cuda.memory_allocated()
    config = tiny.billion(tiny.make_tokenizer())
    tiny.place_llama(LocalSettings("evicted"), config)
    assert torch.cuda.memory_allocated() > before + 0.9 * n_bytes
    small = tiny.llama_config(tiny.make_tokenizer())
    # The model at work stays; the one that nobody holds makes room.
    tiny.place_llama(LocalSettings("small"), small, limit=n_bytes + 10**7)
    assert torch.cuda.memory_allocated() < before + 0.1 * n_bytes
    assert "evicted" not in {key.model for key in loading.shared().entries}
