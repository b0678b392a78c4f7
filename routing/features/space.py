"""PURE: completions as vectors: given embeddings, or TF-IDF and SVD without a model.

scikit-learn is loaded by the fallback alone, which only workers and commands call.
"""

from dataclasses import dataclass

import numpy as np

from models_service.backends.embeddings import Vectors
from models_service.heads.features import text_to_embed
from routing.features.similar import unit
from routing.pairs import Floats, Pairs

FALLBACK_DIMS = 48
FALLBACK_NAME = "tf-idf-svd"


@dataclass(frozen=True)
class Space:
    """Where the completions of each pair lie.

    Attributes
    ----------
    difference : float64 or float32 [n, d]
        The vector of A minus the vector of B.
    cosine : float64 [n]
        Cosine of the two completions.
    name : str
        The encoder.
    place : float32 [n, d], optional
        Where the two lie together, of length 1.
    match : float64 [n], optional
        How alike the two are token by token, where the encoder tells tokens.
    """

    difference: Floats | Vectors
    cosine: Floats
    name: str
    place: Vectors | None = None
    match: Floats | None = None


def texts_to_embed(pairs: Pairs) -> list[str]:
    """Return what is encoded: all completions A with their prompts, then all B."""
    both = (pairs.completions_a, pairs.completions_b)
    return [
        text_to_embed(prompt, completion)
        for completions in both
        for prompt, completion in zip(pairs.prompts, completions, strict=True)
    ]


def space_of(vectors: Vectors, name: str, match: Floats | None = None) -> Space:
    """Return the space of embeddings of `texts_to_embed`: float32 [2 n, d]."""
    a, b = np.split(np.asarray(vectors, dtype=np.float64), 2)
    together = unit((a + b).astype(np.float32))
    return Space(a - b, _cosine(a, b), name, together, match)


def fallback_space(pairs: Pairs) -> Space:
    """Return a space learned from the words of the pool itself, without labels.

    TF-IDF with a logarithm of counts, reduced to 48 dimensions by SVD. It knows which
    words go together in this pool, and nothing of meaning.
    """
    # Only where there is no encoder, and never in the web process.
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = texts_to_embed(pairs)
    n_least = 2 if len(texts) >= 20 else 1
    words = {"sublinear_tf": True, "token_pattern": r"\w+"}
    try:
        counts = TfidfVectorizer(min_df=n_least, **words).fit_transform(texts)
    except ValueError:  # Not a single word anywhere.
        return Space(np.zeros((pairs.n, 1)), np.ones(pairs.n), FALLBACK_NAME)
    n_dims = min(FALLBACK_DIMS, counts.shape[1] - 1, counts.shape[0] - 1)
    alone = TfidfVectorizer(**words)
    try:
        plain = alone.fit_transform([*pairs.completions_a, *pairs.completions_b])
        cosine = plain[: pairs.n].multiply(plain[pairs.n :]).sum(axis=1)
        cosine = np.asarray(cosine, dtype=np.float64).ravel()
    except ValueError:
        cosine = np.ones(pairs.n)
    if n_dims < 1:
        return Space(np.zeros((pairs.n, 1)), cosine, FALLBACK_NAME)
    reduced = TruncatedSVD(n_dims, random_state=0).fit_transform(counts)
    a, b = np.split(np.asarray(reduced, dtype=np.float64), 2)
    together = unit((a + b).astype(np.float32))
    return Space(a - b, cosine, FALLBACK_NAME, together)


def _cosine(a: Floats, b: Floats) -> Floats:
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    dot = np.einsum("ij,ij->i", a, b)
    return np.asarray(np.divide(dot, size, out=np.zeros(len(a)), where=size > 0))
