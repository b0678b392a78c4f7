"""One study with something on each of its pages, for sweeps and for photographs.

The demo, then people at work: answers that disagree, a flag, a skip, jobs of each end,
an export, invitations, recruited people, checks and a filter.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from annotation import access
from annotation.answers import parse_questions, to_presented
from annotation.demo.panel import NAME as PANEL
from annotation.demo.panel import PEOPLE, QUESTIONS, panel_items
from annotation.models import (
    Adjudication,
    Assignment,
    Enrolment,
    Invitation,
    Item,
    Job,
    Participant,
    PreAnnotation,
    Project,
)
from annotation.recruiting import Arrival
from annotation.selectors.item_filters import ItemFilter
from annotation.services import assignments, charts, disagreements, jobs, submissions
from annotation.services.checks import use_as_check
from annotation.services.comments import reply, write_to_team
from annotation.services.demo import OWNER, seed_demo
from annotation.services.demo_people import take_part_as
from annotation.services.drafts import save_draft
from annotation.services.endings import close
from annotation.services.enrolments import Enrolled, enrol
from annotation.services.exports import request_export, run_export
from annotation.services.flags import raise_flag
from annotation.services.invitations import create_invitation
from annotation.services.projects import create_project
from annotation.services.recruitment import (
    RecruitmentSettings,
    create_link,
    save_recruitment,
)
from annotation.services.saved_filters import save_filter
from annotation.services.tokens import make_token
from models_service.backends.base import Ask, Failure, Reply
from models_service.models import EncoderIdentity, Head
from models_service.selectors.wanted import Selection
from models_service.services import reports
from models_service.services.machines import add_machine, change_machine
from models_service.services.runs import request_run
from models_service.services.training import keep_as_annotator
from models_service.specs import Spec
from tests.browser.routed import collecting_project, demo_project, routed_project
from tests.browser.suggested import suggested_project
from tests.models.judges import answer_all, first_place, longer, says

State = Enrolment.State
MAIN, RANKED, RATED = (
    "Demo: two answers",
    "Demo: order of answers",
    "Demo: marks for answers",
)
PANEL_PAGES = (
    "budget",
    "pay",
    "habits",
    "quotas",
    "disagreements",
    "dashboard panel",
    "self_descriptions",
    "settings_recruitment",
    "settings_checks",
    "settings_quotas",
    "people panel",
)
RECRUITMENT = RecruitmentSettings(
    provider="prolific",
    completion_code="C1DONE77",
    screen_out_code="C1OUT88",
    completion_url="https://app.prolific.com/submissions/complete?cc={code}",
    n_items_wanted=2,
    time_allowed_min=60,
    floor_per_hour=Decimal(9),
)
PROBLEMS = [
    {
        "row": 3,
        "field": "prompt",
        "problem": "It is empty.",
        "fix": "Write the prompt, or leave the row out.",
    },
    {
        "row": 11,
        "field": "completions",
        "problem": "Both answers are the same text.",
        "fix": "Give two answers that differ.",
    },
]


@dataclass
class Study:
    """The people of a study, and what the addresses of its pages name.

    `args`: by the key of a page, what stands in its address after or instead of the
    project's short name.
    """

    project: Project
    people: dict[str, User | None]
    args: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def make_study() -> Study:
    """Lay the study into an empty database."""
    from annotation.config.celery import app

    # As the web process does, so that a job finds the broker.
    app.set_default()
    seed_demo(password="a long pass phrase")
    project = Project.objects.get(name=MAIN)
    owner = User.objects.get(username=OWNER)
    annotator = User.objects.get(username="demo-annotator")
    study = Study(project, {"owner": owner, "annotator": annotator, "nobody": None})
    for name in (RANKED, RATED):
        study.args[f"{name} desk"] = (Project.objects.get(name=name).slug,)
    _work(study)
    _newcomers(study)
    _recruit(study)
    _panel(study)
    _jobs(study)
    _judges(study)
    _trust(study)
    study.args["suggestions"] = (suggested_project(owner).slug,)
    study.args["routing routed"] = (demo_project().slug,)
    study.args["routing suits"] = (routed_project(owner).slug,)
    study.args["routing collecting"] = (collecting_project(owner).slug,)
    study.args["suggestions empty"] = (project.slug,)
    save_filter(
        seat=access.seat(owner, project.slug),
        name="People disagree",
        wanted=ItemFilter.from_parts({"state": "disagreement"}),
        is_shared=True,
    )
    make_token(user=owner, name="Nightly export")
    disagreements.refresh(project=project)
    for one in (project, Project.objects.get(name=PANEL)):
        charts.refresh(project=one)
    return study


def answer(participant: Participant, answers: Mapping[str, Any]) -> Assignment | None:
    """Answer the participant's next item, as places show it, after half a minute."""
    lent = assignments.claim_next(participant=participant, project=participant.project)
    if lent is None:
        return None
    shown_at = timezone.now() - timedelta(seconds=40)
    Assignment.objects.filter(pk=lent.pk).update(shown_at=shown_at)
    submissions.submit(
        assignment=Assignment.objects.get(pk=lent.pk),
        submission_id=uuid.uuid4(),
        answers=answers,
        active_ms=30_000,
    )
    return lent


