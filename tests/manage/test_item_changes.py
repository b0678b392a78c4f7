"""Many items at once: priority, overlap, exclusion, as a job that can be undone."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import ConflictError
from annotation.models import (
    Assignment,
    FrontierEntry,
    Item,
    ItemChange,
    Job,
    Participant,
    Project,
)
from annotation.services import assignments, checks, submissions
from annotation.services.item_changes import run_item_change
from annotation.services.jobs import JobCancelled, Progress, claim_job, run_claimed
from annotation.services.old_changes import forget_old_changes
from annotation.tasks import forget_old_changes as forget_task
from tests.factories import make_participant
from tests.manage.conftest import answer

# Progress is told on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)


def change(browser: Client, project: Project, **given: object) -> Job:
    """Ask for a change on the page and return its job."""
    response = browser.post(reverse("item_change", args=[project.slug]), given)
    assert response.status_code == 302, response.content.decode()
    job: Job = Job.objects.filter(kind="change").latest("id")
    assert str(job.public_id) in response["Location"]
    return job


def run(job: Job) -> Job:
    """Run a job as a worker does."""
    claimed = claim_job(job.pk)
    assert claimed is not None
    run_claimed(claimed, run_item_change)
    job.refresh_from_db()
    return job


def entries(project: Project, field: str) -> list[object]:
    """Return a field of the frontier by number of the item."""
    found = FrontierEntry.objects.filter(project=project).order_by("item__number")
    return list(found.values_list(field, flat=True))


def test_priority_is_set_and_served_first(project: Project, owner: Client) -> None:
    last = Item.objects.get(project=project, number=6)
    job = run(
        change(owner, project, action="priority", value="7", ticked=last.public_id)
    )
    assert (job.state, job.result["n_changed"]) == ("done", 1)
    assert entries(project, "rank") == [0, 0, 0, 0, 0, -7]
    project.refresh_from_db()
    lent = assignments.claim_next(
        participant=make_participant(project), project=project
    )
    assert lent is not None
    assert lent.item_id == last.pk


def test_negative_priority_is_served_last(project: Project, owner: Client) -> None:
    run(change(owner, project, action="priority", value="-3"))
    assert entries(project, "rank") == [3] * 6


def test_overlap_of_own_and_back_to_that_of_the_project(
    project: Project, owner: Client
) -> None:
    run(change(owner, project, action="overlap", value="5"))
    assert entries(project, "target") == [5] * 6
    run(change(owner, project, action="overlap", value=""))
    assert entries(project, "target") == [2] * 6
    assert entries(project, "overlap") == [None] * 6


def test_excluded_item_is_not_lent_and_its_open_lease_is_finished(
    project: Project, owner: Client
) -> None:
    first, second = make_participant(project), make_participant(project)
    lent = assignments.claim_next(participant=first, project=project)
    assignments.claim_ahead(participant=second, project=project)
    run(change(owner, project, action="exclude"))
    assert assignments.claim_next(participant=second, project=project) is None
    assert not Assignment.objects.filter(state="queued").exists()
    assert lent is not None
    submissions.submit(
        assignment=lent,
        submission_id=uuid.uuid4(),
        answers={"preference": {"value": 1}},
    )
    entry = FrontierEntry.objects.get(item=lent.item)
    assert (entry.n_taken, entry.n_counted, entry.target) == (1, 1, 0)


def test_returned_item_is_lent_again(project: Project, owner: Client) -> None:
    run(change(owner, project, action="exclude"))
    run(change(owner, project, action="include"))
    assert entries(project, "target") == [2] * 6
    project.refresh_from_db()
    person = make_participant(project)
    assert assignments.claim_next(participant=person, project=project) is not None


def test_overlap_of_the_project_leaves_excluded_items_out(
    project: Project, owner: Client
) -> None:
    one = Item.objects.get(project=project, number=1)
    run(change(owner, project, action="exclude", ticked=one.public_id))
    assignments.set_overlap(project=project, overlap=4)
    assert entries(project, "target") == [0, 4, 4, 4, 4, 4]
    run(change(owner, project, action="overlap", value="3"))
    assert entries(project, "target") == [0, 3, 3, 3, 3, 3]
    run(change(owner, project, action="include"))
    assert entries(project, "target") == [3] * 6


def test_only_items_that_fit_the_filter_are_changed(
    project: Project, owner: Client
) -> None:
    person = make_participant(project)
    answer(person, 1)
    answered = Assignment.objects.get().item.number
    run(change(owner, project, action="exclude", annotator=person.pseudonym))
    excluded = entries(project, "is_excluded")
    assert [number for number, is_out in enumerate(excluded, 1) if is_out] == [answered]


def test_job_that_starts_again_changes_nothing_twice(
    project: Project, owner: Client
) -> None:
    job = run(change(owner, project, action="priority", value="2"))
    FrontierEntry.objects.filter(item__number=1).update(rank=-9)
    run_item_change(job, Progress(job_again(job)))
    assert entries(project, "rank") == [-9, -2, -2, -2, -2, -2]


def job_again(job: Job) -> Job:
    """Return the job as its next attempt runs it."""
    Job.objects.filter(pk=job.pk).update(state="waiting", lease_until=None)
    claimed = claim_job(job.pk)
    assert claimed is not None
    return claimed


def test_undo_gives_each_item_back_what_it_had(project: Project, owner: Client) -> None:
    FrontierEntry.objects.filter(item__number=1).update(overlap=3, target=3)
    job = run(change(owner, project, action="overlap", value="5"))
    FrontierEntry.objects.filter(item__number=2).update(overlap=9, target=9)
    address = reverse("item_change_undo", args=[project.slug, job.public_id])
    owner.post(address)
    owner.post(address)
    (undo,) = Job.objects.filter(parameters__undoes=job.pk)
    run(undo)
    assert entries(project, "target") == [3, 9, 2, 2, 2, 2]
    assert undo.result["n_changed"] == 5
    assert "1 was changed again since then" in undo.message


def test_undo_of_an_exclusion_lends_the_items_again(
    project: Project, owner: Client
) -> None:
    job = run(change(owner, project, action="exclude"))
    page = owner.get(reverse("job", args=[project.slug, job.public_id]))
    address = reverse("item_change_undo", args=[project.slug, job.public_id])
    assert address in page.content.decode()
    owner.post(address)
    run(Job.objects.get(parameters__undoes=job.pk))
    assert entries(project, "target") == [2] * 6
    page = owner.get(reverse("job", args=[project.slug, job.public_id]))
    assert address not in page.content.decode()


def test_cancelled_change_takes_back_what_it_did(
    project: Project, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.services.item_changes.WINDOW", 2)
    job = change(owner, project, action="exclude")

    class Stops:
        """Asks the job to stop after its first two windows."""

        n_left = 2

        def set(self, *_: object) -> None:
            self.n_left -= 1
            if self.n_left < 0:
                raise JobCancelled

    with pytest.raises(JobCancelled):
        run_item_change(job, Stops())  # type: ignore[arg-type]  # all that it calls
    assert job.item_changes.filter(is_undone=True).count() == 4
    assert entries(project, "is_excluded") == [False] * 6
    assert entries(project, "target") == [2] * 6


def test_only_a_change_that_is_done_can_be_undone(
    project: Project, owner: Client
) -> None:
    job = change(owner, project, action="exclude")
    response = owner.post(
        reverse("item_change_undo", args=[project.slug, job.public_id]), follow=True
    )
    assert "Only a change of items that is done" in response.content.decode()
    assert not Job.objects.filter(parameters__undoes=job.pk).exists()
    assert ConflictError.status == 409


# --- the page ---------------------------------------------------------------------


def test_preview_says_how_many_items_it_touches(
    project: Project, owner: Client
) -> None:
    run(change(owner, project, action="priority", value="1", state="unfinished"))
    FrontierEntry.objects.filter(item__number__lt=3).update(rank=0)
    page = owner.get(
        reverse("item_change", args=[project.slug]),
        {"action": "priority", "value": "1"},
    ).content.decode()
    assert "2 items" in page
    assert "Of all 6 items" in page


def test_large_count_is_said_to_be_capped(
    project: Project, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.selectors.item_sets.COUNT_BOUND", 4)
    address = reverse("item_change", args=[project.slug])
    page = owner.get(address, {"action": "exclude"}).content.decode()
    assert "More than 4 items" in page
    monkeypatch.setattr("annotation.selectors.item_sets.LOOK_BOUND", 3)
    page = owner.get(address, {"action": "exclude"}).content.decode()
    assert "At least 3 items" in page
    assert "the first 3 of 6" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"action": "destroy"}, "There is no change"),
        ({"action": "priority"}, "whole number"),
        ({"action": "priority", "value": "1.5"}, "whole number"),
        ({"action": "overlap", "value": "0"}, "between 1 and 1,000"),
        ({"action": "priority", "value": "9999999"}, "between -1,000,000"),
        ({"action": "exclude", "ticked": "nonsense"}, "is not there"),
    ],
)
def test_wrong_change_is_refused_with_a_reason(
    project: Project, owner: Client, given: dict[str, str], words: str
) -> None:
    response = owner.post(reverse("item_change", args=[project.slug]), given)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Job.objects.filter(kind="change").exists()


@pytest.mark.parametrize("who", ["annotator", "outsider"])
def test_others_cannot_change_items(
    project: Project, request: pytest.FixtureRequest, who: str
) -> None:
    browser: Client = request.getfixturevalue(who)
    address = reverse("item_change", args=[project.slug])
    assert browser.post(address, {"action": "exclude"}).status_code == 404
    assert not Job.objects.exists()


def test_foreign_item_is_not_changed(
    project: Project, outsider: Client, owner: Client
) -> None:
    other = Project.objects.exclude(pk=project.pk).get()
    item = Item.objects.filter(project=project).first()
    assert item is not None
    response = outsider.post(
        reverse("item_change", args=[other.slug]),
        {"action": "exclude", "ticked": item.public_id},
    )
    assert response.status_code == 422
    assert not Job.objects.exists()


def test_browser_item_page_and_dashboard_tell_of_excluded_items(
    project: Project, researcher: Client
) -> None:
    one = Item.objects.get(project=project, number=1)
    run(change(researcher, project, action="exclude", ticked=one.public_id))
    listed = researcher.get(
        reverse("items", args=[project.slug]), {"state": "excluded"}
    ).context["page"]
    assert [row.number for row in listed.rows] == [1]
    page = researcher.get(reverse("item", args=[project.slug, one.public_id]))
    assert "excluded from the work" in page.content.decode()
    home = researcher.get(reverse("dashboard", args=[project.slug]))
    assert "1 item</a> excluded" in home.content.decode()
    assert home.context["live"].progress.n_items == 5
    assert not Participant.objects.filter(n_done__gt=0).exists()


def test_check_lent_apart_is_not_touched_and_an_excluded_one_stays_out(
    project: Project, owner: Client
) -> None:
    first, second = Item.objects.filter(project=project).order_by("number")[:2]
    gold = {"use": "monitoring", "answers": {"preference": {"value": 1}}}
    checks.use_as_check(item=first, gold=gold, by=project.created_by)
    run(change(owner, project, action="overlap", value="5"))
    assert entries(project, "target") == [0, 5, 5, 5, 5, 5]
    run(change(owner, project, action="exclude", ticked=second.public_id))
    check = checks.use_as_check(item=second, gold=gold, by=project.created_by)
    checks.end_check(check=check, by=project.created_by)
    assert entries(project, "target") == [0, 0, 5, 5, 5, 5]


def test_what_is_too_old_to_be_undone_is_forgotten(
    project: Project, owner: Client
) -> None:
    old = run(change(owner, project, action="priority", value="7"))
    new = run(change(owner, project, action="priority", value="8"))
    assert forget_old_changes() == 0
    ago = timezone.now() - timedelta(days=91)
    Job.objects.filter(pk=old.pk).update(finished_at=ago)
    for job, is_offered in ((old, False), (new, True)):
        page = owner.get(reverse("job", args=[project.slug, job.public_id]))
        undo = reverse("item_change_undo", args=[project.slug, job.public_id])
        assert (undo in page.content.decode()) is is_offered
    undo = reverse("item_change_undo", args=[project.slug, old.public_id])
    said = owner.post(undo, follow=True).content.decode()
    assert "This change is older than 90 days" in said
    assert Job.objects.filter(kind="change").count() == 2
    # What was asked for at the last moment is not cut short.
    assert forget_old_changes() == 0
    Job.objects.filter(pk=old.pk).update(finished_at=ago - timedelta(days=7))
    assert forget_old_changes() == 6
    assert set(ItemChange.objects.values_list("job", flat=True)) == {new.pk}
    assert entries(project, "rank") == [-8] * 6


def test_beat_forgets_them_once_a_day() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["forget-old-changes"]
    assert entry["task"] == forget_task.name
    assert entry["schedule"] == 24 * 3600
