"""A caller of each kind for the REST interface."""

import hashlib
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import ApiToken, Membership, Participant, Project
from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]


@pytest.fixture
def token_client(db: None) -> Callable[[User], Client]:
    """Make a client that sends the user's token."""

    def make(user: User) -> Client:
        secret = f"pp_{user.username}"
        ApiToken.objects.create(
            user=user,
            name="test",
            prefix=secret[:8],
            secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        )
        return Client(headers={"authorization": f"Token {secret}"})

    return make


@pytest.fixture
def pool(make_pool: Callable[..., Project]) -> Project:
    """Three items that want two answers each."""
    return make_pool(3, overlap=2)


@pytest.fixture
def annotator(
    pool: Project, make_annotator: Callable[[Project], Participant]
) -> Participant:
    """A ready annotator of the pool."""
    return make_annotator(pool)


@pytest.fixture
def client_of(
    token_client: Callable[[User], Client],
) -> Callable[[Participant], Client]:
    """Make a client for a participant."""

    def make(participant: Participant) -> Client:
        assert participant.user is not None
        return token_client(participant.user)

    return make


@pytest.fixture
def manager(pool: Project, token_client: Callable[[User], Client]) -> Client:
    """A client of the pool's owner."""
    Membership.objects.create(project=pool, user=pool.created_by, role="owner")
    return token_client(pool.created_by)


@pytest.fixture
def outsider(token_client: Callable[[User], Client]) -> Client:
    """A client of somebody without a seat."""
    return token_client(User.objects.create(username="outsider"))
