"""Heavy figures and charts: counted right, made only when something has happened."""

import datetime
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.agreement import wilson_interval
from annotation.formats.types import (
    CompletionDraft,
    ItemDraft,
    LabelDraft,
    Message,
)
from annotation.models import (
    Assignment,
    Chart,
    FrontierEntry,
    Item,
    Job,
    Participant,
    Project,
)
from annotation.selectors import figures
from annotation.selectors.choices import questions_of
from annotation.services import charts
from annotation.services.checks import use_as_check
from annotation.services.imports import store_items
from annotation.services.jobs import Progress
from annotation.services.measures import agreements, measure
from tests.factories import make_participant
from tests.manage.conftest import answer, answer_item, pre_annotate

# Numbers without a picture.
KEPT = {"figures", "habits"}


@pytest.fixture
def pool(project: Project) -> list[Item]:
    """The six items of the project, by number."""
    return list(Item.objects.filter(project=project).order_by("number"))


@pytest.fixture
def pair(project: Project) -> tuple[Participant, Participant]:
    """Two people who annotate."""
    return make_participant(project), make_participant(project)


def _kept(project: Project) -> dict[str, Any]:
    numbers: dict[str, Any] = Chart.objects.get(project=project, name="figures").numbers
    return numbers


def test_agreement_counts_items_where_all_chose_the_same(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for item, values in zip(pool, [(1, 3), (2, 1), (1, -1), (0, 0)], strict=False):
        for person, value in zip(pair, values, strict=True):
            answer_item(item, value, person)
    answer_item(pool[5], 1, pair[0])
    (found,) = agreements(project, questions_of(project))
    assert (found["n_items"], found["n_agree"], found["n_raters"]) == (4, 3, 2)
    interval = wilson_interval(3, 4)
    assert (found["low"], found["high"]) == (interval.low, interval.high)
    assert found["pairs"] == 0.75
    # By hand: coincidences of A, B, tie = 5, 1, 2 of 8; observed 1/4, expected 34/56.
    assert found["alpha"] == pytest.approx(1 - (2 / 8) / (34 / 56))


def test_surplus_and_imported_answers_stay_out_of_the_agreement(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for person in pair:
        lent = answer_item(pool[0], 1, person)
    Assignment.objects.filter(pk=lent.pk).update(state="surplus")
    assert agreements(project, questions_of(project)) == []


def test_imported_labels_have_an_agreement_of_their_own(project: Project) -> None:
    labels = tuple(
        LabelDraft(name, False, {"preference": {"value": 1}}) for name in ("ann", "bo")
    )
    draft = ItemDraft(
        row=1,
        messages=(Message("user", "Which?"),),
        completions=(CompletionDraft("This."), CompletionDraft("That.")),
        labels=labels,
    )
    asked = {"name": "preference", "type": "comparison", "strength": 1}
    store_items(project=project, items=[draft], questions=[asked])
    (found,) = agreements(project, questions_of(project))
    assert (found["is_imported"], found["n_items"], found["share"]) == (True, 1, 1.0)
    assert measure(project).numbers["counts"]["n_imported"] == 2


def test_position_is_counted_by_the_order_shown(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    shown_b_first = answer_item(pool[0], -1, pair[0])
    Assignment.objects.filter(pk=shown_b_first.pk).update(order=[1, 0])
    for item, value in ((pool[1], 1), (pool[2], -1), (pool[3], 0)):
        answer_item(item, value, pair[0])
    pre_annotate(pool[0], 1)
    people, judge = figures.first_shown(project, questions_of(project))
    # B won where B was first, A won where A was first, B won where A was first.
    assert (people.n_first, people.n_second, people.n_ties) == (2, 1, 1)
    assert (judge.name, judge.is_machine, judge.n_first) == ("judge-14b", True, 1)


def test_answer_of_unknown_order_says_nothing_of_position(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    lent = answer_item(pool[0], 1, pair[0])
    Assignment.objects.filter(pk=lent.pk).update(order=None)
    assert figures.first_shown(project, questions_of(project)) == []


@pytest.mark.usefixtures("noon")
def test_days_without_work_are_filled_in(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    lent = answer(pair[0], 1)
    Assignment.objects.filter(pk=lent.pk).update(
        finished_at=timezone.now() - datetime.timedelta(days=3)
    )
    answer(pair[0], 1)
    days = figures.days(project)
    assert [day.n_human for day in days] == [1, 0, 0, 1]
    assert days[-1].day == timezone.localdate()


@pytest.mark.usefixtures("noon")
def test_item_is_finished_on_the_day_of_its_last_answer(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    first = answer_item(pool[0], 1, pair[0])
    Assignment.objects.filter(pk=first.pk).update(
        finished_at=timezone.now() - datetime.timedelta(days=2)
    )
    answer_item(pool[0], 1, pair[1])
    assert [day.n_finished for day in figures.days(project)] == [0, 0, 1]


def test_checks_and_excluded_items_are_no_items_to_finish(
    project: Project, pool: list[Item]
) -> None:
    before = figures.n_items(project)
    assert before == len(pool)
    assert project.created_by
    use_as_check(
        item=pool[0],
        gold={"use": "monitoring", "answers": {"preference": {"value": 2}}},
        by=project.created_by,
    )
    FrontierEntry.objects.filter(item=pool[1]).update(is_excluded=True, target=0)
    # A check alone that is excluded as well is taken off once.
    FrontierEntry.objects.filter(item=pool[0]).update(is_excluded=True)
    assert figures.n_items(project) == before - 2


def test_times_keep_each_of_few_answers(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    for active_ms in (10_000, 50_000, 20_000):
        answer(pair[0], 1, active_ms=active_ms)
    found = figures.times(project)
    assert (found.n, found.median_ms) == (3, 20_000)
    assert sorted(found.sample_ms) == [10_000, 20_000, 50_000]


def test_charts_are_drawn_in_both_themes_with_their_finding(
    project: Project, pool: list[Item], pair: tuple[Participant, Participant]
) -> None:
    for person in pair:
        answer_item(pool[0], 1, person)
    charts.refresh(project=project)
    drawn = Chart.objects.filter(project=project).exclude(name__in=KEPT)
    names = {
        "habit_others",
        "labels_per_day",
        "position_bias",
        "progress_over_time",
        "time_per_item",
    }
    assert set(drawn.values_list("name", flat=True)) == names
    for chart in drawn:
        root = ET.fromstring(chart.svg)
        assert root.tag.endswith("svg")
        assert ("1 of 6 items" in "".join(root.itertext())) == (
            chart.name == "progress_over_time" and chart.theme == "file"
        )
    title = drawn.get(name="labels_per_day", theme="light").numbers["title"]
    assert title == "People gave 2 answers in the last seven days"


def test_chart_with_nothing_to_show_goes(project: Project) -> None:
    Chart.objects.create(
        project=project, name="old", theme="light", svg="<svg/>", made_at=timezone.now()
    )
    assert charts.refresh(project=project) == 0
    assert {c.name for c in Chart.objects.filter(project=project)} == KEPT


def test_figures_are_made_anew_only_after_something_happened(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    charts.refresh_stale()
    first = Chart.objects.get(project=project, name="figures")
    charts.refresh_stale()
    assert Chart.objects.get(pk=first.pk).made_at == first.made_at
    Chart.objects.update(made_at=first.made_at - datetime.timedelta(hours=1))
    answer(pair[0], 1)
    charts.refresh_stale()
    assert Chart.objects.get(pk=first.pk).made_at > first.made_at
    assert _kept(project)["times"]["n"] == 1


def test_costly_figures_rest_before_they_are_made_again(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    charts.refresh_stale()
    kept = Chart.objects.get(project=project, name="figures")
    kept.numbers["cost_s"] = 600
    kept.save()
    answer(pair[0], 1)
    charts.refresh_stale()
    assert _kept(project)["times"]["n"] == 0


def test_two_workers_do_not_make_the_same_figures(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    cache.add(f"charts-at-work:{project.pk}", True, 60)
    charts.refresh_stale()
    assert not Chart.objects.filter(project=project).exists()
    cache.delete(f"charts-at-work:{project.pk}")
    charts.refresh_stale()
    assert Chart.objects.filter(project=project).exists()


def test_charts_job_says_what_it_made(
    project: Project, pair: tuple[Participant, Participant]
) -> None:
    answer(pair[0], 1)
    job = Job.objects.create(project=project, kind="charts", state="running")
    progress = Progress(job)
    progress.set = lambda *_, **__: None  # type: ignore[method-assign]  # its row is not committed
    result = charts.run_charts(job, progress)
    progress.close()
    assert "charts are up to date" in result["message"]


def test_dashboard_shows_figures_as_of_their_time(
    project: Project,
    pool: list[Item],
    pair: tuple[Participant, Participant],
    owner: Client,
) -> None:
    for person in pair:
        answer_item(pool[0], 1, person)
    charts.refresh(project=project)
    page = owner.get(reverse("dashboard", args=[project.slug])).content.decode()
    assert "100% <small>of items</small>" in page
    assert "are as of" in page
    assert "style=" not in page


def test_chart_is_sent_once_and_then_only_confirmed(
    project: Project, pair: tuple[Participant, Participant], owner: Client
) -> None:
    answer(pair[0], 1)
    charts.refresh(project=project)
    address = reverse("chart", args=[project.slug, "labels_per_day"])
    light = owner.get(address)
    assert light["Content-Type"] == "image/svg+xml"
    again = owner.get(address, headers={"If-None-Match": light["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert owner.get(f"{address}?theme=dark").content != light.content
    assert owner.get(f"{address}?theme=%00").content == light.content
    download = owner.get(f"{address}?download=1")
    assert download["Content-Disposition"].startswith("attachment")
    assert b"People gave" in download.content


def shown_chart(page: str) -> tuple[str, str]:
    """Return the title of the answers' chart, and the address of its picture."""
    title = re.search(r"<h2>(People gave[^<]*)</h2>", page)
    picture = re.search(r'src="([^"]*labels_per_day[^"]*theme=light&amp;at=\d+)"', page)
    assert title
    assert picture
    return title[1], picture[1].replace("&amp;", "&")


def test_words_and_picture_of_a_chart_are_of_one_snapshot(
    project: Project, pair: tuple[Participant, Participant], owner: Client
) -> None:
    answer(pair[0], 1)
    charts.refresh(project=project)
    address = reverse("dashboard", args=[project.slug])
    words, picture = shown_chart(owner.get(address).content.decode())
    first = owner.get(picture).content
    answer(pair[1], 1)
    charts.refresh(project=project)
    # The page that is open still shows the words from before.
    assert owner.get(picture).content == first
    newer, other = shown_chart(owner.get(address).content.decode())
    assert newer != words
    assert other != picture
    assert owner.get(other).content != first
    cache.clear()
    assert owner.get(picture).content == owner.get(other).content


def test_live_part_brings_charts_that_are_newer_than_the_page(
    project: Project, pair: tuple[Participant, Participant], owner: Client
) -> None:
    answer(pair[0], 1)
    charts.refresh(project=project)
    live = reverse("dashboard_live", args=[project.slug])
    page = owner.get(reverse("dashboard", args=[project.slug])).content.decode()
    stamp = re.search(r'name="snapshot" value="(\d+)"', page)
    assert stamp
    known = f"{live}?snapshot={stamp[1]}"
    assert "live-charts" not in owner.get(known).content.decode()
    answer(pair[1], 1)
    charts.refresh(project=project)
    body = owner.get(known).content.decode()
    assert shown_chart(body)[0].startswith("People gave")
    assert f'name="snapshot" value="{stamp[1]}"' not in body


@pytest.mark.parametrize("query", ["", "?theme=pink", "?theme=%00"])
def test_unknown_chart_is_not_found(
    query: str, project: Project, owner: Client
) -> None:
    charts.refresh(project=project)
    for name in ("nothing", "figures"):
        address = reverse("chart", args=[project.slug, name])
        assert owner.get(f"{address}{query}").status_code == 404
