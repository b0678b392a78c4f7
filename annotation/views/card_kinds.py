"""What an owner can set of each kind of question and scope."""

from typing import Any

from annotation.consent import CLASSES
from annotation.views.card_editor import CardKind, FieldSpec

NAME = FieldSpec(
    "name",
    "Name in the data",
    help="Letters, digits and _. Left empty, it is made from the title.",
    is_rare=True,
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
        ),
    ),
)

QUESTION_KINDS = (
    CardKind(
        "comparison",
        "Comparison",
        "scale",
        (
            *_common(),
            FieldSpec(
                "strength",
                "Steps",
                "choice",
                default=3,
                choices=(
                    (3, "Seven: much better, better, slightly better"),
                    (2, "Five: much better, slightly better"),
                    (1, "Three: better"),
                ),
            ),
            *_ticks(
                ("allow_tie", "A tie is allowed", True),
                ("allow_both_bad", "“Both bad” is offered", False),
            ),
            _lines("reasons", "Reasons to tick", help_text="May stay empty."),
            _lines("levels", "Levels of confidence", help_text="May stay empty."),
        ),
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
            ),
        ),
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
        ),
    ),
    CardKind(
        "rationale",
        "Words of their own",
        "edit",
        (*_common(False), _number("min_chars", "Fewest characters", 0)),
    ),
    CardKind(
        "tags",
        "Reasons to tick",
        "tick",
        (*_common(False), _lines("reasons", "Reasons")),
    ),
    CardKind(
        "confidence",
        "Confidence",
        "info",
        (
            *_common(False),
            _lines("levels", "Levels", "Guess", "Fairly sure", "Certain"),
        ),
    ),
    CardKind(
        "spans",
        "Words to mark",
        "edit",
        (*_common(False), _lines("reasons", "Tags for a mark")),
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
