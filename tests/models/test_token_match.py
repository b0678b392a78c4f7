"""Texts matched token by token: known answers, and a model's own tokens."""

from pathlib import Path

import numpy as np
import pytest

from models_service.backends.embeddings import HashingEncoder, SentenceEncoder
from models_service.backends.token_match import (
    TokenEncoder,
    greedy_match,
    match_pairs,
)
from tests.models.planted import write_sentence_model

X, Y, Z = np.eye(3, dtype=np.float32)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    folder: Path = tmp_path_factory.mktemp("models") / "tiny"
    return SentenceEncoder(str(write_sentence_model(folder)))


def test_f1_by_hand() -> None:
    a, b = np.stack([X, Y]), np.stack([X, X, Z])
    # Each X finds its like, Y and Z find none: recall 1/2, precision 2/3.
    assert greedy_match(a, b) == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert greedy_match(a, b) == pytest.approx(greedy_match(b, a))
    assert greedy_match(a, a[::-1]) == 1.0
    assert greedy_match(np.stack([X]), np.stack([Y])) == 0.0


def test_texts_without_tokens() -> None:
    nothing = np.zeros((0, 3), dtype=np.float32)
    assert greedy_match(nothing, nothing) == 1.0
    assert greedy_match(nothing, np.stack([X])) == 0.0


def test_same_texts_match_and_order_of_pairs_is_kept(encoder: SentenceEncoder) -> None:
    assert isinstance(encoder, TokenEncoder)
    assert not isinstance(HashingEncoder(16), TokenEncoder)
    first = ["the cat sat on a mat", "", "fish", "the cat"] * 20
    second = ["the cat sat on a mat", "", "", "dogs ran far away"] * 20
    found = match_pairs(encoder, first, second)
    assert found[:3] == pytest.approx([1.0, 1.0, 0.0], abs=1e-6)
    assert found[3] < 0.99
    assert found.reshape(20, 4) == pytest.approx(np.tile(found[:4], (20, 1)), abs=1e-5)


def test_tokens_are_those_of_the_text_alone(encoder: SentenceEncoder) -> None:
    """Padding, marks and neighbours in the batch leave no trace, and the end is cut."""
    texts = ["the cat", "the cat sat on a mat and ate some fish"]
    short, long = encoder.token_vectors(texts, 6)
    assert (short.shape, long.shape) == ((2, 16), (6, 16))
    assert np.linalg.norm(long, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    (alone,) = encoder.token_vectors(texts[:1], 6)
    assert np.abs(alone - short).max() < 1e-5
