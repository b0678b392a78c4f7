"""The page of a budget: for owners alone; caps, price, figures, and the entries."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Budget, Event, FrontierEntry, Participant, Project
from annotation.selectors import ledger as selector
from annotation.selectors.ledger import Forecast, budget_page
from annotation.services import ledger
from tests.factories import make_member
from tests.ledger.books import (
    MakeAnnotator,
    MakePool,
    claimed,
    give_budget,
    submit,
    usd,
)

ALL = {"cap_usd": "1,000", "day_cap_usd": "$12.50", "price_usd": "0.125"}


@pytest.fixture
def project(make_pool: MakePool) -> Project:
    found = make_pool(5, overlap=2)
    found.memberships.create(user=found.created_by, role="owner")
    return found


@pytest.fixture
def owner(project: Project) -> Client:
    return client_of(project.created_by)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def at(project: Project, name: str = "budget") -> str:
    return reverse(name, args=[project.slug])


def work(project: Project, person: Participant) -> None:
    """One answer spent, one reserved, and a batch of a machine."""
    give_budget(project, "10", day="4", price="0.5")
    submit(claimed(person))
    claimed(person)
    ledger.reserve(project=project, amount=usd("2"), reference="run:1:batch:1")
    ledger.commit(project=project, reference="run:1:batch:1", actual=usd("1.25"))


def test_owner_sets_caps_and_price_as_people_write_them(
    project: Project, owner: Client
) -> None:
    assert owner.post(at(project), ALL).status_code == 302
    budget = Budget.objects.get()
    assert (budget.cap_usd, budget.day_cap_usd) == (Decimal(1000), Decimal("12.5"))
    assert budget.price_usd == Decimal("0.125")
    project.refresh_from_db()
    assert project.has_priced_answers
    (event,) = Event.objects.filter(kind="budget_set")
    assert event.data["price_usd"] == "0.125000"
    page = owner.get(at(project)).content.decode()
    assert 'value="1000.00"' in page
    assert 'value="0.125"' in page


def test_empty_fields_are_no_caps(project: Project, owner: Client) -> None:
    owner.post(at(project), ALL)
    empty = {"cap_usd": "", "day_cap_usd": "", "price_usd": ""}
    assert owner.post(at(project), empty).status_code == 302
    budget = Budget.objects.get()
    assert (budget.cap_usd, budget.day_cap_usd) == (None, None)
    assert budget.price_usd == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [("much", "is no amount"), ("-1", "between 0 and"), ("NaN", "between 0 and")],
)
def test_a_faulty_amount_is_said_at_its_field(
    project: Project, owner: Client, typed: str, said: str
) -> None:
    answer = owner.post(at(project), ALL | {"cap_usd": typed})
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["cap_usd"])
    assert not Budget.objects.exists()


def test_a_cap_below_what_is_gone_is_refused_and_named(
    project: Project, owner: Client, make_annotator: MakeAnnotator
) -> None:
    work(project, make_annotator(project))
    answer = owner.post(at(project), ALL | {"cap_usd": "2"})
    assert answer.status_code == 422
    assert "no lower than $2.25" in str(answer.context["form"].errors["cap_usd"])
    assert Budget.objects.get().cap_usd == 10
    assert owner.post(at(project), ALL | {"cap_usd": "2.25"}).status_code == 302


def test_page_shows_spent_reserved_left_and_forecast(
    one_day: None, project: Project, owner: Client, make_annotator: MakeAnnotator
) -> None:
    work(project, make_annotator(project))
    found = budget_page(project)
    assert (found.budget.spent_usd, found.budget.reserved_usd) == (
        usd("1.75"),
        usd("0.5"),
    )
    assert (found.room.left_usd, found.room.left_today_usd) == (
        usd("7.75"),
        usd("1.75"),
    )
    assert found.by_purpose == {"human": usd("0.5"), "machine": usd("1.25")}
    # Ten places, one answered and one lent: eight are to come, at half a dollar.
    assert [(line.n, line.cost_usd) for line in found.forecast] == [(8, usd("4"))]
    assert (found.end_usd, found.missing_usd) == (usd("6.25"), usd("0"))
    assert found.n_answers_left == 15
    assert [d.total_usd for d in found.days if d.total_usd] == [usd("1.75")]
    page = owner.get(at(project)).content.decode()
    for words in ("$1.75", "$0.50", "$7.75", "$4.00", "run:1:batch:1", "Given back"):
        assert words in page


def test_page_says_where_nothing_is_to_come(project: Project, owner: Client) -> None:
    assert "nothing has a price" in owner.get(at(project)).content.decode()
    give_budget(project, "10", price="0.5")
    FrontierEntry.objects.filter(project=project).update(n_taken=2)
    page = owner.get(at(project)).content.decode()
    assert "no place of the pool is free" in page
    assert "Set a price" not in page


def test_page_says_by_how_much_the_cap_is_too_low(
    project: Project, owner: Client
) -> None:
    give_budget(project, "3", price="0.5")
    assert "The cap is $2.00 too low" in owner.get(at(project)).content.decode()


def test_checks_and_a_second_protocol_are_in_the_forecast(project: Project) -> None:
    project.check_rules = {"monitoring_every": 5}
    project.protocol_rules = {"share_percent": 50}
    project.save()
    give_budget(project, "9", price="0.5")
    assert [line.n for line in budget_page(project).forecast] == [10, 3, 5]


def test_an_app_above_adds_what_it_will_ask_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Forecast("machine", "Judge 1", 100, usd("0.001"), usd("0.1"))
    monkeypatch.setattr(selector, "FORECASTERS", [lambda _project: [line]])
    assert budget_page(project).forecast_usd == usd("0.1")


def test_every_entry_is_in_the_file(
    project: Project, owner: Client, make_annotator: MakeAnnotator
) -> None:
    work(project, make_annotator(project))
    answer = owner.get(at(project, "budget_file"))
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # streams
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kind"] for row in rows] == [
        "reserve",
        "commit",
        "reserve",
        "reserve",
        "commit",
        "release",
    ]
    assert sum(Decimal(row["amount_usd"]) for row in rows[-3:]) == 4


@pytest.mark.parametrize("name", ["budget", "budget_file"])
def test_nobody_but_an_owner_sees_it(project: Project, name: str) -> None:
    for role in ("researcher", "annotator"):
        client = client_of(make_member(project, role))
        assert client.get(at(project, name)).status_code == 404
        assert client.post(at(project), ALL).status_code == 404


def test_the_tab_is_there_where_answers_have_a_price(
    project: Project, owner: Client
) -> None:
    settings = reverse("project_settings", args=[project.slug])
    link = f'<a href="{at(project)}">'
    assert link not in owner.get(settings).content.decode()
    give_budget(project, "3", price="0.5")
    assert link in owner.get(settings).content.decode()
