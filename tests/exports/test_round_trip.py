"""Export, import, export gives the same rows up to a renaming of the people."""

import json
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from annotation.models import PreAnnotation, Project
from annotation.services.imports import import_path
from tests.exports.conftest import Write

SIDES = ("chosen", "rejected")
ALL = {"format": "native", "include_machine": True, "include_surplus": True}


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a native export."""
    text = (folder / "data/native/train-00000-of-00001.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def names_in(rows: list[dict[str, Any]]) -> list[str]:
    """Return the people in the order in which they appear."""
    return [
        label["annotator"]
        for row in rows
        for label in row.get("labels", [])
        if not label["is_machine"]
    ]


def reimported(folder: Path, slug: str) -> Project:
    """Import a native export into a new project."""
    owner = User.objects.create(username=slug)
    project = Project.objects.create(slug=slug, name=slug, created_by=owner)
    path = folder / "data/native/train-00000-of-00001.jsonl"
    _, problems = import_path(project=project, path=path)
    assert problems == []
    return project


def check(project: Project, write: Write) -> None:
    first, _ = write(project, **ALL)
    again, _ = write(reimported(first, "again"), **ALL)
    before, after = rows_in(first), rows_in(again)
    pairs = list(zip(names_in(before), names_in(after), strict=True))
    renaming = dict(pairs)
    assert renaming
    assert len(set(pairs)) == len(renaming) == len(set(renaming.values()))
    for row in before:
        for label in row.get("labels", []):
            label["annotator"] = renaming.get(label["annotator"], label["annotator"])
    assert before == after


def test_pairs_come_back_the_same(pairs: Project, write: Write) -> None:
    check(pairs, write)


def test_refusal_of_a_machine_comes_back_as_one(pairs: Project, write: Write) -> None:
    PreAnnotation.objects.filter(project=pairs).exclude(status="ok").update(
        status="refused"
    )
    check(pairs, write)


def test_lists_come_back_the_same(lists: Project, write: Write) -> None:
    check(lists, write)


def test_empty_project_exports_in_every_shape(db: None, write: Write) -> None:
    owner = User.objects.create(username="owner")
    project = Project.objects.create(slug="empty", name="Empty", created_by=owner)
    for form in ("raw", "native", "trl_preference", "helpsteer_ratings", "multipref"):
        folder, written = write(project, format=form)
        assert written.answers.stored == 0
        assert "configs:" not in (folder / "README.md").read_text()


def test_pairs_with_one_label_an_item_can_be_imported(
    routed: Project, write: Write
) -> None:
    folder, _ = write(routed, format="trl_preference", labels_from="hybrid")
    path = folder / "data/trl_preference/train-00000-of-00001.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    owner = User.objects.create(username="again")
    project = Project.objects.create(slug="again", name="Again", created_by=owner)
    _, problems = import_path(project=project, path=path)
    assert problems == []
    kept = {
        item.messages[-1]["content"]: [one.text for one in item.completions.all()]
        for item in project.items.all()
    }
    assert kept == {
        row["prompt"][-1]["content"]: [row[side][0]["content"] for side in SIDES]
        for row in rows
    }
    assert len(kept) == 3
    sources = {item.metadata["label_source"] for item in project.items.all()}
    assert sources == {"human", "ai"}
