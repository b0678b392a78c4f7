"""The page of routing: owners set policies, managers read, annotators see nothing."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import (
    Job,
    MachineAnnotator,
    Membership,
    Participant,
    PreAnnotation,
    Project,
    Role,
)
from annotation.services.budgets import Terms, set_budget
from annotation.services.jobs import cancel_job
from models_service.services import reports
from routing.models import RoutingPolicy
from routing.services.requests import request_run
from tests.factories import make_member, make_project
from tests.routing.conftest import make_machine, run_newest, says_always, start, work
from tests.routing.told import figures, store_fit

# A run keeps its lease alive on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)
SENT = {"n_seed": "40", "budget": "50%", "budget_unit": "share", "label_usd": "0.20"}


def client_of(project: Project, role: str = "owner") -> Client:
    client = Client()
    client.force_login(user_of(project, role))
    return client


def user_of(project: Project, role: str) -> User:
    if role != "owner":
        return make_member(project, role)
    Membership.objects.get_or_create(
        project=project, user=project.created_by, defaults={"role": Role.OWNER}
    )
    return project.created_by


def page_of(project: Project, role: str = "owner") -> str:
    response = client_of(project, role).get(reverse("routing", args=[project.slug]))
    assert response.status_code == 200
    return response.content.decode()


def post(ai: MachineAnnotator, **sent: str | list[str]) -> Any:
    project = ai.project
    return client_of(project).post(
        reverse("routing", args=[project.slug]),
        {"machine": str(ai.public_id), "strategy": "default"} | SENT | sent,
    )


def test_owner_sets_a_policy(machine: MachineAnnotator) -> None:
    judge = make_machine(machine.project, "judge", says_always)
    chosen = [str(judge.public_id), str(machine.public_id)]
    response = post(machine, judges=chosen, audit_share="30 %", refit_every="50")
    assert response.status_code == 302
    policy = RoutingPolicy.objects.get()
    assert policy.machine == machine
    assert list(policy.judges.all()) == [judge]
    assert (policy.budget, policy.audit_share) == (Decimal("0.5"), 0.3)
    assert (policy.refit_every, policy.reserve_share) == (50, 0.1)
    page = page_of(machine.project)
    assert "Policy 1 is in force" in page
    assert 'hx-trigger="every 2s"' in page


def test_no_judge_ticked_is_no_signal(machine: MachineAnnotator) -> None:
    make_machine(machine.project, "judge", says_always)
    post(machine)
    assert not RoutingPolicy.objects.get().judges.exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("n_seed", "few", "“few” is no number."),
        ("n_seed", "", "This is still empty."),
        ("n_seed", "39", "at least 40 items"),
        ("n_seed", "40.5", "Write a whole number."),
        ("budget", "NaN", "“NaN” is no number."),
        ("label_usd", "0,25", "“0,25” is no number."),
        ("refit_every", "100%", "“100%” is no number."),
        ("budget", "0.5%", "The budget pays for no label"),
        ("label_usd", "-1", "from 0 to 10,000."),
        ("audit_share", "60%", "from 0 to 0.5."),
        ("seed", "9" * 30, "below 2^62."),
        ("machine", "", "Choose the AI annotator"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    machine: MachineAnnotator, field: str, value: str, said: str
) -> None:
    response = post(machine, **{field: value})
    assert response.status_code == 422
    assert said in response.context["form"].errors[field][0]
    assert not RoutingPolicy.objects.exists()
    page = response.content.decode()
    assert "Nothing is saved yet" in page
    assert value in page


def test_fault_of_a_group_is_told_with_the_group(machine: MachineAnnotator) -> None:
    page = post(machine, machine="").content.decode()
    assert 'is-missing" aria-describedby="machine-error"' in page
    assert page.count('id="machine-error"') == 1


def test_fault_among_the_rare_opens_the_fold(machine: MachineAnnotator) -> None:
    assert post(machine, reserve_share="x").context["form"].is_rare_open
    assert not post(machine, budget="x").context["form"].is_rare_open


def test_form_begins_with_what_is_usual_and_with_the_price(
    machine: MachineAnnotator,
) -> None:
    project = machine.project
    Project.objects.filter(pk=project.pk).update(overlap=3)
    terms = Terms(cap_usd=None, day_cap_usd=None, price_usd=Decimal("0.15"))
    user_of(project, "owner")
    set_budget(project=project, user=project.created_by, terms=terms)
    client = client_of(project)
    begun = client.get(reverse("routing", args=[project.slug])).context["form"].initial
    assert begun["machine"] == str(machine.public_id)
    assert (begun["label_usd"], begun["budget_unit"]) == ("0.45", "money")
    assert begun["n_seed"] == 40


def test_form_begins_with_who_has_judged_most_or_agrees_most(
    machine: MachineAnnotator, person: Participant
) -> None:
    project = machine.project
    again = make_machine(project, "zealous", lambda number: -1)

    def begins_with() -> str:
        address = reverse("routing", args=[project.slug])
        form = client_of(project).get(address).context["form"]
        return str(form.initial["machine"])

    assert begins_with() == ""
    PreAnnotation.objects.filter(machine=machine, item__number=7).delete()
    assert begins_with() == str(again.public_id)
    assert "has judged 99 items" in page_of(project)
    work(person, says_always, most=20)
    for one in (machine, again):
        reports.refresh(machine=one)
    assert begins_with() == str(machine.public_id)


@pytest.mark.parametrize(
    ("query", "budget", "unit", "said"),
    [
        # The seed of the next policy is paid on top of what the curve tells.
        ("usd=10&use=1", "18", "money", "of a seed of 40 before: $18.00"),
        ("usd=0&use=1", "50%", "share", ""),
        ("usd=10", "50%", "share", ""),
    ],
)
def test_budget_that_was_looked_at_is_that_of_the_form(
    machine: MachineAnnotator, query: str, budget: str, unit: str, said: str
) -> None:
    store_fit(start(machine.project, machine), figures())
    address = reverse("routing", args=[machine.project.slug])
    response = client_of(machine.project).get(f"{address}?{query}")
    begun = response.context["form"].initial
    assert (begun["budget"], begun["budget_unit"]) == (budget, unit)
    page = " ".join(response.content.decode().split())
    assert ('id="another" open' in page) == bool(said)
    assert said in page


def test_budget_looked_at_before_a_seed_has_the_seed_in_it(
    machine: MachineAnnotator,
) -> None:
    address = reverse("routing", args=[machine.project.slug])
    page = client_of(machine.project).get(f"{address}?items=60")
    assert "?items=60&amp;use=1#policy-form" in page.content.decode()
    page = client_of(machine.project).get(f"{address}?items=60&use=1")
    begun = page.context["form"].initial
    assert (begun["budget"], begun["budget_unit"]) == ("60", "labels")
    assert "60 items, the seed included" in page.content.decode()
    reader = client_of(machine.project, "researcher").get(f"{address}?items=60")
    assert "use=1" not in reader.content.decode()


def test_form_begins_with_the_policy_in_force(machine: MachineAnnotator) -> None:
    start(machine.project, machine, stop_gain=0.01)
    client = client_of(machine.project)
    address = reverse("routing", args=[machine.project.slug])
    begun = client.get(address).context["form"].initial
    assert (begun["budget"], begun["stop_gain"]) == ("50%", "1%")
    assert (begun["label_usd"], begun["seed"]) == ("0.2", "")


def test_page_tells_how_far_the_seed_is(
    machine: MachineAnnotator, person: Participant
) -> None:
    start(machine.project, machine)
    work(person, says_always, most=5)
    page = page_of(machine.project)
    assert "5 of 40 items of the seed have all their answers. 10 of the 40" in page
    assert f'aria-valuenow="{5}" aria-valuemin="0" aria-valuemax="40"' in page
    assert "The seed is 40 of 100 items that have a usable verdict." in page
    assert 'hx-trigger="every 2s"' not in page


@pytest.mark.parametrize(
    ("unit", "budget", "words"),
    [
        ("labels", 60, "60 items"),
        ("share", Decimal("0.6"), "60% of all items"),
        ("money", 12, "$12.00"),
    ],
)
def test_page_tells_the_budget_in_its_unit(
    machine: MachineAnnotator, unit: str, budget: Decimal, words: str
) -> None:
    start(machine.project, machine, budget=Decimal(budget), budget_unit=unit)
    store_fit(RoutingPolicy.objects.get(), figures())
    page = " ".join(page_of(machine.project).split())
    assert f"<dt>Budget</dt><dd>{words}" in page


def test_page_counts_decisions_and_money(
    machine: MachineAnnotator, person: Participant
) -> None:
    start(machine.project, machine)
    work(person, says_always, most=5)
    response = client_of(machine.project).get(
        reverse("routing", args=[machine.project.slug])
    )
    found = {
        (one.part, one.source): (one.n, one.n_labelled, one.state)
        for _title, parts in response.context["parts"]
        for one in parts
    }
    seed, audit = found["seed", "human"], found["audit", "human"]
    assert (seed[0], audit[0]) == (30, 10)
    assert (seed[1] or 0) + (audit[1] or 0) == 5
    assert found["rest", "waiting"] == (60, None, "waiting")
    page = response.content.decode()
    assert "?state=waiting" in page
    for amount in ("$1.00", "$7.00"):
        assert amount in page


def test_cancelled_seed_is_begun_again(machine: MachineAnnotator) -> None:
    post(machine)
    cancel_job(job=Job.objects.get(kind="route"))
    page = page_of(machine.project)
    assert "The last routing job was cancelled." in page
    assert "Draw the seed again" in page
    address = reverse("routing_run", args=[machine.project.slug])
    assert client_of(machine.project).post(address).status_code == 302
    run_newest(machine.project)
    assert "Draw the seed again" not in page_of(machine.project)


def test_second_run_at_once_is_refused_with_a_sentence(
    machine: MachineAnnotator,
) -> None:
    post(machine)
    address = reverse("routing_run", args=[machine.project.slug])
    response = client_of(machine.project).post(address, follow=True)
    assert "A routing job has not ended." in response.content.decode()
    assert Job.objects.filter(kind="route").count() == 1


def test_owner_ends_the_policy(machine: MachineAnnotator) -> None:
    start(machine.project, machine)
    client = client_of(machine.project)
    client.post(reverse("routing_end", args=[machine.project.slug]))
    run_newest(machine.project)
    assert RoutingPolicy.objects.get().ended_at is not None
    page = page_of(machine.project)
    assert "No routing policy is in force" in page
    response = client.post(
        reverse("routing_end", args=[machine.project.slug]), follow=True
    )
    assert "No routing policy is in force." in response.content.decode()


def test_researcher_reads_and_changes_nothing(machine: MachineAnnotator) -> None:
    policy = start(machine.project, machine)
    client = client_of(machine.project, "researcher")
    page = client.get(reverse("routing", args=[machine.project.slug])).content.decode()
    assert "An owner of the project can set a policy." in page
    assert 'method="post"' not in page.split('id="main"')[1]
    for name in ("routing", "routing_run", "routing_end"):
        address = reverse(name, args=[machine.project.slug])
        assert client.post(address).status_code == 404
    policy.refresh_from_db()
    assert policy.ended_at is None


@pytest.mark.parametrize("name", ["routing", "routing_live"])
def test_annotators_and_strangers_find_nothing(
    machine: MachineAnnotator, name: str
) -> None:
    address = reverse(name, args=[machine.project.slug])
    assert client_of(machine.project, "annotator").get(address).status_code == 404
    assert client_of(make_project()).get(address).status_code == 404


def test_project_without_verdicts_is_told_where_to_get_them(pool: Project) -> None:
    page = page_of(pool)
    assert "No AI has judged two completions here yet" in page
    assert reverse("machine_new", args=[pool.slug]) in page
    assert reverse("import_new", args=[pool.slug]) in page


def test_project_that_compares_nothing_is_told_so(db: None) -> None:
    project = make_project(template="helpsteer")
    version = project.current_questions()
    assert version is not None
    asked = [{"name": "why", "type": "text", "title": "Why?"}]
    type(version).objects.filter(pk=version.pk).update(questions=asked)
    assert "Routing works for comparisons of two" in page_of(project)


def test_live_part_asks_again_until_the_job_ends(machine: MachineAnnotator) -> None:
    policy = start(machine.project, machine)
    address = reverse("routing_live", args=[machine.project.slug])
    client = client_of(machine.project)
    assert 'hx-trigger="every 2s"' not in client.get(address).content.decode()
    request_run(policy=policy, user=None, action="seed")
    live = client.get(address).content.decode()
    assert 'hx-trigger="every 2s"' in live
    assert "<html" not in live


def test_fit_is_asked_for_once_the_seed_is_labelled(
    machine: MachineAnnotator, person: Participant
) -> None:
    start(machine.project, machine)
    assert "Learn now" not in page_of(machine.project)
    work(person, says_always)
    assert "Learn now" in page_of(machine.project)
    client = client_of(machine.project)
    live = reverse("routing_live", args=[machine.project.slug])
    first = client.get(live)
    # A form has another token each time.
    assert "csrfmiddlewaretoken" in first.content.decode()
    known = {"If-None-Match": first["ETag"]}
    assert client.get(live, headers=known).status_code == 304
    address = reverse("routing_run", args=[machine.project.slug])
    client_of(machine.project).post(address)
    job = Job.objects.latest("id")
    assert job.parameters["action"] == "fit"
    assert "Learn now" not in page_of(machine.project)


def test_what_was_learned_can_be_learned_anew(machine: MachineAnnotator) -> None:
    store_fit(start(machine.project, machine), figures())
    assert "Learn anew" in page_of(machine.project)


def test_live_part_follows_the_seed_and_says_when_there_is_news(
    machine: MachineAnnotator, person: Participant
) -> None:
    policy = start(machine.project, machine)
    address = reverse("routing_live", args=[machine.project.slug])
    client = client_of(machine.project)
    first = client.get(f"{address}?fit=")
    assert 'hx-trigger="every 5s"' in first.content.decode()
    assert "HX-Trigger" not in first
    known = {"If-None-Match": first["ETag"]}
    assert client.get(f"{address}?fit=", headers=known).status_code == 304
    work(person, says_always, most=1)
    changed = client.get(f"{address}?fit=", headers=known)
    assert "1 of 40 items of the seed" in changed.content.decode()
    assert 'id="decisions" hx-swap-oob="true"' in changed.content.decode()
    store_fit(policy, figures())
    assert client.get(f"{address}?fit=")["HX-Trigger"] == "routing-learned"


def test_page_without_a_fit_says_what_a_budget_asks_for(
    machine: MachineAnnotator,
) -> None:
    page = page_of(machine.project)
    assert "What it buys is not known yet" in page
    assert "of 100 open items" in page
    start(machine.project, machine)
    client = client_of(machine.project)
    address = reverse("routing", args=[machine.project.slug])
    asked = client.get(f"{address}?items=30").context["size"]
    assert (asked.n_items, asked.usd) == (30, "$6.00")
    assert "0 of 40 items are labelled." in page_of(machine.project)


def test_what_a_policy_learned_stays_when_it_has_ended(
    machine: MachineAnnotator,
) -> None:
    policy = start(machine.project, machine)
    store_fit(policy, figures())
    told = "This is what the last fit of policy 1 told, which has ended."
    assert told not in page_of(machine.project)
    client = client_of(machine.project)
    client.post(reverse("routing_end", args=[machine.project.slug]))
    run_newest(machine.project)
    page = page_of(machine.project)
    assert told in page
    assert "4.5 points more right labels than by random choice" in page
    for name in ("routing_curve", "routing_csv", "routing_tags"):
        address = reverse(name, args=[machine.project.slug])
        assert client.get(address).status_code == 200
    start(machine.project, machine)
    page = page_of(machine.project)
    assert "The policy in force tells its own once its seed is labelled." in page
