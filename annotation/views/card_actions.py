"""What the buttons of the card editor do to a list of cards, before it is shown again.

Called by views.card_editor with what the form held; stores nothing.
"""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from annotation.views.card_types import MAX_CARDS, Card, CardKind, kind_of
from annotation.views.list_edits import (
    Button,
    Done,
    Removed,
    read_button,
    read_removed,
    shift,
)

Rename = Callable[[list[Card]], None]


def act(
    cards: list[Card],
    do: str,
    root: str,
    kinds: tuple[CardKind, ...],
    *,
    removed: str = "",
    name: Rename,
) -> Done:
    """Change the lists as a button asks; `name` names the cards that have no name.

    `convert` puts other cards in a card's place; `undo` gives `removed` back, which
    stays while nothing is changed.
    """
    button = read_button(do)
    if button.action == "undo":
        return _undo(cards, removed, root, kinds, name)
    found = _find(cards, button.path, root, kinds)
    if found is None:
        return Done(removed=removed)
    where, own = found
    if button.action == "add" and len(where) < MAX_CARDS:
        where.append(kind_of(own, button.argument).blank())
        return _first_field(where, button.path, len(where) - 1, own)
    if ends := button.ends(len(where)):
        shift(where, ends)
        return button.follow(ends[1])
    place = button.place(len(where))
    if place is None:
        return Done(removed=removed)
    if button.action == "remove":
        return Removed(button.path, place, where.pop(place)).done
    made = None
    if button.action in ("copy", "convert"):
        made = _multiply(where, own, place, button, name)
    return made or Done(removed=removed)


def _first_field(
    where: Sequence[Card], path: str, place: int, kinds: tuple[CardKind, ...]
) -> Done:
    """Return that the focus goes on in a card's first field."""
    kind = kind_of(kinds, where[place].get("type"))
    return Done(f"{path}[{place}].{kind.fields[0].name}")


def _multiply(
    where: list[Card],
    kinds: tuple[CardKind, ...],
    place: int,
    button: Button,
    name: Rename,
) -> Done | None:
    """Put a copy after a card, or what it converts to in its place, if it fits."""
    card = where[place]
    if button.action == "copy":
        made = [card, deepcopy(card) | ({"name": ""} if "name" in card else {})]
    else:
        convert = kind_of(kinds, card.get("type")).convert
        made = convert(card) if convert else [card]
    if len(where) + len(made) - 1 > MAX_CARDS or not made:
        return None
    where[place : place + 1] = made
    name(where)
    at = place + 1 if button.action == "copy" else place
    return _first_field(where, button.path, at, kinds)


def _find(
    cards: list[Card], path: str, root: str, kinds: tuple[CardKind, ...]
) -> tuple[list[Card], tuple[CardKind, ...]] | None:
    """Return the list at `path`, such as `questions[2].criteria`, and its kinds."""
    if path == root:
        return cards, kinds
    found = re.fullmatch(rf"{re.escape(root)}\[([0-9]+)\]\.(\w+)", path)
    if not found or int(found[1]) >= len(cards):
        return None
    card = cards[int(found[1])]
    specs = kind_of(kinds, card.get("type", "")).fields
    spec = next((s for s in specs if s.name == found[2] and s.kind == "cards"), None)
    return None if spec is None else (card[spec.name], spec.kinds)


# --- giving back --------------------------------------------------------------------


def _undo(
    cards: list[Card],
    removed: str,
    root: str,
    kinds: tuple[CardKind, ...],
    name: Rename,
) -> Done:
    kept = read_removed(removed)
    found = kept and _find(cards, kept.path, root, kinds)
    if not kept or not found:
        return Done()
    if len(found[0]) >= MAX_CARDS:
        return Done(removed=removed)
    where, own = found
    at = min(kept.place, len(where))
    where.insert(at, _fit(kept.card, kind_of(own, kept.card.get("type"))))
    name(where)
    return _first_field(where, kept.path, at, own)


def _fit(card: Card, kind: CardKind) -> Card:
    """Return a card of this kind from what came back with the form, sorts checked."""
    fitted = kind.blank()
    for spec in kind.fields:
        value = card.get(spec.name)
        if spec.kind == "cards":
            given = value if isinstance(value, list) else []
            fitted[spec.name] = [
                _fit(one, spec.kinds[0]) for one in given if isinstance(one, dict)
            ]
        elif spec.kind == "rule":
            fitted[spec.name] = value if _is_rule(value) else None
        elif type(value) is type(spec.default) and _is_flat(value):
            fitted[spec.name] = value
    return fitted


def _is_rule(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("question"), str)
        and isinstance(value.get("answers"), list)
        and all(isinstance(answer, str) for answer in value["answers"])
    )


def _is_flat(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(entry, str) for entry in value)
    if isinstance(value, dict):
        return all(re.fullmatch(r"-?[0-9]{1,4}", key) for key in value) and all(
            isinstance(entry, str) for entry in value.values()
        )
    return True
