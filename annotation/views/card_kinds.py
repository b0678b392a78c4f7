"""What an owner can set of each kind of question and scope."""

from typing import Any

from django.utils.text import slugify

from annotation.consent import CLASSES
from annotation.views.card_types import Card, CardKind, FieldSpec

NAME = FieldSpec(
    "name",
    "Name in the data",
    help="Letters, digits and _. Left empty, it is made from the title.",
    is_rare=True,
)


# The form knows this card as several comparisons at once; it is never stored.
SERIES = "series"
_SHOW_IF = FieldSpec("show_if", "Asked", "rule", help="Always", default=None)
_REQUIRED_IF = FieldSpec(
    "required_if",
    "Must be answered also",
    "rule",
    help="In no other case",
    default=None,
)
_RULES = (_SHOW_IF, _REQUIRED_IF)
_ENDS = (
    FieldSpec("low_label", "Words at the low end", is_rare=True),
    FieldSpec("high_label", "Words at the high end", is_rare=True),
)
_SIDES = (
    FieldSpec("low_label", "Words at the end of A", is_rare=True),
    FieldSpec("high_label", "Words at the end of B", is_rare=True),
)


def _common(required: bool = True) -> tuple[FieldSpec, ...]:
    return (
        FieldSpec("title", "What people are asked"),
        FieldSpec("help", "A line of help below it", is_rare=True),
        NAME,
        FieldSpec("is_required", "Must be answered", "tick", default=required),
    )


def _ticks(*pairs: tuple[str, str, bool]) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(name, label, "tick", default=default)
        for name, label, default in pairs
    )


def _lines(name: str, label: str, *default: str, help_text: str = "") -> FieldSpec:
    words = f"One on each line. {help_text}".strip()
    return FieldSpec(name, label, "list", help=words, default=list(default))


def _number(name: str, label: str, default: Any, help_text: str = "") -> FieldSpec:
    return FieldSpec(name, label, "number", help=help_text, default=default)


CRITERION = CardKind(
    "",
    "criterion",
    "steps",
    (
        FieldSpec("title", "Criterion"),
        FieldSpec("help", "What it means"),
        NAME,
        FieldSpec(
            "anchors",
            "What the marks mean",
            "marks",
            help="One on each line, such as “1: of no use”.",
            default={},
            is_rare=True,
        ),
    ),
)

_STRENGTH = FieldSpec(
    "strength",
    "Steps",
    "choice",
    default=3,
    choices=(
        (3, "Seven: much better, better, slightly better"),
        (2, "Five: much better, slightly better"),
        (1, "Three: better"),
    ),
)
_COMPARED = (
    _STRENGTH,
    *_ticks(
        ("allow_tie", "A tie is allowed", True),
        ("allow_both_bad", "“Both bad” is offered", False),
    ),
    _lines("reasons", "Reasons to tick", help_text="May stay empty."),
    _lines("levels", "Levels of confidence", help_text="May stay empty."),
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
        "Comparison",
        "scale",
        (*_common(), *_COMPARED, *_SIDES, *_RULES),
        "Which of two answers is better, and by how much.",
    ),
    CardKind(
        SERIES,
        "Comparison on each criterion",
        "scale",
        (
            FieldSpec(
                "title",
                "What people are asked, with {} for the criterion",
                default="Which answer is better: {}?",
            ),
            _lines("criteria", "Criteria", help_text="Each becomes a comparison."),
            FieldSpec("is_required", "Must be answered", "tick", default=True),
            *_COMPARED,
        ),
        "Several criteria at once, each with a comparison of its own.",
        convert=series_cards,
        convert_label="Make the comparisons",
    ),
    CardKind(
        "ranking",
        "Ranking",
        "order",
        (
            *_common(),
            *_ticks(
                ("allow_tie", "Ties are allowed", True),
                ("allow_unacceptable", "“Not acceptable” is offered", True),
                ("allow_partial", "Some may stay out as not judged", False),
                ("warn_unchanged", "Ask once about an unchanged order", False),
            ),
            _number("n_places", "Places to give", 0, "Only the best; 0 is all."),
            *_RULES,
        ),
        "Several answers in order, the best first.",
    ),
    CardKind(
        "rating",
        "Rating",
        "steps",
        (
            *_common(),
            _number("low", "Lowest mark", 1),
            _number("high", "Highest mark", 5),
            *_ticks(("allow_na", "“Not applicable” is offered", True)),
            FieldSpec("criteria", "Criteria", "cards", default=[], kinds=(CRITERION,)),
            *_ENDS,
            *_RULES,
        ),
        "A mark for each answer on each criterion.",
        convert=split_rating,
        convert_label="Compare on each criterion instead",
    ),
    CardKind(
        "choice",
        "Choice",
        "tick",
        (
            *_common(),
            _lines("options", "Options"),
            *_ticks(("per_completion", "Asked of each answer apart", False)),
            *_RULES,
        ),
        "One of several options.",
    ),
    CardKind(
        "rationale",
        "Rationale",
        "edit",
        (
            *_common(False),
            _number("min_chars", "Fewest characters", 0),
            _number("max_chars", "Most characters", 0, "0 is no limit."),
            *_RULES,
        ),
        "The reasons, in words of their own.",
    ),
    CardKind(
        "text",
        "Text",
        "edit",
        (
            *_common(False),
            *_ticks(("is_multiline", "Several lines", False)),
            _number("min_chars", "Fewest characters", 0),
            _number("max_chars", "Most characters", 0, "0 is no limit."),
            *_RULES,
        ),
        "Free words that are no reasons: a topic, a correction.",
    ),
    CardKind(
        "tags",
        "Reasons to tick",
        "tick",
        (*_common(False), _lines("reasons", "Reasons"), *_RULES),
        "Any number of given reasons.",
    ),
    CardKind(
        "confidence",
        "Confidence",
        "info",
        (
            *_common(False),
            _lines("levels", "Levels", "Guess", "Fairly sure", "Certain"),
            *_RULES,
        ),
        "How sure they are.",
    ),
    CardKind(
        "spans",
        "Words to mark",
        "edit",
        (*_common(False), _lines("reasons", "Tags for a mark"), *_RULES),
        "Words in an answer, marked for or against it.",
    ),
)

SCOPE_KINDS = (
    CardKind(
        "",
        "scope",
        "tick",
        (
            FieldSpec("text", "I agree that my answers are …"),
            FieldSpec("name", "Name in the data"),
            FieldSpec("is_required", "Needed to take part", "tick", default=False),
            FieldSpec(
                "covers",
                "Covers",
                "ticks",
                help="What leaves in an export only with this scope.",
                default=[],
                choices=tuple(CLASSES.items()),
            ),
        ),
    ),
)
