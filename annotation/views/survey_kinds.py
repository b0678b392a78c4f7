"""What an owner can set of each kind of survey question, and entry <-> card.

A card is what the form edits; the entry is what is stored. They differ where a form
wants less: an option is a line of words until somebody asks for more.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy

from annotation.surveys.types import LARGEST, MAX_CHARS, SMALLEST
from annotation.views.card_types import Card, CardKind, FieldSpec

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TITLE = FieldSpec("title", gettext_lazy("What people are asked"))
HELP = FieldSpec("help", gettext_lazy("A line of help below it"))
NAME = FieldSpec(
    "name",
    gettext_lazy("Name in the data"),
    help=gettext_lazy("Letters, digits and _. Left empty, it is made from the title."),
    is_rare=True,
)
REQUIRED = FieldSpec(
    "is_required", gettext_lazy("Must be answered or declined"), "tick", default=True
)
NA = FieldSpec(
    "offers_na",
    gettext_lazy("“Does not apply to me” is offered"),
    "tick",
    default=False,
)
SHUFFLED = FieldSpec(
    "is_shuffled", gettext_lazy("In a random order per person"), "tick", default=False
)
ENDS = (
    FieldSpec("low_label", gettext_lazy("Words at 0")),
    FieldSpec("high_label", gettext_lazy("Words at 100")),
)
LAST = FieldSpec("is_last", gettext_lazy("Always last"), "tick", default=False)
OWN_WORDS = FieldSpec(
    "has_text", gettext_lazy("Asks for own words"), "tick", default=False
)
VALUE = FieldSpec(
    "value",
    gettext_lazy("Word in the data"),
    help=gettext_lazy("Left empty, the option itself."),
    is_rare=True,
)
LABEL = FieldSpec("label", gettext_lazy("Option"))
ALONE = FieldSpec("is_exclusive", gettext_lazy("Stands alone"), "tick", default=False)
ONE_OPTION = CardKind(
    "", gettext_lazy("option"), "tick", (LABEL, LAST, OWN_WORDS, VALUE)
)
ANY_OPTION = CardKind(
    "", gettext_lazy("option"), "tick", (LABEL, LAST, ALONE, OWN_WORDS, VALUE)
)
STATEMENT = CardKind(
    "",
    gettext_lazy("statement"),
    "minus",
    (
        FieldSpec("title", gettext_lazy("Statement")),
        LAST,
        OWN_WORDS,
        FieldSpec("name", gettext_lazy("Word in the data"), is_rare=True),
    ),
)


def _sensitivity(usual: str) -> FieldSpec:
    return FieldSpec(
        "sensitivity",
        gettext_lazy("How it is protected"),
        "choice",
        help=gettext_lazy(
            "What a person agreed to decides which of these leave in a data set."
        ),
        default=usual,
        choices=(
            ("plain", gettext_lazy("Plain: says little about the person")),
            (
                "demographic",
                gettext_lazy("About the person: age, education, country …"),
            ),
            (
                "special",
                gettext_lazy("Special: religion, ethnicity, health, politics …"),
            ),
            ("free_text", gettext_lazy("Text in their own words")),
        ),
    )


def _options(kind: CardKind) -> FieldSpec:
    blank = kind.blank()
    return FieldSpec(
        "options",
        gettext_lazy("Options"),
        "cards",
        default=[blank, dict(blank)],
        kinds=(kind,),
    )


_STATEMENTS = FieldSpec(
    "statements",
    gettext_lazy("Statements"),
    "cards",
    default=[STATEMENT.blank(), STATEMENT.blank()],
    kinds=(STATEMENT,),
)
_CATEGORIES = FieldSpec(
    "categories",
    gettext_lazy("Categories"),
    "list",
    help=gettext_lazy(
        "One on each line. After = the coarser one, such as “Agnostic = No belief”."
    ),
    default=[],
    is_rare=True,
)


def _number(name: str, label: "StrOrPromise", default: int) -> FieldSpec:
    return FieldSpec(name, label, "number", default=default)


BUILDER_KINDS = (
    CardKind(
        "single",
        gettext_lazy("One of several"),
        "tick",
        (
            *(TITLE, HELP, REQUIRED, SHUFFLED, NA, _options(ONE_OPTION)),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "several",
        gettext_lazy("Any number of several"),
        "tick",
        (
            *(TITLE, HELP, REQUIRED, SHUFFLED, NA, _options(ANY_OPTION)),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "slider",
        gettext_lazy("Slider from 0 to 100"),
        "minus",
        (TITLE, HELP, *ENDS, REQUIRED, NA, _sensitivity("plain"), NAME),
    ),
    CardKind(
        "sliders",
        gettext_lazy("Grouped sliders"),
        "steps",
        (
            *(
                FieldSpec("title", gettext_lazy("The words before every statement")),
                HELP,
                *ENDS,
            ),
            *(REQUIRED, SHUFFLED, NA, _STATEMENTS, _sensitivity("plain"), NAME),
        ),
    ),
    CardKind(
        "number",
        gettext_lazy("Number"),
        "minus",
        (
            *(TITLE, HELP, REQUIRED, NA),
            _number("smallest", gettext_lazy("Smallest number"), SMALLEST),
            _number("largest", gettext_lazy("Largest number"), LARGEST),
            *(_sensitivity("demographic"), NAME),
        ),
    ),
    CardKind(
        "text",
        gettext_lazy("Own words"),
        "edit",
        (
            *(TITLE, HELP, REQUIRED),
            FieldSpec("is_long", gettext_lazy("Several lines"), "tick", default=False),
            NA,
            FieldSpec(
                "is_categorised",
                gettext_lazy("Researchers categorise it (three levels)"),
                "tick",
                default=False,
            ),
            _number("min_chars", gettext_lazy("Fewest characters"), 0),
            _number("max_chars", gettext_lazy("Most characters"), MAX_CHARS),
            *(_sensitivity("free_text"), _CATEGORIES, NAME),
        ),
    ),
    CardKind(
        "country",
        gettext_lazy("Country"),
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
