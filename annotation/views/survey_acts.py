"""What a form of the survey builder held, and what its button asks for."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.text import slugify

from annotation.answers import Problem
from annotation.surveys.checks import malformed
from annotation.surveys.drafting import MAX_QUESTIONS, DraftSection, SurveyDraft
from annotation.views.card_editor import read_cards
from annotation.views.survey_kinds import (
    BUILDER_KINDS,
    BY_TYPE,
    RULES,
    to_card,
    to_entry,
)

OPEN = "open"


@dataclass
class Form:
    """The draft, which entry or section is open, and where the focus goes on."""

    draft: SurveyDraft
    open_entry: int | None = None
    open_section: int | None = None
    problems: list[Problem] = field(default_factory=list)
    focus: str = ""

    def open(self, place: int) -> None:
        """Open one entry, and close what else is open."""
        self.open_entry, self.open_section = place, None
        self.focus = f"{OPEN}[0].title"

    def name_all(self) -> None:
        """Give every entry a name of its own, made of its title where it has none."""
        for place, entry in enumerate(self.draft.entries()):
            if not entry.get("name"):
                entry["name"] = self.draft.free_name(_name_of(entry), but=place)

    def open_first_problem(self) -> None:
        """Open the entry of the first problem, so that it is seen at its field."""
        for problem in self.problems:
            head = problem.path.removeprefix("survey[").partition("]")[0]
            if head.isdecimal():
                self.open(int(head))
                self.focus = ""
                return


def _name_of(entry: dict[str, Any]) -> str:
    name = slugify(str(entry.get("title", ""))).replace("-", "_")[:40].strip("_")
    return name if name.isidentifier() else f"{entry['type']}_{name}".strip("_")


# --- reading --------------------------------------------------------------------------


def read_form(data: QueryDict) -> Form:
    """Return the draft of a form, with what was typed into what is open."""
    form = Form(_read_draft(data.get("draft", "")))
    place = data.get("open_entry", "")
    if place.isdecimal() and int(place) < len(form.draft.entries()):
        form.open_entry = int(place)
        _read_entry(form, int(place), data)
    place = data.get("open_section", "")
    if place.isdecimal() and int(place) < len(form.draft.sections):
        form.open_section = int(place)
        section = form.draft.sections[int(place)]
        section.title = data.get("section_title", "").strip()[:200]
        section.help = data.get("section_help", "").strip()[:1000]
    return form


def _read_draft(text: str) -> SurveyDraft:
    """Read the draft that travels with the form; what is no draft is an empty one."""
    try:
        found = json.loads(text)
        sections = [
            DraftSection(
                str(one["title"]),
                str(one["help"]),
                [dict(entry) for entry in one["entries"] if not malformed([entry])],
            )
            for one in found
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        sections = []
    return SurveyDraft(sections or [DraftSection()])


def _read_entry(form: Form, place: int, data: QueryDict) -> None:
    read = read_cards(data, OPEN, BUILDER_KINDS)
    if not read.cards:
        return
    pasted = data.get("pasted", "") if data.get("do") == "paste" else ""
    lines = [line.strip() for line in pasted.splitlines() if line.strip()]
    section, number = form.draft.find(place)
    before = section.entries[number]
    entry = {**before, **to_entry(read.cards[0], lines)}
    entry["type"] = before["type"]
    if not data.get(f"{OPEN}[0].name", "").strip():
        entry["name"] = form.draft.free_name(
            _name_of(entry) if entry.get("title") else "", but=place
        )
    for key in RULES:
        entry.pop(key, None)
    entry |= _read_rules(data)
    form.draft.replace(place, entry)
    form.focus = read.focus
    form.problems = [
        Problem(problem.path.replace(f"{OPEN}[0]", f"survey[{place}]"), problem.message)
        for problem in read.problems
    ]


def _read_rules(data: QueryDict) -> dict[str, Any]:
    rules = []
    for name in data.getlist("rule"):
        values = data.getlist(f"rule.{name}.values")
        if values:
            asks = "none_of" if data.get(f"rule.{name}.is") == "none_of" else "any_of"
            rules.append({"question": name, "is": asks, "values": values})
    if not rules:
        return {}
    return {"show_if": rules, "needs_all": data.get("needs_all") != "one"}


# --- acting ---------------------------------------------------------------------------


def act(form: Form, do: str, data: QueryDict) -> None:
    """Change the draft as a button asks; what is not understood changes nothing."""
    name, _, rest = do.partition(":")
    place, _, word = rest.partition(":")
    if name == "close":
        form.focus = f"q{form.open_entry}.open" if form.open_entry is not None else ""
        form.open_entry = form.open_section = None
    elif name == "section_add":
        form.draft.sections.append(DraftSection())
        _open_section(form, len(form.draft.sections) - 1)
    elif place.isdecimal() and name.startswith("section_"):
        _act_on_section(form, name, int(place))
    elif name == "add" and word in BY_TYPE and place.isdecimal():
        if (
            int(place) < len(form.draft.sections)
            and len(form.draft.entries()) < MAX_QUESTIONS
        ):
            blank = to_entry(BY_TYPE[word].blank())
            form.open(form.draft.add(int(place), blank))
    elif place.isdecimal() and int(place) < len(form.draft.entries()):
        _act_on_entry(form, name, int(place))


def _act_on_entry(form: Form, name: str, place: int) -> None:
    if name == "open":
        form.open(place)
    elif name == "duplicate":
        form.open(form.draft.duplicate(place))
    elif name == "drop":
        form.draft.remove(place)
        form.open_entry = None
        left = len(form.draft.entries())
        form.focus = f"q{min(place, left - 1)}.open" if left else "s0.add"
    elif name in ("raise", "lower"):
        moved = form.draft.move(place, -1 if name == "raise" else 1)
        form.open_entry = None
        form.focus = f"q{moved}.{name}"


def _act_on_section(form: Form, name: str, section: int) -> None:
    sections = form.draft.sections
    if section >= len(sections):
        return
    form.open_entry = form.open_section = None
    if name == "section_open":
        _open_section(form, section)
    elif name == "section_duplicate":
        _open_section(form, form.draft.duplicate_section(section))
    elif name == "section_drop":
        del sections[section]
        if not sections:
            sections.append(DraftSection())
        form.focus = f"s{min(section, len(sections) - 1)}.open"
    elif name in ("section_raise", "section_lower"):
        moved = form.draft.move_section(section, -1 if name == "section_raise" else 1)
        form.focus = f"s{moved}.{name.removeprefix('section_')}"


def _open_section(form: Form, section: int) -> None:
    form.open_entry, form.open_section = None, section
    form.focus = "section_title"


def card_of(form: Form) -> dict[str, Any] | None:
    """Return the card of the entry that is open, if one is."""
    if form.open_entry is None:
        return None
    return to_card(form.draft.entries()[form.open_entry])
