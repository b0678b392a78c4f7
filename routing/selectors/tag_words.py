"""Tags in words: what texts measure, what judges say, how a project tells its items."""

from collections.abc import Sequence

from annotation.words import gettext as _
from annotation.words import gettext_noop
from routing.features.signals import EXCHANGED
from routing.features.text import MATCH
from routing.tag_words import described_words

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
    "confidence": gettext_noop("How sure the AI is"),
}
BINS = {
    "low": gettext_noop("low"),
    "middle": gettext_noop("middle"),
    "high": gettext_noop("high"),
    "missing": gettext_noop("not known"),
}
# What the project says of its items.
FIELDS = {
    "category": gettext_noop("Category"),
    "language": gettext_noop("Language"),
    "source": gettext_noop("Source"),
}
RARE = "rare"
RARE_WORDS = gettext_noop("Rare tags, together")
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


def tag_words(name: str, signals: Sequence[str]) -> str:
    """Return a tag in words; `signals`: the names of judges and of the exchange."""
    if told := described_words(name):
        return told
    if name == RARE:
        return _(RARE_WORDS)
    source, _colon, value = name.rpartition(": ")
    if value in OF_JUDGE and (source in signals or source == EXCHANGED):
        if source == EXCHANGED:
            return _(OF_EXCHANGE[value])
        return _(OF_JUDGE[value]).format(judge=source)
    form = _("{measure}: {size}")
    # The confidences of an AI are numbered.
    measure = MEASURES.get("confidence" if _is_numbered(source) else source)
    if measure and value in BINS:
        return form.format(measure=_(measure), size=_(BINS[value]))
    first, _colon, rest = name.partition(": ")
    if rest and first in FIELDS:
        return form.format(measure=_(FIELDS[first]), size=rest)
    return name


def _is_numbered(source: str) -> bool:
    word, _space, number = source.partition(" ")
    return word == "confidence" and number.isdecimal()
