"""Step export: the people behind the answers, by what each of them agreed to release.

Called by selectors.export_rows. What a person holds back is taken out here; nothing but
a pseudonym of the export says who they are.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from annotation.consent import classes_of_survey, is_publishable, withheld
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.formats.exports.types import Person, Row
from annotation.models import ConsentDocument, Project, SurveyVersion
from annotation.selectors import export_sql as sql

PEOPLE_BATCH = 2_000
PEOPLE_KEPT = 20_000
WITHHELD = "withheld"
# Categorised, simplified, by whom, how, and what a second person said.
NO_LEVELS: Row = (None, None, None, None, None)


class Participant(NamedTuple):
    """A person with what is stored about them apart from answers to items.

    `survey`: (survey version, question, state, value, order shown, categorised,
    simplified, by whom, how, verified), value and order as JSON text.
    `withheld`: the classes of data of the survey answers that are left out.
    """

    person: Person
    source: str
    survey: Sequence[Row]
    withheld: frozenset[str]


def consents(project: Project) -> list[ConsentDocument]:
    """Return every consent document, oldest first; one query."""
    return list(ConsentDocument.objects.filter(project=project).order_by("number"))


@dataclass
class PeopleReader:
    """Knows the people of one project for one export, some thousand at a time."""

    project: Project
    names: Pseudonyms
    with_profiles: bool = False
    _consents: dict[int, ConsentDocument] = field(init=False)
    _classes: dict[int, dict[str, frozenset[str]]] = field(init=False)
    _known: dict[int, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._consents = {one.pk: one for one in consents(self.project)}
        self._classes = {
            survey.number: classes_of_survey(survey.questions)
            for survey in SurveyVersion.objects.filter(project=self.project)
        }

    def of(self, ids: Collection[int]) -> Mapping[int, Person]:
        """Return at least the people named; 2-3 queries where one is not known yet."""
        missing = [key for key in ids if key not in self._known]
        if missing and len(self._known) + len(missing) > PEOPLE_KEPT:
            self._known.clear()
            missing = list(ids)
        if missing:
            self._known.update(self._fetch(missing))
        return self._known

    def batches(self) -> Iterator[list[Participant]]:
        """Yield people by pseudonym, which hides who came first; 4 queries a batch.

        Keeps a name and a number for each person of the project in memory.
        """
        found = fetch_all(sql.PARTICIPANTS, [self.project.pk])
        order = sorted((self.names.of(row[1]), row[0], row[2]) for row in found)
        for start in range(0, len(order), PEOPLE_BATCH):
            batch = order[start : start + PEOPLE_BATCH]
            ids = [key for _, key, _ in batch]
            people = self._fetch(ids)
            rows: dict[int, list[Row]] = {key: [] for key in ids}
            derived = self._derived(ids)
            for row in fetch_all(sql.SURVEY_ANSWERS, [ids]):
                levels = derived.get((row[0], row[2], row[1]), NO_LEVELS)
                rows[row[0]].append((*row[1:], *levels))
            yield [
                self._participant(people[key], source, rows[key])
                for _, key, source in batch
            ]

    def _derived(self, ids: Sequence[int]) -> dict[tuple[int, str, int], Row]:
        """Return the levels of self-descriptions by person, question and version."""
        return {
            (person, question, number): (
                *levels,
                f"{role}:{self.names.of(f'categoriser {user}')}",
                method,
                verdict or "not yet",
            )
            for person, question, number, *levels, role, user, method, verdict in (
                fetch_all(sql.DERIVED, [ids])
            )
        }

    def _participant(
        self, person: Person, source: str, rows: Sequence[Row]
    ) -> Participant:
        kept: list[Row] = []
        left_out: set[str] = set()
        for row in rows:
            classes = self._withheld(person, row[0], row[1])
            left_out |= classes
            hidden = (*row[:2], WITHHELD, None, None, *NO_LEVELS)
            kept.append(hidden if classes else row)
        return Participant(person, source, kept, frozenset(left_out))

    def _withheld(self, person: Person, number: int, question: str) -> frozenset[str]:
        """Return which of a survey answer's classes the person holds back."""
        classes = self._classes.get(number, {}).get(question)
        # An answer to a question that its version does not know could be anything.
        return person.withheld if classes is None else person.withheld & classes

    def _fetch(self, ids: Sequence[int]) -> dict[int, Person]:
        rows = fetch_all(sql.CONSENTS, [ids])
        agreed = {row[0]: self._agreed(*row[1:]) for row in rows}
        people: dict[int, Person] = {}
        for key, *stored in fetch_all(sql.PEOPLE, [ids]):
            public_id, imported, is_gone, standing = stored
            person = agreed.get(key, Person(""))
            # What a file told of a person is of no known class.
            profile = {} if person.withheld else json.loads(imported)
            people[key] = person._replace(
                pseudonym=self.names.of(public_id),
                profile=_json(profile),
                group=str(profile.get("group", "")),
                standing=standing,
                is_withdrawn=person.is_withdrawn or is_gone,
            )
        for key, told in self._profiles(people).items():
            whole = json.loads(people[key].profile) | told
            people[key] = people[key]._replace(profile=_json(whole))
        return people

    def _agreed(self, document_id: int, granted: str, is_withdrawn: bool) -> Person:
        """Return what a person's last word on consent comes to."""
        document, names = self._consents[document_id], json.loads(granted)
        return Person(
            "",
            consent_version=document.number,
            scopes=tuple(sorted(names)),
            is_withdrawn=is_withdrawn,
            withheld=withheld(document.scopes, names),
            is_publishable=is_publishable(document.scopes, names),
        )

    def _profiles(self, people: Mapping[int, Person]) -> dict[int, dict[str, str]]:
        """Return what was answered in the survey, the newest version's answer last."""
        profiles: dict[int, dict[str, str]] = {}
        if not self.with_profiles:
            return profiles
        rows = fetch_all(sql.SURVEY_ANSWERS, [list(people)])
        for key, number, question, state, value, _ in rows:
            is_told = state == "answered"
            if is_told and not self._withheld(people[key], number, question):
                plain = json.loads(value)
                said = plain if isinstance(plain, str) else value
                profiles.setdefault(key, {})[question] = said
        return profiles


def fetch_all(query: str, parameters: Sequence[Any]) -> list[Row]:
    """Return all rows of a statement."""
    with connection.cursor() as db:
        db.execute(query, parameters)
        return list(db.fetchall())


def _json(profile: Mapping[str, Any]) -> str:
    return json.dumps(profile, ensure_ascii=False, sort_keys=True)
