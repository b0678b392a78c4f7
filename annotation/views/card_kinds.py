"""What an owner can set of each kind of question and scope."""

from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy

from annotation.consent import CLASSES
from annotation.views.card_types import Card, CardKind, FieldSpec

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAME = FieldSpec(
    "name",
    gettext_lazy("Name in the data"),
    help=gettext_lazy("Letters, digits and _. Left empty, it is made from the title."),
    is_rare=True,
)


# The form knows this card as several comparisons at once; it is never stored.
SERIES = "series"
_SHOW_IF = FieldSpec(
    "show_if", gettext_lazy("Asked"), "rule", help=gettext_lazy("Always"), default=None
)
_REQUIRED_IF = FieldSpec(
    "required_if",
    gettext_lazy("Must be answered also"),
    "rule",
    help=gettext_lazy("In no other case"),
    default=None,
)
_RULES = (_SHOW_IF, _REQUIRED_IF)
_ENDS = (
    FieldSpec("low_label", gettext_lazy("Words at the low end"), is_rare=True),
    FieldSpec("high_label", gettext_lazy("Words at the high end"), is_rare=True),
)
_SIDES = (
    FieldSpec("low_label", gettext_lazy("Words at the end of A"), is_rare=True),
    FieldSpec("high_label", gettext_lazy("Words at the end of B"), is_rare=True),
)


def _common(required: bool = True) -> tuple[FieldSpec, ...]:
    return (
        FieldSpec("title", gettext_lazy("What people are asked")),
        FieldSpec("help", gettext_lazy("A line of help below it"), is_rare=True),
        NAME,
        FieldSpec(
            "is_required", gettext_lazy("Must be answered"), "tick", default=required
        ),
    )


def _ticks(*pairs: "tuple[str, StrOrPromise, bool]") -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(name, label, "tick", default=default)
        for name, label, default in pairs
    )


def _lines(
    name: str, label: "StrOrPromise", *default: str, help_text: "StrOrPromise" = ""
) -> FieldSpec:
    each = gettext_lazy("One on each line.")
    words = format_lazy("{} {}", each, help_text) if help_text else each
    return FieldSpec(name, label, "list", help=words, default=list(default))


def _number(
    name: str, label: "StrOrPromise", default: Any, help_text: "StrOrPromise" = ""
) -> FieldSpec:
    return FieldSpec(name, label, "number", help=help_text, default=default)


CRITERION = CardKind(
    "",
    gettext_lazy("criterion"),
    "steps",
    (
        FieldSpec("title", gettext_lazy("Criterion")),
        FieldSpec("help", gettext_lazy("What it means")),
        NAME,
        FieldSpec(
            "anchors",
            gettext_lazy("What the marks mean"),
            "marks",
            help=gettext_lazy("One on each line, such as “1: of no use”."),
            default={},
            is_rare=True,
        ),
    ),
)

_STRENGTH = FieldSpec(
    "strength",
    gettext_lazy("Steps"),
    "choice",
    default=3,
    choices=(
        (3, gettext_lazy("Seven: much better, better, slightly better")),
        (2, gettext_lazy("Five: much better, slightly better")),
        (1, gettext_lazy("Three: better")),
    ),
)
_COMPARED = (
    _STRENGTH,
    *_ticks(
        ("allow_tie", gettext_lazy("A tie is allowed"), True),
        ("allow_both_bad", gettext_lazy("“Both bad” is offered"), False),
    ),
    _lines(
        "reasons",
        gettext_lazy("Reasons to tick"),
        help_text=gettext_lazy("May stay empty."),
    ),
    _lines(
        "levels",
        gettext_lazy("Levels of confidence"),
        help_text=gettext_lazy("May stay empty."),
    ),
)
_COMPARED_NAMES = ("is_required", *(spec.name for spec in _COMPARED))


def series_cards(card: Card) -> list[Card]:
    """Return a comparison for each criterion of a series."""
    same = {name: card[name] for name in _COMPARED_NAMES if name in card}
    made: list[Card] = []
    for title in card.get("criteria") or ():
        words = str(card.get("title") or "{}").replace("{}", title)
        made.append(_comparison(slugify(title), words, "", same))
    return made


def split_rating(card: Card) -> list[Card]:
    """Return a comparison for each criterion of a rating."""
    same = {"is_required": card.get("is_required", True), "strength": 2}
    return [
        _comparison(
            str(criterion.get("name") or ""),
            f"Which answer is better: {criterion.get('title') or ''}?",
            str(criterion.get("help") or ""),
            same,
        )
        for criterion in card.get("criteria") or ()
    ]


def _comparison(name: str, title: str, help_: str, same: Card) -> Card:
    name = name.replace("-", "_")[:40]
    card = {
        "type": "comparison",
        "name": name if name.isidentifier() else "",
        "title": title,
        "help": help_,
        "allow_tie": True,
        "allow_both_bad": False,
        "reasons": [],
        "levels": [],
        **same,
    }
    for words in ("reasons", "levels"):
        card[words] = list(card[words])
    return card


