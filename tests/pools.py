"""A small pool and its annotators, made by the services that production uses."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from annotation.formats.types import CompletionDraft, ItemDraft, Message
from annotation.models import (
    GuidelinesVersion,
    Membership,
    Participant,
    Project,
    QuestionsVersion,
)
from annotation.services.item_store import ItemStore

QUESTIONS = [
    {
        "name": "preference",
        "type": "comparison",
        "title": "Which answer is better?",
        "strength": 3,
        "allow_both_bad": True,
    }
]


def draft(number: int, n_completions: int = 2) -> ItemDraft:
    """Return an item of its own text."""
    return ItemDraft(
        row=number,
        messages=(Message("user", f"Question {number}?"),),
        completions=tuple(
            CompletionDraft(f"Answer {place} to {number}.", f"model-{place}")
            for place in range(n_completions)
        ),
        external_id=f"q{number}",
    )


@pytest.fixture
def make_pool(db: None) -> Callable[..., Project]:
    """Make a project with `n_items` items."""

    def make(n_items: int, overlap: int = 1, **options: object) -> Project:
        owner = User.objects.create(username=f"owner{User.objects.count()}")
        project = Project.objects.create(
            slug=f"pool-{owner.pk}",
            name="Pool",
            created_by=owner,
            overlap=overlap,
            seed=7,
            **options,
        )
        QuestionsVersion.objects.create(
            project=project, number=1, questions=QUESTIONS, sha256="0" * 64
        )
        GuidelinesVersion.objects.create(project=project, number=1, text="Read.")
        with transaction.atomic():
            ItemStore(project).add([draft(number) for number in range(1, n_items + 1)])
        return project

    return make


@pytest.fixture
def make_annotator(db: None) -> Callable[[Project], Participant]:
    """Make a member who has given consent and profile."""

    def make(project: Project) -> Participant:
        user = User.objects.create(username=f"annotator{User.objects.count()}")
        Membership.objects.create(project=project, user=user, role="annotator")
        return Participant.objects.create(
            project=project, user=user, pseudonym=user.username, is_ready=True
        )

    return make
