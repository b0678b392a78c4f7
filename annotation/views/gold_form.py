"""The form by which an owner says what is right for an item, question by question."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from annotation.answers import NOT_APPLICABLE, Question, letter
from annotation.gold import BOTH_BAD, READERS, Gold, grades_of
from annotation.models import CheckItem
from annotation.verdicts import verdict_words
from annotation.views.forms import Styled
from annotation.words import gettext as _

OUT = "out"


class GoldForm(Styled, forms.Form):
    """What the check is for, what is accepted, and why."""

    use = forms.ChoiceField(label=gettext_lazy("Use as"), choices=CheckItem.Use.choices)
    is_in_pool = forms.BooleanField(
        label=gettext_lazy("Judge it as data too"),
        required=False,
    )
    explanation = forms.CharField(
        label=gettext_lazy("Why this is right"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "Shown to annotators after a training item. Markdown is read."
        ),
    )

    def __init__(
        self, questions: Sequence[Question], n_completions: int, *args: Any, **more: Any
    ) -> None:
        self.n_completions = n_completions
        self.asked = [
            question
            for question in questions
            if question.type in READERS
            and (question.type != "comparison" or n_completions == 2)
        ]
        more.setdefault("initial", {})
        super().__init__(*args, **more)
        self.groups: list[tuple[Question, list[forms.BoundField]]] = []
        for question in self.asked:
            made = MAKERS[question.type](question, n_completions)
            for name, field in made.items():
                if not isinstance(field, forms.MultipleChoiceField):
                    field.widget.attrs.setdefault("class", "input")
                self.fields[name] = field
            self.groups.append((question, [self[name] for name in made]))

    def gold(self) -> dict[str, Any]:
        """Return the known answer as annotation.gold reads it; call it when valid."""
        given = self.cleaned_data
        answers = {
            question.name: accepted
            for question in self.asked
            if (accepted := TAKERS[question.type](question, self.n_completions, given))
        }
        return {
            "use": given["use"],
            "answers": answers,
            "explanation": given["explanation"],
            "in_pool": given["is_in_pool"],
        }


def initial_of(gold: Gold | None, questions: Sequence[Question]) -> dict[str, Any]:
    """Return what the form shows first: the known answer that is stored."""
    if gold is None:
        return {}
    initial: dict[str, Any] = {
        "use": gold.use or CheckItem.Use.MONITORING,
        "explanation": gold.explanation,
        "is_in_pool": gold.is_in_pool,
    }
    kinds = {question.name: question for question in questions}
    for name, accepted in gold.answers.items():
        if name in kinds:
            initial |= SHOWERS[kinds[name].type](kinds[name], accepted)
    return initial


# --- comparison, tags, confidence ---------------------------------------------------


def _choices(label: str, choices: Sequence[tuple[str, str]]) -> forms.Field:
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


def _make_comparison(question: Question, n: int) -> dict[str, forms.Field]:
    words = [
        (str(grade), _grade_words(question, grade)) for grade in grades_of(question)
    ]
    return {f"accept_{question.name}": _choices(_("Accepted answers"), words)}


def _grade_words(question: Question, grade: int | str) -> str:
    is_bad = grade == BOTH_BAD
    value = {"value": 0, "both_bad": True} if is_bad else {"value": grade}
    return verdict_words(question, value)


def _take_comparison(
    question: Question, n: int, given: Mapping[str, Any]
) -> dict[str, Any]:
    chosen = given[f"accept_{question.name}"]
    accept = [value if value == BOTH_BAD else int(value) for value in chosen]
    return {"accept": accept} if accept else {}


def _make_words(question: Question, n: int) -> dict[str, forms.Field]:
    offered = question.levels if question.type == "confidence" else question.reasons
    label = _("One of these") if question.type == "confidence" else _("All of these")
    return {f"accept_{question.name}": _choices(label, [(w, w) for w in offered])}


def _take_words(question: Question, n: int, given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = given[f"accept_{question.name}"]
    return {"accept": list(chosen)} if chosen else {}


def _show_accept(question: Question, accepted: Mapping[str, Any]) -> dict[str, Any]:
    return {f"accept_{question.name}": [str(value) for value in accepted["accept"]]}


# --- rating -------------------------------------------------------------------------


def _make_rating(question: Question, n: int) -> dict[str, forms.Field]:
    marks = [("", "—"), *((str(m), str(m)) for m in _scale(question))]
    if question.allow_na:
        marks.append((NOT_APPLICABLE, "n/a"))
    made: dict[str, forms.Field] = {
        _mark_name(question, criterion.name, index): forms.ChoiceField(
            label=f"{criterion.title}, {letter(index)}", choices=marks, required=False
        )
        for criterion in question.criteria
        for index in range(n)
    }
    made[f"tolerance_{question.name}"] = forms.IntegerField(
        label=_("Steps by which a mark may differ"),
        min_value=0,
        max_value=100,
        initial=1,
    )
    return made


def _scale(question: Question) -> range:
    return range(question.low, question.high + 1)


def _mark_name(question: Question, criterion: str, index: int) -> str:
    return f"mark_{question.name}_{criterion}_{index}"


def _take_rating(
    question: Question, n: int, given: Mapping[str, Any]
) -> dict[str, Any]:
    marks = {}
    for criterion in question.criteria:
        names = [_mark_name(question, criterion.name, index) for index in range(n)]
        row = [_mark(given[name]) for name in names]
        if any(mark is not None for mark in row):
            marks[criterion.name] = row
    tolerance = given[f"tolerance_{question.name}"]
    return {"marks": marks, "tolerance": tolerance} if marks else {}


def _mark(text: str) -> int | str | None:
    return None if text == "" else text if text == NOT_APPLICABLE else int(text)


def _show_rating(question: Question, accepted: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {f"tolerance_{question.name}": accepted["tolerance"]}
    for criterion, row in accepted["marks"].items():
        for index, mark in enumerate(row):
            name = _mark_name(question, criterion, index)
            shown[name] = "" if mark is None else str(mark)
    return shown


# --- ranking ------------------------------------------------------------------------


def _make_ranking(question: Question, n: int) -> dict[str, forms.Field]:
    places = [("", _("any place")), *((str(p), str(p)) for p in range(1, n + 1))]
    if question.allow_unacceptable:
        places.append((OUT, _("not acceptable")))
    return {
        _place_name(question, index): forms.ChoiceField(
            label=_("Completion {letter}").format(letter=letter(index)),
            choices=places,
            required=False,
        )
        for index in range(n)
    }


def _place_name(question: Question, index: int) -> str:
    return f"place_{question.name}_{index}"


def _take_ranking(
    question: Question, n: int, given: Mapping[str, Any]
) -> dict[str, Any]:
    said = {index: given[_place_name(question, index)] for index in range(n)}
    placed = {index: int(place) for index, place in said.items() if place.isdigit()}
    pairs = [
        [a, b] if placed[a] < placed[b] else [b, a]
        for a, b in combinations(sorted(placed), 2)
        if placed[a] != placed[b]
    ]
    out = [index for index, place in said.items() if place == OUT]
    accepted: dict[str, Any] = {"pairs": pairs} if pairs or out else {}
    return {**accepted, "unacceptable": out} if out else accepted


def _show_ranking(question: Question, accepted: Mapping[str, Any]) -> dict[str, Any]:
    pairs = accepted["pairs"]
    named = {index for pair in pairs for index in pair}
    shown = {_place_name(question, i): OUT for i in accepted.get("unacceptable", ())}
    for index in named:
        n_above = len({better for better, worse in pairs if worse == index})
        shown[_place_name(question, index)] = str(n_above + 1)
    return shown


MAKERS = {
    "comparison": _make_comparison,
    "ranking": _make_ranking,
    "rating": _make_rating,
    "tags": _make_words,
    "confidence": _make_words,
}
TAKERS = {
    "comparison": _take_comparison,
    "ranking": _take_ranking,
    "rating": _take_rating,
    "tags": _take_words,
    "confidence": _take_words,
}
SHOWERS = {
    "comparison": _show_accept,
    "ranking": _show_ranking,
    "rating": _show_rating,
    "tags": _show_accept,
    "confidence": _show_accept,
}
