"""PURE: where a model's thoughts end and its reply begins.

Knows nothing of what a reply holds.
"""

OPENING, CLOSING = "<think>", "</think>"


def after_thoughts(text: str) -> str:
    """Return a reply without the one closed block of thoughts that it begins with.

    A reply that has none, one that does not end, or any further mark of one stays as it
    is: where thoughts end would be a guess, and what they quote was written by others.
    """
    bare = text.lstrip()
    is_one = bare.startswith(OPENING) and bare.count(OPENING) == 1
    if not is_one or bare.count(CLOSING) != 1:
        return text
    return bare.partition(CLOSING)[2]


def has_open_thoughts(text: str) -> bool:
    """Tell whether a reply begins with thoughts of which the end cannot be told."""
    return after_thoughts(text).lstrip().startswith(OPENING)
