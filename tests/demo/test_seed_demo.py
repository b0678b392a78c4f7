"""The command that lays the demo into a database."""

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from annotation.demo import demo_sets
from annotation.models import (
    Annotation,
    Assignment,
    ConsentRecord,
    Item,
    Membership,
    Participant,
    PreAnnotation,
    Project,
    SurveyAnswer,
)
from annotation.services import demo as services
from annotation.services.assignments import claim_next
from models_service.demo import NAME as MODELS
from tests.demo.conftest import Passwords, seed

pytestmark = pytest.mark.django_db
NAMES = ["demo-owner", "demo-researcher", "demo-annotator", "demo-annotator-2"]
COUNTED = (
    User,
    Project,
    Membership,
    Participant,
    ConsentRecord,
    SurveyAnswer,
    Item,
    Assignment,
    Annotation,
    PreAnnotation,
)


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in COUNTED}


def test_each_log_in_works_with_the_password_printed(seeded: Passwords) -> None:
    assert list(seeded) == NAMES
    for name in NAMES:
        client = Client()
        form = {"username": name, "password": seeded[name]}
        assert client.post(reverse("login"), form).status_code == 302
        assert client.get(reverse("account")).status_code == 200


def test_password_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    # The log-ins alone: all else takes seconds.
    monkeypatch.setattr(services, "demo_sets", tuple)
    monkeypatch.setattr(services, "seed_panel", lambda **given: None)
    monkeypatch.setattr(services, "_PARTS", [])
    chosen = "three small owls"
    assert seed("--password", chosen) == dict.fromkeys(NAMES, chosen)
    assert User.objects.get(username="demo-owner").check_password(chosen)


def test_drawn_password_differs_each_time(seeded: Passwords) -> None:
    User.objects.filter(username="demo-annotator-2").update(username="renamed")
    assert seed()["demo-annotator-2"] != seeded["demo-annotator-2"]


def test_second_run_adds_nothing_and_keeps_passwords(seeded: Passwords) -> None:
    before = counts()
    second = seed("--password", "another one")
    assert counts() == before
    assert "another one" not in second.values()
    assert User.objects.get(username="demo-owner").check_password(seeded["demo-owner"])


@pytest.mark.usefixtures("seeded")
def test_roles_are_as_named() -> None:
    for project in Project.objects.exclude(name=MODELS):
        members = project.memberships.exclude(
            user__username__regex="^(recruited|simulated)-"
        )
        roles = dict(members.values_list("user__username", "role"))
        assert roles == {
            "demo-owner": "owner",
            "demo-researcher": "researcher",
            "demo-annotator": "annotator",
            "demo-annotator-2": "annotator",
        }


def plain_projects() -> QuerySet[Project]:
    """Return the projects of demo_sets, which the second annotator has begun."""
    return Project.objects.filter(name__in=[demo.name for demo in demo_sets()])


@pytest.mark.usefixtures("seeded")
def test_second_annotator_has_answered_a_third() -> None:
    for project in plain_projects():
        given = project.annotations
        wanted = round(project.items.count() / 3)
        assert given.count() == wanted > 0
        people = set(given.values_list("participant__user__username", flat=True))
        assert people == {"demo-annotator-2"}
        for annotation in given.all():
            assert annotation.total_ms is not None
            assert annotation.active_ms is not None
            assert annotation.total_ms >= annotation.active_ms > 0


@pytest.mark.usefixtures("seeded")
def test_answers_are_stored_in_canonical_order() -> None:
    for demo in demo_sets():
        given = Annotation.objects.filter(project__name=demo.name)
        for annotation in given.select_related("item"):
            reply = demo.replies[annotation.item.external_id]
            assert annotation.answers == reply


@pytest.mark.usefixtures("seeded")
def test_first_annotator_is_ready_and_has_every_item_to_do() -> None:
    for project in plain_projects():
        person = Participant.objects.get(
            project=project, user__username="demo-annotator"
        )
        assert person.is_ready
        assert person.n_done == 0
        assert claim_next(participant=person, project=project) is not None
        entries = Item.objects.filter(project=project, frontier__target=2)
        assert entries.count() == project.items.count()
        assert not entries.filter(frontier__n_counted__gt=1).exists()


@pytest.mark.usefixtures("seeded")
def test_machine_answers_are_stored_apart() -> None:
    for project in plain_projects():
        marks = PreAnnotation.objects.filter(project=project)
        assert marks.exists()
        assert set(marks.values_list("machine__name", flat=True)) == {"ember-judge"}
        assert set(marks.values_list("status", flat=True)) == {"ok"}
