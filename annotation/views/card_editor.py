"""Edit a list of typed objects in a plain form: add, remove, move, change.

A list such as the questions of a project is shown as cards. Every button sends the
whole form and gets it back changed; only “save” stores anything. So it works by
keyboard, without script, and nothing is lost on the way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import QueryDict
from django.utils.text import slugify

from annotation.answers import Problem

FieldKind = Literal[
    "line", "text", "list", "tick", "ticks", "number", "choice", "marks", "cards"
]
MAX_CARDS = 60
Card = dict[str, Any]


@dataclass(frozen=True)
class FieldSpec:
    """One field of a card: its key in the object, and how a person edits it.

    `list`: one entry per line. `ticks`: any of `choices`. `marks`: one `number: words`
    per line. `cards`: a list of objects of the kinds given. `is_rare`: folded away
    until asked for.
    """

    name: str
    label: str
    kind: FieldKind = "line"
    help: str = ""
    default: Any = ""
    choices: tuple[tuple[int | str, str], ...] = ()
    kinds: "tuple[CardKind, ...]" = ()
    is_rare: bool = False


@dataclass(frozen=True)
class CardKind:
    """A kind of object: the value of its `type`, what people call it, its fields."""

    type: str
    title: str
    icon: str
    fields: tuple[FieldSpec, ...]

    def blank(self) -> Card:
        """Return a new object of this kind."""
        card: Card = {spec.name: spec.default for spec in self.fields}
        return {"type": self.type, **card} if self.type else card


@dataclass(frozen=True)
class ShownField:
    """A field as the template shows it; `id` is its name in the form too."""

    spec: FieldSpec
    id: str
    value: Any
    problem: str = ""
    cards: "ShownCards | None" = None


@dataclass(frozen=True)
class ShownCard:
    """A card as the template shows it."""

    kind: CardKind
    id: str
    place: int
    is_first: bool
    is_last: bool
    title: str
    fields: tuple[ShownField, ...]
    problem: str = ""

    @property
    def has_rare(self) -> bool:
        """Tell whether anything is folded away."""
        return any(field.spec.is_rare for field in self.fields)

    @property
    def is_unfolded(self) -> bool:
        """Tell whether a rare field has a problem, and so has to be seen."""
        return any(field.problem for field in self.fields if field.spec.is_rare)


@dataclass(frozen=True)
class ShownCards:
    """A list of cards, with the kinds that can be added."""

    id: str
    kinds: tuple[CardKind, ...]
    cards: tuple[ShownCard, ...]


@dataclass(frozen=True)
class Read:
    """What a form held. `focus` is the id of the field or button to go on from."""

    cards: list[Card]
    problems: list[Problem] = field(default_factory=list)
    focus: str = ""


# --- from the form ------------------------------------------------------------------


def read_cards(data: QueryDict, root: str, kinds: Sequence[CardKind]) -> Read:
    """Read the cards that a form sent, and do what its button asks for.

    Buttons are named `do`: `add:<list>:<type>`, `remove:<list>:<place>`,
    `up:<list>:<place>`, `down:<list>:<place>`; another value changes nothing.
    """
    problems: list[Problem] = []
    cards = _read_list(data, root, tuple(kinds), problems)
    focus = _do(cards, data.get("do", ""), root, tuple(kinds))
    return Read(cards, problems, focus)


def _read_list(
    data: QueryDict, path: str, kinds: tuple[CardKind, ...], problems: list[Problem]
) -> list[Card]:
    number = data.get(f"{path}.n", "0")
    n_cards = (
        min(int(number), MAX_CARDS) if number.isascii() and number.isdigit() else 0
    )
    cards = []
    for place in range(n_cards):
        at = f"{path}[{place}]"
        kind = _kind(kinds, data.get(f"{at}.type", ""))
        card: Card = {"type": kind.type} if kind.type else {}
        for spec in kind.fields:
            card[spec.name] = _read_field(data, f"{at}.{spec.name}", spec, problems)
        cards.append(card)
    _name(cards)
    return cards


def _kind(kinds: tuple[CardKind, ...], type_: object) -> CardKind:
    return next((kind for kind in kinds if kind.type == type_), kinds[0])


def _read_field(
    data: QueryDict, path: str, spec: FieldSpec, problems: list[Problem]
) -> Any:
    text = data.get(path, "").replace("\r\n", "\n").replace("\x00", "").strip()
    if spec.kind == "tick":
        return path in data
    if spec.kind == "ticks":
        ticked = data.getlist(path)
        return [value for value, _ in spec.choices if str(value) in ticked]
    if spec.kind == "cards":
        return _read_list(data, path, spec.kinds, problems)
    if spec.kind == "list":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if spec.kind == "marks":
        return _read_marks(text, path, problems)
    if spec.kind == "choice":
        chosen = (value for value, _ in spec.choices if str(value) == text)
        return next(chosen, spec.default)
    if spec.kind == "number":
        if re.fullmatch(r"-?[0-9]{1,6}", text):
            return int(text)
        problems.append(Problem(path, f"“{spec.label}” is a whole number."))
        return spec.default
    return text


def _read_marks(text: str, path: str, problems: list[Problem]) -> dict[str, str]:
    marks: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        found = re.fullmatch(r"(-?[0-9]{1,4})\s*[:=.]\s*(.+)", line)
        if found:
            marks[str(int(found[1]))] = found[2]
        else:
            problems.append(
                Problem(path, f"“{line}” is not a number, a colon and words.")
            )
    return marks


def _name(cards: list[Card]) -> None:
    """Give each card without a name one made of its title, free in the list."""
    taken = {card.get("name") for card in cards}
    for card in cards:
        if "name" not in card or card["name"]:
            continue
        base = slugify(card.get("title", "")).replace("-", "_")[:40].strip("_")
        if not base.isidentifier():
            base = f"{card.get('type', 'entry')}_{base}".strip("_")
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        card["name"] = name if card.get("title") else ""


def _do(cards: list[Card], button: str, root: str, kinds: tuple[CardKind, ...]) -> str:
    """Change the lists as a button asks; return where the focus belongs."""
    action, _, rest = button.partition(":")
    path, _, argument = rest.rpartition(":")
    found = _find(cards, path, root, kinds)
    if found is None:
        return ""
    where, own = found
    if action == "add":
        if len(where) < MAX_CARDS:
            where.append(_kind(own, argument).blank())
        return f"{path}[{len(where) - 1}].title"
    if not (argument.isascii() and argument.isdigit()) or int(argument) >= len(where):
        return ""
    place = int(argument)
    if action == "remove":
        del where[place]
        return f"{path}.add"
    step = {"up": -1, "down": 1}.get(action, 0)
    if not step or not 0 <= place + step < len(where):
        return ""
    where[place], where[place + step] = where[place + step], where[place]
    return f"{path}[{place + step}].{action}"


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
    specs = _kind(kinds, card.get("type", "")).fields
    spec = next((s for s in specs if s.name == found[2] and s.kind == "cards"), None)
    return None if spec is None else (card[spec.name], spec.kinds)


# --- to the page --------------------------------------------------------------------


def show_cards(
    cards: Sequence[Mapping[str, Any]],
    root: str,
    kinds: Sequence[CardKind],
    problems: Sequence[Problem] = (),
) -> ShownCards:
    """Return the cards as the template shows them, each problem at its place."""
    faults: dict[str, str] = {}
    for problem in problems:
        faults[problem.path] = (
            f"{faults.get(problem.path, '')} {problem.message}".strip()
        )
    return _show_list(cards, root, tuple(kinds), faults)


def _show_list(
    cards: Sequence[Mapping[str, Any]],
    path: str,
    kinds: tuple[CardKind, ...],
    faults: Mapping[str, str],
) -> ShownCards:
    shown = []
    for place, card in enumerate(cards):
        kind = _kind(kinds, card.get("type", ""))
        at = f"{path}[{place}]"
        shown.append(
            ShownCard(
                kind=kind,
                id=at,
                place=place,
                is_first=place == 0,
                is_last=place == len(cards) - 1,
                title=str(card.get("title") or card.get("text") or ""),
                fields=tuple(
                    _show_field(card, f"{at}.{spec.name}", spec, faults)
                    for spec in kind.fields
                ),
                problem=faults.get(at, "") or faults.get(f"{at}.type", ""),
            )
        )
    return ShownCards(path, kinds, tuple(shown))


def _show_field(
    card: Mapping[str, Any], path: str, spec: FieldSpec, faults: Mapping[str, str]
) -> ShownField:
    value = card.get(spec.name, spec.default)
    problem = faults.get(path, "")
    if spec.kind == "cards":
        cards = _show_list(value or [], path, spec.kinds, faults)
        return ShownField(spec, path, None, problem, cards)
    if spec.kind == "list":
        value = "\n".join(value or [])
    elif spec.kind == "marks":
        pairs = sorted((value or {}).items(), key=lambda pair: int(pair[0]))
        value = "\n".join(f"{mark}: {words}" for mark, words in pairs)
    return ShownField(spec, path, value, problem)
