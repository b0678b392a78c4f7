"""A machine annotator's report in words and in places on a plot, for its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, isnan
from typing import Any, Literal

from annotation.agreement import Interval
from annotation.models import MachineAnnotator, Participant
from annotation.words import gettext as _
from annotation.words import ngettext
from models_service.selectors.trust import LEAST_TO_TELL, Trust, interval

UNKNOWN = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
Who = Literal["ai", "human", "base"]
# A gain is drawn on an axis that reaches as far to both sides, in steps of a quarter.
GAIN_STEP = 0.25


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval: in words, and at what percent of an axis it lies."""

    name: str
    value: str
    ends: str
    at: float | None
    low: float | None
    high: float | None
    who: Who = "ai"

    @property
    def spoken(self) -> str:
        """Return the figure and its interval as one reads them aloud."""
        return f"{self.value}, {self.ends}" if self.ends else self.value


@dataclass(frozen=True)
class CellRow:
    """A machine on the items of one tag, or against the people of one stratum."""

    name: str
    n_items: int
    n_people: int
    agreement: Estimate
    kappa: Estimate
    person: Estimate


@dataclass(frozen=True)
class Group:
    """The cells of one kind of tag or of one question of the profile."""

    name: str
    rows: tuple[CellRow, ...]
    n_suppressed: int


@dataclass(frozen=True)
class PersonRow:
    """What the others gain or lose if the machine answers for one person."""

    pseudonym: str
    n_common: int
    kappa: Estimate
    with_person: Estimate
    with_model: Estimate
    gain: Estimate
    finding: str
    verdict: Literal["gain", "loss", "open"]


@dataclass(frozen=True)
class OtherRow:
    """Another machine on the same items."""

    machine: MachineAnnotator
    n_items: int
    n_labelled: int
    alike: Estimate
    kappa: Estimate
    first: Estimate
    second: Estimate
    gain: Estimate
    finding: str


@dataclass(frozen=True)
class Bar:
    """A point of the reliability diagram, in percent of its sides."""

    said: float
    share: float
    low: float | None
    high: float | None
    n: float


def share(
    found: Interval, name: str = "", who: Who = "ai", n: int | None = None
) -> Estimate:
    """Return a share in [0, 1] on an axis from 0 to 100 percent.

    `n`: on how many items it rests; with too few there is no interval.
    """
    told = _estimate(found, name, who, lambda x: f"{100 * x:.0f}%", 0, 1)
    if not is_too_few(n) or told.at is None:
        return told
    return replace(told, ends=_("too few to tell"), low=None, high=None)


def coefficient(
    found: Interval, name: str = "", who: Who = "ai", n: int | None = None
) -> Estimate:
    """Return kappa or alpha on an axis from -1 to 1; of too few items nothing."""
    if is_too_few(n) and not isnan(found.value):
        return Estimate(name, UNKNOWN, _("too few to tell"), None, None, None, who)
    return _estimate(found, name, who, _signed, -1, 1)


def difference(
    found: Interval, reach: float = 1.0, name: str = "", n: int | None = None
) -> Estimate:
    """Return a difference of shares in points, on an axis from -reach to reach."""
    if is_too_few(n) and not isnan(found.value):
        return Estimate(name, UNKNOWN, _("too few to tell"), None, None, None)
    return _estimate(found, name, "ai", _points, -reach, reach)


def is_too_few(n: int | None) -> bool:
    """Tell whether so many items are too few to tell anything; None = enough."""
    return n is not None and n < LEAST_TO_TELL


def number(found: Interval) -> Estimate:
    """Return a number of no fixed range, with its sign."""
    return _estimate(found, "", "ai", lambda x: _signed(x, "+"), -1, 1)


def small(found: Interval) -> Estimate:
    """Return a number with three places."""
    return _estimate(found, "", "ai", lambda x: f"{x:.3f}", 0, 1)


def _signed(x: float, sign: str = "") -> str:
    return f"{x:{sign}.2f}".replace("-", MINUS)


def _points(x: float) -> str:
    return f"{100 * x:+.1f}".replace("-", MINUS)


def _estimate(
    found: Interval, name: str, who: Who, words: Any, low: float, high: float
) -> Estimate:
    def place(x: float) -> float | None:
        if isnan(x):
            return None
        return round(min(max(100 * (x - low) / (high - low), 0), 100), 2)

    if isnan(found.value):
        return Estimate(name, UNKNOWN, "", None, None, None, who)
    ends = ""
    if not isnan(found.low):
        text = _("{low} to {high}")
        ends = text.format(low=words(found.low), high=words(found.high))
    return Estimate(
        name,
        words(found.value),
        ends,
        place(found.value),
        place(found.low),
        place(found.high),
        who,
    )


# --- the two lines -----------------------------------------------------------------


def lines_of(trust: Trust) -> list[Estimate]:
    """Return the machine beside its two lines, the lines below it."""
    told = trust.figures["lines"]
    n = trust.n_items
    person = _("One person against the others")
    return [
        share(interval(told["judge"]), _("This AI annotator"), n=n),
        share(interval(told["person"]), person, "human", n),
        share(interval(told["longer"]), _("“The longer answer wins”"), "base", n),
    ]


def finding_of(trust: Trust) -> str:
    """Return in a sentence where a machine stands between its two lines."""
    told = trust.figures["lines"]
    person = interval(told["judge_less_person"])
    longer = interval(told["judge_less_longer"])
    if isnan(person.value):
        return _("Nothing to hold it against yet")
    if is_too_few(trust.n_items):
        return _("Too few answers to tell")
    if not isnan(longer.value) and not longer.low > 0:
        return _("Not distinguishable from “the longer answer wins”, or below it")
    if person.low > 0:
        return _("It agrees with the others more than one person does")
    if person.high < 0:
        return _("It agrees with the others less than one person does")
    return _("Not distinguishable from one more person")


