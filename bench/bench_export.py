"""Exports: annotations a second, CPU, and memory by size of the project.

    python -m bench.bench_export [--annotations 20000 100000]

`per_core_s` is what one core gives: annotations for each second of CPU that the writing
process used, whatever ran beside it; PostgreSQL's own CPU is `database_ms`.

Each size and format runs in a process of its own, so that its peak memory is its own.
The baseline of the same run reads the same answers from the database and writes
nothing.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

from bench import pool
from bench.stack import family, peak_mb, services

FORMATS = (
    ("raw", "jsonl"),
    ("raw", "csv"),
    ("raw", "parquet"),
    ("trl_preference", "jsonl"),
)


def fill_answers(project: object) -> None:
    """Answer every item of the project twice, in three statements."""
    from django.db import connection

    pool.annotators(project, 2)
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO assignment (public_id, created_at, project_id, item_id,"
            " participant_id, purpose, round, state, questions_version_id,"
            ' guidelines_version_id, "order", layout, view, is_suggestion_visible,'
            " shown_at, finished_at, skip_reason) SELECT gen_random_uuid(), now(),"
            " i.project_id, i.id, p.id, 'main', 1, 'submitted', q.id, g.id,"
            " ARRAY[0, 1]::smallint[], 'side', 'rendered', false, now(), now(), ''"
            " FROM item i JOIN participant p ON p.project_id = i.project_id"
            " JOIN questions_version q ON q.project_id = i.project_id"
            " JOIN guidelines_version g ON g.project_id = i.project_id"
            " WHERE i.project_id = %s ORDER BY i.id",
            [project.pk],  # type: ignore[attr-defined]
        )
        db.execute(
            "INSERT INTO annotation (public_id, created_at, project_id, item_id,"
            " assignment_id, participant_id, submission_id, answers, is_retraction,"
            " source, active_ms, total_ms, metadata) SELECT gen_random_uuid(), now(),"
            " project_id, item_id, id, participant_id, gen_random_uuid(),"
            " jsonb_build_object('preference', jsonb_build_object('value',"
            " 1 + id %% 3), 'rationale', 'The first one answers the question.'),"
            " false, 'web', 41000, 62000, '{}' FROM assignment WHERE project_id = %s",
            [project.pk],  # type: ignore[attr-defined]
        )
        db.execute(
            "UPDATE assignment a SET annotation_id = n.id FROM annotation n"
            " WHERE n.assignment_id = a.id AND a.project_id = %s",
            [project.pk],  # type: ignore[attr-defined]
        )
        db.execute("ANALYZE")


def database_s() -> float:
    """Return the CPU seconds of our PostgreSQL so far."""
    stats = family(os.getpid()).values()
    return sum(stat[2] for stat in stats if stat[0].startswith("postgres"))


def run(
    slug: str,
    format_: str,
    file_type: str,
    results: "multiprocessing.Queue[dict[str, float]]",
) -> None:
    """Export one project in this process and report."""
    import django

    django.setup()
    from django.db import connection

    from annotation.formats.exports.options import ExportOptions
    from annotation.formats.exports.package import FolderPackage
    from annotation.models import Project
    from annotation.services.datasets import write_dataset

    project = Project.objects.get(slug=slug)
    began = time.monotonic()
    with connection.cursor() as db:
        db.execute(
            "SELECT answers::text FROM annotation WHERE project_id = %s", [project.pk]
        )
        n_answers = len(db.fetchall())
    read_s = time.monotonic() - began
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.monotonic(), time.process_time()
        write_dataset(
            project=project,
            options=ExportOptions(format=format_, file_type=file_type),
            package=FolderPackage(Path(folder)),
            salt=bytes(32),
            on_progress=lambda done, total: None,
        )
        took = time.monotonic() - began
        cpu_s = time.process_time() - cpu
    results.put(
        {
            "annotations_s": n_answers / took,
            "per_core_s": n_answers / cpu_s,
            "cpu_ms": 1000 * cpu_s / n_answers,
            "times_reading": took / read_s,
            "peak_mb": peak_mb(),
        }
    )


def main() -> None:
    """Export each size in each format and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=int, nargs="+", default=[20_000, 100_000])
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    peaks: dict[tuple[str, str], list[float]] = {}
    with services():
        for n in given.annotations:
            project = pool.make_project(f"export {n}")
            pool.fill(project, n // 2)
            fill_answers(project)
            for format_, file_type in FORMATS:
                results: multiprocessing.Queue[dict[str, float]] = context.Queue()
                slug = project.slug  # type: ignore[attr-defined]
                process = context.Process(
                    target=run, args=(slug, format_, file_type, results)
                )
                before = database_s()
                process.start()
                row = results.get(timeout=3600)
                row["database_ms"] = 1000 * (database_s() - before) / n
                process.join()
                peaks.setdefault((format_, file_type), []).append(row["peak_mb"])
                facts = "  ".join(f"{name} {value:,.3f}" for name, value in row.items())
                print(f"{n:>9,} annotations, {format_} as {file_type}: {facts}")
    for (format_, file_type), seen in peaks.items():
        ratio = seen[-1] / seen[0]
        print(f"ratio of peak memory, {format_} as {file_type}: {ratio:.2f}")


if __name__ == "__main__":
    main()
