"""Step set-up: lay the demo's panel: recruiting, quotas, checks, marks, decisions.

Called by services.demo. Its people are simulated and named so. They go the ways that
people go; only the clocks are set back, since nobody sits there and reads.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from annotation.allocation.insertion import CheckRules
from annotation.allocation.pairing import ProtocolRules
from annotation.answers import Question, parse_questions, to_presented
from annotation.demo.panel import (
    ASKED,
    COMMENT,
    DESCRIPTION,
    FLAGGED,
    HIGH,
    LOW,
    NAME,
    PEOPLE,
    QUESTIONS,
    QUOTAS,
    REASON,
    PanelItem,
    Person,
    answers_to,
    marks_to,
    panel_items,
)
from annotation.formats.types import ItemDraft
from annotation.models import (
    Adjudication,
    Annotation,
    Assignment,
    Enrolment,
    Invitation,
    ItemDisagreement,
    Participant,
    Project,
    Role,
)
from annotation.recruiting import Arrival
from annotation.second_form import SecondForm
from annotation.services import disagreements
from annotation.services.adjudications import settle
from annotation.services.assignments import claim_next
from annotation.services.budgets import Terms, set_budget
from annotation.services.checks import set_rules
from annotation.services.comments import talk_about, write_to_team
from annotation.services.demo_people import take_part_as
from annotation.services.endings import close, conclude
from annotation.services.enrolments import enrol
from annotation.services.flags import raise_flag
from annotation.services.imports import store_items
from annotation.services.members import add_member
from annotation.services.projects import create_project
from annotation.services.protocols import set_second_protocol
from annotation.services.quotas import publish_quotas
from annotation.services.recruitment import (
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from annotation.services.submissions import submit
from annotation.services.versions import publish_questions

OVERLAP = 6
RULES = CheckRules(n_training=1, monitoring_every=4, attention_every=6, hint_every=10)
RECRUITMENT = RecruitmentSettings(
    provider="panel",
    id_parameter="pid",
    completion_code="DEMO-DONE",
    screen_out_code="DEMO-OUT",
    n_items_wanted=6,
    time_allowed_min=60,
    pay_amount=Decimal("1.50"),
    floor_per_hour=Decimal(9),
)
# An answer costs its share of the fixed pay.
BUDGET = Terms(Decimal(60), Decimal(40), Decimal("0.25"))
SECOND = Assignment.Purpose.SECOND_PROTOCOL
SECOND_FORM = SecondForm(
    "rating", "How good is each answer, by itself?", low=LOW, high=HIGH
)
# Every item, so that the few people of the demo show something.
PROTOCOLS = ProtocolRules(share_percent=100, after_items=2, after_min=0)
State = Enrolment.State


def seed_panel(
    *, members: Mapping[str, Role], people: Mapping[str, User], owner: User
) -> Project | None:
    """Make the panel's project, unless the owner has one of this name."""
    if Project.objects.filter(created_by=owner, name=NAME).exists():
        return None
    items = {item.draft.external_id: item for item in panel_items()}
    project = _project(owner, [item.draft for item in items.values()])
    for name, role in members.items():
        add_member(project=project, user=people[name], role=role)
    link = create_link(project=project, user=owner, days=90, n_max=200)
    for person in PEOPLE:
        _take_part(link.invitation, project, person, items)
    _team(project, owner)
    return project


def _project(owner: User, drafts: list[ItemDraft]) -> Project:
    project = create_project(
        user=owner,
        name=NAME,
        template="pairwise",
        description=DESCRIPTION,
        overlap=OVERLAP,
        people="prism",
    )
    publish_questions(project=project, user=owner, questions=QUESTIONS)
    store_items(project=project, items=drafts, provider="demo")
    set_rules(project=project, rules=RULES, by=owner)
    publish_quotas(project=project, user=owner, raw=[dict(one) for one in QUOTAS])
    set_second_protocol(project=project, form=SECOND_FORM, rules=PROTOCOLS, by=owner)
    save_recruitment(project=project, user=owner, settings=RECRUITMENT)
    set_budget(project=project, user=owner, terms=BUDGET)
    return Project.objects.select_related("recruitment").get(pk=project.pk)


