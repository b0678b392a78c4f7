"""PURE: why an item is routed as it is: the strongest named contributions, in words.

What the model says of an item is a sum over features; those that go together are one
fact. The words tell what is true of the item, and the model how much it matters here:
that judges agree can be a sign of an error where they share a bias.
"""

from dataclasses import dataclass

import numpy as np

from annotation.words import gettext_noop
from routing.features.signals import EXCHANGED, Signals
from routing.features.text import MATCH
from routing.gain import Design
from routing.pairs import Bools, Floats, Ints
from routing.tag_words import described_words

N_REASONS = 3
BY_LOT = {"name": "lot", "words": gettext_noop("It was drawn by lot.")}
NO_GAIN = {
    "name": "nothing",
    "words": gettext_noop(
        "The seed does not show which items gain more: price and lot decide."
    ),
}
NOT_DRAWN = {"name": "not_drawn", "words": gettext_noop("Its lot was not drawn.")}
# By the strategy, where the choice is not by the learned gain: which facts it goes by.
FACTS_OF = {
    "disagreement": ("judges", EXCHANGED),
    "confidence": ("confidence",),
    "contradiction": ("contradiction",),
}
PREDICTED = {
    "top_k": (
        gettext_noop("Performance prediction expects much of people for its tags."),
        gettext_noop("Performance prediction expects little of people for its tags."),
    ),
    "simulated": (
        gettext_noop("The mix that is predicted to be best gives it to people."),
        gettext_noop("The mix that is predicted to be best leaves it to the AI."),
    ),
}
# By the fact: what is said where its figure is high, and where it is low.
WORDS: dict[str, tuple[str, str]] = {
    "judges": (
        gettext_noop("Another judge contradicts the AI label."),
        gettext_noop("The other judges agree with the AI label."),
    ),
    EXCHANGED: (
        gettext_noop("The AI says something else with the completions exchanged."),
        gettext_noop("The AI says the same with the completions exchanged."),
    ),
    "ai: tie": (
        gettext_noop("The AI calls the completions equal."),
        gettext_noop("The AI prefers one of the completions."),
    ),
    "ai: a": (
        gettext_noop("The AI prefers completion A."),
        gettext_noop("The AI does not prefer completion A."),
    ),
    "contradiction": (
        gettext_noop("A reward model learned from people contradicts the AI label."),
        gettext_noop("A reward model learned from people agrees with the AI label."),
    ),
    "margin": (
        gettext_noop("A reward model sees a clear difference."),
        gettext_noop("A reward model sees hardly any difference."),
    ),
    "confidence": (
        gettext_noop("The AI is surer than on most items."),
        gettext_noop("The AI is less sure than on most items."),
    ),
    "prompt_length": (
        gettext_noop("The prompt is long."),
        gettext_noop("The prompt is short."),
    ),
    "longer": (
        gettext_noop("The longer completion is long."),
        gettext_noop("Both completions are short."),
    ),
    "shorter": (
        gettext_noop("Both completions are long."),
        gettext_noop("The shorter completion is short."),
    ),
    "length_difference": (
        gettext_noop("The completions differ much in length."),
        gettext_noop("The completions are about equally long."),
    ),
    "rouge_1": (
        gettext_noop("The completions share many words."),
        gettext_noop("The completions share few words."),
    ),
    "rouge_l": (
        gettext_noop("The completions put many words in the same order."),
        gettext_noop("The completions put few words in the same order."),
    ),
    "entities": (
        gettext_noop("The completions name the same things."),
        gettext_noop("The completions name different things."),
    ),
    "people_differ": (
        gettext_noop("People differ on items like this one."),
        gettext_noop("People agree on items like this one."),
    ),
    "is_same": (
        gettext_noop("The completions are the same text."),
        gettext_noop("The completions are different texts."),
    ),
    "cosine": (
        gettext_noop("The completions are close in meaning."),
        gettext_noop("The completions are far apart in meaning."),
    ),
    MATCH: (
        gettext_noop("Token by token the completions say much the same."),
        gettext_noop("Token by token the completions say different things."),
    ),
    "chosen length": (
        gettext_noop("The AI prefers the longer completion."),
        gettext_noop("The AI prefers the shorter completion."),
    ),
    "chosen lines": (
        gettext_noop("The AI prefers the completion with more lines."),
        gettext_noop("The AI prefers the completion with fewer lines."),
    ),
    "chosen said_of_prompt": (
        gettext_noop("The AI prefers the completion that keeps to the prompt's words."),
        gettext_noop("The AI prefers the completion with more words of its own."),
    ),
    "chosen prompt_said": (
        gettext_noop("The AI prefers the completion that repeats more of the prompt."),
        gettext_noop("The AI prefers the completion that repeats less of the prompt."),
    ),
    "chosen distinct": (
        gettext_noop("The AI prefers the completion with more varied words."),
        gettext_noop("The AI prefers the completion with less varied words."),
    ),
}
OF_ITEM = gettext_noop("Its {name}.")