def _work(study: Study) -> None:
    """Let the annotator answer, flag and skip; make an item a check."""
    project, owner = study.project, study.people["owner"]
    assert owner is not None
    person = Participant.objects.get(project=project, user=study.people["annotator"])
    for value in (2, -1, 3):
        done = answer(
            person,
            {
                "preference": {"value": value},
                "rationale": "The first sentence already says what to do, and the"
                " rest is no longer than it must be.",
            },
        )
        assert done is not None
        study.args["history_item"] = (project.slug, done.public_id)
        study.args["item"] = (project.slug, done.item.public_id)
        study.args["change_answer"] = study.args["history_item"]
        study.args["disagreement"] = study.args["item"]
    # So that an own answer stays open however slow the machine is.
    Project.objects.filter(pk=project.pk).update(editing=Project.Editing.ALWAYS)
    lent = assignments.claim_next(participant=person, project=project)
    assert lent is not None
    comment = write_to_team(assignment=lent, text="Is a dialect a fault here?")
    reply(thread=comment.thread, by=owner, role="owner", text="No, judge the advice.")
    study.args["own_thread"] = (project.slug, comment.thread.public_id)
    raise_flag(assignment=lent, kind="other", note="Answer B breaks off in a word.")
    last = Item.objects.filter(project=project).order_by("-number")[0]
    use_as_check(
        item=last,
        gold={
            "use": "monitoring",
            "answers": {"preference": {"value": 2}},
            "explanation": "Only A answers what was asked.",
        },
        by=owner,
    )
    study.args["item_gold"] = (project.slug, last.public_id)


def _newcomers(study: Study) -> None:
    """Invite one person who has not begun, and make a project of nobody yet."""
    project, owner = study.project, study.people["owner"]
    assert owner is not None
    made = create_invitation(
        project=project, user=owner, role="annotator", days=7, n_max=20, note="Course"
    )
    study.args["join"] = (made.secret,)
    member = User.objects.create_user("newcomer")
    project.memberships.create(user=member, role="annotator")
    study.people["member"] = member
    empty = create_project(user=owner, name="Tone of voice", template="helpsteer")
    for name in (
        "dashboard",
        "items",
        "jobs",
        "people",
        "annotate",
        "history",
        "machines",
        "reward_model",
        "routing",
    ):
        study.args[f"{name} empty"] = (empty.slug,)


