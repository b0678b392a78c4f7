"""The dashboard: live figures, stuck leases, flags, and the banner of the worker."""

import datetime

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.models import Assignment, Draft, Flag, Job, Participant, Project
from annotation.selectors import workers
from annotation.selectors.dashboard import answers_so_far, live
from annotation.services import assignments
from annotation.services.charts import refresh
from tests.factories import make_participant
from tests.manage.conftest import answer


def _open_since(project: Project, hours: float) -> Assignment:
    participant = make_participant(project)
    lent = assignments.claim_next(participant=participant, project=project)
    assert lent is not None
    lent.shown_at = timezone.now() - datetime.timedelta(hours=hours)
    lent.save(update_fields=["shown_at"])
    return lent


def _flag(project: Project, note: str) -> Flag:
    lent = _open_since(project, hours=0)
    return Flag.objects.create(
        project=project,
        item=lent.item,
        participant=lent.participant,
        kind="other",
        note=note,
    )


def test_progress_counts_finished_items_and_answers(project: Project) -> None:
    first, second = make_participant(project), make_participant(project)
    for participant in (first, second):
        for _ in range(6):
            answer(participant, 1)
    answered = live(project).progress
    assert (answered.n_items, answered.n_finished) == (6, 6)
    assert (answered.n_answers, answered.n_people) == (12, 2)
    assert answered.percent == 100


def test_answers_of_recruited_people_are_counted_and_imported_are_not(
    project: Project,
) -> None:
    for source in ("recruited", "import"):
        person = make_participant(project)
        answer(person, 1)
        Participant.objects.filter(pk=person.pk).update(source=source)
    shown = live(project)
    assert (shown.progress.n_answers, shown.progress.n_people) == (1, 1)
    assert shown.pace.n_week == 1
    assert len(shown.at_work.people) == 1
    assert answers_so_far(project) == 1


def test_almost_finished_is_not_rounded_to_all(project: Project) -> None:
    participant = make_participant(project)
    answer(participant, 1)
    progress = live(project).progress
    assert (progress.n_finished, progress.n_answers_left) == (0, 11)


@pytest.mark.usefixtures("noon")
def test_pace_of_a_large_project_takes_past_days_from_the_worker(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.selectors.dashboard.LARGE", 1)
    person = make_participant(project)
    for _ in range(3):
        answer(person, 1)
    day = datetime.timedelta(days=1)
    done = Assignment.objects.filter(state="submitted").order_by("id")
    for n_days, assignment in zip((2, 1, 0), done, strict=True):
        at = timezone.now() - n_days * day
        Assignment.objects.filter(pk=assignment.pk).update(finished_at=at)
    counted = live(project).pace
    cache.clear()
    refresh(project=project)
    # Kept, so what is changed behind its back does not show.
    Assignment.objects.filter(pk=done[0].pk).update(
        finished_at=timezone.now() - 9 * day
    )
    kept = live(project).pace
    assert [n for _, n in kept.days] == [n for _, n in counted.days]
    assert [n for _, n in kept.days] == [0, 0, 0, 0, 1, 1, 1]
    assert kept.n_week == counted.n_week == 3


@pytest.mark.usefixtures("noon")
def test_pace_promises_time_left(project: Project) -> None:
    participant = make_participant(project)
    for _ in range(2):
        answer(participant, 1)
    pace = live(project).pace
    assert pace.n_week == 2
    assert pace.days[-1] == (timezone.localdate(), 2)
    # Ten answers are left at two a day.
    assert pace.left == "about five days"


def test_nobody_at_work_promises_nothing(project: Project) -> None:
    assert live(project).pace.left == ""


def test_people_at_work_show_their_median_time(project: Project) -> None:
    participant = make_participant(project)
    for active_ms in (10_000, 50_000, 20_000):
        answer(participant, 1, active_ms=active_ms)
    at_work = live(project).at_work
    assert [person.pseudonym for person in at_work.people] == [participant.pseudonym]
    assert at_work.people[0].median_ms == 20_000
    assert (at_work.n_today, at_work.n_now) == (1, 1)


def test_who_left_an_hour_ago_is_not_at_work_now(project: Project) -> None:
    participant = make_participant(project)
    lent = answer(participant, 1)
    Assignment.objects.filter(pk=lent.pk).update(
        finished_at=timezone.now() - datetime.timedelta(hours=1)
    )
    at_work = live(project).at_work
    assert (at_work.n_today, at_work.n_now) == (1, 0)


def test_lease_of_a_forgotten_window_is_stuck(project: Project) -> None:
    lent = _open_since(project, hours=3)
    _open_since(project, hours=0.5)
    assert [stuck.public_id for stuck in live(project).stuck] == [lent.public_id]


def test_lease_with_a_fresh_draft_is_not_stuck(project: Project) -> None:
    Draft.objects.create(assignment=_open_since(project, hours=3))
    assert live(project).stuck == ()


def test_returned_lease_goes_back_to_the_pool(project: Project, owner: Client) -> None:
    lent = _open_since(project, hours=3)
    address = reverse("lease_reclaim", args=[project.slug, lent.public_id])
    for _ in range(2):
        response = owner.post(address, follow=True)
        assert response.status_code == 200
        lent.refresh_from_db()
        assert lent.state == "expired"
    lent.item.frontier.refresh_from_db()
    assert lent.item.frontier.n_taken == 0


def test_resolved_flag_leaves_the_dashboard(project: Project, owner: Client) -> None:
    flag = _flag(project, note="")
    address = reverse("flag_resolve", args=[project.slug, flag.public_id])
    for _ in range(2):
        assert owner.post(address, {"from": "item"}).status_code == 302
    flag.refresh_from_db()
    assert flag.resolved_at is not None
    assert live(project).flags == ()


def test_note_of_a_flag_is_escaped(project: Project, owner: Client) -> None:
    _flag(project, note="<script>alert(1)</script>")
    page = owner.get(reverse("dashboard", args=[project.slug])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_banner_stands_only_while_a_job_waits_for_a_worker(
    project: Project, owner: Client
) -> None:
    address = reverse("dashboard", args=[project.slug])
    assert "No worker is running" not in owner.get(address).content.decode()
    Job.objects.create(project=project, kind="import")
    assert "No worker is running" in owner.get(address).content.decode()
    cache.set(workers.beat_key("default"), True, 60)
    assert "No worker is running" not in owner.get(address).content.decode()


def test_unchanged_figures_are_not_sent_again(project: Project, owner: Client) -> None:
    _flag(project, note="Its answer is empty.")
    address = reverse("dashboard_live", args=[project.slug])
    first = owner.get(address)
    assert "csrfmiddlewaretoken" in first.content.decode()
    etag = first["ETag"]
    again = owner.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    answer(make_participant(project), 1)
    cache.clear()
    assert owner.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_empty_project_says_how_to_begin(project: Project, owner: Client) -> None:
    project.items.all().delete()
    page = owner.get(reverse("dashboard", args=[project.slug])).content.decode()
    assert "There are no items yet" in page


def test_live_figures_take_seven_queries_and_six_with_the_cache(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    answer(make_participant(project), 1)
    with django_assert_num_queries(7):
        live(project)
    with django_assert_num_queries(6):
        live(project)
