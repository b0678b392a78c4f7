"""PURE: what an answer says of an item, so that two answers can be held alike or not.

Called where the answers of people are held against a suggestion. Degrees are left out:
a suggestion that moves somebody from “slightly” to “much” has changed no preference.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import comb, floor
from typing import Any

import numpy as np

from annotation.agreement.coefficients import Floats
from annotation.agreement.disagreement import mean_marks
from annotation.agreement.protocols import signs_of
from annotation.questions import Question

# So many others on an item at least, before most of them say anything.
MIN_OTHERS = 2


def said(question: Question, value: Any, n_completions: int) -> Hashable | None:
    """Return the class of an answer; None where it says too little to be compared.

    ==========  ====================================================================
    comparison  the side, whatever the strength; a tie and “both bad” are one class
    ranking     which completions stand first; none where some are not judged
    rating      the order of the completions by mean mark, ties among them; of a
                single completion its mean mark, rounded; none where one has no mark
    ==========  ====================================================================

    Other types are never shown as a suggestion.
    """
    if not isinstance(value, Mapping):
        return None
    if question.type == "ranking":
        if value.get("not_judged") or not isinstance(value.get("tiers"), list):
            return None
        return tuple(sorted(value["tiers"][0])) if value["tiers"] else ()
    if question.type == "rating" and n_completions == 1:
        mean = mean_marks(value, 1)[0]
        return None if mean is None else floor(mean + 0.5)
    signs = signs_of(question, value, n_completions)
    if not signs or len(signs) < comb(n_completions, 2):
        return None
    return tuple(sorted(signs.items()))


def with_others(
    entries: Sequence[tuple[int, int, Hashable]],
    blind: Iterable[tuple[int, int, Hashable]],
) -> Floats:
    """Return for each entry whether the machine says what most others say, blind.

    Parameters
    ----------
    entries : sequence of (item, person, class), length n
        What the machine says of the item that the person has answered.
    blind : iterable of (item, person, class)
        The blind answers, one per item and person. A person's own is left out, so that
        nobody's answer decides what it is held against.

    Returns
    -------
    float, shape [n]
        1, 0, or NaN where fewer than MIN_OTHERS have answered or the most are shared.
    """
    by_item: dict[int, dict[int, Hashable]] = {}
    for item, person, said_blind in blind:
        by_item.setdefault(item, {})[person] = said_blind
    found = np.full(len(entries), np.nan)
    for at, (item, person, machine) in enumerate(entries):
        others = Counter(
            one for who, one in by_item.get(item, {}).items() if who != person
        )
        if others.total() < MIN_OTHERS:
            continue
        (most, n), *rest = others.most_common(2)
        if not rest or rest[0][1] < n:
            found[at] = float(most == machine)
    return found
