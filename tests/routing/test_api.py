"""Routing over REST: as on the page, for the same people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Job, MachineAnnotator, Participant, Project
from annotation.services.jobs import cancel_job
from routing.models import RoutingPolicy
from tests.api.conftest import token_client
from tests.factories import make_member, make_user
from tests.routing.conftest import make_machine, run_newest, says_always, start, work
from tests.routing.test_page import user_of
from tests.routing.told import figures, store_fit

__all__ = ["token_client"]
pytestmark = pytest.mark.django_db(transaction=True)
Login = Callable[[User], Client]
SENT = {"n_seed": 40, "budget": 0.5, "budget_unit": "share", "label_usd": "0.20"}


@pytest.fixture
def owner(pool: Project, token_client: Login) -> Client:
    return token_client(user_of(pool, "owner"))


def where(project: Project, rest: str = "") -> str:
    return f"/api/v1/projects/{project.slug}/routing/{rest}"


def put(client: Client, ai: MachineAnnotator, **sent: Any) -> Any:
    sent = {"machine": str(ai.public_id)} | SENT | sent
    return client.put(where(ai.project), sent, content_type="application/json")


def test_without_a_policy_the_state_is_none(pool: Project, owner: Client) -> None:
    told = owner.get(where(pool)).json()
    assert (told["state"], told["policy"], told["spending"]) == ("none", None, None)
    assert (told["decisions"], told["runs"]) == ([], [])
    assert told["next"].startswith("Set a policy")


def test_policy_is_set_and_its_seed_followed(
    machine: MachineAnnotator, person: Participant, owner: Client
) -> None:
    judge = make_machine(machine.project, "judge", says_always)
    response = put(owner, machine, refit_every=20, seed=5)
    assert response.status_code == 200
    policy = response.json()["policy"]
    assert policy["judges"] == [str(judge.public_id)]
    assert (policy["number"], policy["seed"], policy["refit_every"]) == (1, 5, 20)
    assert (policy["budget"], policy["label_usd"]) == ("0.500000", "0.200000")
    assert response.json()["job"]["kind"] == "route"
    run_newest(machine.project)
    work(person, says_always, most=4)
    told = owner.get(where(machine.project)).json()
    assert told["state"] == "collecting"
    assert (told["seed"]["n_drawn"], told["seed"]["n_labelled"]) == (40, 4)
    spending = told["spending"]
    assert (spending["spent_usd"], spending["reserved_usd"]) == ("0.800000", "7.200000")
    counts = {(one["source"], one["part"]): one["n"] for one in told["decisions"]}
    assert counts["human", "seed"] + counts["human", "audit"] == 40
    assert counts["waiting", "rest"] == 60
    assert [run["kind"] for run in told["runs"]] == ["seed"]


def test_newest_figures_come_first(machine: MachineAnnotator, owner: Client) -> None:
    policy = start(machine.project, machine)
    store_fit(policy, figures())
    runs = owner.get(where(machine.project)).json()["runs"]
    assert [run["kind"] for run in runs] == ["fit", "seed"]
    assert runs[0]["figures"]["audit"]["n"] == 50
    assert runs[0]["versions"] == {"method": "1"}


@pytest.mark.parametrize(
    ("sent", "path", "said"),
    [
        ({"n_seed": 3}, "n_seed", "at least 40 items"),
        ({"budget": {"usd": 3}}, "budget", "is no number."),
        ({"budget": None}, "budget", "still empty."),
        ({"budget": "25%", "budget_unit": "money"}, "budget", "“25%” is a share."),
        ({"budget": "90%", "budget_unit": "labels"}, "budget", "“90%” is a share."),
        ({"budget": 50.5, "budget_unit": "labels"}, "budget", "Write a whole number"),
        ({"budget_unit": "euro"}, "budget_unit", "There is no unit 'euro'."),
        ({"machine": "me"}, "machine", "no such AI annotator."),
        ({"machine": None}, "machine", "Choose the AI annotator"),
        ({"judges": "all"}, "judges", "Send a list of AI annotators."),
        ({"judges": ["me"]}, "judges", "no such AI annotator."),
        ({"n_seed": True}, "n_seed", "is no number."),
        ({"refit_every": -1}, "refit_every", "whole number from 0"),
        ({"ppm": "cubic"}, "ppm", "There is no prediction model 'cubic'."),
        ({"tagger": "me"}, "tagger", "no such tagger."),
        ({"metadata_fields": "topic"}, "metadata_fields", "Send a list of names."),
        ({"metadata_fields": [3]}, "metadata_fields", "Each name is a text."),
        ({"colour": "red"}, "colour", "There is no field 'colour'."),
    ],
)
def test_what_is_wrong_is_named_at_its_path(
    machine: MachineAnnotator,
    owner: Client,
    sent: dict[str, Any],
    path: str,
    said: str,
) -> None:
    response = put(owner, machine, **sent)
    assert response.status_code == 422
    problems = response.json()["problems"]
    assert [one["path"] for one in problems] == [path]
    assert said in problems[0]["message"]
    assert not RoutingPolicy.objects.exists()


def test_list_is_no_policy(pool: Project, owner: Client) -> None:
    response = owner.put(where(pool), [1], content_type="application/json")
    assert response.status_code == 422
    assert response.json()["message"] == "Send a JSON object."


def test_seed_is_drawn_again_after_a_cancelled_job(
    machine: MachineAnnotator, owner: Client
) -> None:
    put(owner, machine)
    assert owner.post(where(machine.project, "seed/")).status_code == 409
    cancel_job(job=Job.objects.get(kind="route"))
    response = owner.post(where(machine.project, "seed/"))
    assert response.status_code == 202
    assert response.json()["kind"] == "route"


def test_policy_is_ended(machine: MachineAnnotator, owner: Client) -> None:
    assert owner.delete(where(machine.project)).status_code == 409
    assert owner.post(where(machine.project, "seed/")).status_code == 409
    start(machine.project, machine)
    assert owner.delete(where(machine.project)).status_code == 202
    assert owner.get(where(machine.project)).json()["state"] == "none"


def test_researcher_reads_and_annotators_find_nothing(
    machine: MachineAnnotator, token_client: Login
) -> None:
    project = machine.project
    start(project, machine)
    researcher = token_client(make_member(project, "researcher"))
    assert researcher.get(where(project)).status_code == 200
    annotator = token_client(make_member(project))
    assert annotator.get(where(project)).status_code == 404
    for client in (researcher, annotator):
        assert put(client, machine).status_code == 404
        assert client.delete(where(project)).status_code == 404
        assert client.post(where(project, "seed/")).status_code == 404
    assert RoutingPolicy.objects.filter(ended_at=None).count() == 1


def test_fit_waits_for_the_seed_and_then_begins(
    machine: MachineAnnotator, person: Participant, owner: Client
) -> None:
    start(machine.project, machine)
    work(person, says_always, most=3)
    early = owner.post(where(machine.project, "fit/"))
    assert early.status_code == 409
    assert "3 of 40 items of the seed" in early.json()["message"]
    work(person, says_always)
    response = owner.post(where(machine.project, "fit/"))
    assert response.status_code == 202
    assert (
        Job.objects.get(public_id=response.json()["id"]).parameters["action"] == "fit"
    )
    assert owner.post(where(machine.project, "fit/")).status_code == 409


def test_seed_is_not_drawn_again_after_a_fit(
    machine: MachineAnnotator, owner: Client
) -> None:
    store_fit(start(machine.project, machine), figures())
    response = owner.post(where(machine.project, "seed/"))
    assert response.status_code == 409
    assert response.json()["message"] == "The seed is labelled. Learn anew instead."


def test_budget_is_asked_what_it_buys(machine: MachineAnnotator, owner: Client) -> None:
    policy = start(machine.project, machine)
    asked = where(machine.project, "what-if/")
    assert owner.get(asked).status_code == 404
    store_fit(policy, figures())
    told = owner.get(asked).json()
    assert (told["n_items"], told["n_open"], told["usd"]) == (100, 400, "20.000000")
    assert told["gain"]["mean"] == pytest.approx(0.045)
    assert (told["verdict"], told["advice"]) == ("better", [])
    beside = {one["name"]: one for one in told["baselines"]}
    assert beside["oracle"]["label_accuracy"]["mean"] > told["label_accuracy"]["mean"]
    assert beside["top_k"]["gain"] is None
    assert beside["top_k"]["reason"].endswith("seed of 200 items.")
    assert owner.get(f"{asked}?usd=40").json()["n_items"] == 200
    assert owner.get(f"{asked}?at=0").json()["verdict"] == "nothing"


@pytest.mark.parametrize(
    ("query", "path", "said"),
    [
        ("usd=abc", "usd", "“abc” is no number from 0."),
        ("usd=-1", "usd", "“-1” is no number from 0."),
        ("at=nan", "at", "“nan” is no number from 0."),
        ("at=50", "at", "Write a share from 0 to 1."),
        ("items=1.5", "items", "Write a whole number of items."),
    ],
)
def test_budget_that_is_none_is_not_answered_with_another(
    machine: MachineAnnotator, owner: Client, query: str, path: str, said: str
) -> None:
    store_fit(start(machine.project, machine), figures())
    response = owner.get(where(machine.project, f"what-if/?{query}"))
    assert response.status_code == 422
    problems = response.json()["problems"]
    assert [(one["path"], one["message"]) for one in problems] == [(path, said)]


def test_undecided_budget_says_what_would_help(
    machine: MachineAnnotator, owner: Client
) -> None:
    store_fit(start(machine.project, machine), figures(0.01))
    told = owner.get(where(machine.project, "what-if/")).json()
    assert told["verdict"] == "undecided"
    assert "second judge" in told["advice"][0]
    assert told["n_to_tell"] > 1000


@pytest.mark.parametrize("role", ["annotator", ""])
def test_annotators_and_strangers_ask_no_budget(
    machine: MachineAnnotator, token_client: Login, role: str
) -> None:
    store_fit(start(machine.project, machine), figures())
    user = make_member(machine.project, role) if role else make_user()
    asked = where(machine.project, "what-if/")
    assert token_client(user).get(asked).status_code == 404
