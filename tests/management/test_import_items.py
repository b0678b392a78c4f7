"""The command that imports files on the server, all of them or none."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Annotation, Item, PreAnnotation, Project
from tests.factories import make_project

pytestmark = pytest.mark.django_db
PANDALM = Path(__file__).parent.parent / "data" / "pandalm"
Write = Callable[..., Path]


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rows as JSON lines."""

    def write_rows(name: str, *rows: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write_rows


def run(project: Project, *arguments: object) -> str:
    out = io.StringIO()
    texts = [str(argument) for argument in arguments]
    call_command("import_items", project.slug, *texts, stdout=out, stderr=out)
    return out.getvalue()


def pair(number: int) -> dict[str, Any]:
    return {"prompt": f"Question {number}?", "completions": ["Yes.", "No."]}


def test_labels_of_a_second_file_find_the_items_of_the_first(project: Project) -> None:
    run(
        project,
        PANDALM / "testset-v1.jsonl.gz",
        PANDALM / "gpt-3.5-turbo-testset-v1.jsonl.gz",
    )
    assert Item.objects.filter(project=project).count() == 4
    assert Annotation.objects.filter(project=project).count() == 12
    assert PreAnnotation.objects.filter(project=project).count() == 4


def test_bad_row_of_a_second_file_takes_back_the_first(
    project: Project, write: Write
) -> None:
    good = write("good.jsonl", pair(1), pair(2))
    bad = write("bad.jsonl", pair(3), {"prompt": "", "completions": ["Yes.", "No."]})
    with pytest.raises(CommandError, match="nothing was imported"):
        run(project, good, bad)
    assert not Item.objects.filter(project=project).exists()


def test_mode_good_leaves_bad_rows_out_and_names_them(
    project: Project, write: Write
) -> None:
    bad = write("bad.jsonl", pair(3), {"prompt": "", "completions": ["Yes.", "No."]})
    said = run(project, bad, "--mode", "good")
    assert "row 2, prompt: rejected: The prompt is empty." in said
    assert "added 1" in said


def test_single_completions_come_in_where_the_mapping_says_so(
    project: Project, write: Write
) -> None:
    path = write("one.jsonl", {"prompt": "How so?", "completions": ["Because."]})
    with pytest.raises(CommandError, match="nothing was imported"):
        run(project, path)
    assert "added 1" in run(project, path, "--mapping", '{"min_completions": 1}')


def test_mapping_that_is_no_object_is_refused(project: Project, write: Write) -> None:
    with pytest.raises(CommandError, match="not a JSON object"):
        run(project, write("one.jsonl", pair(1)), "--mapping", "[]")


def test_project_and_file_that_are_missing_are_named(project: Project) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        run(project, "/nowhere/items.jsonl")
    project.slug = "nowhere"
    with pytest.raises(CommandError, match="There is no project 'nowhere'"):
        run(project, "items.jsonl")
