"""PURE: in which order the completions of an item are shown.

Step assign. The first presentation of an item uses its base order; the k-th rotates it
by k places, so over n presentations each completion stands once in each place.
"""

import random


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
