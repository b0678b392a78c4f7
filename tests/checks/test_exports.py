"""What looks after the work is no data: no format for training has it."""

import io
import json
import zipfile
from typing import Any

import pytest

from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.package import ZipPackage
from annotation.models import FrontierEntry, Item, Project
from annotation.selectors.dashboard import answers_so_far, live
from annotation.services.datasets import write_dataset
from annotation.services.exports import stream_annotations
from tests.checks.conftest import MakeAnnotator, MakePool, mark, set_rules, work


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
