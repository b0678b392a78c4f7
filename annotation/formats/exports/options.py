"""PURE: what a person chooses for an export, and how the card says it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from annotation.answers import Problem
from annotation.words import gettext as _
from annotation.words import gettext_noop, join_or

PEOPLE, HYBRID = "people", "hybrid"
FILE_TYPES = {"jsonl": "JSON lines", "csv": "CSV", "parquet": "Parquet"}

# The values of each choice, and what the card says of them.
CHOICES: dict[str, dict[str, str]] = {
    "file_type": FILE_TYPES,
    "labels_from": {
        PEOPLE: gettext_noop(
            "Labels are the answers of people, and of machines where they are included."
        ),
        HYBRID: gettext_noop(
            "Each item has one label: what people say of it where they labelled it, "
            "else the verdict of the AI annotator."
        ),
    },
    "audit": {
        "leave_out": gettext_noop(
            "Items of the audit are left out, so that they can measure what is trained "
            "on the others."
        ),
        "keep": gettext_noop(
            "Items of the audit are kept; the column `split` tells them apart."
        ),
    },
    "style": {
        "conversational": gettext_noop("Prompts and replies are lists of messages."),
        "standard": gettext_noop(
            "Prompts and replies are plain text; a conversation is a transcript "
            "of `Human:` and `Assistant:` turns."
        ),
    },
    "unit": {
        "annotation": gettext_noop("Each answer gives rows of its own."),
        "aggregate": gettext_noop(
            "The answers to an item are put together to one result."
        ),
    },
    "ties": {
        "leave_out": gettext_noop("A tie gives no row and no vote."),
        "drop_pair": gettext_noop(
            "A pair that anybody calls a tie is left out for everybody."
        ),
        "half": gettext_noop(
            "A tie is half a vote for each side; as a row of its own it stands "
            "both ways with half the weight."
        ),
    },
    "both_bad": {
        "leave_out": gettext_noop("“Both bad” gives no row and no vote."),
        "drop_pair": gettext_noop(
            "A pair that anybody calls both bad is left out for everybody."
        ),
        "as_tie": gettext_noop("“Both bad” is treated as a tie."),
    },
    "conflicts": {
        "keep": gettext_noop("Answers that contradict each other are all kept."),
        "majority": gettext_noop(
            "Only what most answers say is kept; where neither side has more, "
            "nothing is."
        ),
        "drop_pair": gettext_noop(
            "Where answers contradict each other, none of them is used."
        ),
    },
}


@dataclass(frozen=True)
class ExportOptions:
    """Everything that decides which rows an export has.

    `question`: the name of the question to read, "" for the main one of the format's
    kind. `criterion`: the criterion of a rating, "" for the mean of all.
    `min_difference`: least difference of two marks that makes a pair, in steps of the
    scale. `good_from`, `bad_to`: marks at which a completion is labelled true or
    false; empty means the upper and lower quarter of the scale.
    `labels_from`: hybrid = one label for each item, by people or by a machine. Then
    `machine` names the machine whose label is taken of items that no routing policy
    decided on, "" for none; `audit`: what becomes of the items of the audit.
    `adjudicated_wins`: where answers are put together, the team's decision on an item
    stands for those of people.
    """

    format: str = "raw"
    file_type: str = "jsonl"
    labels_from: str = PEOPLE
    machine: str = ""
    audit: str = "leave_out"
    style: str = "conversational"
    unit: str = "annotation"
    question: str = ""
    criterion: str = ""
    ties: str = "leave_out"
    both_bad: str = "leave_out"
    conflicts: str = "keep"
    min_difference: float = 0
    good_from: float | None = None
    bad_to: float | None = None
    include_imported: bool = True
    include_surplus: bool = False
    include_machine: bool = False
    include_superseded: bool = False
    only_publishable: bool = False
    leave_out_blocked: bool = False
    adjudicated_wins: bool = True

    @property
    def is_aggregated(self) -> bool:
        """Tell whether the answers to an item are put together."""
        return self.unit == "aggregate" or self.is_hybrid

    @property
    def is_hybrid(self) -> bool:
        """Tell whether each item has one label, by people or by a machine."""
        return self.labels_from == HYBRID

    def to_json(self) -> dict[str, Any]:
        """Return the options as `parse_options` reads them."""
        return asdict(self)


class InvalidOptionsError(ValueError):
    """The options do not fit; `problems` names each fault."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def parse_options(
    raw: Mapping[str, Any], file_types: Mapping[str, tuple[str, ...]]
) -> ExportOptions:
    """Read options as a form, the API or a command gives them.

    `file_types`: by name of format, the file types it can be written as.

    Raises
    ------
    InvalidOptionsError
        With every fault found.
    """
    known = {field.name: field.default for field in fields(ExportOptions)}
    problems = [
        Problem(name, _("There is no option called {name!r}.").format(name=name))
        for name in raw
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name in known:
            try:
                values[name] = _value(name, value, known[name])
            except ValueError as error:
                problems.append(Problem(name, str(error)))
    options = ExportOptions(**values)
    problems += _choice_problems(options, file_types)
    if problems:
        raise InvalidOptionsError(problems)
    return options


def _value(name: str, value: Any, default: object) -> Any:
    if isinstance(default, bool):
        words = {"true": True, "on": True, "1": True}
        words |= {"false": False, "off": False, "0": False, "": False}
        key = str(value).strip().lower()
        if key not in words:
            raise ValueError(
                _("{name} must be true or false, not {value!r}.").format(
                    name=name, value=value
                )
            )
        return words[key]
    if isinstance(default, str):
        if not isinstance(value, str):
            raise ValueError(
                _("{name} must be text, not {value!r}.").format(name=name, value=value)
            )
        return value.strip()
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not -1e6 <= number <= 1e6:
        raise ValueError(
            _("{name} must be a number, not {value!r}.").format(name=name, value=value)
        )
    return number


def _choice_problems(
    options: ExportOptions, file_types: Mapping[str, tuple[str, ...]]
) -> list[Problem]:
    problems = [
        Problem(
            name,
            _("{name} is {value!r}. Choose one of {offered}.").format(
                name=name, value=getattr(options, name), offered=", ".join(offered)
            ),
        )
        for name, offered in CHOICES.items()
        if getattr(options, name) not in offered
    ]
    possible = file_types.get(options.format)
    if possible is None:
        formats = ", ".join(file_types)
        problems.append(
            Problem(
                "format",
                _("There is no format {format!r}. Choose one of {formats}.").format(
                    format=options.format, formats=formats
                ),
            )
        )
    elif options.file_type in FILE_TYPES and options.file_type not in possible:
        problems.append(
            Problem(
                "file_type",
                _(
                    "This format cannot be written as {file_types}. Choose {possible}."
                ).format(
                    file_types=FILE_TYPES[options.file_type],
                    possible=join_or(FILE_TYPES[name] for name in possible),
                ),
            )
        )
    if options.min_difference < 0:
        problems.append(Problem("min_difference", _("A difference is never below 0.")))
    good, bad = options.good_from, options.bad_to
    if good is not None and bad is not None and bad >= good:
        problems.append(
            Problem(
                "bad_to", _("The mark for “bad” must lie below the one for “good”.")
            )
        )
    return problems


def describe(options: ExportOptions, applicable: tuple[str, ...]) -> list[str]:
    """Return the policy as sentences, one for each option that matters here."""
    sentences = [
        _(choices_of(name, options)[getattr(options, name)])
        for name in applicable
        if name in CHOICES and not (options.is_hybrid and name in SETTLED)
    ]
    if options.is_hybrid:
        sentences = [*_hybrid(options), *sentences]
    if options.question and "question" in applicable:
        sentences.append(
            _("The question read is `{question}`.").format(question=options.question)
        )
    if "criterion" in applicable:
        sentences.append(
            _("Of a rating, the criterion `{criterion}` is read.").format(
                criterion=options.criterion
            )
            if options.criterion
            else _("Of a rating, the mean of all criteria that apply is read.")
        )
    if "min_difference" in applicable:
        sentences.append(
            _(
                "Two marks that differ by less than {min_difference:g} make no pair."
            ).format(min_difference=options.min_difference)
            if options.min_difference
            else _("Any difference of two marks makes a pair.")
        )
    if "good_from" in applicable:
        sentences.append(_thresholds(options))
    if "unit" in applicable and options.is_aggregated:
        sentences.append(
            _(
                "Where the team has settled an item, the adjudicated answer "
                "stands for those of people."
            )
            if options.adjudicated_wins
            else _(
                "Adjudicated answers are not used; those of people are put together."
            )
        )
    return [*sentences, *_scope(options)]


# What is chosen otherwise is settled where each item has one label.
SETTLED = ("unit", "both_bad", "conflicts")
HYBRID_TIES = {
    "leave_out": gettext_noop(
        "A label that is a tie gives no row where a row needs a side."
    ),
    "drop_pair": gettext_noop(
        "A pair that anybody calls a tie gives no row where a row needs a side."
    ),
    "half": gettext_noop(
        "A label that is a tie stands both ways with half the weight where a row needs "
        "a side."
    ),
}


def choices_of(name: str, options: ExportOptions) -> Mapping[str, str]:
    """Return the values of a choice, and what the card says of them."""
    return HYBRID_TIES if options.is_hybrid and name == "ties" else CHOICES[name]


def _hybrid(options: ExportOptions) -> list[str]:
    return [
        _(CHOICES["labels_from"][HYBRID]),
        _(
            "People's label is what most of their answers say, given before a "
            "machine's verdict was visible; a tie is an answer of its own, “both bad” "
            "is a tie, and so it is where no answer has most."
        ),
        _(
            "Where people have not labelled an item that a routing policy decided on, "
            "the verdict of the policy's AI annotator is taken; of an item decided on "
            "by hand, that of the newest policy's."
        ),
        _(
            "Of items that no policy decided on, the verdict of `{machine}` is taken."
        ).format(machine=options.machine)
        if options.machine
        else _("Items that no policy decided on have a label only by people."),
        _(CHOICES["audit"][options.audit]),
    ]


def _thresholds(options: ExportOptions) -> str:
    good = (
        _("in the upper quarter of the scale")
        if options.good_from is None
        else _("of {mark:g} and more").format(mark=options.good_from)
    )
    bad = (
        _("in the lower quarter")
        if options.bad_to is None
        else _("of {mark:g} and less").format(mark=options.bad_to)
    )
    return _(
        "Marks {good} are labelled true, marks {bad} false, others left out."
    ).format(good=good, bad=bad)


KINDS_OF_ANSWERS = {
    "include_imported": gettext_noop(
        "Labels that came with imported files are {taken}."
    ),
    "include_surplus": gettext_noop(
        "Answers beyond the number wanted (surplus) are {taken}."
    ),
    "include_machine": gettext_noop("Labels by machines are {taken}."),
    "include_superseded": gettext_noop(
        "Answers that were replaced or taken back are {taken}."
    ),
}


def _scope(options: ExportOptions) -> list[str]:
    taken = {name: getattr(options, name) for name in KINDS_OF_ANSWERS}
    # Only the raw tables have a column that tells such answers from current ones.
    taken["include_superseded"] &= options.format == "raw"
    sentences = [
        _(words).format(taken=_("included") if taken[name] else _("left out"))
        for name, words in KINDS_OF_ANSWERS.items()
        if not (options.is_hybrid and name in ("include_machine", "include_superseded"))
    ]
    sentences.append(
        _("Only answers of people who agreed to their publication are included.")
        if options.only_publishable
        else _(
            "Answers are included whether or not their authors agreed to their "
            "publication; the column `consent_scopes` tells."
        )
    )
    if options.leave_out_blocked:
        sentences.append(
            _("Answers of people whom the project has blocked are left out.")
        )
    elif options.format == "raw":
        sentences.append(
            _(
                "Answers of people whom the project has blocked are included; the "
                "column `standing` of the table `participants` tells."
            )
        )
    return [*sentences, _("Answers of people who withdrew their consent are left out.")]
