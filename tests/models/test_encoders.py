"""Encoders: one vector for a text, however it is batched, padded or pooled."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from models_service.backends.embeddings import (
    OFFLINE_NAME,
    OFFLINE_PACKAGE,
    EncoderError,
    HashingEncoder,
    SentenceEncoder,
    default_encoder,
    load_encoder,
    offline_encoder,
    pool,
)
from models_service.backends.sentence_folder import POOLINGS, Pooling, read_folder
from tests.models.planted import write_json, write_sentence_model

TEXTS = [
    "the cat",
    "dogs ran far away",
    "",
    "the cat sat on a mat and ate some fish",
    "fish",
    "some unknown xylophone",
    "the cat sat on a mat " * 40,
]
has_weights = pytest.mark.skipif(
    importlib.util.find_spec(OFFLINE_PACKAGE) is None,
    reason="requirements-weights.txt is not installed",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentence_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SentenceEncoder:
    return SentenceEncoder(str(folder))


def test_a_batch_gives_what_each_text_gives_alone(encoder: SentenceEncoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    assert together.shape == (len(TEXTS), 16)
    assert together.dtype == np.float32
    assert np.abs(together - alone).max() < 1e-5


def test_the_order_of_texts_is_kept_over_batches(encoder: SentenceEncoder) -> None:
    many = [TEXTS[i % len(TEXTS)] for i in range(150)]
    found, one = encoder.encode(many), encoder.encode(TEXTS)
    for index, vector in enumerate(found):
        assert np.abs(vector - one[index % len(TEXTS)]).max() < 1e-5


def test_vectors_are_normalised_where_the_folder_says_so(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    lengths = np.linalg.norm(encoder.encode(TEXTS), axis=1)
    assert lengths == pytest.approx(1, abs=1e-5)
    plain = SentenceEncoder(
        str(write_sentence_model(tmp_path / "plain", is_normalised=False))
    )
    raw = plain.encode(TEXTS)
    assert np.linalg.norm(raw, axis=1).min() > 1.5
    scaled = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    assert np.abs(scaled - encoder.encode(TEXTS)).max() < 1e-5


def test_a_long_text_is_cut_where_the_folder_says_so(
    encoder: SentenceEncoder,
) -> None:
    assert encoder.max_tokens == 24
    # Two of the 24 tokens are the model's own.
    words = ("the cat sat on a mat " * 40).split()
    whole, start = encoder.encode([" ".join(words), " ".join(words[:22])])
    assert np.abs(whole - start).max() < 1e-5
    shorter = encoder.encode([" ".join(words[:21])])[0]
    assert np.abs(whole - shorter).max() > 1e-3


def test_mean_pooling_by_hand(folder: Path, encoder: SentenceEncoder) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(TEXTS[1], return_tensors="pt")
    model = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state[0].numpy()
    mean = hidden.sum(axis=0) / len(hidden)
    wanted = mean / np.linalg.norm(mean)
    assert encoder.encode([TEXTS[1]])[0] == pytest.approx(wanted, abs=1e-5)


# Three places of two numbers; the second text has two tokens and one of padding.
HIDDEN = [[[1.0, 2.0], [3.0, -4.0], [5.0, 6.0]], [[2.0, 8.0], [4.0, 2.0], [9.0, 9.0]]]
POOLED: dict[Pooling, list[list[float]]] = {
    "cls": [[1, 2], [2, 8]],
    "lasttoken": [[5, 6], [4, 2]],
    "max": [[5, 6], [4, 8]],
    "mean": [[3, 4 / 3], [3, 5]],
    "mean_sqrt_len_tokens": [[9 / 3**0.5, 4 / 3**0.5], [6 / 2**0.5, 10 / 2**0.5]],
    "weightedmean": [[22 / 6, 12 / 6], [10 / 3, 12 / 3]],
}


@pytest.mark.parametrize("how", POOLINGS)
@pytest.mark.parametrize("side", ["right", "left"])
def test_pooling_never_sees_padding(how: Pooling, side: str) -> None:
    import torch

    hidden, mask = torch.tensor(HIDDEN), torch.tensor([[1.0, 1, 1], [1, 1, 0]])
    if side == "left":
        hidden[1], mask[1] = hidden[1].roll(1, 0), mask[1].roll(1)
    assert pool(how, hidden, mask).numpy() == pytest.approx(np.array(POOLED[how]))


def test_a_folder_tells_its_pooling_and_its_prefix(tmp_path: Path) -> None:
    write_json(
        tmp_path / "modules.json",
        [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}],
    )
    (tmp_path / "1_Pooling").mkdir()
    write_json(tmp_path / "1_Pooling" / "config.json", {"pooling_mode": "lasttoken"})
    prompts = {"prompts": {"query": "Query: "}, "default_prompt_name": "query"}
    write_json(tmp_path / "config_sentence_transformers.json", prompts)
    found = read_folder(tmp_path)
    assert found.poolings == ("lasttoken",)
    assert found.prefix == "Query: "
    assert not found.is_normalised


def test_a_step_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "modules.json", [{"type": "x.models.Dense", "path": "2"}])
    with pytest.raises(EncoderError, match="Dense, which is not known here"):
        read_folder(tmp_path)


def test_other_weights_have_another_revision(folder: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    same = SentenceEncoder(str(copy)).revision
    write_json(copy / "sentence_bert_config.json", {"max_seq_length": 12})
    assert SentenceEncoder(str(folder)).revision == same
    assert SentenceEncoder(str(copy)).revision != same


def test_a_folder_without_a_model_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


# --- without a model ----------------------------------------------------------------


def test_hashing_is_the_same_everywhere_and_says_what_it_is() -> None:
    encoder = HashingEncoder()
    assert encoder.name == "hashing-words-and-characters-512"
    vectors = encoder.encode(["A cat sat.", "A cat sat down.", "Prices fell."])
    assert vectors.shape == (3, 512)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.5 > far
    # A fixed point of the recipe: another result needs another revision.
    assert np.flatnonzero(encoder.encode(["cat"])[0]).tolist() == FIXED_PLACES
    assert encoder.encode([]).shape == (0, 512)


FIXED_PLACES = [39, 269, 289, 295, 355, 497, 500]


def test_weights_that_are_not_the_pinned_ones_are_not_used(folder: Path) -> None:
    chosen = offline_encoder(folder)
    assert isinstance(chosen.encoder, HashingEncoder)
    assert "not the ones" in chosen.note


def test_weights_that_are_the_pinned_ones_are_used(folder: Path) -> None:
    import hashlib

    weights = (folder / "model.safetensors").read_bytes()
    chosen = offline_encoder(folder, hashlib.sha256(weights).hexdigest())
    assert isinstance(chosen.encoder, SentenceEncoder)
    assert chosen.note == ""


def test_without_the_package_the_default_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "models_service.backends.embeddings.OFFLINE_PACKAGE", "no_such_package"
    )
    chosen = default_encoder()
    assert isinstance(chosen.encoder, HashingEncoder)
    assert "requirements-weights.txt" in chosen.note


@has_weights
def test_the_offline_model_knows_meaning() -> None:
    chosen = default_encoder()
    assert chosen.note == ""
    assert chosen.encoder.name == OFFLINE_NAME
    assert chosen.encoder.n_dims == 384
    near, also, far = chosen.encoder.encode(
        ["A cat sat.", "The feline was sitting down.", "Stock prices fell sharply."]
    )
    assert near @ also > 0.5
    assert near @ far < 0.2
