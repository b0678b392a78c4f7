"""The parts of the card editor: fields and kinds of cards, and how they are shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from annotation.answers import Problem

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FieldKind = Literal[
    "line",
    "text",
    "list",
    "tick",
    "ticks",
    "number",
    "choice",
    "marks",
    "cards",
    "rule",
]
MAX_CARDS = 60
Card = dict[str, Any]


@dataclass(frozen=True)
class FieldSpec:
    """One field of a card: its key in the object, and how a person edits it.

    `list`: one entry per line. `ticks`: any of `choices`. `marks`: words for each mark
    of a scale. `cards`: a list of objects of the kinds given. `rule`: a condition on a
    card before. `is_rare`: folded away until asked for.
    """

    name: str
    label: "StrOrPromise"
    kind: FieldKind = "line"
    help: "StrOrPromise" = ""
    default: Any = ""
    choices: "tuple[tuple[int | str, StrOrPromise], ...]" = ()
    kinds: "tuple[CardKind, ...]" = ()
    is_rare: bool = False


@dataclass(frozen=True)
class CardKind:
    """A kind of object: the value of its `type`, what people call it, its fields.

    `help` says in the gallery what it is for. `convert` turns a card into others, and
    `convert_label` is its button.
    """

    type: str
    title: "StrOrPromise"
    icon: str
    fields: tuple[FieldSpec, ...]
    help: "StrOrPromise" = ""
    convert: Callable[[Card], list[Card]] | None = None
    convert_label: "StrOrPromise" = ""

    def blank(self) -> Card:
        """Return a new object of this kind."""
        card: Card = {spec.name: _fresh(spec.default) for spec in self.fields}
        return {"type": self.type, **card} if self.type else card


def _fresh(default: Any) -> Any:
    return default.copy() if isinstance(default, (list, dict)) else default


def kind_of(kinds: tuple[CardKind, ...], type_: object) -> CardKind:
    """Return the kind of this type; the first one for an unknown type."""
    return next((kind for kind in kinds if kind.type == type_), kinds[0])


@dataclass(frozen=True)
class ShownRule:
    """A rule as the template shows it: the questions before, and their answers."""

    question: str
    questions: tuple[tuple[str, str], ...]
    answers: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class ShownField:
    """A field as the template shows it; `id` is its name in the form too.

    `grades`: the marks of a short scale, each with its words.
    """

    spec: FieldSpec
    id: str
    value: Any
    problem: str = ""
    cards: "ShownCards | None" = None
    grades: tuple[tuple[int, str], ...] = ()
    rule: ShownRule | None = None


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
    name: str = ""

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
    """What a form held. `focus` is the id of the field or button to go on from.

    `removed`: the card that was just taken away, as text that gives it back.
    """

    cards: list[Card]
    problems: list[Problem] = field(default_factory=list)
    focus: str = ""
    removed: str = ""
