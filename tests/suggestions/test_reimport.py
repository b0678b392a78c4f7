"""Answers given with a suggestion in view stay known as such in another project."""

from collections.abc import Callable
from pathlib import Path

import pytest

from annotation.models import Assignment, MachineAnnotator, Participant, Project
from annotation.selectors.blind import has_shown, n_seen
from annotation.services.imports import import_path
from annotation.services.suggestions import shown_with
from models_service.selectors.labelled_pairs import labelled_items
from tests.factories import make_project
from tests.suggestions.conftest import answer, claim, suggest
from tests.suggestions.test_exports import export

__all__ = ["export"]
# A transaction each: what is changed after a reveal is told by the time.
pytestmark = pytest.mark.django_db(transaction=True)
Export = Callable[..., Path]


def imported(folder: Path) -> Project:
    """Import a native export into a new project."""
    project = make_project()
    (path,) = folder.glob("data/native/*.jsonl")
    _, problems = import_path(project=project, path=path)
    assert problems == []
    return project


def work(pool: Project, person: Participant, *, is_changed: bool) -> None:
    """Answer an item, and change the answer or not."""
    lent = claim(person)
    shown_with(lent, Project.objects.get(pk=pool.pk))
    answer(lent, 1)
    if is_changed:
        answer(lent, -2)


@pytest.mark.parametrize(
    ("arm", "is_changed", "is_seen"),
    [
        ("shown", False, True),
        ("hedged", False, True),
        ("revealed", True, True),
        ("revealed", False, False),
        ("blind", False, False),
    ],
)
def test_an_import_knows_what_was_given_with_a_suggestion_in_view(
    pool: Project,
    machine: MachineAnnotator,
    person: Participant,
    export: Export,
    arm: str,
    is_changed: bool,
    is_seen: bool,
) -> None:
    suggest(pool, machine, {arm: 1})
    work(pool, person, is_changed=is_changed)
    project = imported(export(format="native"))
    lent = Assignment.objects.get(project=project)
    assert (lent.purpose, lent.is_suggestion_visible) == ("imported", is_seen)
    assert (has_shown(project), n_seen(project)) == (is_seen, int(is_seen))
    learnt = [
        pair for some in labelled_items(project) for item in some for pair in item.pairs
    ]
    assert bool(learnt) is not is_seen
