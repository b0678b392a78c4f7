"""Published data sets through the database: import, figures, export, import again.

Each test runs on an own-written miniature in the same format, and on the real data
where POLYPHONY_DATA_DIR names them.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from annotation.agreement import fleiss_kappa, krippendorff_alpha, majority
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.package import FolderPackage
from annotation.models import Annotation, Item, Participant, PreAnnotation, Project
from annotation.services.datasets import write_dataset
from annotation.services.imports import GOOD, import_path
from tests.factories import make_project

pytestmark = pytest.mark.django_db
MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")
MINI = pytest.param(MINIATURES, id="mini")
FULL = pytest.param(Path(REAL), id="real", marks=needs_data)
both = pytest.mark.parametrize("data", [MINI, FULL])


def bring_in(project: Project, *paths: Path) -> None:
    """Import files; what is not a warning fails the test."""
    for path in paths:
        _, problems = import_path(project=project, path=path, mode=GOOD)
        assert [p for p in problems if not p.is_warning] == []


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Export a project as our own format and return the file of its items."""

    def export(project: Project, name: str) -> Path:
        folder = tmp_path / name
        write_dataset(
            project=project,
            options=ExportOptions(format="native", include_machine=True),
            package=FolderPackage(folder),
            salt=name.encode().ljust(16, b"."),
            on_progress=lambda done, total: None,
        )
        (found,) = folder.glob("data/*/*.jsonl")
        return found

    return export


def pandalm(data: Path) -> list[Path]:
    folder = data / "pandalm"
    return [
        folder / "testset-v1.jsonl.gz",
        folder / "gpt-3.5-turbo-testset-v1.jsonl.gz",
        folder / "pandalm-7b-testset-v1.jsonl.gz",
    ]


def ukp(data: Path) -> list[Path]:
    return sorted((data / "ukpconvarg1" / "pairs").glob("*.jsonl.gz"))


def recipes(data: Path, tmp_path: Path) -> list[Path]:
    folder = data / "recipe_ratings"
    target = tmp_path / "recipes.jsonl"
    lists = sorted(map(str, (folder / "experimental_lists").glob("list_*.csv")))
    ratings = str(folder / "cleaned_data_anonymized.csv")
    call_command("convert_recipe_ratings", ratings, *lists, to=target)
    return [target]


def preference_values(project: Project) -> list[list[int]]:
    """Return the imported values of each item, in order of the item's number."""
    by_item: dict[int, list[int]] = {}
    rows = Annotation.objects.filter(project=project).order_by("item__number", "id")
    for number, answers in rows.values_list("item__number", "answers"):
        by_item.setdefault(number, []).append(answers["preference"]["value"])
    return list(by_item.values())


@both
def test_pandalm_figures_come_out_of_the_database(data: Path) -> None:
    project = make_project()
    bring_in(project, *pandalm(data))
    values = preference_values(project)
    ratings = np.array(values, dtype=float).T
    votes = [majority(marks) for marks in values]
    if data == MINIATURES:
        assert (len(values), sum(vote.is_unanimous for vote in votes)) == (4, 2)
    else:
        assert fleiss_kappa(ratings).value == pytest.approx(0.8865, abs=5e-5)
        assert krippendorff_alpha(ratings).value == pytest.approx(0.8866, abs=5e-5)
        assert Counter(vote.choice for vote in votes) == {1: 227, -1: 227, 0: 60}
        assert (len(values), sum(v.is_unanimous for v in votes)) == (514, 462)
    assert Participant.objects.filter(project=project).count() == 3
    assert PreAnnotation.objects.filter(project=project).count() == 2 * len(values)


@both
def test_pandalm_verdict_that_cannot_be_read_is_no_tie(data: Path) -> None:
    project = make_project()
    bring_in(project, *pandalm(data))
    unread = PreAnnotation.objects.filter(project=project).exclude(status="ok")
    for machine in unread:
        assert machine.answers.get("preference") is None


@both
def test_ukpconvarg1_counts_come_out_of_the_database(data: Path) -> None:
    project = make_project()
    bring_in(project, *ukp(data))
    annotations = Annotation.objects.filter(project=project)
    counts = (
        Item.objects.filter(project=project).count(),
        annotations.count(),
        Participant.objects.filter(project=project).count(),
    )
    if data != MINIATURES:
        assert counts == (3700, 18_459, 2790)
    assert min(counts) > 0
    given = annotations.values_list("answers", flat=True)
    assert all(answers["rationale"] for answers in given)
    assert not annotations.filter(total_ms=None).exists()


@both
def test_recipe_ratings_agree_as_published(data: Path, tmp_path: Path) -> None:
    project = make_project(template="rating")
    bring_in(project, *recipes(data, tmp_path))
    rows = Annotation.objects.filter(project=project).values_list(
        "item_id", "participant_id", "answers"
    )
    people = sorted({who for _, who, _ in rows})
    items = sorted({item for item, _, _ in rows})
    marks = np.full((len(people), len(items)), np.nan)
    for item, who, answers in rows:
        marks[people.index(who), items.index(item)] = answers["ratings"]["grammar"][0]
    if data == MINIATURES:
        assert len(people) >= 2
    else:
        assert (len(rows), len(people), len(items)) == (600, 50, 36)
        alpha = krippendorff_alpha(marks, "ordinal").value
        assert alpha == pytest.approx(0.3893, abs=5e-5)


def renamed(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of an export with people numbered as they first appear."""
    names: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for label in row.get("labels", ()):
            if not label.get("is_machine"):
                number = f"person {len(names) + 1}"
                label["annotator"] = names.setdefault(label["annotator"], number)
        yield row


def qa_feedback(data: Path) -> list[Path]:
    return [data / "qa_feedback" / "dev_feedback.jsonl.gz"]


def openassistant(data: Path) -> list[Path]:
    return [data / "openassistant_trees" / "en_100_message.jsonl.gz"]


def one_debate(data: Path) -> list[Path]:
    return ukp(data)[:1]


SETS: dict[str, Callable[[Path], list[Path]]] = {
    "pandalm": pandalm,
    "qa_feedback": qa_feedback,
    "openassistant": openassistant,
    "ukpconvarg1": one_debate,
}


@both
@pytest.mark.parametrize("name", SETS)
def test_export_import_export_gives_the_same_rows(
    data: Path, name: str, write: Callable[..., Path]
) -> None:
    first, second = make_project(), make_project()
    bring_in(first, *SETS[name](data))
    there = write(first, "first")
    bring_in(second, there)
    again = write(second, "second")
    rows = list(renamed(there))
    assert rows
    assert list(renamed(again)) == rows


@both
def test_recipe_ratings_survive_the_round_trip(
    data: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    first, second = make_project(), make_project()
    bring_in(first, *recipes(data, tmp_path))
    there = write(first, "first")
    bring_in(second, there)
    assert list(renamed(write(second, "second"))) == list(renamed(there))


@both
@pytest.mark.parametrize("name", SETS)
def test_importing_the_same_files_twice_adds_nothing(data: Path, name: str) -> None:
    project = make_project()

    def counts() -> tuple[int, ...]:
        tables = (Item, Annotation, PreAnnotation, Participant)
        return tuple(t.objects.filter(project=project).count() for t in tables)

    bring_in(project, *SETS[name](data))
    before = counts()
    bring_in(project, *SETS[name](data))
    assert counts() == before
