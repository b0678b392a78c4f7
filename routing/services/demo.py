"""Step set-up: lay the demo's project under a routing policy, up to its labelled seed.

Called by annotation.services.demo with its people. All goes the ways of a real project;
only the clocks are set back, since nobody sits there and reads. What takes longer is
left to the workers: to embed the texts, and the fit that follows by itself.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from annotation.answers import Question, parse_questions, to_presented
from annotation.demo import PROFILES
from annotation.models import (
    Annotation,
    Assignment,
    Job,
    MachineAnnotator,
    Participant,
    Project,
    Role,
)
from annotation.services.assignments import claim_next
from annotation.services.budgets import Terms, set_budget
from annotation.services.demo_people import take_part_as
from annotation.services.imports import store_items
from annotation.services.jobs import Progress, claim_job, run_claimed
from annotation.services.members import add_member
from annotation.services.projects import create_project
from annotation.services.submissions import submit
from routing.demo import (
    DESCRIPTION,
    JUDGES,
    NAME,
    PEOPLE,
    SEED,
    Person,
    RoutedItem,
    answers_of,
    routed_items,
    seconds_of,
)
from routing.models import RoutingPolicy
from routing.services.policies import PolicyDraft, set_policy
from routing.services.runs import run_routing

N_SEED, N_LABELS, REFIT_EVERY = 100, 140, 20
PRICE = Decimal("0.20")
BUDGET = Terms(Decimal(40), None, PRICE)
# The people came on different days, the last of them yesterday.
DAYS_AGO = (4, 3, 2, 1)


def seed_routed(*, members: Mapping[str, Role], people: Mapping[str, User]) -> None:
    """Make the routed project where it is missing."""
    owner = next(people[name] for name, role in members.items() if role == Role.OWNER)
    if Project.objects.filter(created_by=owner, name=NAME).exists():
        return
    items = {item.draft.external_id: item for item in routed_items()}
    project = _project(owner, list(items.values()))
    for name, role in members.items():
        add_member(project=project, user=people[name], role=role)
    for name, told in PROFILES.items():
        take_part_as(project, people[name], told)
    policy = _policy(project, owner)
    for person, days in zip(PEOPLE, DAYS_AGO, strict=True):
        _take_part(project, person, days, items)
    _set_policy_back(policy)


def _project(owner: User, items: list[RoutedItem]) -> Project:
    project = create_project(
        user=owner, name=NAME, template="pairwise", description=DESCRIPTION, overlap=1
    )
    drafts = [item.draft for item in items]
    store_items(project=project, items=drafts, provider="demo")
    set_budget(project=project, user=owner, terms=BUDGET)
    return Project.objects.get(pk=project.pk)


def _policy(project: Project, owner: User) -> RoutingPolicy:
    """Set the policy, and draw its seed."""
    machines = {
        one.name: one for one in MachineAnnotator.objects.filter(project=project)
    }
    first, *others = (machines[judge.name] for judge in JUDGES)
    draft = PolicyDraft(
        machine=first,
        judges=others,
        n_seed=N_SEED,
        budget=PRICE * N_LABELS,
        budget_unit=RoutingPolicy.Unit.MONEY,
        refit_every=REFIT_EVERY,
        metadata_fields=("level",),
        seed=SEED,
    )
    policy = set_policy(project=project, by=owner, draft=draft)
    drawing = Job.objects.get(project=project, kind=Job.Kind.ROUTE)
    claimed = claim_job(drawing.pk)
    if claimed is not None:
        run_claimed(claimed, lambda job, _progress: run_routing(job, _Unseen(job)))
    return policy


class _Unseen(Progress):
    """Reports to nobody: no other connection sees the job before the demo is laid."""

    def set(
        self, n_done: int, n_total: int | None = None, message: str | None = None
    ) -> None:
        """Say nothing."""


def _take_part(
    project: Project, person: Person, days: int, items: Mapping[str, RoutedItem]
) -> None:
    """Let a simulated person label their part of the seed, on a day that is past."""
    user, _made = User.objects.get_or_create(username=person.name)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    add_member(project=project, user=user, role=Role.ANNOTATOR)
    participant = take_part_as(project, user, {})
    version = project.current_questions()
    questions = parse_questions(version.questions if version else None)
    at = timezone.now() - timedelta(days=days, hours=2)
    for _ in range(N_SEED // len(PEOPLE)):
        at = _answer(participant, person, items, questions, at)


def _answer(
    participant: Participant,
    person: Person,
    items: Mapping[str, RoutedItem],
    questions: tuple[Question, ...],
    at: datetime,
) -> datetime:
    """Answer the next item as if it had come at that time; return when it was done."""
    lent = claim_next(participant=participant, project=participant.project)
    if lent is None:
        return at
    item = items[lent.item.external_id]
    took = timedelta(seconds=seconds_of(item, person))
    active_ms = round(took / timedelta(milliseconds=1))
    mine = Assignment.objects.filter(pk=lent.pk)
    mine.update(shown_at=F("shown_at") - took * 1.2)
    submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers=to_presented(questions, answers_of(item, person), lent.order or []),
        active_ms=active_ms,
        reading_ms=[round(active_ms * 0.3), round(active_ms * 0.3)],
        layout="side",
        view="rendered",
    )
    done = at + took * 1.2
    mine.update(created_at=at, shown_at=at, finished_at=done)
    Annotation.objects.filter(assignment=lent).update(created_at=done)
    return done


def _set_policy_back(policy: RoutingPolicy) -> None:
    """Let the policy and its seed be older than the answers to it."""
    at = timezone.now() - timedelta(days=max(DAYS_AGO), hours=3)
    RoutingPolicy.objects.filter(pk=policy.pk).update(created_at=at)
    done = at + timedelta(seconds=2)
    drawn = Job.objects.filter(project=policy.project, kind=Job.Kind.ROUTE)
    drawn.update(created_at=at, started_at=at, finished_at=done)
