"""What suggestions do to answers, in words and in places on a plot, for their page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, isnan
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy

from annotation.agreement import Interval
from annotation.models import (
    Event,
    MachineAnnotator,
    Project,
    SuggestionPolicy,
)
from annotation.suggestions import ARMS
from annotation.words import gettext as _
from annotation.words import gettext_noop, ngettext
from models_service.anchoring import FORMULA, half_width
from models_service.crossed import MIN_PEOPLE
from models_service.models import AnchoringReport
from models_service.selectors.machines import machine_rows
from models_service.selectors.trust import Trust, interval, trust_by_machine
from models_service.selectors.trust_page import Estimate, difference, share

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_SHOWN = 50
MINUS = "\N{MINUS SIGN}"
ARM_WORDS: Mapping[str, "StrOrPromise"] = {
    "blind": gettext_lazy("Blind"),
    "revealed": gettext_lazy("After the first answer"),
    "hedged": gettext_lazy("Shown with a hedge"),
    "shown": gettext_lazy("Shown"),
}
# For so many answers, and such shares of blind ones, is told what an interval reaches.
SIZES = (200, 1_000, 5_000)
BLIND_SHARES = (0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Choice:
    """A machine annotator whose verdicts can be shown, with what is known of it."""

    machine: MachineAnnotator
    trust: Trust | None
    carries_weight: bool


@dataclass(frozen=True)
class ArmRow:
    """The answers of one arm. `n_skipped`: items that were skipped instead."""

    title: "StrOrPromise"
    n: int
    n_people: int
    n_skipped: int
    agreement: Estimate
    median_ms: float | None


@dataclass(frozen=True)
class EffectRow:
    """A difference of two arms: as a sentence, and on an axis. `is_clear`: not zero."""

    title: str
    sentence: str
    value: Estimate
    is_clear: bool
    n: int
    n_than: int
    n_other: int


@dataclass(frozen=True)
class Change:
    """When the policy became this one, and by whom; no policy: nothing is shown."""

    at: datetime
    by: str
    policy: SuggestionPolicy | None


@dataclass(frozen=True)
class Report:
    """What a worker found, and whether a newer report is on its way."""

    figures: Mapping[str, Any]
    computed_at: datetime
    requested_at: datetime | None


def choices(project: Project) -> list[Choice]:
    """Return the machine annotators that can be chosen; the queries of `machine_rows`.

    Those that have said something; the one in force is there in any case.
    """
    now = SuggestionPolicy.objects.filter(pk=project.suggestion_policy_id or 0)
    in_force = now.values_list("machine", flat=True).first()
    trusts = trust_by_machine(project)
    return [
        Choice(row.machine, trusts.get(row.machine.pk), row.weight.carries)
        for row in machine_rows(project)
        if (row.n_ok or row.machine.pk == in_force)
        and row.machine.archived_at is None
        and row.machine.kind != MachineAnnotator.Kind.TAGGER
    ]


def history(project: Project) -> list[Change]:
    """Return the changes of the policy, the newest first; two queries."""
    policies = SuggestionPolicy.objects.filter(project=project)
    found = [
        Change(one.created_at, one.created_by.get_username(), one)
        for one in policies.select_related("machine", "created_by").order_by("-id")[
            :MOST_SHOWN
        ]
    ]
    ends = Event.objects.filter(
        project=project, kind="suggestions_changed", data__number=0
    )
    found += [
        Change(one.at, one.user.get_username() if one.user else "", None)
        for one in ends.select_related("user").order_by("-id")[:MOST_SHOWN]
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_SHOWN]


def report_of(project: Project) -> Report | None:
    """Return the last report; None where there is none yet; one query."""
    found = AnchoringReport.objects.filter(project=project).first()
    if found is None or found.computed_at is None or found.formula != FORMULA:
        return None
    return Report(found.figures, found.computed_at, found.requested_at)


def arms_in_words(arms: Mapping[str, int]) -> str:
    """Return the share of each arm, as “Blind 50%, Shown 50%”."""
    total = sum(arms.values())
    held = [(arm, arms[arm]) for arm in ARMS if arms.get(arm)]
    if len(held) == 1:
        return str(ARM_WORDS[held[0][0]])
    return ", ".join(f"{ARM_WORDS[arm]} {100 * n / total:.0f}%" for arm, n in held)


# --- the report -----------------------------------------------------------------------


def arm_rows(figures: Mapping[str, Any]) -> list[ArmRow]:
    """Return the arms that have answers."""
    return [
        ArmRow(
            ARM_WORDS[one["arm"]],
            one["n"],
            one["n_people"],
            figures["skips"][one["arm"]],
            share(interval(one["agreement"]), who="human"),
            one["median_ms"],
        )
        for one in figures["arms"]
        if one["n"]
    ]


def effect_rows(told: Sequence[Mapping[str, Any]]) -> list[EffectRow]:
    """Return the differences of arms of which either has answers.

    The first one, which is asked for, is there in any case.
    """
    reach = reach_of(told)
    return [
        _effect(one, reach)
        for at, one in enumerate(told)
        if at == 0 or (one["n"] and one["n_than"])
    ]


def reach_of(told: Sequence[Mapping[str, Any]]) -> float:
    """Return how far an axis for these differences goes to both sides, in tenths."""
    ends = [
        abs(one["value"][end] or 0.0)
        for one in told
        for end in ("value", "low", "high")
    ]
    return min(max(ceil(10 * max(ends, default=0)) / 10, 0.2), 1.0)


def _effect(told: Mapping[str, Any], reach: float) -> EffectRow:
    value = interval(told["value"])
    return EffectRow(
        title=_("{arm}, less {than}").format(
            arm=ARM_WORDS[told["arm"]], than=str(ARM_WORDS[told["than"]]).lower()
        ),
        sentence=effect_in_words(told),
        value=difference(value, reach),
        is_clear=_is_clear(value),
        n=told["n"],
        n_than=told["n_than"],
        n_other=told["n_other"],
    )


def effect_in_words(told: Mapping[str, Any]) -> str:
    """Return a difference of two arms as one plain sentence."""
    value = interval(told["value"])
    if isnan(value.value):
        return _nothing(told)
    if isnan(value.low):
        text = ngettext(
            "{points} points so far, of {n} person; from {least} people on it is told "
            "how far that holds.",
            "{points} points so far, of {n} people; from {least} people on it is told "
            "how far that holds.",
            told["n_people"],
        )
        return text.format(
            points=_points(value.value), n=told["n_people"], least=MIN_PEOPLE
        )
    ends = {"low": _points(value.low), "high": _points(value.high)}
    if not _is_clear(value):
        text = _("Not distinguishable from no effect: {points} points [{low}, {high}].")
        return text.format(points=_points(value.value), **ends)
    text = (
        _MORE[told["arm"], told["than"]]
        if value.low > 0
        else (_LESS[told["arm"], told["than"]])
    )
    if value.high < 0:
        ends = {"low": _points(-value.high), "high": _points(-value.low)}
    return _(text).format(points=_points(abs(value.value)), **ends)


def _is_clear(value: Interval) -> bool:
    """Tell whether an interval, as it is told, lies on one side of no effect."""
    if isnan(value.low):
        return False
    return round(100 * value.low) > 0 or round(100 * value.high) < 0


def _nothing(told: Mapping[str, Any]) -> str:
    if told["reason"] == "no_both" and told["n"] and told["n_than"]:
        return _("Too few answers to tell.")
    if told["reason"] == "no_both":
        return _("No policy has drawn both, so the two cannot be compared.")
    if told["than"] == "blind" and not told["n_than"]:
        return _("No answers in the blind share yet: nothing to compare with.")
    return _("No answers given with a suggestion in view yet.")


def _points(value: float) -> str:
    return f"{100 * value:.0f}".replace("-0", "0").replace("-", MINUS)


_MORE: Mapping[tuple[str, str], str] = {
    ("shown", "blind"): gettext_noop(
        "People who saw the suggestion agreed with it {points} points more often "
        "[{low}, {high}]."
    ),
    ("hedged", "blind"): gettext_noop(
        "People who saw the hedged suggestion agreed with it {points} points more "
        "often [{low}, {high}]."
    ),
    ("shown", "hedged"): gettext_noop(
        "People agreed with a plain suggestion {points} points more often than with a "
        "hedged one [{low}, {high}]."
    ),
}
_LESS: Mapping[tuple[str, str], str] = {
    ("shown", "blind"): gettext_noop(
        "People who saw the suggestion agreed with it {points} points less often "
        "[{low}, {high}]."
    ),
    ("hedged", "blind"): gettext_noop(
        "People who saw the hedged suggestion agreed with it {points} points less "
        "often [{low}, {high}]."
    ),
    ("shown", "hedged"): gettext_noop(
        "People agreed with a plain suggestion {points} points less often than with a "
        "hedged one [{low}, {high}]."
    ),
}


def finding_of(figures: Mapping[str, Any]) -> str:
    """Return the one sentence that matters: of the plain suggestion, else the hedged.

    The hedged one stands in where nobody has seen a plain one.
    """
    shown, hedged, _between = figures["effects"]
    told = hedged if hedged["n"] and not shown["n"] else shown
    return effect_in_words(told)


def change_parts(told: Mapping[str, Any]) -> list[tuple[str, Estimate]]:
    """Return the shares of answers that were changed after the reveal."""
    return [
        (_("Changed"), share(interval(told["changed"]), who="human")),
        (_("Came to what the AI said"), share(interval(told["towards"]), who="human")),
        (_("Left what the AI said"), share(interval(told["away"]), who="human")),
    ]


def changes_in_words(told: Mapping[str, Any]) -> str:
    """Return what people did once the verdict was revealed; "" where none was."""
    if not told["n"]:
        return ""
    text = ngettext(
        "Of {n} answer, {changed} was changed after the reveal: {towards} came to what "
        "the AI said, {away} left it.",
        "Of {n} answers, {changed} were changed after the reveal: {towards} came to "
        "what the AI said, {away} left it.",
        told["n"],
    )
    parts = {
        name: share(interval(told[name])) for name in ("changed", "towards", "away")
    }
    return text.format(
        n=f"{told['n']:,}", **{name: one.value for name, one in parts.items()}
    )


# --- what a blind share buys ----------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """So far an interval will reach to both sides, in points, by number of answers."""

    percent: int
    points: tuple[int, ...]


def reaches() -> list[Reach]:
    """Return what blind shares buy, where all others are shown from the beginning."""
    return [
        Reach(
            round(100 * blind),
            tuple(round(100 * half_width(n, 1 - blind, blind)) for n in SIZES),
        )
        for blind in BLIND_SHARES
    ]