# --- parts of the items and of the people -----------------------------------------


def groups_of(told: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Return the cells of each tag or question; those that are too small, counted."""
    return [
        Group(
            one["name"],
            tuple(_cell(cell) for cell in one["shown"]),
            one["n_suppressed"],
        )
        for one in told
    ]


def _cell(told: Mapping[str, Any]) -> CellRow:
    return CellRow(
        told["name"],
        told["n_items"],
        told["n_people"],
        share(interval(told["majority"])),
        coefficient(interval(told["kappa"])),
        share(interval(told["person"]), who="human"),
    )


# --- in the place of a person, and beside another machine ---------------------------


def people_of(trust: Trust) -> list[PersonRow]:
    """Return each person who is there still, beside the machine; one query.

    Whom the machine would replace with the most gain comes first.
    """
    shown = trust.figures["people"]["shown"]
    keys = [one["participant"] for one in shown]
    names = dict(
        Participant.objects.filter(pk__in=keys, withdrawal=None).values_list(
            "pk", "pseudonym"
        )
    )
    reach = _reach([one["gain"] for one in shown])
    ordered = sorted(shown, key=lambda one: -(one["gain"]["value"] or 0))
    return [
        _person(one, names[one["participant"]], reach)
        for one in ordered
        if one["participant"] in names
    ]


def _person(told: Mapping[str, Any], pseudonym: str, reach: float) -> PersonRow:
    gain = interval(told["gain"])
    verdict, finding = _verdict(
        gain,
        _("The others agree more with the model."),
        _("The others agree more with this person."),
    )
    return PersonRow(
        pseudonym,
        told["n_common"],
        coefficient(interval(told["kappa"])),
        share(interval(told["with_person"]), who="human"),
        share(interval(told["with_model"])),
        difference(gain, reach),
        finding,
        verdict,
    )


def _verdict(
    gain: Interval, more: str, less: str
) -> tuple[Literal["gain", "loss", "open"], str]:
    if gain.low > 0:
        return "gain", more
    if gain.high < 0:
        return "loss", less
    return "open", _("Not distinguishable.")


def _reach(gains: Sequence[Mapping[str, float | None]]) -> float:
    """Return how far the axis of some gains reaches to both sides."""
    ends = [abs(one[end] or 0) for one in gains for end in ("value", "low", "high")]
    return max(GAIN_STEP, GAIN_STEP * ceil(max(ends, default=0) / GAIN_STEP))


def replaced_in_words(rows: Sequence[PersonRow]) -> str:
    """Return in a sentence for how many people the machine could answer."""
    n = {kind: sum(one.verdict == kind for one in rows) for kind in ("gain", "loss")}
    text = ngettext(
        "Of {n} person: for {more} the others would agree more with the model, for "
        "{less} less; for {open} it cannot be told.",
        "Of {n} people: for {more} the others would agree more with the model, for "
        "{less} less; for {open} it cannot be told.",
        len(rows),
    )
    rest = len(rows) - n["gain"] - n["loss"]
    return text.format(n=len(rows), more=n["gain"], less=n["loss"], open=rest)


def others_of(trust: Trust) -> list[OtherRow]:
    """Return the other machines on the same items; one query."""
    told = {one["machine"]: one for one in trust.figures["others"] if one["n_items"]}
    reach = _reach([one["gain"] for one in told.values()])
    machines = MachineAnnotator.objects.filter(public_id__in=list(told))
    return [
        _other(machine, told[str(machine.public_id)], reach)
        for machine in machines.order_by("name", "number")
    ]


def _other(
    machine: MachineAnnotator, told: Mapping[str, Any], reach: float
) -> OtherRow:
    gain = interval(told["gain"])
    n, n_labelled = told["n_items"], told["n_labelled"]
    _kind, finding = _verdict(
        gain,
        _("People agree more with this one."),
        _("People agree more with the other."),
    )
    return OtherRow(
        machine,
        n,
        n_labelled,
        share(interval(told["alike"]), n=n),
        coefficient(interval(told["kappa"]), n=n),
        share(interval(told["first"]), n=n_labelled),
        share(interval(told["second"]), n=n_labelled),
        difference(gain, reach, n=n_labelled),
        _("Too few to tell.") if is_too_few(n_labelled) else finding,
    )


# --- calibration ----------------------------------------------------------------------


def bars_of(told: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Return the points of a reliability diagram."""
    found = []
    for one in told:
        value = interval(one["share"])
        if isnan(value.value):
            continue
        has_ends = not isnan(value.low)
        found.append(
            Bar(
                round(100 * one["mean_p"], 2),
                round(100 - 100 * value.value, 2),
                round(100 - 100 * value.low, 2) if has_ends else None,
                round(100 - 100 * value.high, 2) if has_ends else None,
                one["n"],
            )
        )
    return found


def calibration_in_words(told: Mapping[str, Any]) -> str:
    """Return in a sentence what its evidence had to be put right by."""
    calibrator = told["calibrator"]
    if calibrator["method"] == "isotonic":
        return _("Put right by a rising map")
    if told["is_silent"]:
        return _("It never leans to one answer")
    value = calibrator["value"]
    if value > 1.1:
        return _("Too sure: its evidence is divided by {value}").format(
            value=f"{value:.2f}"
        )
    if value < 0.9:
        return _("Not sure enough: its evidence is multiplied by {value}").format(
            value=f"{1 / value:.2f}"
        )
    return _("As sure as it is right")
