"""One person's withdrawal changes every export, by that person's rows and no more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers

from annotation import models
from annotation.formats.exports.catalogue import FORMATS, parse_options
from annotation.formats.exports.package import FolderPackage
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.models import ConsentDocument, Participant, Project
from annotation.services.datasets import WrittenDataset, write_dataset
from annotation.services.exports import stream_annotations
from annotation.services.withdrawals import withdraw

Join = Callable[..., Participant]
pytestmark = pytest.mark.django_db
SALT = b"the same salt before and after"
ALL = {"include_surplus": True, "include_machine": True}


def written(project: Project, folder: Path, form: str) -> WrittenDataset:
    """Write a data set with every kind of answer."""
    return write_dataset(
        project=project,
        options=parse_options({"format": form, **ALL}),
        package=FolderPackage(folder),
        salt=SALT,
        on_progress=lambda done, total: None,
    )


def lines(folder: Path) -> dict[str, list[str]]:
    """Return the lines of every data file."""
    return {
        str(path.relative_to(folder)): path.read_text().splitlines()
        for path in sorted((folder / "data").rglob("*.jsonl"))
    }


def others(table: list[str], name: str) -> list[str]:
    """Return the rows that are not about a person."""
    return [line for line in table if name not in line]


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "native"])
@pytest.mark.parametrize("manner", ["erase", "anonymise"])
def test_just_the_rows_of_who_withdrew_are_gone(
    study: Project, join: Join, tmp_path: Path, form: str, manner: str
) -> None:
    ConsentDocument.objects.update(on_withdrawal=manner)
    leaver, *_ = join(), join()
    name = Pseudonyms(SALT).of(str(leaver.public_id))
    first = written(study, tmp_path / "a", form)
    assert withdraw(participant=leaver).done_at is not None
    second = written(study, tmp_path / "b", form)
    before, after = lines(tmp_path / "a"), lines(tmp_path / "b")
    assert before.keys() == after.keys()
    if form != "multipref":
        for path in before:
            assert others(before[path], name) == after[path], path
    assert name not in "".join(map("".join, after.values()))
    assert second.answers.stored == first.answers.stored
    n_more = second.answers.dropped["withdrawn"] - first.answers.dropped["withdrawn"]
    assert n_more == 3


def test_the_rows_that_import_again_lose_that_persons_labels(
    study: Project, join: Join, tmp_path: Path
) -> None:
    leaver, stayer = join(), join()
    first = written(study, tmp_path / "a", "native")
    withdraw(participant=leaver)
    second = written(study, tmp_path / "b", "native")
    names = Pseudonyms(SALT)
    (before,), (after,) = lines(tmp_path / "a").values(), lines(tmp_path / "b").values()
    assert len(before) == len(after) == 6
    stays = names.of(str(stayer.public_id))
    assert sum(line.count(stays) for line in before) == 3
    assert sum(line.count(stays) for line in after) == 3
    assert names.of(str(leaver.public_id)) not in "".join(after)
    assert first.answers.exported - second.answers.exported == 3


def test_the_stream_leaves_them_out(study: Project, join: Join) -> None:
    leaver, *_ = join(), join()
    name = Pseudonyms(SALT).of(str(leaver.public_id))
    before = b"".join(stream_annotations(study, SALT)).decode().splitlines()
    withdraw(participant=leaver)
    after = b"".join(stream_annotations(study, SALT)).decode().splitlines()
    assert (len(before), len(after)) == (6, 3)
    assert others(before, name) == after


def test_nothing_else_in_the_database_changes(study: Project, join: Join) -> None:
    leaver, *_ = join(), join()
    own = {
        name: set(
            getattr(models, name)
            .objects.filter(participant=leaver)
            .values_list("pk", flat=True)
        )
        for name in ("Annotation", "Assignment", "ConsentRecord", "Flag", "Thread")
    } | {"Participant": {leaver.pk}}
    own["Draft"] = own["Assignment"]
    comments = models.Comment.objects.filter(thread__participant=leaver)
    own["Comment"] = set(comments.values_list("pk", flat=True))
    answered = set(leaver.assignments.values_list("item_id", flat=True))
    before = rows()
    withdraw(participant=leaver)
    after = rows()
    changed = {
        (name, key)
        for name, key in before.keys() | after.keys()
        if before.get((name, key)) != after.get((name, key))
    }
    foreign = {(name, key) for name, key in changed if key not in own.get(name, set())}
    tables = {name for name, _ in foreign}
    assert tables == {"Event", "FrontierEntry", "SurveyAnswer", "Withdrawal"} | (
        {"ConsentRecord"}
    )
    assert {key for name, key in foreign if name == "FrontierEntry"} <= answered
    new = [key for name, key in foreign if name == "ConsentRecord"]
    assert len(new) == 1
    stays = [key for key in after if key[0] == "SurveyAnswer"]
    assert all(before[key] == after[key] for key in stays)


def rows() -> dict[tuple[str, Any], str]:
    """Return every row of the app by table and key."""
    tables = apps.get_app_config("annotation").get_models()
    return {
        (table.__name__, row.pk): serializers.serialize("json", [row])
        for table in tables
        for row in table._default_manager.all()
    }
