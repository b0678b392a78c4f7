"""People, projects and items for tests, made by the services that production uses."""

import os
from itertools import count

from django.contrib.auth.models import User
from django.db import transaction

from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import Item, Membership, Participant, Project, Role
from annotation.services.item_store import ItemStore
from annotation.services.projects import create_project
from annotation.services.pseudonyms import new_pseudonyms

PASSWORD = "a long pass phrase"
# A project draws from it which items come next, and in which order they are shown.
SEED = 7
# What one process of pytest-xdist has laid (tests/snapshots.py) is met by another.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_number = count(1 + 100_000 * _worker)


def make_user(username: str = "") -> User:
    """Return a person who can log in with PASSWORD."""
    name = username or f"person{next(_number)}"
    return User.objects.create_user(name, password=PASSWORD)


def make_project(
    owner: User | None = None,
    *,
    template: str = "pairwise",
    name: str = "",
    overlap: int = 1,
    people: str = "short",
) -> Project:
    """Return a project from a template; `created_by` is its owner.

    It draws the same in each run, but where the numbers of rows enter a draw.
    """
    project = create_project(
        user=owner or make_user(),
        name=name or f"Project {next(_number)}",
        template=template,
        overlap=overlap,
        people=people,
    )
    project.seed = SEED
    project.save(update_fields=["seed"])
    return project


def make_member(
    project: Project, role: str = Role.ANNOTATOR, username: str = ""
) -> User:
    """Return a new person with a role in the project and no consent yet."""
    user = make_user(username)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_participant(
    project: Project, user: User | None = None, *, role: str = Role.ANNOTATOR
) -> Participant:
    """Return a participant who is ready to annotate; a new member where no user."""
    person = user or make_member(project, role)
    Membership.objects.get_or_create(
        project=project, user=person, defaults={"role": role}
    )
    return Participant.objects.create(
        project=project,
        user=person,
        pseudonym=new_pseudonyms(project=project, n=1)[0],
        is_ready=True,
    )


def make_items(project: Project, n: int, n_completions: int = 2) -> list[Item]:
    """Return `n` new items whose texts name their number and their completion."""
    start = next(_number)
    drafts = [
        ItemDraft(
            row=number,
            messages=(Message("user", f"What is {start} and {number}?"),),
            completions=tuple(
                CompletionDraft(
                    f"Answer {place} to {start}/{number}.", f"model-{place}"
                )
                for place in range(n_completions)
            ),
            external_id=f"item-{start}-{number}",
        )
        for number in range(1, n + 1)
    ]
    with transaction.atomic():
        stored, _ = ItemStore(project).add(drafts)
    by_id = Item.objects.in_bulk([entry.id for entry in stored])
    return [by_id[entry.id] for entry in stored]
