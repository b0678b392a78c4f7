"""The audit of a project by stratum, of who agreed to that, and without who left."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.consent import consent_sha256
from annotation.models import (
    ConsentDocument,
    ConsentRecord,
    Participant,
    Project,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.services.withdrawals import withdraw
from routing.models import AuditReport, RoutingPolicy, RoutingRun
from routing.selectors import audit_page
from routing.selectors.told_strata import told_strata
from routing.services.audits import audited_run, refresh, refresh_stale
from routing.services.due import refresh_due
from routing.services.policies import end_policy
from tests.models.people import answer_items
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    make_machine,
    routes_of,
    run_newest,
    start,
)
from tests.routing.told import figures, store_fit

pytestmark = pytest.mark.django_db(transaction=True)
SURVEY = [
    {
        "name": "role",
        "type": "single",
        "title": "What do you do?",
        "options": ["teacher", "nurse", "pilot"],
    },
    {"name": "age", "type": "number", "title": "How old are you?"},
    {
        "name": "uses",
        "type": "several",
        "title": "What do you use it for?",
        "options": ["work", "play"],
        "sensitivity": "special",
    },
]
N_PEOPLE = 18
FACTS = {"numbers", "chances", "propensities", "tags", "population"}
POPULATION = {
    "n_drawn_from": 60,
    "n_known": 0,
    "n_known_wrong": 0,
    "n_certain": 0,
    "n_since": 0,
}


@dataclass(frozen=True)
class Panel:
    """A project with a fit, whose AI says A always, and its people by number.

    Teachers agree with the AI, nurses mostly do not; the last person is a pilot.
    """

    project: Project
    people: list[Participant]

    @property
    def run(self) -> RoutingRun:
        run = audited_run(RoutingPolicy.objects.select_related("project").get())
        assert run is not None
        return run

    @property
    def figures(self) -> dict[str, Any]:
        return dict(AuditReport.objects.get(project=self.project).figures)

    def cells(self, question: str) -> dict[str, Any]:
        """Return the cells of a question by name."""
        (group,) = [
            one
            for one in self.figures["strata"]["groups"]
            if one["question"] == question
        ]
        return {cell["name"]: cell for cell in group["cells"]}


def role_of(at: int) -> str:
    """Return what a person does, by their number."""
    return "pilot" if at == N_PEOPLE - 1 else "teacher" if at % 2 else "nurse"


def tell(person: Participant, survey: SurveyVersion, **told: object) -> None:
    """Store what a person answered in the survey."""
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(
            participant=person,
            version=survey,
            question=name,
            state="answered",
            value=value,
        )
        for name, value in told.items()
    )


@pytest.fixture
def panel(make_pool: MakePool, make_annotator: MakeAnnotator) -> Panel:
    """Return a project of which 40 items are the audit, with two answers to each."""
    project = make_pool(60, overlap=2)
    people = [make_annotator(project) for _ in range(N_PEOPLE)]
    survey = SurveyVersion.objects.create(project=project, number=9, questions=SURVEY)
    machine = make_machine(project, "ai", lambda _number: 1)
    for at, person in enumerate(people):
        role = role_of(at)
        tell(person, survey, role=role, age=20 + 3 * at, uses=["work"] * (at % 3 == 0))
        answer_items(person, says_of(at, role))
    policy = RoutingPolicy.objects.create(
        project=project,
        number=1,
        machine=machine,
        n_seed=60,
        budget_unit="share",
        budget=1,
        label_usd=1,
        seed=1,
    )
    facts = {
        "numbers": list(range(1, 41)),
        "chances": [0.25] * 40,
        "propensities": [1.0] * 40,
        "population": POPULATION,
        "tags": {"even": list(range(2, 41, 2)), "few": [1, 2, 3]},
    }
    refresh(run=store_fit(policy, figures(audit_facts=facts)))
    return Panel(project, people)


def says_of(at: int, role: str) -> Callable[[int], int | None]:
    """Return what a person says: of every ninth item, two people of each."""
    errs = 2 if role == "nurse" else 9

    def says(number: int) -> int | None:
        if number % 9 != at // 2:
            return None
        return -1 if number % errs == 0 else 1

    return says


def owner_of(project: Project) -> Client:
    project.memberships.get_or_create(user=project.created_by, role="owner")
    client = Client()
    client.force_login(project.created_by)
    return client


def audit_of(project: Project) -> dict[str, Any]:
    address = reverse("api_routing_audit", args=[project.slug])
    told: dict[str, Any] = owner_of(project).get(address).json()
    return told


def test_each_stratum_is_told_and_the_lone_pilot_is_not(panel: Panel) -> None:
    told = panel.figures
    assert told["n"] == 40
    assert told["strata"]["everybody"]["size"] == {"n_people": 18, "n_answers": 80}
    roles = panel.cells("role")
    # The pilot alone could be computed from the others: so the smaller one hides too.
    assert set(roles) == {"nurse"} or set(roles) == {"teacher"}
    ages = panel.cells("age")
    assert set(ages) <= {
        "18 to 24",
        "25 to 34",
        "35 to 44",
        "45 to 54",
        "55 to 64",
        "65 or over",
    }
    uses = panel.cells("uses/work")
    assert set(uses) == {"yes", "no"}
    assert uses["yes"]["size"]["n_people"] == 6
    assert "pilot" not in str(told)


def test_what_somebody_did_not_agree_to_release_is_not_told(panel: Panel) -> None:
    scopes = [
        {"name": "ratings", "text": "My ratings.", "covers": ["ratings"]},
        {"name": "special", "text": "What I use.", "covers": ["special"]},
        {"name": "plain", "text": "The rest.", "covers": ["demographics"]},
    ]
    document = ConsentDocument.objects.create(
        project=panel.project,
        number=9,
        text="Agree.",
        scopes=scopes,
        sha256=consent_sha256("Agree.", scopes, "erase"),
    )
    keys = [person.pk for person in panel.people]
    for at, person in enumerate(panel.people):
        granted = ["ratings", "plain", "special"][: 2 if at < 10 else 3]
        ConsentRecord.objects.create(
            participant=person, document=document, granted=granted
        )
    found = told_strata(panel.project, keys)
    assert found["role"] == [role_of(at) for at in range(N_PEOPLE)]
    assert found["uses/work"][:10] == [""] * 10
    assert set(found["uses/work"][10:]) == {"yes", "no"}


def test_a_number_without_bands_is_cut_into_thirds(panel: Panel) -> None:
    survey = SurveyVersion.objects.create(
        project=panel.project,
        number=10,
        questions=[*SURVEY, {"name": "years", "type": "number", "title": "How long?"}],
    )
    for at, person in enumerate(panel.people):
        tell(person, survey, years=at + 1)
    keys = [person.pk for person in panel.people]
    years = told_strata(panel.project, keys)["years"]
    assert {name: years.count(name) for name in years} == {
        "under 7": 6,
        "7 to 12": 6,
        "13 or over": 6,
    }


def test_who_withdraws_is_out_at_once_and_then_computed_without(panel: Panel) -> None:
    before = panel.figures["strata"]["everybody"]["size"]
    assert audit_of(panel.project)["state"] == "told"
    withdraw(participant=panel.people[3])
    told = audit_of(panel.project)
    assert (told["state"], told["figures"]) == ("withdrawn", None)
    page = owner_of(panel.project).get(reverse("routing", args=[panel.project.slug]))
    assert "Somebody has withdrawn" in page.content.decode()
    csv = reverse("routing_audit_csv", args=[panel.project.slug])
    assert owner_of(panel.project).get(csv).status_code == 404
    refresh_stale()
    told = audit_of(panel.project)
    after = told["figures"]["strata"]["everybody"]["size"]
    assert told["state"] == "told"
    # Their items wait for another answer, and are no labelled ones meanwhile.
    assert told["figures"]["n"] < 40
    assert after["n_people"] == before["n_people"] - 2


def test_a_fit_leaves_an_audit_and_is_due_when_somebody_left(
    make_pool: MakePool, make_annotator: MakeAnnotator
) -> None:
    project = make_pool(80)
    people = [make_annotator(project) for _ in range(6)]
    machine = make_machine(project, "ai", lambda _number: 1)
    more = {"n_seed": 60, "budget": Decimal("0.9"), "audit_share": 0.5}
    start(project, machine, strategy="random", judges=[], **more)
    drawn = {n for n, r in routes_of(project).items() if r.source == "human"}
    for at, person in enumerate(people):
        answer_items(person, {n: 1 for n in drawn if n % 6 == at}.get)
    assert refresh_due() != []
    run_newest(project)
    told = audit_of(project)["figures"]
    assert (told["n"], told["agreement"]["mean"]) == (30, 1.0)
    assert told["strata"]["everybody"]["size"] == {"n_people": 6, "n_answers": 30}
    run = RoutingRun.objects.get(kind="fit")
    # The figures of the run keep nothing of what people said of the audit.
    assert "audit" not in run.figures
    assert set(run.figures["audit_facts"]) == FACTS
    assert refresh_due() == []
    withdraw(participant=people[3])
    assert refresh_due() != []
    run_newest(project)
    assert refresh_due() == []
    assert RoutingRun.objects.filter(kind="fit").count() == 2


def test_it_is_computed_anew_only_when_something_changed(panel: Panel) -> None:
    AuditReport.objects.update(cost_s=0)
    first = AuditReport.objects.get()
    refresh_stale()
    assert AuditReport.objects.get().computed_at == first.computed_at
    SurveyAnswer.objects.filter(participant=panel.people[0]).delete()
    refresh_stale()
    later = AuditReport.objects.get()
    assert later.computed_at > first.computed_at
    assert refresh(run=panel.run).figures == later.figures
    end_policy(project=panel.project, by=panel.project.created_by)
    refresh_stale()
    assert not AuditReport.objects.exists()
    run = RoutingRun.objects.select_related("policy").get(pk=panel.run.pk)
    told = audit_page.audit_of(panel.project, run)
    assert told is not None
    assert (told.state, told.n) == ("ended", 0)
    address = reverse("routing", args=[panel.project.slug])
    page = owner_of(panel.project).get(address).content.decode()
    assert "what its audit said is kept no longer" in page
    assert "A worker computes it" not in page


def test_page_and_file_tell_the_strata(panel: Panel) -> None:
    client = owner_of(panel.project)
    page = client.get(reverse("routing", args=[panel.project.slug])).content.decode()
    assert "Whom the labels suit" in page
    assert "Of the 80 answers that 18 people gave" in page
    assert "Uses: work" in page
    assert "pilot" not in page
    sent = client.get(reverse("routing_audit_csv", args=[panel.project.slug]))
    lines = sent.content.decode().splitlines()
    assert lines[0] == "part,name,stratum,n_people,n,figure,value,low,high"
    assert any(line.startswith("stratum,uses/work,yes,6,") for line in lines)
    assert any(line.startswith("all,,,,40,agreement,") for line in lines)
    told = client.get(reverse("api_routing", args=[panel.project.slug])).json()
    figures = told["runs"][0]["figures"]
    assert figures["audit"]["strata"]["n_compared"] > 0
    assert "audit_facts" not in figures


def test_others_see_no_audit(panel: Panel) -> None:
    client = Client()
    client.force_login(panel.people[0].user)  # type: ignore[arg-type]
    for name in ("api_routing_audit", "routing_audit_csv"):
        address = reverse(name, args=[panel.project.slug])
        assert client.get(address).status_code == 404