@dataclass(frozen=True)
class Facts:
    """What is true of each item, and how much it matters.

    `names`: k of them; `size`: float64 [n, k], contribution to the log-odds that the AI
    label is wrong, against the mean of all items; `is_high`: bool [n, k], which of its
    two sentences is true.
    """

    names: tuple[str, ...]
    size: Floats
    is_high: Bools

    def take(self, rows: Ints) -> "Facts":
        """Return the facts of some items."""
        return Facts(self.names, self.size[rows], self.is_high[rows])


def facts_of(design: Design, weights: dict[str, float], signals: Signals) -> Facts:
    """Add up what features that go together contribute."""
    names: list[str] = []
    sizes: list[Floats] = []
    highs: list[Bools] = []
    places: dict[str, int] = {}
    for name, column in zip(design.names, design.x.T, strict=True):
        fact = fact_of(name, signals)
        centred = column - column.mean()
        if fact not in places:
            places[fact] = len(names)
            names.append(fact)
            sizes.append(np.zeros(len(column)))
            highs.append(_is_high(fact, centred, signals))
        sizes[places[fact]] += centred * weights.get(name, 0.0)
    if not names:
        none = np.zeros((len(design.x), 0))
        return Facts((), none, none.astype(bool))
    return Facts(tuple(names), np.stack(sizes, axis=1), np.stack(highs, axis=1))


def fact_of(feature: str, signals: Signals) -> str:
    """Return the fact that a feature belongs to."""
    if feature.startswith("disagreement x ") or feature == "two differ":
        return "judges"
    if feature.startswith("confidence "):
        return "confidence"
    source = feature.rpartition(":")[0]
    if source in signals.names:
        place = signals.names.index(source)
        return "judges" if place < signals.n_judges else EXCHANGED
    return feature


def _is_high(fact: str, centred: Floats, signals: Signals) -> Bools:
    """Return which sentence is true; of judges, what they say and not the feature."""
    if fact == "judges" and signals.n_judges:
        return np.asarray(signals.differs[:, : signals.n_judges].any(axis=1))
    if fact in ("judges", EXCHANGED):
        return np.asarray(signals.differs[:, signals.n_judges :].any(axis=1))
    return np.asarray(centred > 0)


def reasons_of(
    facts: Facts, is_human: Bools, is_reserve: Bools, strategy: str = "default"
) -> list[list[dict[str, str]]]:
    """Return up to three reasons for each item, the strongest first.

    By the learned gain: of an item that people label, what makes an error likelier; of
    one left to the AI, what makes it less likely. Where another strategy chose, what it
    chose by; `strategy` "random": all is by lot.
    """
    if strategy == "random":
        return [[BY_LOT] if drawn else [NOT_DRAWN] for drawn in is_reserve]
    if strategy in FACTS_OF or strategy in PREDICTED:
        other = _reasons_by(facts, is_human, strategy)
        return [
            [BY_LOT] if drawn else said
            for drawn, said in zip(is_reserve, other, strict=True)
        ]
    if not facts.size.any():
        return [[BY_LOT] if drawn else [NO_GAIN] for drawn in is_reserve]
    n = len(facts.size)
    towards = np.where(is_human, 1.0, -1.0)[:, None] * facts.size
    # A tag that an item lacks tells nothing of it.
    for place, name in enumerate(facts.names):
        if name not in WORDS:
            towards[~facts.is_high[:, place], place] = 0.0
    best = np.argsort(-towards, axis=1, kind="stable")[:, :N_REASONS]
    found = []
    for row in range(n):
        if is_reserve[row]:
            found.append([BY_LOT])
            continue
        some = [at for at in best[row].tolist() if towards[row, at] > 1e-6]
        found.append([_reason(facts, row, at) for at in some])
    return found


def _reasons_by(
    facts: Facts, is_human: Bools, strategy: str
) -> list[list[dict[str, str]]]:
    """Return what a strategy that does not go by the gain chose each item by."""
    if strategy in PREDICTED:
        both = [{"name": strategy, "words": words} for words in PREDICTED[strategy]]
        return [[both[0] if asked else both[1]] for asked in is_human]
    places = [
        facts.names.index(one) for one in FACTS_OF[strategy] if one in facts.names
    ]
    return [
        [_reason(facts, row, place) for place in places[:1]]
        for row in range(len(is_human))
    ]


def _reason(facts: Facts, row: int, place: int) -> dict[str, str]:
    name = facts.names[place]
    if told := described_words(name):
        return {"name": name, "words": f"{told}."}
    if name not in WORDS:
        return {"name": name, "words": OF_ITEM.format(name=name.replace(": ", " is "))}
    return {"name": name, "words": WORDS[name][0 if facts.is_high[row, place] else 1]}
