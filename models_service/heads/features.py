"""PURE: what a head sees of a completion: its embedding with its prompt, and its form.

A reward is a sum over features of one completion, so that any number of completions of
an item can be put in order, and P(A, B) = 1 - P(B, A).
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models_service.heads.data import Block, Floats

# Named in every head: another recipe makes other features, and needs a new training.
FEATURES_VERSION = "prompt-end-400+form-5"
# Of `text_to_embed`: another recipe of it makes other texts, and new embeddings.
TEXT_VERSION = 1
PROMPT_CHARACTERS = 400
FORM = ("length", "lines", "headings", "list_items", "bold")
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)]) ", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


def text_to_embed(prompt: str, completion: str) -> str:
    """Return the text whose embedding stands for a completion.

    Models read a few hundred tokens, so only the end of a long prompt goes along, and
    the completion has room.
    """
    end = prompt.strip()[-PROMPT_CHARACTERS:]
    return f"{end}\n\n{completion.strip()}" if end else completion.strip()


def form_of(completions: Sequence[str]) -> Floats:
    """Return the form of each completion: float64 [n, 5], log(1 + count) of FORM.

    People prefer longer and more structured answers, and a head that is told so need
    not look for it in the embedding. Length is in characters.
    """
    counts = [
        (
            len(text),
            text.count("\n"),
            len(_HEADING.findall(text)),
            len(_LIST_ITEM.findall(text)),
            len(_BOLD.findall(text)),
        )
        for text in completions
    ]
    return np.log1p(np.array(counts, dtype=np.float64).reshape(-1, len(FORM)))


def join(vectors: NDArray[np.float32], form: Floats) -> Floats:
    """Return the features of completions: float64 [n, n_dims + 5]."""
    return np.hstack([vectors.astype(np.float64), form])


def blocks_of(n_dims: int) -> tuple[Block, ...]:
    """Return the blocks of features for an encoder of that size."""
    return (
        Block("embedding", 0, n_dims),
        Block("form", n_dims, n_dims + len(FORM)),
    )


def length_column(n_dims: int) -> int:
    """Return the place of the length: what a head must be better than."""
    return n_dims + FORM.index("length")
