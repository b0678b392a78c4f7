"""PURE: figures of the texts of a pair: lengths, ROUGE, shared names.

Called once per pool. Words are runs of letters and digits, in small letters; no model
of a language is needed.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from routing.pairs import Floats, Pairs

MEASURES = (
    "prompt_length",
    "longer",
    "shorter",
    "length_difference",
    "rouge_1",
    "rouge_l",
    "entities",
    "is_same",
)
# Measured where a sentence-embedding model is there, and missing elsewhere.
MATCH = "token_match"
FORM = (
    "length",
    "lines",
    "said_of_prompt",
    "prompt_said",
    "distinct",
)
LCS_WORDS = 300
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"\b[^\W\d_a-z][\w'-]+")
_AFTER_STOP = re.compile(r"(?:^|[.!?:\n\"“(]\s*)$")


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters."""
    return _WORD.findall(text.lower())


def f_measure(n_shared: int, n_a: int, n_b: int) -> float:
    """Return 2 n / (a + b), in [0, 1]; two empty texts are the same, 1."""
    return 2 * n_shared / (n_a + n_b) if n_a + n_b else 1.0


def count_shared(a: Sequence[str], b: Sequence[str]) -> int:
    """Return how many words two texts share, each as often as both have it."""
    return sum((Counter(a) & Counter(b)).values())


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the length of the longest common subsequence.

    Only the first 300 words of each are read: the cost grows with the product.

    References
    ----------
    Lin (2004), ROUGE, section 3. Hyyro (2004), Bit-parallel LCS-length computation
    revisited, figure 2.
    """
    a, b = a[:LCS_WORDS], b[:LCS_WORDS]
    places: dict[str, int] = {}
    for place, word in enumerate(b):
        places[word] = places.get(word, 0) | 1 << place
    # One bit for each word of b; a step of the table of lengths is where it is 0.
    row = every = (1 << len(b)) - 1
    for word in a:
        taken = row & places.get(word, 0)
        row = (row + taken | row - taken) & every
    return len(b) - row.bit_count()


def entities_of(text: str) -> set[str]:
    """Return what looks like a name: capitalised words that begin no sentence."""
    return {
        match.group().lower()
        for match in _NAME.finditer(text)
        if not _AFTER_STOP.search(text[max(0, match.start() - 3) : match.start()])
    }


def measure_pairs(pairs: Pairs) -> Floats:
    """Return what the texts of each pair measure: float64 [n, 8], in order MEASURES.

    Lengths are log(1 + words). Overlaps are F measures in [0, 1]: of words (ROUGE-1),
    of word order (ROUGE-L), and of names as 2 shared / (a + b).
    """
    rows = [
        _measure(words_of(prompt), a, b)
        for prompt, a, b in zip(
            pairs.prompts, pairs.completions_a, pairs.completions_b, strict=True
        )
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, len(MEASURES))


def _measure(prompt: list[str], text_a: str, text_b: str) -> tuple[float, ...]:
    a, b = words_of(text_a), words_of(text_b)
    lengths = np.log1p([len(prompt), max(len(a), len(b)), min(len(a), len(b))])
    names_a, names_b = entities_of(text_a), entities_of(text_b)
    n_common = longest_common(a, b)
    return (
        *lengths.tolist(),
        float(lengths[1] - lengths[2]),
        f_measure(count_shared(a, b), len(a), len(b)),
        f_measure(n_common, min(len(a), LCS_WORDS), min(len(b), LCS_WORDS)),
        f_measure(len(names_a & names_b), len(names_a), len(names_b)),
        float(text_a.strip() == text_b.strip()),
    )


def compare_form(pairs: Pairs) -> Floats:
    """Return the form of A minus the form of B: float64 [n, 5], in order FORM.

    log(1 + words), log(1 + lines), the share of its words that stand in the prompt,
    the share of the prompt's words that it repeats, the share of distinct words.
    """
    rows = [
        np.subtract(_form(words, a), _form(words, b))
        for words, a, b in zip(
            map(words_of, pairs.prompts),
            pairs.completions_a,
            pairs.completions_b,
            strict=True,
        )
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, len(FORM))


def _form(prompt: list[str], text: str) -> tuple[float, ...]:
    words = words_of(text)
    n_shared = count_shared(prompt, words)
    return (
        float(np.log1p(len(words))),
        float(np.log1p(text.count("\n"))),
        n_shared / max(len(words), 1),
        n_shared / max(len(prompt), 1),
        len(set(words)) / max(len(words), 1),
    )
