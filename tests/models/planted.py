"""Pairs whose truth is known, and a tiny sentence model written to a folder."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_service.heads import Block, PairData

Bools = NDArray[np.bool_]
WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "ate", "some", "fish"]
WORDS += ["while", "dogs", "ran", "far", "away"]


@dataclass(frozen=True)
class Planted:
    """Pairs with the true log-odds, and which labels were turned round."""

    data: PairData
    truth: NDArray[np.float64]
    is_flipped: Bools
    blocks: tuple[Block, ...]


def plant(
    n: int,
    n_dims: int = 16,
    *,
    noise: float = 0.0,
    size: float = 8.0,
    n_groups: int = 0,
    seed: int = 1,
) -> Planted:
    """Draw pairs, label them by a linear reward, and turn a share of labels round."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, n_dims))
    direction = np.random.default_rng(99).normal(size=n_dims)
    truth = x @ direction * size / np.linalg.norm(direction)
    label = (rng.random(n) < 1 / (1 + np.exp(-truth))).astype(np.float64)
    is_flipped = rng.random(n) < noise
    label = np.where(is_flipped, 1 - label, label)
    group = rng.integers(0, n_groups or max(2, n // 4), n)
    data = PairData(x, label, label, np.ones(n), group)
    return Planted(data, truth, is_flipped, (Block("all", 0, n_dims),))


def swapped(data: PairData) -> PairData:
    """Return the same pairs with A and B the other way round."""
    return PairData(-data.x, 1 - data.label, 1 - data.target, data.weight, data.group)


def auc(score: NDArray[np.float64], is_positive: Bools) -> float:
    """Return the share of (positive, negative) pairs in the right order, by counting.

    Nothing of the code under test is used.
    """
    positive, negative = score[is_positive], score[~is_positive]
    above = (positive[:, None] > negative[None, :]).mean()
    equal = (positive[:, None] == negative[None, :]).mean()
    return float(above + equal / 2)


def write_sentence_model(
    folder: Path, *, pooling: str = "mean_tokens", is_normalised: bool = True
) -> Path:
    """Write a tiny BERT of 16 dimensions in the layout of sentence-transformers."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##s"]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
        initializer_range=0.5,
    )
    BertModel(config).save_pretrained(folder)
    kinds = ["Transformer", "Pooling", *(["Normalize"] if is_normalised else [])]
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    write_json(folder / "modules.json", modules)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    settings = {"word_embedding_dimension": 16, f"pooling_mode_{pooling}": True}
    write_json(folder / "1_Pooling" / "config.json", settings)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 24})
    return folder


def write_json(path: Path, content: object) -> None:
    """Write a file as models bring it."""
    path.write_text(json.dumps(content), encoding="utf-8")
