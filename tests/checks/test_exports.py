"""What looks after the work is no data: no format for training has it."""

import io
import json
import zipfile
from typing import Any

import pytest

from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.package import ZipPackage
from annotation.models import FrontierEntry, Item, Project
from annotation.selectors.dashboard import answers_so_far, live
from annotation.services.datasets import write_dataset
from annotation.services.exports import stream_annotations
from annotation.services.standings import set_standing
from tests.checks.conftest import MakeAnnotator, MakePool, mark, set_rules, work
from tests.exports.conftest import Write, write
from tests.exports.test_consent import table

__all__ = ["write"]


@pytest.fixture
def study(make_pool: MakePool, make_annotator: MakeAnnotator) -> Project:
    """Return a project where one person has answered items, gold and a repeat."""
    pool = make_pool(20)
    mark(pool, "monitoring", range(1, 4))
    set_rules(
        pool,
        monitoring_every=5,
        mirror_every=5,
        mirror_after_items=2,
        mirror_after_min=0,
    )
    work(make_annotator(pool), 100)
    return pool


def tables(project: Project, **options: Any) -> dict[str, list[dict[str, Any]]]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        write_dataset(
            project=project,
            options=parse_options(options),
            package=ZipPackage(archive),
            salt=b"0123456789abcdef",
            on_progress=lambda done, total: None,
        )
    with zipfile.ZipFile(file) as archive:
        return {
            name.split("/")[1]: [json.loads(x) for x in archive.read(name).splitlines()]
            for name in archive.namelist()
            if name.startswith("data/")
        }


def test_raw_tables_keep_checks_apart_with_their_results(study: Project) -> None:
    found = tables(study, format="raw")
    assert {row["purpose"] for row in found["annotations"]} == {"main"}
    assert len(found["annotations"]) == 17
    by_purpose = {row["purpose"]: row for row in found["checks"]}
    assert set(by_purpose) == {"monitoring", "mirror"}
    assert {row["is_right"] for row in found["checks"]} == {True}
    gold = json.loads(by_purpose["monitoring"]["reference"])
    assert gold["answers"] == {"preference": {"accept": [3, 2, 1]}}
    assert json.loads(by_purpose["mirror"]["reference"]) == {"preference": {"value": 1}}
    ids = {row["annotation_id"] for row in found["judgements"]}
    assert not ids & {row["annotation_id"] for row in found["checks"]}


@pytest.fixture
def gated(make_pool: MakePool, make_annotator: MakeAnnotator) -> Project:
    """Return a project where one person trained, qualified and went on to the data."""
    pool = make_pool(12)
    mark(pool, "training", range(1, 3), explanation="So it is.")
    mark(pool, "qualification", range(3, 6))
    set_rules(pool, n_training=2, n_qualification=3, pass_percent=60, wait_hours=0)
    person = make_annotator(pool)
    work(person, 2, canonical=-1)
    work(person, 1, canonical=-1)
    work(person, 100)
    return pool


def test_training_and_qualification_are_told_apart_with_their_results(
    gated: Project,
) -> None:
    found = tables(gated, format="raw")
    told: dict[str, list[bool]] = {}
    for row in found["checks"]:
        told.setdefault(row["purpose"], []).append(row["is_right"])
        assert json.loads(row["reference"])["answers"] == {
            "preference": {"accept": [3, 2, 1]}
        }
    assert told == {"training": [False, False], "qualification": [False, True, True]}
    assert {row["purpose"] for row in found["annotations"]} == {"main"}
    assert len(found["annotations"]) == 7
    people = {row["annotator"] for row in found["checks"]}
    assert people == {row["annotator"] for row in found["annotations"]}


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "raw"])
def test_no_other_format_holds_an_answer_to_training_or_qualification(
    gated: Project, form: str
) -> None:
    checks = Item.objects.filter(check_item__isnull=False)
    names = set(checks.values_list("external_id", flat=True))
    assert len(names) == 5
    (rows,) = tables(gated, format=form).values()
    for row in rows:
        if form == "native":
            assert bool(row.get("gold")) is not bool(row.get("labels"))
        else:
            assert not [name for name in names if f'"{name}"' in json.dumps(row)]


