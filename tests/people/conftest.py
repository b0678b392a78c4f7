"""A project with its owner, and clients that are logged in."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Project
from tests.factories import make_project

LogIn = Callable[[User], Client]


@pytest.fixture
def project(db: None) -> Project:
    """A project from the plainest template; `created_by` owns it."""
    return make_project()


@pytest.fixture
def log_in() -> LogIn:
    """A function that returns a client in which a person has logged in."""

    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def owner(project: Project, log_in: LogIn) -> Client:
    """A client of the project's owner."""
    return log_in(project.created_by)
