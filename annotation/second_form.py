"""PURE: the form of a second protocol, made for the one that a project asks first.

Step set-up. A project that compares or ranks asks for a rating of each completion by
itself, and one that rates asks for a comparison. The questions are in the format of
annotation.questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.questions import Question, main_question, parse_questions

Kind = Literal["rating", "comparison"]
OTHER: Mapping[str, Kind] = {
    "comparison": "rating",
    "ranking": "rating",
    "rating": "comparison",
}
# Where a scale may begin and end; a person tells at most so many steps apart.
LOWEST, HIGHEST = 0, 100


@dataclass(frozen=True)
class SecondForm:
    """What an owner sets of the second protocol; what its kind has not is left alone.

    A rating has one criterion on a scale from `low` to `high`, both included, with
    words at its ends; a comparison `strength` grades on each side, 1 to 3.
    """

    kind: Kind
    title: str
    low: int = 1
    high: int = 7
    low_label: str = "very bad"
    high_label: str = "very good"
    strength: int = 3
    allow_tie: bool = True

    def to_questions(self) -> list[dict[str, Any]]:
        """Return the questions of the second protocol, in the format of a form."""
        asked: dict[str, Any] = {
            "name": "second_" + self.kind,
            "type": self.kind,
            "title": self.title,
        }
        if self.kind == "comparison":
            strength = {"strength": self.strength, "allow_tie": self.allow_tie}
            return [asked | strength]
        anchors = {str(self.low): self.low_label, str(self.high): self.high_label}
        criterion = {
            "name": "overall",
            "title": "Overall",
            "anchors": {mark: words for mark, words in anchors.items() if words},
        }
        scale = {"low": self.low, "high": self.high, "allow_na": False}
        return [asked | scale | {"criteria": [criterion]}]


TITLES: Mapping[Kind, str] = {
    "rating": "How good is each answer, by itself?",
    "comparison": "Which answer is better?",
}


def other_kind(questions: Sequence[Question]) -> Kind | None:
    """Return the protocol that fits beside these questions; None: there is none."""
    return OTHER.get(main_question(questions).type)


def first_form(kind: Kind) -> SecondForm:
    """Return the form that a project begins with."""
    return SecondForm(kind, TITLES[kind])


def read_form(raw: Sequence[Mapping[str, Any]]) -> SecondForm:
    """Return the form that stored questions of a second protocol came from."""
    question = parse_questions(raw)[0]
    if question.type == "comparison":
        return SecondForm(
            "comparison",
            question.title,
            strength=question.strength,
            allow_tie=question.allow_tie,
        )
    anchors = dict(question.criteria[0].anchors)
    return SecondForm(
        "rating",
        question.title,
        low=question.low,
        high=question.high,
        low_label=anchors.get(question.low, ""),
        high_label=anchors.get(question.high, ""),
    )
