"""Members: roles, leaving, and the last owner who cannot go."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from annotation.errors import ConflictError, InvalidError
from annotation.models import Assignment, FrontierEntry, Membership, Project, Role
from annotation.selectors.people import members
from annotation.services.assignments import claim_next
from annotation.services.members import change_role, remove_member
from tests.factories import (
    make_items,
    make_member,
    make_participant,
    make_project,
    make_user,
)
from tests.people.conftest import LogIn


def seat_of(project: Project, user: User | None) -> Membership:
    """Return a person's membership."""
    return Membership.objects.get(project=project, user=user)


def test_the_page_lists_members_without_their_pseudonyms(
    project: Project, owner: Client
) -> None:
    participant = make_participant(project)
    assert participant.user is not None
    page = owner.get(reverse("people", args=[project.slug])).content.decode()
    assert participant.user.username in page
    assert participant.pseudonym not in page


def test_members_cost_one_query(
    project: Project, django_assert_num_queries: object
) -> None:
    for _ in range(5):
        make_participant(project)
    with django_assert_num_queries(1):  # type: ignore[operator]  # its fixture
        found = members(project)
    assert [member.role for member in found] == ["owner"] + ["annotator"] * 5
    assert all(member.is_ready for member in found[1:])


def test_last_seen_is_the_newer_of_log_in_and_work(project: Project) -> None:
    make_items(project, 1)
    participant = make_participant(project)
    assert {member.last_seen for member in members(project)} == {None}
    lent = claim_next(participant=participant, project=project)
    assert lent is not None
    seen = {member.user_id: member.last_seen for member in members(project)}
    assert seen[participant.user_id or 0] == lent.shown_at


def test_only_owners_reach_the_page(project: Project, log_in: LogIn) -> None:
    for user in (
        make_member(project, Role.RESEARCHER),
        make_member(project),
        make_user(),
    ):
        client = log_in(user)
        assert client.get(reverse("people", args=[project.slug])).status_code == 404
        made = client.post(reverse("invitation_new", args=[project.slug]))
        assert made.status_code == 404


def test_an_owner_changes_a_role(project: Project, owner: Client) -> None:
    member = seat_of(project, make_member(project))
    address = reverse("member_role", args=[project.slug, member.public_id])
    for _ in range(2):
        assert owner.post(address, {"role": "researcher"}).status_code == 302
    member.refresh_from_db()
    assert member.role == Role.RESEARCHER
    assert owner.post(address, {"role": "king"}).status_code == 422
    assert owner.get(address).status_code == 405


def test_the_last_owner_can_neither_leave_nor_step_down(project: Project) -> None:
    last = seat_of(project, project.created_by)
    with pytest.raises(ConflictError) as caught:
        change_role(membership=last, role=Role.RESEARCHER, by=project.created_by)
    assert caught.value.code == "last_owner"
    with pytest.raises(ConflictError):
        remove_member(membership=last, by=project.created_by)
    assert seat_of(project, project.created_by).role == Role.OWNER


@pytest.mark.parametrize("name", ["member_role", "member_remove"])
def test_what_the_last_owner_cannot_do_is_said_on_the_page(
    project: Project, owner: Client, name: str
) -> None:
    last = seat_of(project, project.created_by)
    address = reverse(name, args=[project.slug, last.public_id])
    answer = owner.post(address, {"role": "annotator"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "This is the last owner of the project." in page
    assert "Invite people" in page


def test_an_owner_may_go_once_there_is_another(project: Project, owner: Client) -> None:
    second = make_member(project, Role.OWNER)
    first = seat_of(project, project.created_by)
    answer = owner.post(reverse("member_remove", args=[project.slug, first.public_id]))
    assert answer.headers["Location"] == reverse("home")
    assert [m.user for m in project.memberships.all()] == [second]


def test_an_unknown_role_is_refused(project: Project) -> None:
    with pytest.raises(InvalidError):
        change_role(
            membership=seat_of(project, make_member(project)),
            role="king",
            by=project.created_by,
        )


def test_who_is_removed_gives_the_item_in_hand_back(
    project: Project, owner: Client
) -> None:
    make_items(project, 1)
    participant = make_participant(project)
    lent = claim_next(participant=participant, project=project)
    assert lent is not None
    member = seat_of(project, participant.user)
    address = reverse("member_remove", args=[project.slug, member.public_id])
    assert owner.post(address).status_code == 302
    lent.refresh_from_db()
    assert lent.state == Assignment.State.RELEASED
    assert FrontierEntry.objects.get().n_taken == 0
    assert owner.post(address).status_code == 404


def test_a_member_of_another_project_is_out_of_reach(
    project: Project, log_in: LogIn
) -> None:
    member = seat_of(project, make_member(project))
    elsewhere = make_project()
    client = log_in(elsewhere.created_by)
    for name in ("member_role", "member_remove"):
        address = reverse(name, args=[elsewhere.slug, member.public_id])
        assert client.post(address, {"role": "owner"}).status_code == 404
    member.refresh_from_db()
    assert member.role == Role.ANNOTATOR


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_behind() -> None:
    project = make_project()
    make_member(project, Role.OWNER)
    seats = list(project.memberships.all())
    barrier = threading.Barrier(2)

    def leave(seat: Membership) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            remove_member(membership=seat, by=seat.user)
        except ConflictError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        left = list(pool.map(leave, seats))
    assert sorted(left) == [False, True]
    assert project.memberships.filter(role=Role.OWNER).count() == 1