def test_wrong_answer_to_gold_is_told(
    study: Project, make_annotator: MakeAnnotator
) -> None:
    Project.objects.filter(pk=study.pk).update(overlap=2)
    FrontierEntry.objects.filter(project=study, overlap=None).update(target=2)
    work(make_annotator(study), 100, canonical=-1)
    rows = tables(study, format="raw")["checks"]
    wrong = [row for row in rows if row["purpose"] == "monitoring"]
    assert {row["is_right"] for row in wrong} == {True, False}


@pytest.mark.parametrize(
    "form", ["trl_preference", "trl_reward", "helpsteer_preference", "multipref"]
)
def test_formats_for_training_hold_no_check(study: Project, form: str) -> None:
    (rows,) = tables(study, format=form).values()
    golds = set(Item.objects.exclude(gold=None).values_list("external_id", flat=True))
    assert len(rows) == 17
    shown = [json.dumps(row) for row in rows]
    assert not [name for name in golds if any(f'"{name}"' in row for row in shown)]


def test_native_rows_and_the_stream_hold_no_answer_to_a_check(study: Project) -> None:
    (rows,) = tables(study, format="native").values()
    labels = [label for row in rows for label in row.get("labels", ())]
    assert len(labels) == 17
    check = next(row for row in rows if row.get("gold"))
    assert check["gold"]["use"] == "monitoring"
    assert "overlap" not in check or check["overlap"] is None
    lines = b"".join(stream_annotations(study)).splitlines()
    assert {json.loads(line)["purpose"] for line in lines} == {"main"}


def test_dashboard_counts_data_alone(study: Project) -> None:
    progress = live(study).progress
    assert answers_so_far(study) == progress.n_answers == 17
    assert progress.n_items == progress.n_finished == 17


@pytest.mark.parametrize("form", ["raw", "trl_preference", "native"])
def test_blocked_people_are_left_out_where_that_is_asked_for(
    pool: Project, make_annotator: MakeAnnotator, write: Write, form: str
) -> None:
    kept, blocked = make_annotator(pool), make_annotator(pool)
    work(kept, 3)
    work(blocked, 2)
    set_standing(
        participant=blocked, standing="blocked", reason="Why.", by=pool.created_by
    )
    _, whole = write(pool, format=form)
    assert (whole.answers.exported, whole.answers.dropped["blocked"]) == (5, 0)
    _, part = write(pool, format=form, leave_out_blocked=True)
    assert (part.answers.exported, part.answers.dropped["blocked"]) == (3, 2)
    assert part.answers.is_balanced
    assert "its author was blocked by the people of the project" in part.card


def test_people_have_their_standing_at_the_time_of_the_export(
    pool: Project, make_annotator: MakeAnnotator, write: Write
) -> None:
    people = [make_annotator(pool) for _ in range(3)]
    for person in people:
        work(person, 1)
    for person, standing in zip(people[1:], ("paused", "blocked"), strict=True):
        set_standing(
            participant=person, standing=standing, reason="Why.", by=pool.created_by
        )
    folder, _ = write(pool, format="raw")
    told = [row["standing"] for row in table(folder, "participants")]
    assert sorted(told) == ["active", "blocked", "paused"]
    folder, part = write(pool, format="raw", leave_out_blocked=True)
    told = [row["standing"] for row in table(folder, "participants")]
    assert sorted(told) == ["active", "paused"]
    assert part.people.dropped == {"blocked": 1}


def test_pausing_leaves_nothing_out(
    pool: Project, make_annotator: MakeAnnotator, write: Write
) -> None:
    person = make_annotator(pool)
    work(person, 2)
    set_standing(
        participant=person, standing="paused", reason="Why.", by=pool.created_by
    )
    _, part = write(pool, format="raw", leave_out_blocked=True)
    assert part.answers.exported == 2
