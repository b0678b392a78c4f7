"""PURE: every export format, with what the page says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.answers import Problem
from annotation.formats.exports import (
    helpsteer,
    lists,
    multipref,
    native_rows,
    pairs,
    sides,
    tables,
    unpaired,
)
from annotation.formats.exports.options import ExportOptions, InvalidOptionsError
from annotation.formats.exports.options import parse_options as _parse_options
from annotation.formats.exports.policy import Judge, KindOrder
from annotation.formats.exports.types import Column, Version
from annotation.words import gettext as _
from annotation.words import gettext_noop

ALL_FILES = ("jsonl", "csv", "parquet")
RAW, NATIVE = "raw", "native"
Plan = Callable[[ExportOptions, Sequence[Version]], tuple[tuple[Column, ...], Judge]]


@dataclass(frozen=True)
class Format:
    """A form of data set.

    `options`: the names of the options that matter to it, beyond those of scope.
    `kinds`: the types of question it can read, in the order of search. `plan` gives
    its columns and its judge; the raw tables and native rows have none. `row`: what a
    row is.
    """

    name: str
    title: str
    help: str
    options: tuple[str, ...] = ()
    kinds: KindOrder = ()
    plan: Plan | None = None
    row: str = ""
    file_types: tuple[str, ...] = ALL_FILES
    tags: tuple[str, ...] = ()

    @property
    def takes_hybrid(self) -> bool:
        """Tell whether it can have one label for each item, by people or an AI."""
        return self.plan is not None


def _fixed(
    columns: Callable[[ExportOptions], tuple[Column, ...]], judge: Judge
) -> Plan:
    """Return the plan of a format whose columns do not depend on the questions."""
    return lambda options, _versions: (columns(options), judge)


FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format(
            RAW,
            gettext_noop("Raw tables"),
            gettext_noop(
                "Everything stored, as tables: annotations, single judgements, "
                "skips and flags, people and their profiles, items, completions "
                "and, if wanted, machines' answers."
            ),
            tables.OPTIONS,
        ),
        Format(
            NATIVE,
            gettext_noop("Polyphony's own rows"),
            gettext_noop(
                "One row per item with all its labels; importing the file again "
                "gives the same items and labels."
            ),
            native_rows.OPTIONS,
            file_types=("jsonl",),
        ),
        Format(
            "trl_preference",
            gettext_noop("Preference pairs (TRL, explicit prompt)"),
            gettext_noop(
                "Columns prompt, chosen and rejected, as DPO and its kin read them."
            ),
            pairs.OPTIONS,
            pairs.KINDS,
            _fixed(pairs.explicit_columns, pairs.judge_explicit),
            gettext_noop("One row per preference."),
            tags=("trl", "dpo", "preference"),
        ),
        Format(
            "trl_preference_implicit",
            gettext_noop("Preference pairs (TRL, implicit prompt)"),
            gettext_noop("Columns chosen and rejected; both hold the whole dialogue."),
            pairs.OPTIONS,
            pairs.KINDS,
            _fixed(pairs.implicit_columns, pairs.judge_implicit),
            gettext_noop("One row per preference."),
            tags=("trl", "preference"),
        ),
        Format(
            "trl_reward",
            gettext_noop("Reward modelling with a margin (TRL)"),
            gettext_noop("Columns chosen, rejected and margin, a number in every row."),
            pairs.OPTIONS,
            pairs.KINDS,
            _fixed(pairs.reward_columns, pairs.judge_reward),
            gettext_noop("One row per preference."),
            tags=("trl", "preference", "reward-model"),
        ),
        Format(
            "trl_unpaired",
            gettext_noop("Single replies with a label (TRL, KTO)"),
            gettext_noop(
                "Columns prompt, completion and label. The label is an absolute "
                "judgement: a mark, “both bad” or “not acceptable”, never a rank."
            ),
            unpaired.OPTIONS,
            unpaired.KINDS,
            _fixed(unpaired.columns, unpaired.judge),
            gettext_noop("One row per labelled reply."),
            tags=("trl", "kto"),
        ),
        Format(
            "sides",
            gettext_noop("Pairs with a, b or tie"),
            gettext_noop(
                "Columns prompt, completion_a, completion_b and label; a tie is a "
                "label too. The command simulate_routing reads them."
            ),
            sides.OPTIONS,
            sides.KINDS,
            _fixed(sides.columns, sides.judge),
            gettext_noop("One row per answer, or per item if put together."),
            tags=("preference",),
        ),
        Format(
            "ranking",
            gettext_noop("Ranked lists"),
            gettext_noop(
                "Columns prompt, responses, ranks and scores, for listwise training."
            ),
            lists.OPTIONS,
            lists.KINDS,
            _fixed(lists.columns, lists.judge),
            gettext_noop("One row per ranked list."),
            tags=("ranking",),
        ),
        Format(
            "pro",
            gettext_noop("Ranked lists for PRO"),
            gettext_noop("Columns prefix, suffix and reward, best reply first."),
            lists.PRO_OPTIONS,
            lists.KINDS,
            _fixed(lists.pro_columns, lists.judge_pro),
            gettext_noop("One row per ranked list."),
            tags=("ranking",),
        ),
        Format(
            "helpsteer_ratings",
            gettext_noop("Rated replies (HelpSteer)"),
            gettext_noop("One row per reply with a column for each criterion."),
            helpsteer.RATING_OPTIONS,
            helpsteer.RATING_KINDS,
            helpsteer.ratings,
            gettext_noop("One row per rated reply."),
        ),
        Format(
            "helpsteer_preference",
            gettext_noop("Pairs with a strength (HelpSteer)"),
            gettext_noop(
                "Columns context, response1, response2 and overall_preference "
                "from -3 (response 1 is much better) to 3."
            ),
            helpsteer.PAIR_OPTIONS,
            helpsteer.PAIR_KINDS,
            helpsteer.pairs,
            gettext_noop("One row per comparison, or per item if put together."),
            tags=("preference",),
        ),
        Format(
            "multipref",
            gettext_noop("Pairs judged on several aspects (MultiPref)"),
            gettext_noop(
                "One row per item with every annotator's preference on each aspect."
            ),
            multipref.OPTIONS,
            multipref.KINDS,
            multipref.plan,
            gettext_noop("One row per item and kind of annotator."),
            tags=("preference",),
        ),
    )
}


def parse_options(raw: Mapping[str, Any]) -> ExportOptions:
    """Read the options of an export; raises InvalidOptionsError with every fault."""
    options = _parse_options(
        raw, {name: form.file_types for name, form in FORMATS.items()}
    )
    if options.is_hybrid and not FORMATS[options.format].takes_hybrid:
        words = _(
            "This format holds every label as it was given. Choose another one for one"
            " label an item."
        )
        raise InvalidOptionsError([Problem("labels_from", words)])
    return options
