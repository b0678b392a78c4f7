"""The demo shows AI annotators alive: no network, no model on disk, in seconds."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.formats.types import LabelDraft
from annotation.models import MachineAnnotator, PreAnnotation, Project
from annotation.services.demo import seed_demo
from models_service.demo import JUDGES, NAME, PEOPLE, demo_items
from models_service.models import Head
from models_service.selectors.trust import Trust, trust_of
from tests.demo.conftest import Passwords

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(seeded: Passwords) -> Project:
    cache.clear()
    return Project.objects.get(name=NAME)


@pytest.fixture
def owner(project: Project) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="demo-owner"))
    return client


def machine(project: Project, name: str) -> MachineAnnotator:
    return MachineAnnotator.objects.get(project=project, name=name)


def report(project: Project, name: str) -> Trust:
    found = trust_of(machine(project, name))
    assert found is not None
    return found


def test_items_are_the_same_every_time() -> None:
    items = demo_items()
    assert items == demo_items()
    assert len({item.external_id for item in items}) == len(items) == 44
    assert {item.category for item in items} == {"facts", "how to"}
    labels: tuple[LabelDraft, ...] = items[0].labels
    assert len(labels) == len(PEOPLE) + 2 * len(JUDGES)


def test_reward_model_is_trained_and_has_answered_all(project: Project) -> None:
    head = Head.objects.get(project=project)
    assert head.n_pairs == 44
    reward = MachineAnnotator.objects.get(project=project, backend="head")
    said = PreAnnotation.objects.filter(machine=reward)
    assert said.filter(status="ok").count() == 44


def test_second_call_adds_nothing(project: Project) -> None:
    before = (Head.objects.count(), PreAnnotation.objects.count())
    seed_demo()
    assert (Head.objects.count(), PreAnnotation.objects.count()) == before


def test_careful_judge_has_a_reliability_diagram(project: Project) -> None:
    found = report(project, JUDGES[0].name)
    calibration = found.figures["calibration"]
    bins = [one for one in calibration["bars_before"] if one["share"]["value"]]
    assert len(bins) >= 4
    assert found.weight.carries
    assert found.agreement.low > 0.6
    assert found.figures["tags"][0]["shown"]


def test_hasty_judge_is_exposed_by_the_length_column(project: Project) -> None:
    found = report(project, JUDGES[1].name)
    length = found.figures["length"]
    assert length["coefficient"]["low"] > 0
    assert length["judge_longer"]["value"] > length["people_longer"]["value"] + 0.2
    assert found.position.flips.value > 0.1


def test_pages_of_the_demo_have_something_to_show(
    project: Project, owner: Client
) -> None:
    compared = owner.get(reverse("machines_compare", args=[project.slug]))
    assert "They say the same" in compared.content.decode()
    reward = owner.get(reverse("reward_model", args=[project.slug])).content.decode()
    assert re.search(r"44\s", reward)
    for judge in JUDGES:
        where = [project.slug, machine(project, judge.name).public_id]
        page = owner.get(reverse("machine_trust", args=where)).content.decode()
        assert "Reliability diagram" in page


def test_annotators_are_not_in_it(project: Project) -> None:
    for name in ("demo-annotator", "demo-annotator-2"):
        client = Client()
        client.force_login(User.objects.get(username=name))
        assert client.get(reverse("machines", args=[project.slug])).status_code == 404
