"""What a fit learned, from its figures: the audit, the prediction model, the tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.models import Item, Project
from annotation.words import gettext as _
from annotation.words import gettext_noop
from routing.features.signals import EXCHANGED
from routing.features.text import MATCH
from routing.selectors.what_if import Estimate
from routing.tag_words import described_words

N_TAGS = 5
# What tags of texts and of signals measure; the others are named by the project.
MEASURES = {
    "cosine": gettext_noop("Closeness of the two in meaning"),
    MATCH: gettext_noop("Closeness token by token"),
    "rouge_1": gettext_noop("Words that the two share"),
    "rouge_l": gettext_noop("Words in the same order"),
    "entities": gettext_noop("Things that both name"),
    "prompt_length": gettext_noop("Length of the prompt"),
    "longer": gettext_noop("Length of the longer one"),
    "shorter": gettext_noop("Length of the shorter one"),
    "length_difference": gettext_noop("Difference in length"),
    "contradiction": gettext_noop("Contradiction of a reward model"),
    "people_differ": gettext_noop("Disagreement of people on similar items"),
    "margin": gettext_noop("Clearness to a reward model"),
}
BINS = {
    "low": gettext_noop("low"),
    "middle": gettext_noop("middle"),
    "high": gettext_noop("high"),
}
N_EXAMPLES = 3
# What a judge says beside the AI, and the AI itself in the other order.
OF_JUDGE = {
    "same": gettext_noop("{judge} agrees with the AI"),
    "opposite": gettext_noop("{judge} contradicts the AI"),
    "tie": gettext_noop("{judge} calls it a tie, the AI does not"),
    "missing": gettext_noop("{judge} has no verdict"),
}
OF_EXCHANGE = {
    "same": gettext_noop("The AI says the same with the two exchanged"),
    "opposite": gettext_noop("The AI says something else with the two exchanged"),
    "tie": gettext_noop("The AI calls it a tie with the two exchanged"),
    "missing": gettext_noop("The AI was not asked with the two exchanged"),
}


@dataclass(frozen=True)
class Audited:
    """An estimate of the audit with its words; `estimate` None: too few to tell."""

    words: str
    about: str
    estimate: Estimate | None


@dataclass(frozen=True)
class TagGain:
    """What people add on the open items of a tag.

    `gain`: the mean chance that people say something else, in [0, 1]; `at`: the same
    in percent of the largest. `wrong`: how often they did in the seed. `examples`:
    items with the highest gains.
    """

    name: str
    n_open: int
    gain: float
    at: float
    wrong: Estimate | None
    n_seed: int
    examples: list[Item]

    @property
    def percent(self) -> str:
        """Return the gain in percent."""
        return f"{100 * self.gain:.1f}%"


@dataclass(frozen=True)
class Tags:
    """The tags that gain most and least from people, each list the most first."""

    most: list[TagGain]
    least: list[TagGain]


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
    raw: Sequence[Mapping[str, Any]] = figures.get("tags") or []
    if not raw:
        return None
    half = (len(raw) + 1) // 2
    most, least = raw[: min(N_TAGS, half)], raw[max(half, len(raw) - N_TAGS) :]
    numbers = {n for one in (*most, *least) for n in one["examples"][:N_EXAMPLES]}
    found = Item.objects.filter(project=project, number__in=numbers)
    items = {item.number: item for item in found.only("number", "public_id")}
    signals = figures.get("signals") or []
    largest = max(float(one["gain"]) for one in raw) or 1.0
    return Tags(
        [_tag(one, items, largest, signals) for one in most],
        [_tag(one, items, largest, signals) for one in least],
    )


def tag_words(name: str, signals: Sequence[str]) -> str:
    """Return a tag in words; `signals`: the names of judges and of the exchange."""
    if told := described_words(name):
        return told
    source, _colon, value = name.rpartition(": ")
    if source in signals and value in OF_JUDGE:
        if source == EXCHANGED:
            return _(OF_EXCHANGE[value])
        return _(OF_JUDGE[value]).format(judge=source)
    if source in MEASURES and value in BINS:
        told = _("{measure}: {size}")
        return told.format(measure=_(MEASURES[source]), size=_(BINS[value]))
    return name


def _tag(
    raw: Mapping[str, Any],
    items: Mapping[int, Item],
    largest: float,
    signals: Sequence[str],
) -> TagGain:
    wrong = raw.get("wrong")
    return TagGain(
        tag_words(raw["name"], signals),
        raw["n_open"],
        raw["gain"],
        100 * raw["gain"] / largest,
        Estimate(**wrong) if wrong else None,
        raw["n_seed"],
        [items[n] for n in raw["examples"][:N_EXAMPLES] if n in items],
    )
