"""The form by which the team settles an item, question by question."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from annotation.adjudication import to_settle
from annotation.answers import NOT_APPLICABLE, Question, letter
from annotation.gold import BOTH_BAD, grades_of
from annotation.verdicts import verdict_words
from annotation.views.forms import Styled
from annotation.words import gettext as _

OUT = "out"
NONE = ("", "—")


class AdjudicationForm(Styled, forms.Form):
    """The final answer to each question that can be settled, and the reason."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "data-keep": ""}),
        help_text=gettext_lazy(
            "Why this is the answer. The team sees it, and exports hold it."
        ),
    )
    shown = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self, questions: Sequence[Question], n_completions: int, *args: Any, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.n_completions = n_completions
        self.asked = to_settle(questions, n_completions)
        self.groups: list[tuple[Question, list[forms.BoundField]]] = []
        for question in self.asked:
            made = MAKERS[question.type](question, n_completions)
            for name, field in made.items():
                if not isinstance(field.widget, forms.RadioSelect):
                    field.widget.attrs.setdefault("class", "input")
                self.fields[name] = field
            self.groups.append((question, [self[name] for name in made]))

    def answers(self) -> dict[str, Any]:
        """Return the answers as people's are stored; call it when valid."""
        given = self.cleaned_data
        found = {
            question.name: TAKERS[question.type](question, self.n_completions, given)
            for question in self.asked
        }
        return {name: value for name, value in found.items() if value is not None}


def _radio(label: str, choices: Sequence[tuple[str, str]]) -> forms.Field:
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=forms.RadioSelect
    )


def _select(label: str, choices: Sequence[tuple[str, str]]) -> forms.Field:
    return forms.ChoiceField(label=label, choices=[NONE, *choices], required=False)


def _make_comparison(question: Question, n: int) -> dict[str, forms.Field]:
    words = [
        (str(grade), verdict_words(question, _grade(str(grade))))
        for grade in grades_of(question)
    ]
    return {f"of_{question.name}": _radio(_("The answer"), words)}


def _grade(text: str) -> dict[str, Any]:
    if text == BOTH_BAD:
        return {"value": 0, "both_bad": True}
    return {"value": int(text)}


def _take_comparison(question: Question, n: int, given: Mapping[str, Any]) -> Any:
    text = given[f"of_{question.name}"]
    return _grade(text) if text else None


def _make_ranking(question: Question, n: int) -> dict[str, forms.Field]:
    places = [(str(place), str(place)) for place in range(1, n + 1)]
    if question.allow_unacceptable:
        places.append((OUT, _("not acceptable")))
    return {
        f"of_{question.name}_{index}": _select(
            _("Place of {letter}").format(letter=letter(index)), places
        )
        for index in range(n)
    }


def _take_ranking(question: Question, n: int, given: Mapping[str, Any]) -> Any:
    said = {index: given[f"of_{question.name}_{index}"] for index in range(n)}
    out = [index for index, place in said.items() if place == OUT]
    placed = {index: int(place) for index, place in said.items() if place.isdigit()}
    tiers = [
        [index for index in placed if placed[index] == place]
        for place in sorted(set(placed.values()))
    ]
    return {"tiers": tiers, "unacceptable": out} if tiers or out else None


def _make_rating(question: Question, n: int) -> dict[str, forms.Field]:
    marks = [(str(m), str(m)) for m in range(question.low, question.high + 1)]
    if question.allow_na:
        marks.append((NOT_APPLICABLE, "n/a"))
    return {
        f"of_{question.name}_{criterion.name}_{index}": _select(
            f"{criterion.title}, {letter(index)}", marks
        )
        for criterion in question.criteria
        for index in range(n)
    }


def _take_rating(question: Question, n: int, given: Mapping[str, Any]) -> Any:
    rows = {
        criterion.name: [
            _mark(given[f"of_{question.name}_{criterion.name}_{index}"])
            for index in range(n)
        ]
        for criterion in question.criteria
    }
    return rows if any(m is not None for row in rows.values() for m in row) else None


def _mark(text: str) -> int | str | None:
    return None if text == "" else text if text == NOT_APPLICABLE else int(text)


def _make_choice(question: Question, n: int) -> dict[str, forms.Field]:
    options = [(option, option) for option in question.options]
    if not question.per_completion:
        return {f"of_{question.name}": _radio(_("The answer"), options)}
    return {
        f"of_{question.name}_{index}": _select(
            _("For {letter}").format(letter=letter(index)), options
        )
        for index in range(n)
    }


def _take_choice(question: Question, n: int, given: Mapping[str, Any]) -> Any:
    if not question.per_completion:
        return given[f"of_{question.name}"] or None
    chosen = [given[f"of_{question.name}_{index}"] or None for index in range(n)]
    return chosen if any(chosen) else None


MAKERS = {
    "comparison": _make_comparison,
    "ranking": _make_ranking,
    "rating": _make_rating,
    "choice": _make_choice,
}
TAKERS = {
    "comparison": _take_comparison,
    "ranking": _take_ranking,
    "rating": _take_rating,
    "choice": _take_choice,
}
