"""The survey builder's outline: each section and question, and the one that is open."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from annotation.answers import Problem
from annotation.surveys import (
    DECLINED,
    NOT_APPLICABLE,
)
from annotation.surveys.drafting import Entry
from annotation.views.card_editor import settle, show_cards
from annotation.views.card_types import Card, CardKind, ShownCard, ShownField
from annotation.views.survey_acts import OPEN, SURVEY, Form, card_of
from annotation.views.survey_kinds import BUILDER_KINDS, BY_TYPE
from annotation.words import gettext as _


@dataclass(frozen=True)
class Earlier:
    """An earlier choice that a rule may be about, and what the rule says of it."""

    name: str
    title: str
    values: tuple[tuple[str, str, bool], ...]
    is_none_of: bool

    @property
    def has_rule(self) -> bool:
        """Tell whether a rule is about it."""
        return any(is_ticked for _, _, is_ticked in self.values)


@dataclass(frozen=True)
class Line:
    """One question in the outline; `card` and `earlier` where it is the open one."""

    place: int
    kind: CardKind
    title: str
    marks: tuple[str, ...]
    problem: str
    card: ShownCard | None = None
    earlier: tuple[Earlier, ...] = ()
    needs_all: bool = True
    rule_problem: str = ""

    @property
    def is_ruled(self) -> bool:
        """Tell whether rules have to be seen."""
        return bool(self.rule_problem) or any(one.has_rule for one in self.earlier)

    @property
    def fields(self) -> Mapping[str, ShownField]:
        """Return the fields of the open card by their names."""
        found = self.card.fields if self.card else ()
        return {field.spec.name: field for field in found}


@dataclass(frozen=True)
class Part:
    """One section in the outline."""

    place: int
    title: str
    help: str
    is_open: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Outline:
    """The whole outline, with the kinds that can be added."""

    parts: tuple[Part, ...]
    kinds: tuple[CardKind, ...]
    open_entry: int | None
    open_section: int | None
    n_lines: int


def outline(form: Form) -> Outline:
    """Return what the template shows of a draft."""
    parts, place = [], 0
    for number, section in enumerate(form.draft.sections):
        lines = []
        for entry in section.entries:
            lines.append(_line(form, place, entry))
            place += 1
        is_open = number == form.open_section
        parts.append(Part(number, section.title, section.help, is_open, tuple(lines)))
    kinds = BUILDER_KINDS
    return Outline(tuple(parts), kinds, form.open_entry, form.open_section, place)


def _line(form: Form, place: int, entry: Entry) -> Line:
    path = f"{SURVEY}[{place}]"
    own = _own_problems(form, path)
    kind = BY_TYPE[entry["type"]]
    problem = own[0].message if own else ""
    title = str(entry.get("title") or "")
    line = Line(place, kind, title, _marks(entry), problem)
    card = card_of(form) if place == form.open_entry else None
    if card is None:
        return line
    here = _at_fields(own, path, card)
    rules = [p.message for p in here if p.path == _RULES]
    shown = show_cards([card], OPEN, BUILDER_KINDS, here)
    return replace(
        line,
        card=shown.cards[0],
        earlier=_earlier(form, place, entry),
        needs_all=bool(entry.get("needs_all", True)),
        rule_problem=" ".join(rules),
    )


_RULES = f"{OPEN}[0].show_if"


def _at_fields(own: Sequence[Problem], path: str, card: Card) -> list[Problem]:
    """Return the problems of the open question, each at its field or its rules."""
    here = [Problem(p.path.replace(path, f"{OPEN}[0]", 1), p.message) for p in own]
    rules = [Problem(_RULES, p.message) for p in here if p.path.startswith(_RULES)]
    others = [p for p in here if not p.path.startswith(_RULES)]
    return [*settle(others, [card], OPEN, BUILDER_KINDS), *rules]


def linked(form: Form) -> list[Problem]:
    """Return the problems where the page shows them: a field, or a closed question."""
    found = []
    for place in range(len(form.draft.entries())):
        path = f"{SURVEY}[{place}]"
        own = _own_problems(form, path)
        card = card_of(form) if place == form.open_entry else None
        if card is None:
            found += [Problem(f"{path}.open", problem.message) for problem in own]
        else:
            found += [
                Problem(_field_of(problem.path), problem.message)
                for problem in _at_fields(own, path, card)
            ]
    return found


def _field_of(path: str) -> str:
    """Return the field that stands for an option or a statement as a whole."""
    row = re.search(r"\.(options|statements)\[\d+\]$", path)
    return f"{path}.{_FIRST[row[1]]}" if row else path


_FIRST = {"options": "label", "statements": "title"}


def _own_problems(form: Form, path: str) -> list[Problem]:
    return [p for p in form.problems if p.path == path or p.path.startswith(f"{path}.")]


def _marks(entry: Entry) -> tuple[str, ...]:
    marks = []
    if entry.get("show_if"):
        marks.append(_("shown by a rule"))
    if entry.get("is_shuffled"):
        marks.append(_("random order"))
    if not entry.get("is_required", True):
        marks.append(_("if they like"))
    if entry.get("sensitivity") == "special":
        marks.append(_("special"))
    if entry.get("is_categorised"):
        marks.append(_("three levels"))
    return tuple(marks)


def _earlier(form: Form, place: int, entry: Entry) -> tuple[Earlier, ...]:
    rules = {rule.get("question"): rule for rule in entry.get("show_if") or ()}
    found = []
    for before in form.draft.entries()[:place]:
        if before["type"] not in ("single", "several") or not before.get("name"):
            continue
        rule = rules.get(before["name"], {})
        chosen = rule.get("values") or ()
        values = tuple((v, label, v in chosen) for v, label in _answers(before))
        is_none_of = rule.get("is") == "none_of"
        title = str(before.get("title") or before["name"])
        found.append(Earlier(before["name"], title, values, is_none_of))
    return tuple(found)


def _answers(entry: Entry) -> list[tuple[str, str]]:
    answers = []
    for option in entry.get("options") or ():
        if isinstance(option, Mapping):
            label = str(option.get("label") or option.get("value") or "")
            answers.append((str(option.get("value") or label), label))
        else:
            answers.append((str(option), str(option)))
    if entry.get("offers_na"):
        answers.append((NOT_APPLICABLE, _("Does not apply to me")))
    return [*(one for one in answers if one[0]), (DECLINED, _("Prefer not to say"))]