def _take_part(
    invitation: Invitation,
    project: Project,
    person: Person,
    items: Mapping[str, PanelItem],
) -> None:
    """Come by the link, agree, answer the profile and the items, and end."""
    invitation.project = project
    enrolled = enrol(invitation=invitation, arrival=Arrival(person.id, "demo"))
    participant = take_part_as(project, enrolled.user, person.profile)
    questions = parse_questions(QUESTIONS)
    n_done = n_given = 0
    # Who completes answers the other form of the items too; they are lent at the end.
    while n_done < person.n_items or person.ending == "completed":
        lent = claim_next(participant=participant, project=project)
        if lent is None:
            break
        _answer(lent, person, items[lent.item.external_id], questions, n_done)
        n_done += lent.purpose == Assignment.Purpose.MAIN
        n_given += 1
    _end(participant, person)
    _set_back(enrolled.enrolment, person, n_given)


def _answer(
    lent: Assignment,
    person: Person,
    item: PanelItem,
    questions: tuple[Question, ...],
    n_done: int,
) -> None:
    took = timedelta(seconds=person.pace_s)
    answers = answers_to(item, person, n_done)
    if lent.purpose == SECOND:
        took /= 3
        asked = parse_questions(SECOND_FORM.to_questions())
        answers = {asked[0].name: {"overall": marks_to(item, person)}}
        questions = asked
    Assignment.objects.filter(pk=lent.pk).update(shown_at=F("shown_at") - took * 1.2)
    part = took / timedelta(milliseconds=1)
    submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers=to_presented(questions, answers, lent.order or []),
        active_ms=round(part),
        reading_ms=[round(part * 0.3), round(part * 0.25)],
        layout="side",
        view="rendered",
    )


def _end(participant: Participant, person: Person) -> None:
    """Leave as the person does; who has everything gets the code on the next call."""
    participant.refresh_from_db()
    if person.ending == "completed":
        conclude(participant=participant, reason="done")
        close(participant=participant, state=State.COMPLETED)
    elif person.ending == "timed_out":
        close(participant=participant, state=State.TIMED_OUT)
    elif person.ending == "left":
        reason = Enrolment.Reason.LEFT
        close(participant=participant, state=State.WITHDRAWN, reason=reason)


def _set_back(enrolment: Enrolment, person: Person, n_given: int) -> None:
    """Move what the person did to its day, with the time that it would have taken."""
    by = timedelta(days=person.days_ago, hours=2 + person.camp)
    lasted = timedelta(seconds=person.pace_s * (n_given + 2) + 90)
    mine = {"participant_id": enrolment.participant_id}
    Annotation.objects.filter(**mine).update(created_at=F("created_at") - by)
    Assignment.objects.filter(**mine).exclude(finished_at=None).update(
        created_at=F("created_at") - by - lasted,
        shown_at=F("shown_at") - by,
        finished_at=F("finished_at") - by,
    )
    ended = None if person.ending == "working" else timezone.now() - by
    Enrolment.objects.filter(pk=enrolment.pk).update(
        created_at=F("created_at") - by - lasted, finished_at=ended
    )


def _team(project: Project, owner: User) -> None:
    """Measure, settle the most disputed item, and exchange a few words."""
    disagreements.refresh(project=project)
    disputed = ItemDisagreement.objects.filter(
        project=project, question="preference"
    ).order_by("-value", "item_id")[:2]
    for row in disputed[:1]:
        settle(
            item=row.item,
            by=owner,
            role=Role.OWNER,
            answers={"preference": {"value": 1}},
            reason=REASON,
            n_shown=Adjudication.objects.filter(item=row.item).count(),
        )
    for row in disputed[1:]:
        given = Annotation.objects.filter(item=row.item).order_by("id")[0]
        talk_about(
            annotation=given,
            by=owner,
            role=Role.OWNER,
            text=ASKED,
        )
    lent = (
        Assignment.objects.filter(
            project=project,
            state=Assignment.State.SUBMITTED,
            purpose=Assignment.Purpose.MAIN,
        )
        .select_related("participant__user")
        .order_by("id")
        .last()
    )
    if lent is not None:
        write_to_team(assignment=lent, text=COMMENT)
        raise_flag(assignment=lent, kind="other", note=FLAGGED)
