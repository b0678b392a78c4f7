"""The call of a check is held and booked like any other, and refused without room."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation import access
from annotation.errors import BudgetSpentError
from annotation.models import (
    Budget,
    Job,
    LedgerEntry,
    MachineAnnotator,
    Reservation,
)
from annotation.services import jobs, ledger
from models_service.backends.check_question import CHECK
from models_service.models import Connection
from models_service.services.books import BILLED_TRIES
from models_service.services.calls import most_cost
from models_service.services.checks import request_check, run_check
from tests.factories import make_member, make_project
from tests.models.judges import make_judge
from tests.models.server import Answer, JudgeServer, error

pytestmark = pytest.mark.django_db(transaction=True)
VERDICT = '{"verdict": "A"}'
# Dollars for a million tokens: a token in costs a cent, one out costs two.
PRICES: dict[str, Any] = {
    "usd_per_million_in": Decimal(10_000),
    "usd_per_million_out": Decimal(20_000),
}


@pytest.fixture
def machine(judge_server: JudgeServer, settings: Any) -> MachineAnnotator:
    settings.MODEL_PRIVATE_ADDRESSES = True
    made = make_judge(make_project(), **PRICES)
    Connection.objects.create(machine=made, base_url=judge_server.url)
    judge_server.decide = lambda request: Answer(
        VERDICT, usage={"prompt_tokens": 30, "completion_tokens": 5}
    )
    return made


def asked(machine: MachineAnnotator) -> Job:
    seat = access.seat(machine.project.created_by, machine.project.slug)
    return request_check(seat=seat, machine=machine)


def done(job: Job) -> Job:
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, run_check)
    job.refresh_from_db()
    return job


def most(machine: MachineAnnotator) -> Decimal:
    return BILLED_TRIES * most_cost(machine, CHECK)


def test_check_is_booked_at_its_tokens(machine: MachineAnnotator) -> None:
    job = done(asked(machine))
    assert job.state == Job.State.DONE, job.message
    budget = Budget.objects.get(project=machine.project)
    assert (budget.spent_usd, budget.reserved_usd) == (Decimal("0.40"), Decimal(0))
    held = Reservation.objects.get()
    assert held.reference.startswith(f"check:{job.pk}:")
    assert [one.kind for one in LedgerEntry.objects.order_by("id")] == [
        "reserve",
        "commit",
        "release",
    ]


def test_reply_that_tells_no_tokens_costs_its_bound(
    machine: MachineAnnotator, judge_server: JudgeServer
) -> None:
    judge_server.decide = lambda request: Answer(VERDICT, usage={"total_tokens": 3})
    done(asked(machine))
    budget = Budget.objects.get(project=machine.project)
    assert budget.spent_usd == most_cost(machine, CHECK)


def test_check_that_is_refused_by_the_endpoint_costs_nothing(
    machine: MachineAnnotator, judge_server: JudgeServer
) -> None:
    judge_server.decide = lambda request: error(401)
    job = done(asked(machine))
    assert job.result["findings"][0]["state"] == "problem"
    budget = Budget.objects.get(project=machine.project)
    assert (budget.spent_usd, budget.reserved_usd) == (Decimal(0), Decimal(0))


def test_without_room_no_check_is_asked_for(machine: MachineAnnotator) -> None:
    Budget.objects.create(project=machine.project, cap_usd=most(machine) / 2)
    with pytest.raises(BudgetSpentError, match=r"The budget of the project has .*\."):
        asked(machine)
    assert not Job.objects.exists()


def test_room_that_goes_meanwhile_makes_no_call(
    machine: MachineAnnotator, judge_server: JudgeServer
) -> None:
    Budget.objects.create(project=machine.project, cap_usd=most(machine))
    job = asked(machine)
    ledger.reserve(project=machine.project, amount=Decimal(1), reference="other")
    done(job)
    assert job.state == Job.State.FAILED
    assert "The budget of the project has" in job.message
    assert judge_server.n_connections == 0


def test_check_without_a_price_asks_the_ledger_nothing(
    machine: MachineAnnotator,
) -> None:
    MachineAnnotator.objects.update(usd_per_million_in=None, usd_per_million_out=None)
    machine.refresh_from_db()
    Budget.objects.create(project=machine.project, cap_usd=Decimal(0))
    assert done(asked(machine)).state == Job.State.DONE
    assert not LedgerEntry.objects.exists()


def test_attempt_that_was_killed_gives_back_what_it_held(
    machine: MachineAnnotator,
) -> None:
    job = asked(machine)
    left = f"check:{job.pk}:0"
    ledger.reserve(project=machine.project, amount=Decimal(1), reference=left)
    done(job)
    budget = Budget.objects.get(project=machine.project)
    assert (budget.spent_usd, budget.reserved_usd) == (Decimal("0.40"), Decimal(0))


def test_page_says_why_there_is_no_check(machine: MachineAnnotator) -> None:
    project = machine.project
    Budget.objects.create(project=project, cap_usd=Decimal(0))
    client = Client()
    client.force_login(make_member(project, "owner"))
    where = reverse("check_start", args=[project.slug, machine.public_id])
    page = client.post(where, follow=True).content.decode()
    assert "The budget of the project has" in page
    over_rest = client.post(
        f"/api/v1/projects/{project.slug}/models/{machine.public_id}/check/"
    )
    assert over_rest.status_code == 409
    assert over_rest.json()["code"] == "budget_spent"
