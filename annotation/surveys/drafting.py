"""PURE: a survey while it is being built: sections, and the questions in each.

Called by the builder's page. A draft may be half-finished; `as_survey` gives the list
that is stored, and what is wrong with it is for `parse_survey` to say.
"""

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from annotation.words import gettext as _

Entry = dict[str, Any]
MAX_QUESTIONS = 200
FOREIGN = ("section", "section_help", "depends_on", "hidden_for")


@dataclass
class DraftSection:
    """A heading with a line of help, and the entries under it."""

    title: str = ""
    help: str = ""
    entries: list[Entry] = field(default_factory=list)


@dataclass
class SurveyDraft:
    """A survey in sections; a place is an entry's number across all of them."""

    sections: list[DraftSection] = field(default_factory=list)

    @classmethod
    def of(cls, raw: Sequence[Mapping[str, Any]]) -> "SurveyDraft":
        """Return the draft of a stored survey; older rules are written anew."""
        runs = groupby(
            raw,
            key=lambda e: (str(e.get("section", "")), str(e.get("section_help", ""))),
        )
        sections = [
            DraftSection(title, help_text, [_own(entry) for entry in entries])
            for (title, help_text), entries in runs
        ]
        return cls(sections or [DraftSection(_("About you"))])

    def as_survey(self) -> list[Entry]:
        """Return the list that is stored; a section without questions leaves it."""
        survey = []
        for section in self.sections:
            for entry in section.entries:
                extra = {"section": section.title} if section.title else {}
                if section.help:
                    extra["section_help"] = section.help
                survey.append({**entry, **extra})
        return survey

    def entries(self) -> list[Entry]:
        """Return all entries in order."""
        return [entry for section in self.sections for entry in section.entries]

    def has_room(self, n: int = 1) -> bool:
        """Tell whether so many entries more may be in the survey."""
        return len(self.entries()) + n <= MAX_QUESTIONS

    def find(self, place: int) -> tuple[DraftSection, int]:
        """Return the section of an entry and its number in it.

        Raises IndexError where there is no such entry.
        """
        for section in self.sections:
            if 0 <= place < len(section.entries):
                return section, place
            place -= len(section.entries)
        raise IndexError("there is no such question")

    def place_of(self, section: int, number: int) -> int:
        """Return the place of the entry with a number in a section."""
        return number + sum(len(one.entries) for one in self.sections[:section])

    # --- questions --------------------------------------------------------------------

    def add(self, section: int, entry: Entry) -> int:
        """Put an entry at the end of a section; return its place."""
        entries = self.sections[section].entries
        entries.append(entry)
        return self.place_of(section, len(entries) - 1)

    def move(self, place: int, step: int) -> int:
        """Move an entry one up or down, past the edge of its section; return where."""
        section, number = self.find(place)
        # Two sections may be equal, so the section is known by itself.
        at = next(i for i, one in enumerate(self.sections) if one is section)
        if 0 <= number + step < len(section.entries):
            entries = section.entries
            entries[number], entries[number + step] = (
                entries[number + step],
                entries[number],
            )
            return place + step
        if not 0 <= at + step < len(self.sections):
            return place
        entry = section.entries.pop(number)
        target = self.sections[at + step].entries
        target.insert(0 if step > 0 else len(target), entry)
        return self.place_of(at + step, 0 if step > 0 else len(target) - 1)

    def duplicate(self, place: int) -> int:
        """Put a copy with a name of its own below an entry; return its place."""
        section, number = self.find(place)
        made = copy.deepcopy(section.entries[number])
        made["name"] = self.free_name(str(made.get("name", "")))
        section.entries.insert(number + 1, made)
        return place + 1

    def move_to(self, place: int, target: int) -> int:
        """Move an entry before the one that stands at a place then; return where."""
        section, number = self.find(place)
        entry = section.entries.pop(number)
        if target < len(self.entries()):
            before, at = self.find(target)
            before.entries.insert(at, entry)
        else:
            self.sections[-1].entries.append(entry)
        return self._at(entry)

    def put(self, section: int, number: int, entry: Entry) -> int:
        """Put an entry back where it was in a section; return its place."""
        home = self.sections[min(section, len(self.sections) - 1)]
        entry["name"] = self.free_name(str(entry.get("name", "")))
        home.entries.insert(number, entry)
        return self._at(entry)

    def _at(self, entry: Entry) -> int:
        return next(i for i, one in enumerate(self.entries()) if one is entry)

    def replace(self, place: int, entry: Entry) -> None:
        """Put another entry in a place; rules follow where its name changes."""
        section, number = self.find(place)
        before = str(section.entries[number].get("name", ""))
        section.entries[number] = entry
        if before and before != entry.get("name"):
            _rename_rules(self.entries(), {before: str(entry.get("name", ""))})

    def free_name(self, wished: str, but: int = -1) -> str:
        """Return the name, with a number where another entry has it; "" stays."""
        taken = {
            str(e.get("name", "")) for i, e in enumerate(self.entries()) if i != but
        }
        base, name, number = re.sub(r"_\d+$", "", wished), wished, 2
        while name and name in taken:
            name, number = f"{base}_{number}", number + 1
        return name

    # --- sections ---------------------------------------------------------------------

    def duplicate_section(self, section: int) -> int:
        """Put a copy below a section; rules within the copy are about the copies."""
        made = copy.deepcopy(self.sections[section])
        made.title = _("{title} (copy)").format(title=made.title).strip()
        self.sections.insert(section + 1, made)
        names: dict[str, str] = {}
        for entry in made.entries:
            before = str(entry.get("name", ""))
            entry["name"] = self.free_name(before)
            names[before] = entry["name"]
        _rename_rules(made.entries, names)
        return section + 1


def _rename_rules(entries: Iterable[Entry], names: Mapping[str, str]) -> None:
    for entry in entries:
        for rule in entry.get("show_if") or ():
            rule["question"] = names.get(rule.get("question", ""), rule.get("question"))


def _own(entry: Mapping[str, Any]) -> Entry:
    """Return an entry by itself, without its section, and with rules in one form."""
    made = copy.deepcopy({key: v for key, v in entry.items() if key not in FOREIGN})
    if entry.get("depends_on") and entry.get("hidden_for"):
        rule = {
            "question": entry["depends_on"],
            "is": "none_of",
            "values": list(entry["hidden_for"]),
        }
        made["show_if"] = [*made.get("show_if", ()), rule]
    return made
