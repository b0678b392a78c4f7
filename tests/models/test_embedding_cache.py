"""Embeddings are made once for each text and model, and kept by their hash."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import numpy as np
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from models_service.backends.embeddings import Vectors
from models_service.models import Embedding, EncoderIdentity
from models_service.services.embeddings import BATCH, embed_stream, embed_texts


@dataclass
class CountingEncoder:
    """Gives vectors that tell the text, and remembers what it was asked."""

    revision: str = "1"
    n_dims: int = 3
    name: str = "counting"
    asked: list[str] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.before()
        self.asked += texts
        rows = [[len(t), sum(map(ord, t)) % 7, 1 / 3] for t in texts]
        return np.array(rows, dtype=np.float32).reshape(-1, 3)[:, : self.n_dims]


def test_a_text_is_encoded_once(db: None) -> None:
    encoder = CountingEncoder()
    first = embed_texts(encoder, ["one", "three", "one", ""])
    again = embed_texts(encoder, ["three", "", "one", "seven"])
    assert encoder.asked == ["one", "three", "", "seven"]
    assert (again[[2, 0, 2, 1]] == first).all()
    assert first[:, 0].tolist() == [3, 5, 3, 0]
    assert Embedding.objects.count() == 4


def test_what_comes_from_the_store_is_what_was_made(db: None) -> None:
    encoder = CountingEncoder()
    fresh, kept = embed_texts(encoder, ["x"]), embed_texts(encoder, ["x"])
    assert (fresh == kept).all()
    assert fresh.dtype == np.float32
    assert fresh[0, 2] == pytest.approx(1 / 3, abs=1e-3)


def test_other_weights_are_kept_apart(db: None) -> None:
    embed_texts(CountingEncoder("1"), ["one"])
    other = CountingEncoder("2")
    embed_texts(other, ["one"])
    assert other.asked == ["one"]
    assert EncoderIdentity.objects.count() == 2


def test_a_model_that_changes_its_size_is_refused(db: None) -> None:
    embed_texts(CountingEncoder(), ["one"])
    with pytest.raises(ValueError, match="vectors of 3 numbers, and now 2"):
        embed_texts(CountingEncoder(n_dims=2), ["two"])


def test_large_sets_are_read_and_made_in_batches(db: None) -> None:
    encoder = CountingEncoder()
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for number in range(2 * BATCH + 5):
            taken += 1
            yield f"text {number}"

    stream = embed_stream(encoder, texts())
    assert len(next(stream)) == BATCH
    assert taken == BATCH
    assert [len(part) for part in stream] == [BATCH, 5]


def test_what_is_known_costs_two_queries_a_batch(db: None) -> None:
    encoder = CountingEncoder()
    texts = [f"text {number}" for number in range(500)]
    embed_texts(encoder, texts)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        embed_texts(encoder, texts)
    # One for the identity of the encoder, one for all vectors.
    assert len(queries) == 2


def test_nothing_gives_nothing(db: None) -> None:
    assert embed_texts(CountingEncoder(), []).shape == (0, 3)


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_texts_do_not_hinder_each_other() -> None:
    texts = [f"text {number}" for number in range(300)]
    both_encode = Barrier(2, timeout=60)

    def work(order: Sequence[str]) -> Vectors:
        try:
            return embed_texts(CountingEncoder(before=both_encode.wait), order)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, [texts, texts[::-1]]))
    assert (found[0] == found[1][::-1]).all()
    assert Embedding.objects.count() == 300
    assert EncoderIdentity.objects.count() == 1
