"""PURE: how alike two texts are by the vectors of their tokens in context.

Each token is matched with the most alike one of the other text, so that a word that
was exchanged for one of the same meaning counts, which the overlap of words does not
see. As BERTScore, without the weights of rare words and the rescaling.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models_service.backends.embeddings import Vectors

Floats = NDArray[np.float64]
# Of a longer text the beginning is matched: the time grows with the tokens.
MOST_TOKENS = 128
PAIRS = 32


@runtime_checkable
class TokenEncoder(Protocol):
    """A model that tells the vectors of the tokens of a text."""

    def token_vectors(self, texts: Sequence[str], n_most: int) -> list[Vectors]:
        """Return for each text float32 [n_tokens, n_dims], rows of length 1."""


def match_pairs(
    encoder: TokenEncoder, first: Sequence[str], second: Sequence[str]
) -> Floats:
    """Return how alike the texts of each pair are, in [-1, 1]: float64 [n].

    1 for the same text. Of two texts without a token it is 1, of one it is 0.
    """
    found = np.zeros(len(first))
    order = sorted(range(len(first)), key=lambda at: len(first[at]) + len(second[at]))
    for start in range(0, len(order), PAIRS):
        rows = order[start : start + PAIRS]
        texts = [first[row] for row in rows] + [second[row] for row in rows]
        vectors = encoder.token_vectors(texts, MOST_TOKENS)
        for place, row in enumerate(rows):
            found[row] = greedy_match(vectors[place], vectors[place + len(rows)])
    return found


def greedy_match(a: Vectors, b: Vectors) -> float:
    """Return F1 of the greedy matching of tokens.

    Parameters
    ----------
    a, b : float32 [n_tokens, n_dims]
        Rows of length 1.

    References
    ----------
    Zhang, Kishore, Wu, Weinberger and Artzi (2020), BERTScore: evaluating text
    generation with BERT, section 3, the formulas of recall, precision and F1.
    """
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    alike = a.astype(np.float64) @ b.astype(np.float64).T
    recall, precision = alike.max(axis=1).mean(), alike.max(axis=0).mean()
    total = float(recall + precision)
    if abs(total) < 1e-12:
        return 0.0
    return float(np.clip(2.0 * recall * precision / total, -1.0, 1.0))
