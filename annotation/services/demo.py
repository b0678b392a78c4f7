"""Step set-up: lay the demo into the database: people, projects, items, answers.

Called by the command `seed_demo`. It goes the ways that people go: it agrees, answers
the profile, claims items and submits.
"""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.utils.module_loading import import_string

from annotation.answers import parse_questions, to_presented
from annotation.demo import PROFILES, DemoSet, demo_sets
from annotation.models import Assignment, Participant, Project, Role
from annotation.services.assignments import claim_next
from annotation.services.demo_panel import seed_panel
from annotation.services.demo_people import take_part_as
from annotation.services.imports import store_items
from annotation.services.members import add_member
from annotation.services.projects import create_project
from annotation.services.submissions import submit

OWNER = "demo-owner"
SECOND_ANNOTATOR = "demo-annotator-2"
PEOPLE: Mapping[str, Role] = {
    OWNER: Role.OWNER,
    "demo-researcher": Role.RESEARCHER,
    "demo-annotator": Role.ANNOTATOR,
    SECOND_ANNOTATOR: Role.ANNOTATOR,
}
OVERLAP = 2
LOCK = 7202


class Part(Protocol):
    """What an app above adds to the demo; what is there already it leaves as it is."""

    def __call__(
        self, *, members: Mapping[str, Role], people: Mapping[str, User]
    ) -> None:
        """Lay it into the database."""


_PARTS: list[str] = []


def register(part: str) -> None:
    """Say by its dotted path what else belongs to the demo; called as an app starts."""
    if part not in _PARTS:
        _PARTS.append(part)


@dataclass(frozen=True)
class DemoLogin:
    """A log-in of the demo; `password` is empty where it was there already."""

    username: str
    password: str


@transaction.atomic
def seed_demo(*, password: str = "") -> list[DemoLogin]:
    """Make the people and projects of the demo that are missing; return the log-ins.

    A log-in and a project that are there already are left as they are, so that the
    second call adds nothing. Without a password a random one is drawn for all.
    """
    with connection.cursor() as db:
        # Two calls at the same moment take turns: both would make the projects.
        db.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])
    secret = password or secrets.token_hex(6)
    people: dict[str, User] = {}
    logins: list[DemoLogin] = []
    for name in PEOPLE:
        found = User.objects.filter(username=name).first()
        people[name] = found or User.objects.create_user(name, password=secret)
        logins.append(DemoLogin(name, "" if found else secret))
    for demo in demo_sets():
        _seed_project(demo, people)
    seed_panel(members=PEOPLE, people=people, owner=people[OWNER])
    for path in _PARTS:
        part: Part = import_string(path)
        part(members=PEOPLE, people=people)
    return logins


def _seed_project(demo: DemoSet, people: Mapping[str, User]) -> None:
    owner = people[OWNER]
    if Project.objects.filter(created_by=owner, name=demo.name).exists():
        return
    project = create_project(
        user=owner,
        name=demo.name,
        template=demo.template,
        description=demo.description,
        overlap=OVERLAP,
    )
    store_items(project=project, items=demo.items, provider="demo")
    for name, role in PEOPLE.items():
        add_member(project=project, user=people[name], role=role)
    participants = {
        name: take_part_as(project, people[name], told)
        for name, told in PROFILES.items()
    }
    n_answers = round(len(demo.items) / 3)
    _answer(demo, project, participants[SECOND_ANNOTATOR], n_answers)


def _answer(
    demo: DemoSet, project: Project, participant: Participant, n_answers: int
) -> None:
    """Give the first answers, so that the pages of the demo have something to show."""
    version = project.current_questions()
    questions = parse_questions(version.questions if version else None)
    for _ in range(n_answers):
        assignment = claim_next(participant=participant, project=project)
        if assignment is None:
            return
        item = assignment.item
        answers: Mapping[str, Any] = demo.replies[item.external_id]
        active_ms = _reading_time(item.messages, assignment)
        # Nobody has read it: the clock of the screen is set back by the reading time.
        Assignment.objects.filter(pk=assignment.pk).update(
            shown_at=F("shown_at") - timedelta(milliseconds=round(active_ms * 1.2))
        )
        submit(
            assignment=assignment,
            submission_id=uuid.uuid4(),
            answers=to_presented(questions, answers, assignment.order or []),
            active_ms=active_ms,
            reading_ms=_reading_times(assignment),
            layout="side",
            view="rendered",
        )


def _reading_times(assignment: Assignment) -> list[int]:
    """Return the time on each completion, in the order of places."""
    texts = assignment.item.completions.order_by("index").values_list("text", flat=True)
    times = [40 * len(text) for text in texts]
    return [times[index] for index in assignment.order or range(len(times))]


def _reading_time(messages: Sequence[Mapping[str, Any]], assignment: Assignment) -> int:
    """Return the milliseconds that reading takes at 25 characters a second."""
    texts = [message["content"] for message in messages]
    texts += assignment.item.completions.values_list("text", flat=True)
    return 8_000 + 40 * sum(map(len, texts))
