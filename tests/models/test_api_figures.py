"""Over REST there is what the pages of AI annotators show, for the same people."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from annotation import access
from annotation.models import (
    Assignment,
    Job,
    MachineAnnotator,
    PreAnnotation,
    Project,
)
from models_service.models import Run
from models_service.services import reports
from models_service.services.training import request_training, run_training
from tests.exports.build import COMPARISON
from tests.exports.study import Study, grade
from tests.factories import make_items, make_member, make_project
from tests.models.judges import answer_all, canonical_first, make_judge, says
from tests.models.people import answer_items, drawn, make_people, mostly
from tests.models.test_compare import split
from tests.models.test_reward_models import add_items
from tests.models.test_training import run

pytestmark = pytest.mark.django_db
N = 24
TRUTH = drawn(N, seed=3)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project(overlap=3)
    make_items(made, N)
    for seed, person in enumerate(make_people(made, 2)):
        answer_items(person, mostly(TRUTH, seed))
    return made


@pytest.fixture
def machine(project: Project) -> MachineAnnotator:
    made = make_judge(project, name="first")
    answer_all(made, canonical_first)
    return made


def client_of(project: Project, role: str = "researcher") -> Client:
    client = Client()
    user = project.created_by if role == "owner" else make_member(project, role)
    client.force_login(user)
    return client


def at(project: Project, rest: str) -> str:
    return f"/api/v1/projects/{project.slug}/models/{rest}"


def read(project: Project, rest: str, role: str = "researcher") -> Any:
    response = client_of(project, role).get(at(project, rest))
    assert response.status_code == 200, response.content
    return response.json()


def send(project: Project, rest: str, sent: Any, role: str = "owner") -> Any:
    return client_of(project, role).post(
        at(project, rest), sent, content_type="application/json"
    )


# --- calibration ----------------------------------------------------------------------


def test_verdict_has_its_probability_raw_and_calibrated(
    machine: MachineAnnotator,
) -> None:
    where = f"pre-annotations/?machine={machine.public_id}&limit=1"
    (before,) = read(machine.project, where)["results"]
    assert before["probability"] is not None
    assert before["calibrated_probability"] is None
    reports.refresh(machine=machine)
    (after,) = read(machine.project, where)["results"]
    assert after["probability"] == before["probability"]
    assert 0 < after["calibrated_probability"] < 1
    assert after["calibrated_probability"] != after["probability"]
    assert read(machine.project, f"pre-annotations/{after['id']}/") == after


def test_verdicts_of_a_page_are_calibrated_in_few_queries(
    machine: MachineAnnotator, django_assert_max_num_queries: Any
) -> None:
    reports.refresh(machine=machine)
    client = client_of(machine.project)
    where = at(machine.project, "pre-annotations/?limit=20")
    with django_assert_max_num_queries(9):
        client.get(where)


# --- one item, its calls --------------------------------------------------------------


def test_item_tells_machines_beside_people(machine: MachineAnnotator) -> None:
    project = machine.project
    item = project.items.get(number=2)
    told = read(project, f"items/{item.public_id}/")
    (verdict,) = told["machines"]
    assert (told["item"], verdict["machine"]) == (
        str(item.public_id),
        str(machine.public_id),
    )
    assert len(told["people"]) == 2
    assert all(one["pseudonym"] for one in told["people"])
    assert {one["answers"]["preference"]["value"] for one in told["people"]} <= {-1, 1}
    only = read(project, f"pre-annotations/?item={item.public_id}")
    assert [one["id"] for one in only["results"]] == [verdict["id"]]
    calls = read(project, f"pre-annotations/{verdict['id']}/calls/")
    assert sorted(call["order"] for call in calls) == [[0, 1], [1, 0]]
    assert all("verdict" in call["text"] for call in calls)


def test_taken_back_answer_is_not_told(machine: MachineAnnotator) -> None:
    item = machine.project.items.get(number=1)
    lent = Assignment.objects.filter(item=item).earliest("id")
    Assignment.objects.filter(pk=lent.pk).update(state="withdrawn")
    assert len(read(machine.project, f"items/{item.public_id}/")["people"]) == 1


# --- two side by side -----------------------------------------------------------------


def test_two_machines_side_by_side(machine: MachineAnnotator) -> None:
    project = machine.project
    other = make_judge(project, name="second")
    answer_all(other, split)
    told = read(project, f"compare/?a={machine.public_id}&b={other.public_id}")
    assert told["choices"] == [1, 0, -1]
    assert told["table"][0] == [N // 2, 0, N // 2]
    assert told["alike"]["value"] == 0.5
    assert (told["n_items"], told["n_labelled"] > 0) == (N, True)
    assert told["n_differing"] == len(told["differing"]) == N // 2
    assert (told["differing"][0]["first"], told["differing"][0]["second"]) == (1, -1)
    newest = read(project, "compare/")
    assert {newest["first"], newest["second"]} == {told["first"], told["second"]}


def test_comparison_that_cannot_be_made_says_why(machine: MachineAnnotator) -> None:
    client, one = client_of(machine.project), machine.public_id
    for query, status, words in (
        ("", 409, "It takes two."),
        (f"?a={one}", 422, "Name two AI annotators, as `a` and as `b`."),
        (f"?a={one}&b={one}", 422, "These are the same one. Choose two."),
        (f"?a={one}&b=7", 422, "`b` is not the id of an AI annotator."),
    ):
        response = client.get(at(machine.project, f"compare/{query}"))
        assert response.status_code == status, query
        assert words in response.json()["message"]


# --- in the place of a person ---------------------------------------------------------


def test_replacement_of_each_person(machine: MachineAnnotator) -> None:
    where = f"{machine.public_id}/replacement/"
    none = read(machine.project, where)
    assert (none["computed_at"], none["people"]) == (None, [])
    assert none["summary"].endswith(".")
    reports.refresh(machine=machine)
    told = read(machine.project, where)
    assert "Of 2 people" in told["summary"]
    gains = [one["gain"]["value"] for one in told["people"]]
    assert gains == sorted(gains, reverse=True) and len(gains) == 2
    for one in told["people"]:
        difference = one["with_model"]["value"] - one["with_person"]["value"]
        assert one["gain"]["value"] == pytest.approx(difference)
        assert one["verdict"] in ("gain", "loss", "open")


# --- a run ----------------------------------------------------------------------------


def test_run_tells_its_troubles(project: Project) -> None:
    machine = make_judge(project, name="mute")
    answer_all(machine, lambda ask: says(ask, "no JSON"), n=3)
    job = Run.objects.get(machine=machine).job
    told = read(project, f"runs/{job.public_id}/")
    assert (told["run"]["n_unparsable"], told["rest_items"]) == (3, 0)
    (trouble,) = told["troubles"]
    assert (trouble["status"], trouble["n"]) == ("unparsable", 6)


# --- the reward model -----------------------------------------------------------------


@pytest.fixture
def study() -> Study:
    """80 labelled items, two of them wrongly."""
    made = Study("heads", [COMPARISON])
    anna = made.person("anna", ["research"])
    for number, (item, sign) in enumerate(add_items(made, 80)):
        made.answer(item, anna, grade(-sign if number in (7, 40) else sign * 2))
    owner = made.project.created_by
    made.project.memberships.get_or_create(user=owner, defaults={"role": "owner"})
    return made


@pytest.mark.django_db(transaction=True)
def test_reward_model_is_trained_and_read(study: Study) -> None:
    project = study.project
    assert read(project, "reward/") == {"head": None, "training": None}
    begun = send(project, "reward/", {"encoder": "hashing"})
    assert begun.status_code == 202
    assert send(project, "reward/", {}).status_code == 409
    run(Job.objects.get(public_id=begun.json()["id"]), run_training)
    told = read(project, "reward/")
    head = told["head"]
    assert told["training"]["state"] == "done"
    assert (head["number"], head["n_pairs"]) == (1, 80)
    assert head["accuracy"]["low"] <= head["accuracy"]["value"]
    assert head["machine"] == str(MachineAnnotator.objects.get().public_id)
    assert head["curve"] and head["suspicious"]
    sent = send(project, "reward/send-back/", {"n": 2})
    assert sent.status_code == 202 and sent.json()["kind"] == "change"


def test_reward_model_refuses_in_sentences(project: Project) -> None:
    for rest, sent, status, words in (
        ("reward/send-back/", {}, 409, "no reward model yet. Train one first."),
        ("reward/send-back/", {"n": 0}, 400, "The smallest number is 1."),
        ("reward/", {"encoder": "a\0b"}, 400, "encoder"),
        ("reward/", {"encoder": "a\ud800"}, 400, "encoder"),
        ("reward/", {"encoder": "x" * 201}, 400, "encoder"),
    ):
        response = send(project, rest, sent)
        assert response.status_code == status, (rest, sent, response.content)
        assert words in response.content.decode()
    assert not Job.objects.filter(kind=Job.Kind.TRAIN).exists()


def test_training_with_too_few_labels_says_how_many_are_missing(
    project: Project,
) -> None:
    owner = access.seat(project.created_by, project.slug)
    job = run(request_training(seat=owner), run_training)
    told = read(project, "reward/")
    assert told["training"]["id"] == str(job.public_id)
    assert "6 are missing" in told["training"]["message"]


# --- who may -------------------------------------------------------------------------


def addresses(machine: MachineAnnotator) -> list[str]:
    item = machine.project.items.get(number=1)
    verdict = PreAnnotation.objects.filter(machine=machine).earliest("id")
    job = Run.objects.get(machine=machine).job
    return [
        "reward/",
        "compare/",
        f"items/{item.public_id}/",
        f"pre-annotations/{verdict.public_id}/",
        f"pre-annotations/{verdict.public_id}/calls/",
        f"runs/{job.public_id}/",
        f"{machine.public_id}/replacement/",
    ]


@pytest.mark.parametrize("who", ["annotator", "outsider"])
def test_nobody_else_reads(machine: MachineAnnotator, who: str) -> None:
    other = make_judge(machine.project, name="second")
    answer_all(other, split)
    project = machine.project if who == "annotator" else make_project()
    client = client_of(project, "annotator" if who == "annotator" else "owner")
    for rest in addresses(machine):
        response = client.get(at(machine.project, rest))
        assert response.status_code == 404, rest
    reader = client_of(machine.project)
    for rest in addresses(machine):
        assert reader.get(at(machine.project, rest)).status_code == 200, rest


@pytest.mark.parametrize("role", ["annotator", "researcher"])
def test_only_owners_train(project: Project, role: str) -> None:
    for rest in ("reward/", "reward/send-back/"):
        assert send(project, rest, {}, role).status_code == 404, rest


def test_nothing_of_another_project_is_there(machine: MachineAnnotator) -> None:
    other = make_project()
    client = client_of(other, "owner")
    for rest in addresses(machine)[2:]:
        assert client.get(at(other, rest)).status_code == 404, rest
