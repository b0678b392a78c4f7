"""Published argument pairs as the reward model's head reads them."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models_service.backends.embeddings import Encoder
from models_service.heads import PairData, fit_ensemble, fit_heads
from models_service.heads.features import (
    blocks_of,
    form_of,
    join,
    length_column,
    text_to_embed,
)
from models_service.heads.solver import rotate

VOTES = {"a1": 1.0, "a2": 0.0, "equal": 0.5}
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Argued:
    """The pairs of all debates; `debate` numbers the files."""

    prompts: list[str]
    texts: list[tuple[str, str]]
    votes: list[list[float]]
    debate: NDArray[np.int64]


def read(folder: Path) -> Argued:
    """Read every file of pairs."""
    prompts, texts, votes, debate = [], [], [], []
    for number, path in enumerate(sorted((folder / "pairs").glob("*.jsonl.gz"))):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in map(json.loads, file):
                stance = row["arg1"]["stance"]
                prompts.append(f"{row['debateMetaData']['title']} {stance}")
                texts.append((row["arg1"]["text"], row["arg2"]["text"]))
                votes.append([VOTES[v["value"]] for v in row["mTurkAssignments"]])
                debate.append(number)
    return Argued(prompts, texts, votes, np.array(debate))


def pair_data(argued: Argued, encoder: Encoder, group: NDArray[np.int64]) -> PairData:
    """Return the pairs with features, grouped as told."""
    keys = sorted(
        {
            (p, t)
            for p, pair in zip(argued.prompts, argued.texts, strict=True)
            for t in pair
        }
    )
    vectors = encoder.encode([text_to_embed(*key) for key in keys])
    features = join(vectors, form_of([text for _prompt, text in keys]))
    place = {key: number for number, key in enumerate(keys)}
    both = [
        [place[prompt, text] for text in pair]
        for prompt, pair in zip(argued.prompts, argued.texts, strict=True)
    ]
    index = np.array(both)
    label = np.array([float(np.mean(votes)) for votes in argued.votes])
    weight = np.array([float(len(votes)) for votes in argued.votes])
    x = features[index[:, 0]] - features[index[:, 1]]
    return PairData(x, label, label, weight, group)


def margins(
    data: PairData, train: Bools, test: Bools, n_dims: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a head and length alone, fitted on some pairs, say of others."""
    fitted = data.take(train)
    head = fit_ensemble(fitted, blocks_of(n_dims), np.random.default_rng(0))
    length = data.x[:, [length_column(n_dims)]]
    rotated = rotate(length[train])
    theta = fit_heads(rotated, fitted.target, fitted.weight[:, None], np.array([1e-3]))
    alone = length[test] @ rotated.basis @ theta
    return head.strength(data.x[test]).mean, alone[:, 0]