def _recruit(study: Study) -> None:
    """Recruit three people for the ranking: at work, ended, and gone."""
    owner = study.people["owner"]
    assert owner is not None
    project = Project.objects.get(name=RANKED)
    save_recruitment(project=project, user=owner, settings=RECRUITMENT)
    project = Project.objects.select_related("recruitment").get(pk=project.pk)
    link = create_link(project=project, user=owner, days=7, n_max=50)
    study.args["arrive"] = (link.secret,)
    names = ("recruited", "ended", "gone")
    came = [_enrol(link.invitation, project, number) for number in range(len(names))]
    study.people |= {n: one.user for n, one in zip(names, came, strict=True)}
    close(
        participant=came[2].enrolment.participant,
        state=State.WITHDRAWN,
        reason=Enrolment.Reason.LEFT,
    )
    close(participant=came[1].enrolment.participant, state=State.COMPLETED)
    for name in ("study", "study ended", "study gone"):
        study.args[name] = (project.slug,)


def _panel(study: Study) -> None:
    """Show the demo's panel on the pages that need people, and begin an item there."""
    project = Project.objects.get(name=PANEL)
    for name in PANEL_PAGES:
        study.args[name] = (project.slug,)
    decision = Adjudication.objects.get(project=project)
    study.args["disagreement"] = (project.slug, decision.item.public_id)
    user = study.people["annotator"]
    assert user is not None
    person = take_part_as(project, user, PEOPLE[0].profile)
    # Past the training item, past what is mixed in unseen, and past the other form.
    while True:
        lent = assignments.claim_next(participant=person, project=project)
        assert lent is not None
        if lent.purpose == Assignment.Purpose.MAIN:
            break
        is_other_form = lent.purpose == Assignment.Purpose.SECOND_PROTOCOL
        rated = {"second_rating": {"overall": [6, 4]}}
        answer(person, rated if is_other_form else {"preference": {"value": 2}})
    marks = next(
        item.marks
        for item in panel_items()
        if item.draft.external_id == lent.item.external_id
    )
    begun = {"marks": list(marks), "preference": {"value": 1}}
    questions = parse_questions(QUESTIONS)
    save_draft(
        assignment=lent,
        answers=to_presented(questions, begun, lent.order or []),
        active_ms=45_000,
        revision=0,
    )
    study.args["marked desk"] = (project.slug,)


def _enrol(invitation: Invitation, project: Project, number: int) -> Enrolled:
    invitation.project = project
    arrival = Arrival(f"5f{number:022x}", "study1", f"s{number}")
    enrolled = enrol(invitation=invitation, arrival=arrival)
    Participant.objects.filter(pk=enrolled.enrolment.participant_id).update(
        is_ready=True
    )
    return enrolled


def _trust(study: Study) -> None:
    """Hold a judge against people; another has no figures yet."""
    slug, public_id = study.args["machine"]
    machine = study.project.machine_annotators.get(public_id=public_id)
    reports.refresh(machine=machine)
    study.args["machine_trust"] = (slug, public_id)
    silent = study.project.machine_annotators.get(name="Third judge")
    study.args["machine_trust empty"] = (slug, silent.public_id)


def _jobs(study: Study) -> None:
    """Make an export that is done, an import that was refused, and one that runs."""
    project, owner = study.project, study.people["owner"]
    assert owner is not None
    seat = access.seat(owner, project.slug)
    export = request_export(seat=seat, options={"format": "trl_preference"})
    claimed = jobs.claim_job(export.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, run_export)
    refused = Job.objects.create(
        project=project,
        created_by=owner,
        kind="import",
        state="done",
        parameters={"name": "advice.csv"},
        message="2 rows were rejected; nothing was imported.",
        result={"is_refused": True, "n_rejected": 2, "problems": PROBLEMS},
    )
    running = Job.objects.create(
        project=project,
        created_by=owner,
        kind="import",
        state="running",
        parameters={"name": "more_advice.jsonl"},
        n_done=1200,
        n_total=4000,
        lease_until=timezone.now() + timedelta(hours=1),
    )
    for key, job in (("", export), (" refused", refused), (" running", running)):
        study.args[f"job{key}"] = (project.slug, job.public_id)


