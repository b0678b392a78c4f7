"""How a part ends: completed, screened out, timed out, withdrawn; and leases return."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import (
    Assignment,
    Draft,
    Enrolment,
    Event,
    FrontierEntry,
    Participant,
    Project,
)
from annotation.services import endings
from annotation.services.assignments import claim_ahead, claim_next
from annotation.services.drafts import save_draft
from annotation.services.submissions import submit, take_back
from annotation.tasks import close_overdue
from tests.factories import make_items, make_participant
from tests.recruit.conftest import DONE, OUT, Recruit, client_of, recruiting

State, Reason = Enrolment.State, Enrolment.Reason


def answer(participant: Participant, project: Project) -> Assignment | None:
    """Answer the next item, if there is one."""
    assignment = claim_next(participant=participant, project=project)
    if assignment is not None:
        submit(
            assignment=assignment,
            submission_id=uuid.uuid4(),
            answers={"preference": {"value": 1}},
        )
    return assignment


def page_of(enrolment: Enrolment) -> str:
    """Return what the person's annotate page says."""
    client = client_of(enrolment.participant.user)
    address = reverse("annotate", args=[enrolment.project.slug])
    return client.get(address).content.decode()


def late(enrolment: Enrolment) -> None:
    """Let the time of this person be over."""
    past = timezone.now() - timedelta(seconds=1)
    Enrolment.objects.filter(pk=enrolment.pk).update(due_at=past)


def test_the_wanted_items_end_with_the_completion_code(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    person = enrolment.participant
    for _ in range(2):
        assert DONE not in page_of(enrolment)
        assert answer(person, project)
    assert answer(person, project) is None
    page = page_of(enrolment)
    assert DONE in page
    assert f"complete?cc={DONE}" in page
    assert OUT not in page
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.code_kind) == ("completed", "completion")
    first = enrolment.code_shown_at
    assert first is not None
    assert DONE in page_of(enrolment)
    enrolment.refresh_from_db()
    assert enrolment.code_shown_at == first


def test_no_item_is_leased_ahead_beyond_the_wanted(
    project: Project, recruit: Recruit
) -> None:
    person = recruit(project).participant
    assert claim_next(participant=person, project=project)
    assert claim_ahead(participant=person, project=project)
    answer(person, project)
    assert claim_next(participant=person, project=project)
    assert claim_ahead(participant=person, project=project) is None


def test_others_have_no_such_end(project: Project) -> None:
    person = make_participant(project)
    for _ in range(4):
        assert answer(person, project)


