"""A training is a job; the reward model it makes answers items, and labels go back."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation import access
from annotation.errors import ConflictError
from annotation.models import (
    FrontierEntry,
    Job,
    MachineAnnotator,
    PreAnnotation,
)
from annotation.services import jobs
from annotation.services.item_changes import run_item_change
from models_service.models import Head, Run
from models_service.selectors.wanted import Selection
from models_service.services.runs import request_run, run_pre_annotation
from models_service.services.training import (
    keep_as_annotator,
    request_training,
    run_training,
    send_back,
)
from tests.exports.build import COMPARISON
from tests.exports.study import Study, grade
from tests.models.test_reward_models import add_items

pytestmark = pytest.mark.django_db(transaction=True)
N_UNLABELLED = 12


@pytest.fixture
def study() -> Study:
    """80 labelled items, two of them wrongly, then 12 that nobody has answered."""
    made = Study("heads", [COMPARISON])
    anna = made.person("anna", ["research"])
    for number, (item, sign) in enumerate(add_items(made, 80)):
        made.answer(item, anna, grade(-sign if number in (7, 40) else sign * 2))
    add_items(made, N_UNLABELLED, seed=1)
    owner = made.project.created_by
    made.project.memberships.get_or_create(user=owner, defaults={"role": "owner"})
    answered = FrontierEntry.objects.filter(project=made.project, item__number__lte=80)
    answered.update(n_taken=1, n_counted=1)
    return made


def seat(study: Study) -> access.Seat:
    return access.seat(study.project.created_by, study.project.slug)


def train(study: Study) -> Job:
    job = request_training(seat=seat(study), source="hashing")
    return run(job, run_training)


def run(job: Job, runner: jobs.Runner) -> Job:
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, runner)
    job.refresh_from_db()
    return job


def test_training_makes_an_annotator_of_the_project(study: Study) -> None:
    job = train(study)
    assert job.state == Job.State.DONE, job.message
    assert "80 pairs" in job.message
    machine = MachineAnnotator.objects.get(project=study.project)
    assert (machine.backend, machine.kind, machine.number) == (
        "head",
        "reward_model",
        1,
    )
    again = train(study)
    assert again.state == Job.State.DONE
    second = MachineAnnotator.objects.get(project=study.project, number=2)
    assert second.supersedes == machine
    assert keep_as_annotator(Head.objects.get(number=2)) == second


def test_one_training_at_a_time(study: Study) -> None:
    request_training(seat=seat(study))
    with pytest.raises(ConflictError, match="has not ended"):
        request_training(seat=seat(study))


def test_too_few_labels_say_how_many_are_missing() -> None:
    study = Study("few", [COMPARISON])
    study.project.memberships.create(user=study.project.created_by, role="owner")
    job = train(study)
    assert job.state == Job.State.FAILED
    assert "30 are missing" in job.message


def test_reward_model_answers_what_nobody_has(study: Study) -> None:
    train(study)
    machine = MachineAnnotator.objects.get(project=study.project)
    job = request_run(
        seat=seat(study), machine=machine, selection=Selection(which="unlabelled")
    )
    assert run(job, run_pre_annotation).state == Job.State.DONE, job.message
    found = PreAnnotation.objects.filter(machine=machine, status="ok")
    made = Run.objects.get(job=job)
    assert found.count() == made.n_ok == N_UNLABELLED
    assert made.cost_usd == 0
    kind = [
        row.answers["preference"]["value"] > 0
        for row in found.select_related("item").order_by("item__number")
    ]
    truth = [
        any(word in item.completions.get(index=0).text for word in KIND)
        for item in study.project.items.order_by("number")[80:]
    ]
    n_right = sum(one == other for one, other in zip(kind, truth, strict=True))
    assert n_right >= N_UNLABELLED - 1
    for row in found:
        assert row.probability is not None and row.probability > 0.5
        assert row.metadata["spread"] > 0


KIND = ("kind", "patient", "clear", "helpful", "warm")


def test_suspicious_labels_go_back_to_people_and_are_never_changed(
    study: Study,
) -> None:
    train(study)
    head = Head.objects.get()
    before = list(study.project.annotations.order_by("id").values_list("answers"))
    told = {one["item"] for one in head.figures["suspicious"][:2]}
    wrong = {
        str(item.public_id) for item in study.project.items.filter(number__in=(8, 41))
    }
    assert told == wrong
    job = send_back(seat=seat(study), head=head, n=2)
    assert run(job, run_item_change).state == Job.State.DONE, job.message
    raised = FrontierEntry.objects.filter(project=study.project, overlap=2)
    assert {str(one.item.public_id) for one in raised} == wrong
    after = list(study.project.annotations.order_by("id").values_list("answers"))
    assert after == before


def test_page_before_and_after_the_first_training(study: Study, client: Client) -> None:
    client.force_login(study.project.created_by)
    address = reverse("reward_model", args=[study.project.slug])
    assert "None is trained yet" in client.get(address).content.decode()
    client.post(reverse("reward_train", args=[study.project.slug]))
    assert "A training goes on" in client.get(address).content.decode()
    run(Job.objects.get(kind=Job.Kind.TRAIN), run_training)
    page = client.get(address).content.decode()
    assert "The longer answer" in page
    assert "Ask one more person about these" in page
    client.post(reverse("reward_send_back", args=[study.project.slug]))
    assert Job.objects.filter(kind=Job.Kind.CHANGE).count() == 1


def test_only_an_owner_trains(study: Study, client: Client) -> None:
    anna = User.objects.create(username="anna")
    study.project.memberships.create(user=anna, role="annotator")
    client.force_login(anna)
    for name in ("reward_train", "reward_send_back"):
        acted = reverse(name, args=[study.project.slug])
        assert client.post(acted).status_code == 404
    page = reverse("reward_model", args=[study.project.slug])
    assert client.get(page).status_code == 404
