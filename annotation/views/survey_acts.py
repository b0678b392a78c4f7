"""What a form of the survey builder held, and what its button asks for."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.text import slugify

from annotation.answers import Problem
from annotation.surveys.checks import malformed
from annotation.surveys.drafting import DraftSection, SurveyDraft
from annotation.views.card_editor import read_cards
from annotation.views.list_edits import (
    STEPS,
    Button,
    Done,
    Removed,
    place_in,
    read_button,
    read_removed,
    shift,
)
from annotation.views.survey_kinds import (
    BUILDER_KINDS,
    BY_TYPE,
    RULES,
    to_card,
    to_entry,
)

OPEN, SURVEY, SECTIONS = "open", "survey", "sections"


@dataclass
class Form:
    """The draft, which entry or section is open, and where the focus goes on."""

    draft: SurveyDraft
    open_entry: int | None = None
    open_section: int | None = None
    problems: list[Problem] = field(default_factory=list)
    focus: str = ""
    removed: str = ""

    def open(self, place: int) -> None:
        """Open one entry, and close what else is open."""
        if place != self.open_entry and _is_part(self.removed):
            self.removed = ""
        self.open_entry, self.open_section = place, None
        self.focus = f"{OPEN}[0].title"

    def open_heading(self, section: int) -> None:
        """Open the heading of a section, and close what else is open."""
        self.open_entry, self.open_section = None, section
        self.focus = "section_title"

    def then(self, done: Done) -> None:
        """Let the focus go on from what was done."""
        self.focus, self.removed = done.focus, done.removed

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep what is open so, wherever it moves to meanwhile."""
        entries, sections = self.draft.entries(), self.draft.sections
        entry = None if self.open_entry is None else entries[self.open_entry]
        part = None if self.open_section is None else sections[self.open_section]
        yield
        self.open_entry = _place_of(entry, self.draft.entries())
        self.open_section = _place_of(part, sections)

    def name_all(self) -> None:
        """Give every entry a name of its own, made of its title where it has none."""
        for place, entry in enumerate(self.draft.entries()):
            if not entry.get("name"):
                entry["name"] = self.draft.free_name(_name_of(entry), but=place)

    def open_first_problem(self) -> None:
        """Open the entry of the first problem, so that it is seen at its field."""
        tails = (problem.path.removeprefix(f"{SURVEY}[") for problem in self.problems)
        heads = [tail.partition("]")[0] for tail in tails]
        places = [int(head) for head in heads if head.isdecimal()]
        if places:
            self.open(min(places))


def _is_part(removed: str) -> bool:
    """Tell whether this was taken from the entry that is open, so goes with it."""
    kept = read_removed(removed)
    return kept is not None and kept.path.startswith(OPEN)


def _place_of(one: object, where: Sequence[object]) -> int | None:
    return next((i for i, other in enumerate(where) if other is one), None)


def _name_of(entry: dict[str, Any]) -> str:
    name = slugify(str(entry.get("title", ""))).replace("-", "_")[:40].strip("_")
    return name if name.isidentifier() else f"{entry['type']}_{name}".strip("_")


# --- reading --------------------------------------------------------------------------


def read_form(data: QueryDict) -> Form:
    """Return the draft of a form, with what was typed into what is open."""
    form = Form(_read_draft(data.get("draft", "")), removed=data.get("removed", ""))
    place = place_in(data.get("open_entry", ""), len(form.draft.entries()))
    if place is not None:
        form.open_entry = place
        _read_entry(form, place, data)
    place = place_in(data.get("open_section", ""), len(form.draft.sections))
    if place is not None:
        form.open_section = place
        section = form.draft.sections[place]
        section.title = data.get("section_title", "").strip()[:200]
        section.help = data.get("section_help", "").strip()[:1000]
    return form


def _read_draft(text: str) -> SurveyDraft:
    """Read the draft that travels with the form; what is no draft is an empty one."""
    try:
        sections = [_section(one) for one in json.loads(text)]
    except (*_BROKEN, RecursionError):
        sections = []
    return SurveyDraft(sections or [DraftSection()])


_BROKEN = (ValueError, TypeError, KeyError, AttributeError)


def _section(one: Mapping[str, Any]) -> DraftSection:
    entries = [dict(entry) for entry in one["entries"] if not malformed([entry])]
    return DraftSection(str(one["title"]), str(one["help"]), entries)


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
    form.focus, form.removed = read.focus, read.removed
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


