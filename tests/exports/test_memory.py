"""Memory does not grow with the project, and neither do the queries of a batch."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.formats.exports import writers
from annotation.formats.exports.catalogue import parse_options
from annotation.formats.exports.package import FolderPackage
from annotation.formats.exports.pseudonyms import Pseudonyms
from annotation.models import Participant, Project, QuestionsVersion
from annotation.selectors import export_rows
from annotation.selectors.export_rows import ANSWERS_BATCH, ITEMS_BATCH, ExportReader
from annotation.services.datasets import write_dataset
from annotation.services.exports import stream_annotations
from tests.exports.build import COMPARISON
from tests.exports.study import SALT

# The first export loads libraries, whose memory is not what is measured.
NONE, SMALL, LARGE = 10, 2_250, 4_500
FILL = (
    "INSERT INTO item (public_id, created_at, project_id, number, external_id,"
    " content_sha256, messages, n_completions, language, category, source, metadata)"
    " SELECT gen_random_uuid(), now(), %(project)s, n, 'item-' || n, md5(n::text),"
    " '[{\"role\": \"user\", \"content\": \"Why?\"}]', 2, '', '', '', '{}'"
    " FROM generate_series(1, %(n)s) n",
    'INSERT INTO completion (item_id, "index", text, text_sha256, model, external_id,'
    " metadata) SELECT i.id, k, 'Because ' || i.number, '', 'm', '', '{}' FROM item i,"
    " generate_series(0, 1) k WHERE i.project_id = %(project)s",
    "INSERT INTO assignment (public_id, created_at, project_id, item_id,"
    ' participant_id, purpose, round, state, questions_version_id, "order", layout,'
    " view, is_suggestion_visible, skip_reason) SELECT gen_random_uuid(), now(),"
    " %(project)s, i.id, %(person)s, 'main', 1, 'submitted', %(version)s,"
    " ARRAY[1, 0]::smallint[], '', '', false, '' FROM item i"
    " WHERE i.project_id = %(project)s",
    "INSERT INTO annotation (public_id, created_at, project_id, item_id,"
    " assignment_id, participant_id, submission_id, answers, is_retraction, source,"
    " metadata) SELECT gen_random_uuid(), now(), project_id, item_id, id,"
    ' participant_id, gen_random_uuid(), \'{"preference": {"value": 1}}\', false,'
    " 'web', '{}' FROM assignment WHERE project_id = %(project)s",
    "ANALYZE",
)


def make_large(n: int) -> Project:
    """Return a project with `n` items, each answered once."""
    owner = User.objects.create(username=f"owner of {n}")
    project = Project.objects.create(slug=f"large-{n}", name="Large", created_by=owner)
    version = QuestionsVersion.objects.create(
        project=project, number=1, questions=[COMPARISON], sha256=""
    )
    person = Participant.objects.create(project=project, pseudonym="anna")
    keys = {"project": project.pk, "person": person.pk, "version": version.pk, "n": n}
    with connection.cursor() as db:
        for statement in FILL:
            db.execute(statement, keys)
    return project


def peak_of(work: Callable[[], None]) -> int:
    """Return the most memory that Python held for the work, in bytes."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def export(
    project: Project, folder: Path, form: str, file_type: str, labels: str
) -> None:
    """Write one data set."""
    asked = {"format": form, "file_type": file_type, "labels_from": labels}
    write_dataset(
        project=project,
        options=parse_options(asked),
        package=FolderPackage(folder / f"{project.slug}-{form}-{file_type}-{labels}"),
        salt=SALT,
        on_progress=lambda done, total: None,
    )


def drain(project: Project) -> None:
    """Read the stream to its end, as a client does."""
    for _ in stream_annotations(project):
        pass


@pytest.mark.django_db
def test_memory_is_the_same_for_twice_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half the batch makes half of the answers several batches long.
    monkeypatch.setattr(export_rows, "ANSWERS_BATCH", ANSWERS_BATCH // 2)
    monkeypatch.setattr(export_rows, "ITEMS_BATCH", ITEMS_BATCH // 2)
    monkeypatch.setattr(writers, "ROW_GROUP", writers.ROW_GROUP // 2)
    assert 2 * export_rows.ANSWERS_BATCH < SMALL > writers.ROW_GROUP
    peaks: dict[str, list[int]] = {}
    for project in map(make_large, (NONE, SMALL, LARGE)):
        for asked in (
            ("raw", "jsonl", "people"),
            ("trl_preference", "parquet", "people"),
            ("trl_preference", "jsonl", "hybrid"),
        ):
            peak = peak_of(lambda p=project, a=asked: export(p, tmp_path, *a))  # type: ignore[misc]  # bound at once
            peaks.setdefault(" ".join(asked), []).append(peak)
        peak = peak_of(lambda p=project: drain(p))  # type: ignore[misc]  # bound at once
        peaks.setdefault("stream", []).append(peak)
    for form, (_, small, large) in peaks.items():
        assert large < 1.2 * small, form


@pytest.mark.django_db
def test_queries_grow_with_batches_and_not_with_answers() -> None:
    project = make_large(2 * ITEMS_BATCH + 1)
    reader = ExportReader(project, Pseudonyms(SALT))
    with CaptureQueriesContext(
        connection,
    ) as answers:
        n_answers = sum(len(batch) for batch in reader.annotations())
    with CaptureQueriesContext(connection) as items:
        n_items = sum(len(batch) for batch in reader.items())
    assert n_answers == n_items == 2 * ITEMS_BATCH + 1
    # One batch with its people, and the one that comes back empty.
    assert len(answers) == 4
    # Three batches of five statements, and the one that finds no more items.
    assert len(items) == 3 * 5 + 1
