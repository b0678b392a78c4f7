"""A pairwise project at work, and the people who look at each other's answers."""

from tests.manage.conftest import (
    annotator,
    empty_cache,
    login,
    outsider,
    owner,
    project,
    researcher,
)

__all__ = [
    "annotator",
    "empty_cache",
    "login",
    "outsider",
    "owner",
    "project",
    "researcher",
]