def act(form: Form, data: QueryDict) -> None:
    """Change the draft as a button asks; what is not understood changes nothing.

    The lists are `survey`, all the questions in their order; `sections`; and
    `sections[1]`, to add a question there. What was removed can be given back until
    something changes.
    """
    button = read_button(data.get("do", ""))
    kept, before, opened = form.removed, deepcopy(form.draft), form.open_entry
    form.removed = ""
    _act(form, button, data)
    is_same = form.draft == before and button.action != "undo"
    is_at_hand = form.open_entry == opened or not _is_part(kept)
    if is_same and is_at_hand and not form.removed:
        form.removed = kept


def _act(form: Form, button: Button, data: QueryDict) -> None:
    if button.action == "undo":
        _give_back(form, data.get("removed", ""))
    elif button.action == "close":
        if form.open_entry is not None:
            form.focus = f"{SURVEY}[{form.open_entry}].open"
        elif form.open_section is not None:
            form.focus = f"{SECTIONS}[{form.open_section}].open"
        form.open_entry = form.open_section = None
    elif button.path == SURVEY:
        _act_on_entries(form, button)
    elif button.path == SECTIONS:
        _act_on_sections(form, button)
    elif button.action == "add":
        _add(form, button)


def _add(form: Form, button: Button) -> None:
    section = _section_at(button.path)
    is_known = section is not None and section < len(form.draft.sections)
    has_room = form.draft.has_room()
    if section is not None and is_known and button.argument in BY_TYPE and has_room:
        blank = to_entry(BY_TYPE[button.argument].blank())
        form.open(form.draft.add(section, blank))


def _section_at(path: str) -> int | None:
    found = re.fullmatch(rf"{SECTIONS}\[([0-9]{{1,5}})\]", path)
    return int(found[1]) if found else None


def _act_on_entries(form: Form, button: Button) -> None:
    draft = form.draft
    n = len(draft.entries())
    place = button.place(n)
    if button.action == "move" and (ends := button.ends(n)):
        with form.kept_open():
            form.then(button.follow(draft.move_to(*ends)))
    elif place is None:
        return
    elif button.action in STEPS:
        # Past the edge of its section a question goes into the next one.
        with form.kept_open():
            form.then(button.follow(draft.move(place, STEPS[button.action])))
    elif button.action == "open":
        form.open(place)
    elif button.action == "copy" and draft.has_room():
        form.open(draft.duplicate(place))
    elif button.action == "remove":
        section, number = draft.find(place)
        home = f"{SECTIONS}[{_place_of(section, draft.sections)}]"
        with form.kept_open():
            form.then(Removed(home, number, section.entries.pop(number)).done)


def _act_on_sections(form: Form, button: Button) -> None:
    sections = form.draft.sections
    place = button.place(len(sections))
    if button.action == "add":
        sections.append(DraftSection())
        form.open_heading(len(sections) - 1)
    elif ends := button.ends(len(sections)):
        with form.kept_open():
            shift(sections, ends)
        form.then(button.follow(ends[1]))
    elif place is None:
        return
    elif button.action == "open":
        form.open_heading(place)
    elif button.action == "copy" and form.draft.has_room(len(sections[place].entries)):
        form.open_heading(form.draft.duplicate_section(place))
    elif button.action == "remove":
        with form.kept_open():
            gone = sections.pop(place)
        form.then(Removed(SECTIONS, place, vars(gone)).done)
        if not sections:
            sections.append(DraftSection())


def _give_back(form: Form, text: str) -> None:
    """Put what was removed back at its place."""
    kept = read_removed(text)
    if kept is None:
        return
    sections, home = form.draft.sections, _section_at(kept.path)
    if home is not None and not malformed([kept.card]):
        if form.draft.has_room():
            form.open(form.draft.put(home, kept.place, kept.card))
        else:
            form.removed = text
    elif kept.path == SECTIONS:
        try:
            section = _section(kept.card)
        except _BROKEN:
            return
        if not form.draft.has_room(len(section.entries)):
            form.removed = text
            return
        if sections == [DraftSection()]:
            # It only stood in for the one that was removed.
            sections.clear()
        place = min(kept.place, len(sections))
        with form.kept_open():
            sections.insert(place, section)
        form.focus = f"{SECTIONS}[{place}].open"


def card_of(form: Form) -> dict[str, Any] | None:
    """Return the card of the entry that is open, if one is."""
    if form.open_entry is None:
        return None
    return to_card(form.draft.entries()[form.open_entry])
