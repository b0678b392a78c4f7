"""PURE: in which order the completions of an item are shown.

Step assign. An item is shown in its base order rotated by some places, its turn: the
one that its answers and leases have used least, so that over n answers each completion
stands once in each place. Which one that is, is decided in services.claim_sql.
"""

import random
from collections.abc import Sequence


def base_order(n_completions: int, seed: int, number: int) -> list[int]:
    """Return the order of an item's first presentation, canonical indexes by place.

    Items are taken in blocks of `n_completions`; a block shares one random
    permutation, rotated by the place in the block. So each place is taken equally
    often by each index over a block, also where every item is answered only once.

    Parameters
    ----------
    n_completions : int
        At least 1.
    seed : int
        The project's seed.
    number : int
        The item's number in the project, from 1.
    """
    block, turn = divmod(number - 1, n_completions)
    order = list(range(n_completions))
    # Not for secrets: the order must be the same again from the same seed.
    random.Random(f"{seed}:{n_completions}:{block}").shuffle(order)  # noqa: S311
    return order[turn:] + order[:turn]


def random_key(seed: int, number: int) -> int:
    """Return the item's place among items of equal priority, in [-2^62, 2^62)."""
    draw = random.Random(f"{seed}:key:{number}")  # noqa: S311
    return draw.getrandbits(63) - 2**62


def first_place(n_completions: int, first: int) -> int:
    """Return where a person's counts keep "`first` of `n_completions` stood first".

    Counts of items with 1, 2, 3 … completions follow one another in one list, whose
    places are counted from 1, as PostgreSQL does.
    """
    return n_completions * (n_completions - 1) // 2 + first + 1


def with_first(
    firsts: Sequence[int | None], order: Sequence[int], n: int = 1
) -> list[int]:
    """Return a person's counts with `n` more answers to an item shown in `order`.

    Parameters
    ----------
    firsts : sequence of int or None
        Counts by `first_place`; what is missing or None is 0.
    order : sequence of int
        Canonical indexes by place.
    """
    place = first_place(len(order), order[0]) - 1
    counts = [count or 0 for count in firsts]
    counts += [0] * (place + 1 - len(counts))
    counts[place] += n
    return counts
