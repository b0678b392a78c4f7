"""Times that a page measured: how far they are believed, and where they end up."""

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Annotation, Assignment, Draft
from annotation.services.assignments import claim_next
from annotation.services.drafts import save_draft
from annotation.services.submissions import submit, take_back
from annotation.times import MAX_MS, bounded, presented
from tests.factories import make_items, make_participant, make_project

ANSWERS: dict[str, Any] = {"preference": {"value": 1}}


def lent(minutes: int = 10) -> Assignment:
    """Return an item that was shown so many minutes ago, second completion first."""
    project = make_project()
    make_items(project, 1)
    assignment = claim_next(participant=make_participant(project), project=project)
    assert assignment is not None
    assignment.order = [1, 0]
    assignment.shown_at = timezone.now() - timedelta(minutes=minutes)
    assignment.save(update_fields=("order", "shown_at"))
    return assignment


def test_times_are_stored_in_canonical_order(db: None) -> None:
    submit(
        assignment=lent(),
        submission_id=uuid.uuid4(),
        answers=ANSWERS,
        active_ms=9_000,
        reading_ms=[5_000, 3_000],
    )
    stored = Annotation.objects.get()
    assert (stored.active_ms, stored.reading_ms) == (9_000, [3_000, 5_000])
    assert stored.total_ms is not None
    assert stored.total_ms >= 590_000


def test_no_more_is_believed_than_the_wall_clock_allows(db: None) -> None:
    submit(
        assignment=lent(minutes=1),
        submission_id=uuid.uuid4(),
        answers=ANSWERS,
        active_ms=3_600_000,
        reading_ms=[3_000_000, 1_000_000],
    )
    stored = Annotation.objects.get()
    assert stored.active_ms is not None
    assert stored.total_ms is not None
    assert stored.reading_ms is not None
    assert stored.active_ms <= stored.total_ms < 120_000
    assert sum(stored.reading_ms) <= stored.active_ms
    assert stored.reading_ms[1] == pytest.approx(3 * stored.reading_ms[0], abs=5)


def test_an_answer_taken_back_brings_its_times_along(db: None) -> None:
    assignment = lent()
    submit(
        assignment=assignment,
        submission_id=uuid.uuid4(),
        answers=ANSWERS,
        active_ms=9_000,
        reading_ms=[5_000, 3_000],
    )
    take_back(assignment=assignment)
    draft = Draft.objects.get()
    assert (draft.active_ms, draft.reading_ms) == (9_000, [5_000, 3_000])


def test_a_draft_keeps_the_times(db: None) -> None:
    assignment = lent()
    save_draft(
        assignment=assignment,
        answers=ANSWERS,
        revision=0,
        active_ms=900,
        reading_ms=[500, 300],
    )
    assert Draft.objects.get().reading_ms == [500, 300]


@pytest.mark.parametrize("call", ["draft", "submit"])
@pytest.mark.parametrize("given", ["long", 5, {"0": 1}, ["x"], [-1, 2], [True, 1]])
def test_reading_times_that_are_no_numbers_are_refused(
    db: None, client: Client, call: str, given: object
) -> None:
    assignment = lent()
    user = assignment.participant.user
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        f"/api/v1/assignments/{assignment.public_id}/{call}/",
        {
            "answers": ANSWERS,
            "submission_id": str(uuid.uuid4()),
            "active_ms": 10,
            "reading_ms": given,
        },
        content_type="application/json",
    )
    assert answer.status_code == 422
    assert "reading_ms" in answer.json()["message"]


@pytest.mark.parametrize(
    ("active", "reading", "wall", "found"),
    [
        (None, [1, 2], 100, (None, None)),
        (50, None, 100, (50, None)),
        (50, [10, 20], 100, (50, [20, 10])),
        (50, [10], 100, (50, None)),
        (50, [30, 60], 90, (50, [33, 16])),
        (-5, [1, 1], 100, (0, [0, 0])),
        (50, [-3, 4], 100, (50, [4, 0])),
        (1e12, [0, 0], 1e12, (MAX_MS, [0, 0])),
    ],
)
def test_bounds_by_hand(
    active: float | None,
    reading: list[float] | None,
    wall: float,
    found: tuple[int | None, list[int] | None],
) -> None:
    measured = bounded(active, reading, [1, 0], wall)
    assert (measured.active_ms, measured.reading_ms) == found


def test_parts_never_exceed_the_whole_nor_the_whole_the_clock() -> None:
    rng = np.random.default_rng(3)
    for _ in range(500):
        n = int(rng.integers(1, 10))
        order = [int(index) for index in rng.permutation(n)]
        reading = [float(ms) for ms in rng.exponential(5_000, n)]
        active, wall = (float(ms) for ms in rng.exponential(20_000, 2))
        measured = bounded(active, reading, order, wall)
        assert measured.active_ms is not None
        assert measured.reading_ms is not None
        assert measured.active_ms <= wall
        assert sum(measured.reading_ms) <= measured.active_ms
        places = presented(measured.reading_ms, order)
        assert places is not None
        assert np.argmax(places) == np.argmax(reading)