def test_an_answer_taken_back_can_be_given_again(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    person = enrolment.participant
    answer(person, project)
    last = answer(person, project)
    assert last is not None
    assert DONE in page_of(enrolment)
    take_back(assignment=last)
    again = claim_next(participant=person, project=project)
    assert again is not None
    assert again.pk == last.pk
    answer(person, project)
    assert claim_next(participant=person, project=project) is None


def test_going_on_is_possible_where_the_study_allows_it(recruit: Recruit) -> None:
    project = recruiting(when_done="go_on")
    enrolment = recruit(project)
    person = enrolment.participant
    for _ in range(2):
        answer(person, project)
    assert "Answer further items" in page_of(enrolment)
    client = client_of(person.user)
    client.post(reverse("study_further", args=[project.slug]))
    assert answer(person, project)
    assert answer(person, project)
    assert DONE in page_of(enrolment)
    enrolment.refresh_from_db()
    assert enrolment.state == State.COMPLETED


def test_going_on_is_refused_elsewhere(project: Project, recruit: Recruit) -> None:
    enrolment = recruit(project)
    client = client_of(enrolment.participant.user)
    address = reverse("study_further", args=[project.slug])
    assert client.post(address).status_code == 409
    for _ in range(2):
        answer(enrolment.participant, project)
    page_of(enrolment)
    assert client.post(address).status_code == 409


@pytest.mark.parametrize(
    ("n_items", "is_done", "state"),
    [(1, True, State.COMPLETED), (1, False, State.WORKING), (0, True, State.WORKING)],
)
def test_nothing_left_ends_as_the_owner_chose(
    recruit: Recruit, n_items: int, is_done: bool, state: str
) -> None:
    project = recruiting(n_items=n_items, is_empty_done=is_done)
    enrolment = recruit(project)
    answer(enrolment.participant, project)
    page = page_of(enrolment)
    enrolment.refresh_from_db()
    assert enrolment.state == state
    assert (DONE in page) == (state == State.COMPLETED)


def test_who_finds_nothing_at_all_is_screened_out(recruit: Recruit) -> None:
    project = recruiting(n_items=1)
    answer(recruit(project, 1).participant, project)
    enrolment = recruit(project, 2)
    page = page_of(enrolment)
    assert OUT in page
    assert DONE not in page
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("screened_out", "no_items")
    assert enrolment.code_kind == "screen_out"
    make_items(project, 2)
    assert claim_next(participant=enrolment.participant, project=project) is None


@pytest.mark.parametrize("reason", ["quota_full", "not_qualified"])
def test_who_does_not_qualify_gets_the_screen_out_code(
    project: Project, recruit: Recruit, reason: str
) -> None:
    enrolment = recruit(project)
    held = claim_next(participant=enrolment.participant, project=project)
    assert held is not None
    ended = endings.conclude(participant=enrolment.participant, reason=reason)
    assert ended is not None
    assert (ended.state, ended.reason) == ("screened_out", reason)
    held.refresh_from_db()
    assert held.state == "expired"
    assert OUT in page_of(enrolment)


def test_without_a_screen_out_code_they_are_asked_to_return(
    recruit: Recruit,
) -> None:
    project = recruiting(screen_out_code="")
    enrolment = recruit(project)
    endings.conclude(participant=enrolment.participant, reason="quota_full")
    page = page_of(enrolment)
    assert "return your submission on Prolific" in page
    enrolment.refresh_from_db()
    assert enrolment.code_kind == ""


def test_a_paused_project_ends_nobody(project: Project, recruit: Recruit) -> None:
    enrolment = recruit(project)
    project.is_paused = True
    project.save()
    assert "paused" in page_of(enrolment)
    enrolment.refresh_from_db()
    assert enrolment.state == State.WORKING


def test_time_over_returns_leases_and_keeps_drafts(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    person = enrolment.participant
    held = claim_next(participant=person, project=project)
    assert held is not None
    claim_ahead(participant=person, project=project)
    save_draft(assignment=held, answers={"preference": {"value": 2}}, revision=0)
    close_overdue()
    enrolment.refresh_from_db()
    assert enrolment.state == State.WORKING
    late(enrolment)
    close_overdue()
    enrolment.refresh_from_db()
    assert enrolment.state == State.TIMED_OUT
    taken = FrontierEntry.objects.filter(item__project=project, n_taken__gt=0)
    assert not taken.exists()
    assert Draft.objects.filter(assignment=held).exists()
    assert claim_next(participant=person, project=project) is None
    page = page_of(enrolment)
    assert "The time for this study is over" in page
    assert DONE not in page


def test_who_is_taken_in_again_goes_on_with_the_draft(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    person = enrolment.participant
    held = claim_next(participant=person, project=project)
    assert held is not None
    save_draft(assignment=held, answers={"preference": {"value": 2}}, revision=0)
    late(enrolment)
    close_overdue()
    assert endings.take_in(participant=person, by=project.created_by)
    assert not endings.take_in(participant=person, by=project.created_by)
    again = claim_next(participant=person, project=project)
    assert again is not None
    assert again.pk == held.pk
    assert Draft.objects.get(assignment=again).answers == {"preference": {"value": 2}}
    enrolment.refresh_from_db()
    assert enrolment.due_at is not None
    assert enrolment.due_at > timezone.now()


def test_an_answer_that_comes_after_the_time_is_kept(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    held = claim_next(participant=enrolment.participant, project=project)
    assert held is not None
    late(enrolment)
    close_overdue()
    given: dict[str, Any] = {"preference": {"value": 1}}
    result = submit(assignment=held, submission_id=uuid.uuid4(), answers=given)
    assert result.state == "submitted"


def test_who_has_all_when_the_time_ends_has_completed(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    for _ in range(2):
        answer(enrolment.participant, project)
    late(enrolment)
    close_overdue()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.code_kind) == ("completed", "")
    assert DONE in page_of(enrolment)


def test_refusing_the_consent_gives_no_code(project: Project, recruit: Recruit) -> None:
    enrolment = recruit(project)
    client = client_of(enrolment.participant.user)
    address = reverse("start", args=[project.slug])
    page = client.post(address, {"do": "refuse"}).content.decode()
    assert "return your submission on Prolific" in page
    assert DONE not in page
    assert OUT not in page
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("withdrawn", "refused")


def test_taking_the_consent_back_ends_the_part(
    project: Project, recruit: Recruit
) -> None:
    enrolment = recruit(project)
    claim_next(participant=enrolment.participant, project=project)
    client = client_of(enrolment.participant.user)
    address = reverse("consent_withdraw", args=[project.slug])
    page = client.post(address, {"sure": "1"}).content.decode()
    assert "You have withdrawn" in page
    assert "return your submission on Prolific" in page
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("withdrawn", "consent")
    assert not Assignment.objects.filter(state__in=("open", "queued")).exists()


def test_leaving_ends_without_a_code(project: Project, recruit: Recruit) -> None:
    enrolment = recruit(project)
    claim_next(participant=enrolment.participant, project=project)
    client = client_of(enrolment.participant.user)
    page = client.post(reverse("study_leave", args=[project.slug]), follow=True)
    assert b"You do not take part" in page.content
    assert DONE not in page.content.decode()
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.reason) == ("withdrawn", "left")
    assert not Assignment.objects.filter(state="open").exists()


def test_every_end_is_an_event(project: Project, recruit: Recruit) -> None:
    enrolment = recruit(project)
    endings.close(participant=enrolment.participant, state=State.RETURNED)
    endings.close(participant=enrolment.participant, state=State.RETURNED)
    endings.take_in(participant=enrolment.participant, by=project.created_by)
    events = Event.objects.filter(kind__startswith="enrolment").order_by("id")
    kinds = list(events.values_list("kind", flat=True))
    assert kinds == ["enrolment_ended", "enrolment_taken_in"]
