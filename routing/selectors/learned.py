"""What a fit learned, from its figures: the audit and the tags, with example items."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL

from annotation.formats.exports.cells import harmless
from annotation.models import Item, Project
from annotation.words import gettext as _
from routing.models import Decision, RoutingRun
from routing.selectors.estimates import UNDECIDED, Estimate
from routing.selectors.tag_words import tag_words

N_TAGS = 5
# Estimates of a tag in its table.
TOLD = ("gain", "lift", "ai_wrong", "slope")
N_EXAMPLES = 3
GIST_CHARS = 140
# The axis of tags ends at a round figure beyond its longest interval.
STEP = 0.05


@dataclass(frozen=True)
class Audited:
    """An estimate of the audit with its words; `estimate` None: too few to tell."""

    words: str
    about: str
    estimate: Estimate | None


@dataclass(frozen=True)
class TagGain:
    """What people add on the open items of a tag.

    `gain`: the mean chance that people say something else, in [0, 1]; `lift`: that
    minus the mean of all open items. `wrong`: how often they did in the seed. `slope`:
    what the performance prediction model says of the tag, in nats, if it was fitted.
    `examples`: items that show it, with the beginning of their prompt as `gist`.
    """

    name: str
    n_open: int
    gain: Estimate
    lift: Estimate
    wrong: Estimate | None
    slope: Estimate | None
    n_seed: int
    examples: list[Item]

    @property
    def is_clear(self) -> bool:
        """Tell whether the tag can be told from all others together."""
        return self.lift.verdict != UNDECIDED


@dataclass(frozen=True)
class Lane:
    """A tag on the axis of its chart, in percent."""

    tag: TagGain
    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Tags:
    """The tags that gain most and least from people, each list the most first.

    `zero`: where the mean of all items lies on the axis, in percent; `ends`: its ends.
    """

    title: str
    most: list[Lane]
    least: list[Lane]
    zero: float
    ends: tuple[str, str]

    @property
    def groups(self) -> list[tuple[str, list[Lane]]]:
        """Return both lists with their titles."""
        found = [(_("most"), self.most), (_("least"), self.least)]
        return [(title, lanes) for title, lanes in found if lanes]


def audited(audit: Mapping[str, Any]) -> list[Audited]:
    """Return the estimates of an audit; [] where it tells none."""
    if not audit or audit.get("is_suppressed"):
        return []
    told = (
        (
            "agreement",
            _("AI says what people say"),
            _("on items drawn at random"),
        ),
        (
            "hybrid_accuracy",
            _("Right labels of all items, as routed"),
            _("where people's labels count as right"),
        ),
        (
            "errors_found",
            _("AI errors that come to people"),
            _("of those outside the seed"),
        ),
    )
    return [
        Audited(words, about, Estimate(**audit[name]) if audit.get(name) else None)
        for name, words, about in told
    ]


def tags_of(project: Project, figures: Mapping[str, Any]) -> Tags | None:
    """Return the tags that gain most and least; one query for their examples."""
    # Fits of an earlier version told no interval of a tag.
    raw = [one for one in figures.get("tags") or [] if one.get("lift")]
    if not raw:
        return None
    half = (len(raw) + 1) // 2
    most, least = raw[: min(N_TAGS, half)], raw[max(half, len(raw) - N_TAGS) :]
    numbers = {n for one in most for n in one["examples"][:N_EXAMPLES]}
    numbers |= {n for one in least for n in one["least"][:N_EXAMPLES]}
    items = items_with_gist(project, numbers)
    signals = figures.get("signals") or []
    told = [_tag(one, items, signals, "examples") for one in most]
    told += [_tag(one, items, signals, "least") for one in least]
    longest = max(abs(end) for one in told for end in (one.lift.low, one.lift.high))
    reach = STEP * max(1, math.ceil(longest / STEP))
    lanes = [_lane(one, reach) for one in told]
    ends = tuple(Estimate(end, end, end).points for end in (-reach, reach))
    n_most = len(most)
    title = _title(told[0])
    return Tags(title, lanes[:n_most], lanes[n_most:], 50.0, (ends[0], ends[1]))


def items_with_gist(project: Project, numbers: Iterable[int]) -> dict[int, Item]:
    """Return items by number, with the beginning of their prompt as `gist`; a query."""
    gist = RawSQL("left(messages -> -1 ->> 'content', %s)", [GIST_CHARS])
    found = Item.objects.filter(project=project, number__in=set(numbers))
    rows = found.only("number", "public_id").annotate(gist=gist)
    return {item.number: item for item in rows}


def _title(first: TagGain) -> str:
    if not first.is_clear:
        return _("No kind of item can be told from the others")
    return _("People change most: {tag}").format(tag=first.name)


def _lane(tag: TagGain, reach: float) -> Lane:
    lift = tag.lift
    at = (50 + 50 * one / reach for one in (lift.mean, lift.low, lift.high))
    return Lane(tag, *at)


def _tag(
    raw: Mapping[str, Any], items: Mapping[int, Item], signals: Sequence[str], of: str
) -> TagGain:
    wrong, slope = raw.get("wrong"), raw.get("slope")
    return TagGain(
        tag_words(raw["name"], signals),
        raw["n_open"],
        Estimate(raw["gain"], raw["gain_low"], raw["gain_high"]),
        Estimate(**raw["lift"]),
        Estimate(**wrong) if wrong else None,
        Estimate(**slope) if slope else None,
        raw["n_seed"],
        [items[n] for n in raw[of][:N_EXAMPLES] if n in items],
    )


def tags_csv(figures: Mapping[str, Any]) -> str:
    """Return every tag as CSV, the most gaining first."""
    out = io.StringIO()
    writer = csv.writer(out)
    ends = ("", "_low", "_high")
    columns = [f"{name}{end}" for name in TOLD for end in ends]
    writer.writerow(["tag", "words", "n_open", "n_seed", *columns])
    signals = figures.get("signals") or []
    for one in figures.get("tags") or []:
        told = [one["gain"], one.get("gain_low", ""), one.get("gain_high", "")]
        for name in ("lift", "wrong", "slope"):
            found = one.get(name) or {}
            told += [found.get(end, "") for end in ("mean", "low", "high")]
        words = tag_words(one["name"], signals)
        names = harmless(one["name"]), harmless(words)
        writer.writerow([*names, one["n_open"], one["n_seed"], *told])
    return out.getvalue()


def telling_decisions(
    project: Project, run: RoutingRun
) -> list[tuple[str, list[Decision]]]:
    """Return decisions of a run that show it, by source; two queries.

    Each decision has its item, with `gist`.
    """
    raw: Mapping[str, Sequence[int]] = run.figures.get("examples") or {}
    items = items_with_gist(project, [n for some in raw.values() for n in some])
    ids = {item.pk: item for item in items.values()}
    decisions = {}
    for one in Decision.objects.filter(run=run, item__in=list(ids)):
        one.item = ids[one.item_id]
        decisions[one.item.number] = one
    found = [
        (source, [decisions[n] for n in raw.get(source, ()) if n in decisions])
        for source in ("human", "ai")
    ]
    return [(source, some) for source, some in found if some]
