"""Invitation links: an end, a cap that holds under a race, no role ever lowered."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import AnnotationError, ConflictError, InvalidError
from annotation.models import Invitation, Membership, Participant, Project, Role
from annotation.services.invitations import (
    NewInvitation,
    accept_invitation,
    create_invitation,
    revoke_invitation,
    sign_up,
)
from tests.factories import PASSWORD, make_member, make_project, make_user
from tests.people.conftest import LogIn


def invite(
    project: Project, role: str = Role.ANNOTATOR, n_max: int = 5
) -> NewInvitation:
    """Return a fresh invitation."""
    return create_invitation(
        project=project, user=project.created_by, role=role, days=7, n_max=n_max
    )


def new_login(name: str = "newcomer") -> dict[str, str]:
    """Return a filled-in sign-up form."""
    return {"username": name, "password": PASSWORD, "password_again": PASSWORD}


def test_a_newcomer_signs_up_and_joins_under_a_pseudonym(
    project: Project, client: Client
) -> None:
    made = invite(project)
    address = reverse("join", args=[made.secret])
    assert project.name in client.get(address).content.decode()
    answer = client.post(address, new_login())
    assert answer.headers["Location"] == reverse("start", args=[project.slug])
    user = User.objects.get(username="newcomer")
    assert Membership.objects.get(project=project, user=user).role == Role.ANNOTATOR
    pseudonym = Participant.objects.get(project=project, user=user).pseudonym
    assert re.fullmatch(r"[a-z]+-[a-z]+", pseudonym)
    made.invitation.refresh_from_db()
    assert made.invitation.n_used == 1
    assert client.get(reverse("home")).status_code == 200


def test_the_secret_is_not_stored(project: Project) -> None:
    made = invite(project)
    stored = Invitation.objects.values().get()
    assert made.secret not in str(stored)


def test_a_person_joins_with_the_present_log_in(
    project: Project, log_in: LogIn
) -> None:
    made = invite(project, Role.RESEARCHER)
    user = make_user()
    client = log_in(user)
    address = reverse("join", args=[made.secret])
    assert f"Join as {user.username}" in client.get(address).content.decode()
    for _ in range(2):
        answer = client.post(address)
        assert answer.headers["Location"] == reverse("dashboard", args=[project.slug])
    made.invitation.refresh_from_db()
    assert made.invitation.n_used == 1


def test_a_member_takes_no_place_and_keeps_a_higher_role(project: Project) -> None:
    made = invite(project)
    researcher = make_member(project, Role.RESEARCHER)
    accept_invitation(invitation=made.invitation, user=researcher)
    made.invitation.refresh_from_db()
    assert made.invitation.n_used == 0
    role = Membership.objects.get(project=project, user=researcher).role
    assert role == Role.RESEARCHER


def test_a_member_is_raised_by_a_link_to_a_higher_role(project: Project) -> None:
    made = invite(project, Role.RESEARCHER)
    annotator = make_member(project)
    accept_invitation(invitation=made.invitation, user=annotator)
    role = Membership.objects.get(project=project, user=annotator).role
    assert role == Role.RESEARCHER


@pytest.mark.parametrize("ending", ["revoked", "expired", "full"])
def test_a_link_that_is_over_says_so_and_takes_nobody(
    project: Project, client: Client, log_in: LogIn, ending: str
) -> None:
    made = invite(project, n_max=1)
    rows = Invitation.objects.filter(pk=made.invitation.pk)
    words = {"revoked": "withdrawn", "expired": "ended", "full": "All places"}[ending]
    if ending == "revoked":
        revoke_invitation(invitation=made.invitation, by=project.created_by)
    elif ending == "expired":
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        accept_invitation(invitation=made.invitation, user=make_user())
    address = reverse("join", args=[made.secret])
    user = make_user()
    for asker in (client, log_in(user)):
        for answer in (asker.get(address), asker.post(address, new_login())):
            assert answer.status_code == 409
            assert words in answer.content.decode()
    assert not Membership.objects.filter(user=user).exists()
    assert not User.objects.filter(username="newcomer").exists()


def test_an_unknown_link_is_not_found(client: Client, db: None) -> None:
    assert client.get(reverse("join", args=["nothing"])).status_code == 404
    assert client.post(reverse("join", args=["nothing"])).status_code == 404
    assert client.put(reverse("join", args=["nothing"])).status_code == 405


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "taken"}, "This user name is taken."),
        ({"username": "two words"}, "without a space"),
        ({"password_again": "different words"}, "The two passwords differ."),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"email": "no address"}, "is not an e-mail address. Write one such as"),
        ({"username": ""}, "This is still empty."),
    ],
)
def test_a_sign_up_with_a_fault_is_said_at_its_field(
    project: Project, client: Client, wrong: dict[str, str], said: str
) -> None:
    make_user("taken")
    made = invite(project)
    address = reverse("join", args=[made.secret])
    answer = client.post(address, new_login() | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    made.invitation.refresh_from_db()
    assert made.invitation.n_used == 0
    assert not User.objects.filter(username="newcomer").exists()


def test_no_log_in_is_left_behind_where_joining_fails(project: Project) -> None:
    made = invite(project, n_max=1)
    accept_invitation(invitation=made.invitation, user=make_user())
    with pytest.raises(ConflictError):
        sign_up(invitation=made.invitation, username="late", password=PASSWORD)
    assert not User.objects.filter(username="late").exists()


@pytest.mark.parametrize(
    ("role", "days", "n_max"),
    [("king", 7, 5), ("annotator", 0, 5), ("annotator", 366, 5), ("annotator", 7, 0)],
)
def test_a_malformed_invitation_is_refused(
    project: Project, role: str, days: int, n_max: int
) -> None:
    with pytest.raises(InvalidError):
        create_invitation(
            project=project, user=project.created_by, role=role, days=days, n_max=n_max
        )


@pytest.mark.django_db(transaction=True)
def test_a_cap_holds_however_many_join_at_once() -> None:
    project = make_project()
    made = invite(project, n_max=5)
    users = [make_user() for _ in range(20)]
    barrier = threading.Barrier(len(users))

    def join(user: User) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            accept_invitation(invitation=made.invitation, user=user)
        except AnnotationError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(len(users)) as pool:
        joined = sum(pool.map(join, users))
    made.invitation.refresh_from_db()
    assert joined == 5
    assert made.invitation.n_used == 5
    assert Membership.objects.filter(project=project, role="annotator").count() == 5
    assert Participant.objects.filter(project=project).count() == 5


@pytest.mark.django_db(transaction=True)
def test_one_person_in_many_tabs_takes_one_place() -> None:
    project = make_project()
    made = invite(project, n_max=5)
    user = make_user()
    barrier = threading.Barrier(8)

    def join(_: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            accept_invitation(invitation=made.invitation, user=user)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(join, range(8)))
    made.invitation.refresh_from_db()
    assert made.invitation.n_used == 1
    assert Participant.objects.filter(project=project, user=user).count() == 1


# --- the owner's page ---------------------------------------------------------------

LINK = {"role": "annotator", "n_max": "10", "days": "14", "note": "students"}


def test_an_owner_makes_a_link_that_is_shown_once_and_works(
    project: Project, owner: Client, client: Client
) -> None:
    page = owner.post(reverse("invitation_new", args=[project.slug]), LINK)
    found = re.search(r"http://testserver(/join/[\w-]+/)", page.content.decode())
    assert found is not None
    again = owner.get(reverse("people", args=[project.slug])).content.decode()
    assert found[1] not in again
    assert "students" in again
    assert client.post(found[1], new_login()).status_code == 302


@pytest.mark.parametrize("wrong", [{"n_max": "0"}, {"days": "x"}, {"role": "king"}])
def test_a_link_with_a_fault_is_not_made(
    project: Project, owner: Client, wrong: dict[str, str]
) -> None:
    answer = owner.post(reverse("invitation_new", args=[project.slug]), LINK | wrong)
    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_only_an_owner_of_this_project_revokes_a_link(
    project: Project, owner: Client, log_in: LogIn
) -> None:
    made = invite(project)
    address = reverse(
        "invitation_revoke", args=[project.slug, made.invitation.public_id]
    )
    elsewhere = make_project()
    crossed = reverse(
        "invitation_revoke", args=[elsewhere.slug, made.invitation.public_id]
    )
    assert log_in(elsewhere.created_by).post(crossed).status_code == 404
    researcher = make_member(project, Role.RESEARCHER)
    assert log_in(researcher).post(address).status_code == 404
    assert owner.get(address).status_code == 405
    for _ in range(2):
        assert owner.post(address).status_code == 302
    made.invitation.refresh_from_db()
    assert made.invitation.revoked_at is not None
