"""PURE: what the folder of a sentence-embedding model says of its use.

The layout is that of sentence-transformers: `modules.json` names the steps, a pooling
step has a `config.json`, and `sentence_bert_config.json` bounds the tokens.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from annotation.words import gettext as _

Pooling = Literal[
    "cls", "lasttoken", "max", "mean", "mean_sqrt_len_tokens", "weightedmean"
]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
# As the flags of a pooling step are written, in the order of its output.
_FLAGS: dict[str, Pooling] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
# What changes a vector; the model card does not.
_SETTINGS = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


class EncoderError(ValueError):
    """A model cannot be used; the text is a sentence that says why."""


@dataclass(frozen=True)
class SentenceFolder:
    """How to make one vector of a text. `max_tokens` 0: as many as the model takes.

    `prefix` is put before every text, where the model wants one by default.
    """

    path: Path
    poolings: tuple[Pooling, ...]
    is_normalised: bool
    max_tokens: int
    prefix: str


def read_folder(path: Path) -> SentenceFolder:
    """Read a folder; one without `modules.json` is pooled by the mean.

    Raises
    ------
    EncoderError
        If a step is of a kind that is not known here.
    """
    modules = _json(path / "modules.json")
    steps = [(str(one["type"]).rpartition(".")[2], one) for one in modules or []]
    known = {"Transformer", "Pooling", "Normalize"}
    unknown = [kind for kind, _step in steps if kind not in known]
    if unknown:
        raise EncoderError(
            _(
                "The model in {folder} has a step of the kind {kind}, which is not "
                "known here. Known are {known}."
            ).format(folder=path, kind=unknown[0], known=", ".join(sorted(known)))
        )
    pooling = next((one["path"] for kind, one in steps if kind == "Pooling"), None)
    limits = _json(path / "sentence_bert_config.json") or {}
    return SentenceFolder(
        path=path,
        poolings=("mean",) if pooling is None else _poolings(path / pooling),
        is_normalised=any(kind == "Normalize" for kind, _step in steps),
        max_tokens=int(limits.get("max_seq_length") or 0),
        prefix=_prefix(path),
    )


def _poolings(path: Path) -> tuple[Pooling, ...]:
    config = _json(path / "config.json") or {}
    found = [name for flag, name in _FLAGS.items() if config.get(flag)]
    named = config.get("pooling_mode")
    if not found and named:
        names = [named] if isinstance(named, str) else list(named)
        found = [name for name in POOLINGS if name in names]
    if not found:
        raise EncoderError(
            _("The pooling in {folder} is of no kind that is known here.").format(
                folder=path
            )
        )
    return tuple(found)


def _prefix(path: Path) -> str:
    config = _json(path / "config_sentence_transformers.json") or {}
    prompts, name = config.get("prompts") or {}, config.get("default_prompt_name")
    return str(prompts.get(name, "")) if name else ""


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def weights_sha256(path: Path) -> str:
    """Return a hash of everything in the folder that decides what a vector is."""
    digest = hashlib.sha256()
    settings = [path / name for name in _SETTINGS]
    settings += sorted(path.glob("*/config.json")) + sorted(path.glob("*.safetensors"))
    for file in settings:
        if file.is_file():
            digest.update(f"{file.relative_to(path)}\0".encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()