QUESTION_KINDS = (
    CardKind(
        "comparison",
        gettext_lazy("Comparison"),
        "scale",
        (*_common(), *_COMPARED, *_SIDES, *_RULES),
        gettext_lazy("Which of two answers is better, and by how much."),
    ),
    CardKind(
        SERIES,
        gettext_lazy("Comparison on each criterion"),
        "scale",
        (
            FieldSpec(
                "title",
                gettext_lazy("What people are asked, with {} for the criterion"),
                default="Which answer is better: {}?",
            ),
            _lines(
                "criteria",
                gettext_lazy("Criteria"),
                help_text=gettext_lazy("Each becomes a comparison."),
            ),
            FieldSpec(
                "is_required", gettext_lazy("Must be answered"), "tick", default=True
            ),
            *_COMPARED,
        ),
        gettext_lazy("Several criteria at once, each with a comparison of its own."),
        convert=series_cards,
        convert_label=gettext_lazy("Make the comparisons"),
    ),
    CardKind(
        "ranking",
        gettext_lazy("Ranking"),
        "order",
        (
            *_common(),
            *_ticks(
                ("allow_tie", gettext_lazy("Ties are allowed"), True),
                (
                    "allow_unacceptable",
                    gettext_lazy("“Not acceptable” is offered"),
                    True,
                ),
                (
                    "allow_partial",
                    gettext_lazy("Some may stay out as not judged"),
                    False,
                ),
                (
                    "warn_unchanged",
                    gettext_lazy("Ask once about an unchanged order"),
                    False,
                ),
            ),
            _number(
                "n_places",
                gettext_lazy("Places to give"),
                0,
                gettext_lazy(
                    "Only the best so many; 0 is all. An item with no more answers than"
                    " that is ranked as a whole."
                ),
            ),
            *_RULES,
        ),
        gettext_lazy("Several answers in order, the best first."),
    ),
    CardKind(
        "rating",
        gettext_lazy("Rating"),
        "steps",
        (
            *_common(),
            _number("low", gettext_lazy("Lowest mark"), 1),
            _number("high", gettext_lazy("Highest mark"), 5),
            *_ticks(("allow_na", gettext_lazy("“Not applicable” is offered"), True)),
            FieldSpec(
                "criteria",
                gettext_lazy("Criteria"),
                "cards",
                default=[],
                kinds=(CRITERION,),
            ),
            *_ENDS,
            *_RULES,
        ),
        gettext_lazy("A mark for each answer on each criterion."),
        convert=split_rating,
        convert_label=gettext_lazy("Compare on each criterion instead"),
    ),
    CardKind(
        "choice",
        gettext_lazy("Choice"),
        "tick",
        (
            *_common(),
            _lines("options", gettext_lazy("Options")),
            *_ticks(
                ("per_completion", gettext_lazy("Asked of each answer apart"), False)
            ),
            *_RULES,
        ),
        gettext_lazy("One of several options."),
    ),
    CardKind(
        "rationale",
        gettext_lazy("Rationale"),
        "edit",
        (
            *_common(False),
            _number("min_chars", gettext_lazy("Fewest characters"), 0),
            _number(
                "max_chars",
                gettext_lazy("Most characters"),
                0,
                gettext_lazy("0 is no limit."),
            ),
            *_RULES,
        ),
        gettext_lazy("The reasons, in words of their own."),
    ),
    CardKind(
        "text",
        gettext_lazy("Text"),
        "edit",
        (
            *_common(False),
            *_ticks(("is_multiline", gettext_lazy("Several lines"), False)),
            _number("min_chars", gettext_lazy("Fewest characters"), 0),
            _number(
                "max_chars",
                gettext_lazy("Most characters"),
                0,
                gettext_lazy("0 is no limit."),
            ),
            *_RULES,
        ),
        gettext_lazy("Free words that are no reasons: a topic, a correction."),
    ),
    CardKind(
        "tags",
        gettext_lazy("Reasons to tick"),
        "tick",
        (*_common(False), _lines("reasons", gettext_lazy("Reasons")), *_RULES),
        gettext_lazy("Any number of given reasons."),
    ),
    CardKind(
        "confidence",
        gettext_lazy("Confidence"),
        "info",
        (
            *_common(False),
            _lines("levels", gettext_lazy("Levels"), "Guess", "Fairly sure", "Certain"),
            *_RULES,
        ),
        gettext_lazy("How sure they are."),
    ),
    CardKind(
        "spans",
        gettext_lazy("Words to mark"),
        "edit",
        (*_common(False), _lines("reasons", gettext_lazy("Tags for a mark")), *_RULES),
        gettext_lazy("Words in an answer, marked for or against it."),
    ),
)

SCOPE_KINDS = (
    CardKind(
        "",
        gettext_lazy("scope"),
        "tick",
        (
            FieldSpec("text", gettext_lazy("I agree that my answers are …")),
            FieldSpec("name", gettext_lazy("Name in the data")),
            FieldSpec(
                "is_required",
                gettext_lazy("Needed to take part"),
                "tick",
                default=False,
            ),
            FieldSpec(
                "covers",
                gettext_lazy("Covers"),
                "ticks",
                help=gettext_lazy("What leaves in an export only with this scope."),
                default=[],
                choices=tuple(
                    (name, gettext_lazy(words)) for name, words in CLASSES.items()
                ),
            ),
        ),
    ),
)
