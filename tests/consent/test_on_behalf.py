"""An owner withdraws somebody at their wish: by whom, why, and for good."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.errors import ConflictError, InvalidError
from annotation.formats.types import LabelDraft, LabelsDraft
from annotation.models import (
    Annotation,
    Event,
    Item,
    Participant,
    Project,
    Role,
    Withdrawal,
)
from annotation.services.imports import store_items
from annotation.services.on_behalf import find_people, mark_of, withdraw_for
from annotation.services.withdrawals import withdraw
from tests.consent.conftest import logged_in
from tests.factories import make_member, make_project
from tests.pools import QUESTIONS

Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db
WHY = "Asked for it by letter on 3 May."


def labelled(project: Project, *names: str, provider: str = "multipref") -> None:
    """Import a file in which each of these people labels the first item."""
    item = Item.objects.filter(project=project).order_by("number")[0]
    answers = {"preference": {"value": 2}}
    labels = tuple(LabelDraft(name, False, answers) for name in names)
    store_items(
        project=project,
        items=[LabelsDraft(1, item.external_id, labels)],
        questions=QUESTIONS,
        provider=provider,
    )


def page_of(project: Project) -> str:
    """Return the address of the page."""
    return reverse("on_behalf", args=[project.slug])


def body_for(person: Participant, who: str, **more: str) -> dict[str, str]:
    """Return what the form of the project's owner sends."""
    mark = mark_of(person, person.project.created_by)
    return {"who": who, "mark": mark, "reason": WHY} | more


def test_somebody_of_a_file_is_found_by_their_id_there_and_withdrawn(
    study: Project,
) -> None:
    labelled(study, "worker-7", "worker-8")
    client = logged_in(study.created_by)
    page = client.get(page_of(study), {"who": "worker-7"}).content.decode()
    assert (
        "is known from an imported file. The kind of file: multipref. They gave 1"
        in page
    )
    (found,) = find_people(project=study, who="worker-7")
    assert mark_of(found.participant, study.created_by) in page
    body = body_for(found.participant, "worker-7", sure="1")
    assert client.post(page_of(study), body).status_code == 302
    gone = Withdrawal.objects.get()
    assert gone.participant == found.participant
    assert (gone.by, gone.reason, gone.n_answers) == (study.created_by, WHY, 1)
    (stayed,) = Annotation.objects.exclude(answers={})
    assert find_people(project=study, who="worker-7") == []
    assert find_people(project=study, who="worker-8")[0].participant.pk == (
        stayed.participant_id
    )
    told = Event.objects.get(kind="consent_withdrawn")
    assert told.user == study.created_by
    assert told.data == {"withdrawal": gone.pk, "manner": "erase"}


@pytest.mark.parametrize("manner", ["erase", "anonymise"])
def test_another_import_of_the_file_brings_nothing_back(
    study: Project, manner: str
) -> None:
    study.consent_documents.update(on_withdrawal=manner)
    labelled(study, "worker-7", "worker-8")
    (found,) = find_people(project=study, who="worker-7")
    withdraw_for(participant=found.participant, by=study.created_by, reason=WHY)
    n_people = Participant.objects.filter(project=study).count()
    before = set(Annotation.objects.values_list("pk", flat=True))
    labelled(study, "worker-7", "worker-8")
    assert set(Annotation.objects.values_list("pk", flat=True)) == before
    assert Participant.objects.filter(project=study).count() == n_people
    # The same word in a file of another kind is somebody else.
    labelled(study, "worker-7", provider="prism")
    assert Participant.objects.filter(project=study).count() == n_people + 1


def test_who_has_a_log_in_is_found_without_telling_the_pseudonym(
    study: Project, join: Join
) -> None:
    person = join("rosalind")
    client = logged_in(study.created_by)
    page = client.get(page_of(study), {"who": "rosalind"}).content.decode()
    assert "has a log-in here. They gave 3 answers." in page
    assert person.pseudonym not in page
    # It stands beside the pseudonym among the annotators.
    assert str(person.public_id) not in page
    page = client.get(page_of(study), {"who": person.pseudonym}).content.decode()
    assert "They gave 3 answers" in page
    assert "rosalind" not in page
    assert str(person.public_id) not in page


@pytest.mark.parametrize("who", ["", " ", "nobody", "\x00", "%", "x" * 5000])
def test_an_unknown_name_finds_nobody(study: Project, join: Join, who: str) -> None:
    join()
    answer = logged_in(study.created_by).get(page_of(study), {"who": who})
    assert answer.status_code == 200
    assert "Withdraw this person" not in answer.content.decode()


def test_nothing_happens_without_a_reason_and_being_sure(
    study: Project, join: Join
) -> None:
    person = join("rosalind")
    client = logged_in(study.created_by)
    body = body_for(person, "rosalind")
    for more, words in (({}, "Tick the box"), ({"sure": 1, "reason": " "}, "Say in")):
        answer = client.post(page_of(study), body | more)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        for told in (person.pseudonym, str(person.public_id)):
            assert told not in page
    assert not Withdrawal.objects.exists()
    with pytest.raises(InvalidError):
        withdraw_for(participant=person, by=study.created_by, reason="x" * 501)


def test_only_owners_of_the_project_reach_it(study: Project, join: Join) -> None:
    person = join("rosalind")
    body = body_for(person, "rosalind", sure="1")
    for role in (Role.RESEARCHER, Role.ANNOTATOR):
        client = logged_in(make_member(study, role))
        assert client.get(page_of(study)).status_code == 404
        assert client.post(page_of(study), body).status_code == 404
    other = make_project()
    assert logged_in(other.created_by).post(page_of(other), body).status_code == 404
    assert Client().post(page_of(study), body).status_code == 302
    owner = logged_in(study.created_by)
    second = make_member(study, Role.OWNER)
    for wrong in (
        {"mark": ""},
        {"mark": "é"},
        {"mark": str(person.public_id)},
        {"mark": mark_of(person, second)},
        {"who": "nobody"},
        {"who": ""},
    ):
        assert owner.post(page_of(study), body | wrong).status_code == 404
    assert not Withdrawal.objects.exists()


def test_a_second_time_is_refused(study: Project, join: Join) -> None:
    person = join()
    withdraw(participant=person)
    with pytest.raises(ConflictError, match="already"):
        withdraw_for(participant=person, by=study.created_by, reason=WHY)
    assert Withdrawal.objects.get().reason == ""
