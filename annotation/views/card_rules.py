"""Rules in the card editor: which questions stand before, and what they answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from annotation.questions import QUESTION_TYPES, RULES, Question
from annotation.views.card_types import Card, ShownRule
from annotation.words import gettext as _

# How the states of an answer are called in a form; options speak for themselves.
WORDS = {
    "better": gettext_lazy("one is better"),
    "strongest": gettext_lazy("one is better by the strongest grade"),
    "slightest": gettext_lazy("one is better by the slightest grade"),
    "tie": gettext_lazy("a tie"),
    "both_bad": gettext_lazy("both bad"),
    "unacceptable": gettext_lazy("something is not acceptable"),
    "lowest": gettext_lazy("some mark is the lowest"),
    "highest": gettext_lazy("some mark is the highest"),
    "na": gettext_lazy("some mark is not applicable"),
}


def show_rule(value: Any, before: Sequence[Mapping[str, Any]]) -> ShownRule:
    """Return a rule with the questions that it can ask, and their answers."""
    rule = value if isinstance(value, Mapping) else {}
    chosen = str(rule.get("question") or "")
    ticked = [str(answer) for answer in rule.get("answers") or ()]
    cards = {
        str(card["name"]): card
        for card in before
        if card.get("name") and card.get("type") in QUESTION_TYPES
    }
    questions = [(name, str(card.get("title") or name)) for name, card in cards.items()]
    if chosen and chosen not in cards:
        questions.append(
            (chosen, _("{question} (not asked before)").format(question=chosen))
        )
    offered = offered_by(cards[chosen]) if chosen in cards else ()
    strangers = [answer for answer in ticked if answer not in offered]
    return ShownRule(
        question=chosen,
        questions=tuple(questions),
        answers=tuple(
            (answer, str(WORDS.get(answer, answer)), answer in ticked)
            for answer in (*offered, *strangers)
        ),
    )


def offered_by(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a rule can ask of a card's question."""
    lists = ("options", "reasons", "levels")
    flags = ("allow_tie", "allow_both_bad", "allow_unacceptable", "allow_na")
    options: dict[str, Any] = {name: tuple(card.get(name) or ()) for name in lists}
    options |= {name: bool(card[name]) for name in flags if name in card}
    return Question("", card["type"], "", **options).offered


def rename_rules(data: QueryDict, root: str, cards: Sequence[Card]) -> None:
    """Let rules follow a question that was given another name in this form."""
    now = {
        data.get(f"{root}[{place}].was", ""): card.get("name")
        for place, card in enumerate(cards)
    }
    for card in cards:
        for rule in RULES:
            found = card.get(rule)
            if found and now.get(found["question"]):
                found["question"] = now[found["question"]]
