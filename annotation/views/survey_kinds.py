"""What an owner can set of each kind of survey question, and entry <-> card.

A card is what the form edits; the entry is what is stored. They differ where a form
wants less: an option is a line of words until somebody asks for more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.surveys.types import LARGEST, MAX_CHARS, SMALLEST
from annotation.views.card_types import Card, CardKind, FieldSpec

TITLE = FieldSpec("title", "What people are asked")
HELP = FieldSpec("help", "A line of help below it")
NAME = FieldSpec(
    "name",
    "Name in the data",
    help="Letters, digits and _. Left empty, it is made from the title.",
    is_rare=True,
)
REQUIRED = FieldSpec(
    "is_required", "Must be answered or declined", "tick", default=True
)
NA = FieldSpec("offers_na", "“Does not apply to me” is offered", "tick", default=False)
SHUFFLED = FieldSpec(
    "is_shuffled", "In a random order per person", "tick", default=False
)
ENDS = (
    FieldSpec("low_label", "Words at 0"),
    FieldSpec("high_label", "Words at 100"),
)
LAST = FieldSpec("is_last", "Always last", "tick", default=False)
OWN_WORDS = FieldSpec("has_text", "Asks for own words", "tick", default=False)
VALUE = FieldSpec(
    "value", "Word in the data", help="Left empty, the option itself.", is_rare=True
)
LABEL = FieldSpec("label", "Option")
ALONE = FieldSpec("is_exclusive", "Stands alone", "tick", default=False)
ONE_OPTION = CardKind("", "option", "tick", (LABEL, LAST, OWN_WORDS, VALUE))
ANY_OPTION = CardKind("", "option", "tick", (LABEL, LAST, ALONE, OWN_WORDS, VALUE))
STATEMENT = CardKind(
    "",
    "statement",
    "minus",
    (
        FieldSpec("title", "Statement"),
        LAST,
        OWN_WORDS,
        FieldSpec("name", "Word in the data", is_rare=True),
    ),
)


def _sensitivity(usual: str) -> FieldSpec:
    return FieldSpec(
        "sensitivity",
        "How it is protected",
        "choice",
        help="What a person agreed to decides which of these leave in a data set.",
        default=usual,
        choices=(
            ("plain", "Plain: says little about the person"),
            ("demographic", "About the person: age, education, country …"),
            ("special", "Special: religion, ethnicity, health, politics …"),
            ("free_text", "Text in their own words"),
        ),
    )


def _options(kind: CardKind) -> FieldSpec:
    blank = kind.blank()
    return FieldSpec(
        "options", "Options", "cards", default=[blank, dict(blank)], kinds=(kind,)
    )


_STATEMENTS = FieldSpec(
    "statements",
    "Statements",
    "cards",
    default=[STATEMENT.blank(), STATEMENT.blank()],
    kinds=(STATEMENT,),
)
_CATEGORIES = FieldSpec(
    "categories",
    "Categories",
    "list",
    help="One on each line. After = the coarser one, such as “Agnostic = No belief”.",
    default=[],
    is_rare=True,
)


def _number(name: str, label: str, default: int) -> FieldSpec:
    return FieldSpec(name, label, "number", default=default)


BUILDER_KINDS = (
    CardKind(
        "single",
        "One of several",
        "tick",
        (
            *(TITLE, HELP, REQUIRED, SHUFFLED, NA, _options(ONE_OPTION)),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "several",
        "Any number of several",
        "tick",
        (
            *(TITLE, HELP, REQUIRED, SHUFFLED, NA, _options(ANY_OPTION)),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "slider",
        "Slider from 0 to 100",
        "minus",
        (TITLE, HELP, *ENDS, REQUIRED, NA, _sensitivity("plain"), NAME),
    ),
    CardKind(
        "sliders",
        "Grouped sliders",
        "steps",
        (
            *(FieldSpec("title", "The words before every statement"), HELP, *ENDS),
            *(REQUIRED, SHUFFLED, NA, _STATEMENTS, _sensitivity("plain"), NAME),
        ),
    ),
    CardKind(
        "number",
        "Number",
        "minus",
        (
            *(TITLE, HELP, REQUIRED, NA),
            _number("smallest", "Smallest number", SMALLEST),
            _number("largest", "Largest number", LARGEST),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "text",
        "Own words",
        "edit",
        (
            *(TITLE, HELP, REQUIRED),
            FieldSpec("is_long", "Several lines", "tick", default=False),
            NA,
            FieldSpec(
                "is_categorised",
                "Researchers categorise it (three levels)",
                "tick",
                default=False,
            ),
            _number("min_chars", "Fewest characters", 0),
            _number("max_chars", "Most characters", MAX_CHARS),
            *(_sensitivity("free_text"), _CATEGORIES, NAME),
        ),
    ),
    CardKind(
        "country",
        "Country",
        "flag",
        (TITLE, HELP, REQUIRED, NA, _sensitivity("demographic"), NAME),
    ),
)
BY_TYPE = {kind.type: kind for kind in BUILDER_KINDS}
RULES = ("show_if", "needs_all")


def to_card(entry: Mapping[str, Any]) -> Card:
    """Return the card of an entry; what a card does not show stays with the entry."""
    card = dict(entry)
    if "options" in card:
        card["options"] = [_option_card(option) for option in card["options"] or ()]
    if "categories" in card:
        card["categories"] = [
            one["value"]
            if one.get("simplified") in (None, "", one["value"])
            else f"{one['value']} = {one['simplified']}"
            for one in card["categories"] or ()
        ]
    return card


def _option_card(option: Any) -> Card:
    if not isinstance(option, Mapping):
        return {"label": str(option), "value": ""}
    label = str(option.get("label") or option.get("value") or "")
    value = str(option.get("value") or "")
    return {**option, "label": label, "value": "" if value == label else value}


def to_entry(card: Mapping[str, Any], pasted: Sequence[str] = ()) -> dict[str, Any]:
    """Return the entry of a card; `pasted` are further options or statements."""
    entry = dict(card)
    if "options" in entry:
        entry["options"] = [_option(option) for option in entry["options"]]
        entry["options"] = [*_without_blank(entry["options"], pasted), *pasted]
    if "statements" in entry:
        statements = [_without_defaults(one) for one in entry["statements"]]
        made = [{"title": words, "name": ""} for words in pasted]
        kept = [one for one in statements if one.get("title") or not pasted]
        entry["statements"] = _named([*kept, *made])
    if "categories" in entry:
        entry["categories"] = [_category(line) for line in entry["categories"]]
    return entry


def _without_blank(options: Sequence[Any], pasted: Sequence[str]) -> list[Any]:
    return [option for option in options if option != "" or not pasted]


def _option(card: Mapping[str, Any]) -> Any:
    kept = _without_defaults(card)
    if not kept.get("value"):
        kept.pop("value", None)
    return kept.get("label", "") if set(kept) <= {"label"} else kept


def _without_defaults(card: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in card.items() if value is not False}


def _category(line: str) -> dict[str, str]:
    value, _, simplified = (part.strip() for part in line.partition("="))
    return {"value": value, "simplified": simplified or value}


def _named(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each statement a short name where it has none."""
    taken = {one.get("name") for one in statements}
    for number, one in enumerate(statements, start=1):
        if not one.get("title"):
            one["name"] = ""
        elif not one.get("name"):
            name = f"s{number}"
            while name in taken:
                name = f"{name}_"
            one["name"] = name
            taken.add(name)
    return statements
