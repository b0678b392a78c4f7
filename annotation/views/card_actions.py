"""What the buttons of the card editor do to a list of cards, before it is shown again.

Called by views.card_editor with what the form held; stores nothing.
"""

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from annotation.views.card_types import MAX_CARDS, Card, CardKind, kind_of

Rename = Callable[[list[Card]], None]


@dataclass(frozen=True)
class Done:
    """Where the focus belongs, and what was taken away, to be given back."""

    focus: str = ""
    removed: str = ""


def act(
    cards: list[Card],
    button: str,
    root: str,
    kinds: tuple[CardKind, ...],
    *,
    removed: str = "",
    name: Rename,
) -> Done:
    """Change the lists as a button asks; `name` names the cards that have no name.

    Buttons: `add:<list>:<type>`; `remove`, `up`, `down`, `copy`, `convert` with
    `<list>:<place>`; `move:<list>:<from>-<to>`; `undo`, which gives `removed` back.
    """
    if button == "undo":
        return _undo(cards, removed, root, kinds, name)
    action, _, rest = button.partition(":")
    path, _, argument = rest.rpartition(":")
    found = _find(cards, path, root, kinds)
    if found is None:
        return Done()
    where, own = found
    if action == "add":
        if len(where) < MAX_CARDS:
            where.append(kind_of(own, argument).blank())
        return _first_field(where, path, len(where) - 1, own)
    if action == "move":
        return _move(where, path, argument)
    place = _place(where, argument)
    if place is None:
        return Done()
    if action == "remove":
        card = where.pop(place)
        kept = {"list": path, "place": place, "card": card}
        return Done("edit.undo", json.dumps(kept, ensure_ascii=False))
    if action in ("copy", "convert"):
        return _multiply(where, own, place, path, action, name)
    step = {"up": -1, "down": 1}.get(action, 0)
    if not step or not 0 <= place + step < len(where):
        return Done()
    where[place], where[place + step] = where[place + step], where[place]
    return Done(f"{path}[{place + step}].{action}")


def _place(where: Sequence[Card], text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if is_number and int(text) < len(where) else None


def _first_field(
    where: Sequence[Card], path: str, place: int, kinds: tuple[CardKind, ...]
) -> Done:
    """Return that the focus goes on in a card's first field."""
    kind = kind_of(kinds, where[place].get("type"))
    return Done(f"{path}[{place}].{kind.fields[0].name}")


def _move(where: list[Card], path: str, argument: str) -> Done:
    start, _, end = argument.partition("-")
    from_, to = _place(where, start), _place(where, end)
    if from_ is None or to is None:
        return Done()
    where.insert(to, where.pop(from_))
    return Done(f"{path}[{to}].up")


def _multiply(
    where: list[Card],
    kinds: tuple[CardKind, ...],
    place: int,
    path: str,
    action: str,
    name: Rename,
) -> Done:
    """Put a copy after a card, or what it converts to in its place."""
    card = where[place]
    if action == "copy":
        made = [card, deepcopy(card) | ({"name": ""} if "name" in card else {})]
    else:
        convert = kind_of(kinds, card.get("type")).convert
        made = convert(card) if convert else [card]
    if len(where) + len(made) - 1 > MAX_CARDS or not made:
        return Done()
    where[place : place + 1] = made
    name(where)
    at = place + 1 if action == "copy" else place
    return _first_field(where, path, at, kinds)


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
    try:
        kept = json.loads(removed)
        path, place, card = str(kept["list"]), int(kept["place"]), dict(kept["card"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return Done()
    found = _find(cards, path, root, kinds)
    if found is None or len(found[0]) >= MAX_CARDS:
        return Done()
    where, own = found
    at = min(max(place, 0), len(where))
    where.insert(at, _fit(card, kind_of(own, card.get("type"))))
    name(where)
    return _first_field(where, path, at, own)


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