def _judges(study: Study) -> None:
    """Let two judges answer: one well, in two versions, and one that names a place."""
    project, owner = study.project, study.people["owner"]
    assert owner is not None
    spec = Spec(
        name="Careful judge",
        backend="endpoint",
        protocol="pairwise",
        model="some-model-70b-instruct",
        base_url="https://models.example.org/v1",
        api_key="sk-1",
        parameters={"temperature": 0, "max_tokens": 400, "n_samples": 1, "tie_band": 0},
        usd_per_million_in=Decimal("2.50"),
        usd_per_million_out=Decimal(10),
    )
    careful = add_machine(project=project, user=owner, spec=spec)
    answer_all(careful, _mostly)
    warmer = replace(spec, parameters={**spec.parameters, "temperature": 0.7})
    careful = change_machine(machine=careful, user=owner, spec=warmer)
    done = answer_all(careful, _mostly)
    hasty = replace(
        spec, name="Hasty judge", model="tiny-model", base_url=spec.base_url
    )
    answer_all(add_machine(project=project, user=owner, spec=hasty), first_place)
    third = replace(spec, name="Third judge", api_key="")
    seat = access.seat(owner, project.slug)
    job = request_run(
        seat=seat,
        machine=add_machine(project=project, user=owner, spec=third),
        selection=Selection(which="labelled"),
        cap_usd=Decimal("0.50"),
    )
    jobs.pause_job(job=job)
    Job.objects.filter(pk=job.pk).update(
        message="The endpoint answers 401: the key is wrong. Write another one into "
        "the settings of the AI annotator, then let the run go on."
    )
    _reward_model(study)
    study.args["machine"] = (project.slug, careful.public_id)
    verdict = PreAnnotation.objects.filter(machine=careful).order_by("id")[0]
    study.args["verdict_calls"] = (project.slug, verdict.public_id)
    study.args["machine_change"] = study.args["machine"]
    study.args["run"] = (project.slug, done.public_id)
    study.args["run paused"] = (project.slug, job.public_id)


def _reward_model(study: Study) -> None:
    """Keep a reward model with figures, as if it had been trained on many labels."""
    project = study.project
    odd = project.items.order_by("number")[:3]
    told = {"accuracy": [0.74, 0.7, 0.78], "auc": [0.8, 0.76, 0.84]}
    length = {"accuracy": [0.63, 0.59, 0.67], "auc": [0.66, 0.62, 0.7]}
    encoder = EncoderIdentity.objects.create(
        name="all-MiniLM-L6-v2", revision="53aa5117", n_dims=384
    )
    head = Head.objects.create(
        project=project,
        number=1,
        encoder=encoder,
        features_version="1",
        seed=1,
        n_pairs=412,
        n_votes=1236,
        n_prompts=388,
        weights=b"",
        figures={
            "head": told,
            "length_alone": length,
            "accuracy_gain": [0.11, 0.07, 0.15],
            "curve": [
                {"n_pairs": n, "accuracy": accuracy}
                for n, accuracy in ((50, 0.61), (100, 0.66), (200, 0.71), (412, 0.74))
            ],
            "n_suspicious": 31,
            "suspicious": [
                {"item": str(item.public_id), "a": 0, "b": 1, "margin": margin, "sd": 1}
                for item, margin in zip(odd, (-2.4, -1.9, -1.1), strict=True)
            ],
            "encoder_note": "",
        },
    )
    keep_as_annotator(head)
    study.args["reward_model"] = (project.slug,)


def _mostly(ask: Ask) -> Reply | Failure:
    """Prefer the longer answer, and stumble over some."""
    kind = int(ask.key[:2], 16) % 23
    if kind == 0:
        return says(ask, "Both of them are fine, I would say.")
    if kind == 1:
        return Failure(ask.key, "failed", "timeout", "No answer came in 120 seconds.")
    return longer(ask)
