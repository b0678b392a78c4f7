"""What was laid once comes back as it was, and what follows has numbers of its own."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from annotation.models import Project
from tests.factories import make_items, make_participant, make_project, make_user
from tests.snapshots import Snapshots

NAME = "A study of two"


def lay() -> Project:
    project = make_project(name=NAME)
    make_items(project, 2)
    make_participant(project)
    return project


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", ["laid", "put back", "put back again"])
def test_each_test_finds_it_whole(
    part: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # One folder for the three, in whatever order they come.
    folder = tmp_path_factory.getbasetemp() / "snapshots of a test"
    folder.mkdir(exist_ok=True)
    project = Snapshots(folder).laid("two", lay)
    assert Project.objects.get() == project
    assert [item.completions.count() for item in project.items.all()] == [2, 2]
    assert project.memberships.count() == 2
    assert not project.items.filter(category="changed").exists()
    newer = make_project()
    assert newer.pk > project.pk
    make_items(newer, 1)
    project.items.update(category="changed")


@pytest.mark.django_db
def test_what_is_kept_is_not_laid_again(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    first = snapshots.laid("one", lambda: make_user("kept"))
    first.delete()
    cache.set("of-before", "stale")
    again: User = snapshots.laid("one", lambda: pytest.fail("laid twice"))
    assert again.username == User.objects.get().username == "kept"
    assert cache.get("of-before") is None
