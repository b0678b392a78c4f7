"""The grammar of the buttons that change a list, one for every editor.

A button says `action:list:argument`. `add` names a type; `open`, `up`, `down`, `copy`,
`remove` and `convert` name a place; `move` says `<from>-<to>`; `undo` stands alone and
gives back what was removed last.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

UNDO = "edit.undo"
STEPS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class Done:
    """Where the focus belongs, and what was taken away, to be given back."""

    focus: str = ""
    removed: str = ""


@dataclass(frozen=True)
class Button:
    """What a button asks for."""

    action: str
    path: str
    argument: str

    def place(self, n: int) -> int | None:
        """Return the place that is named, in a list of `n`."""
        return place_in(self.argument, n)

    def ends(self, n: int) -> tuple[int, int] | None:
        """Return from where to where something moves in a list of `n`."""
        if self.action == "move":
            start, _, end = self.argument.partition("-")
            from_, to = place_in(start, n), place_in(end, n)
        elif self.action in STEPS:
            from_ = place_in(self.argument, n)
            to = None if from_ is None else from_ + STEPS[self.action]
        else:
            return None
        if from_ is None or to is None or not 0 <= to < n:
            return None
        return from_, to

    def follow(self, to: int) -> Done:
        """Return that the focus follows what has moved."""
        action = self.action if self.action in STEPS else "up"
        return Done(f"{self.path}[{to}].{action}")


@dataclass(frozen=True)
class Removed:
    """What was taken from a list; as text it goes along with the form."""

    path: str
    place: int
    card: dict[str, Any]

    @property
    def done(self) -> Done:
        """Return that the focus is on the button that gives it back."""
        return Done(UNDO, json.dumps(asdict(self), ensure_ascii=False))


def read_button(text: str) -> Button:
    """Read the value of a button."""
    action, _, rest = text.partition(":")
    path, _, argument = rest.rpartition(":")
    return Button(action, path, argument)


def read_removed(text: str) -> Removed | None:
    """Read what came back with the form; None where it is nothing of the kind."""
    try:
        kept = json.loads(text)
        path, place, card = str(kept["path"]), int(kept["place"]), dict(kept["card"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return Removed(path, max(place, 0), card)


def shift(where: list[Any], ends: tuple[int, int]) -> None:
    """Move one entry of a list."""
    from_, to = ends
    where.insert(to, where.pop(from_))


def place_in(text: str, n: int) -> int | None:
    """Return the place in a list of `n` that a form names; None where it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if is_number and int(text) < n else None
