"""A jury: items it decides a second, its memory, and how it does beside its judges.

    python -m bench.bench_jury [--items 20000 100000] [--llmbar FOLDER]

Each size runs in a process of its own, so that its peak memory is its own. With a
folder of LLMBar (`items.jsonl.gz`, `verdicts.jsonl.gz`) evaluators that carry weight
are seated: temperatures and weights come from the labels of every second item alone,
and all are scored on the other items, which nothing was fitted on.
"""

import argparse
import multiprocessing
import time
from pathlib import Path
from typing import Any

from bench import pool
from bench.stack import peak_mb, services

MEMBERS = ("first", "second", "third")
MOST_MEMBERS = 9


def fill_verdicts(project: Any, names: tuple[str, ...] = MEMBERS) -> list[str]:
    """Let judges say something of every item; return their ids."""
    from django.db import connection

    from annotation.models import MachineAnnotator

    made = [
        MachineAnnotator.objects.create(project=project, name=name) for name in names
    ]
    with connection.cursor() as db:
        for number, machine in enumerate(made):
            db.execute(
                "INSERT INTO pre_annotation (public_id, created_at, project_id,"
                " item_id, machine_id, questions_version_id, status, answers, logit,"
                ' raw, "order", flags, metadata) SELECT gen_random_uuid(), now(),'
                " i.project_id, i.id, %s, q.id, 'ok', jsonb_build_object('preference',"
                " jsonb_build_object('value', CASE WHEN (i.number + %s) %% 3 = 0"
                " THEN -1 ELSE 1 END)), CASE WHEN (i.number + %s) %% 3 = 0 THEN -1.5"
                " ELSE 2.5 END, '', '{}', '{}', '{}' FROM item i JOIN questions_version"
                " q ON q.project_id = i.project_id WHERE i.project_id = %s",
                [machine.pk, number, number, project.pk],
            )
        db.execute("ANALYZE pre_annotation")
    return [str(machine.public_id) for machine in made]


def seat(project: Any, name: str, members: list[str], **given: Any) -> Any:
    """Make a jury."""
    from models_service.services.machines import add_machine, checked

    raw = {"name": name, "backend": "jury", "members": members, **given}
    spec = checked(raw, allow_private=False)
    return add_machine(project=project, user=project.created_by, spec=spec)


def decide(jury: Any) -> Any:
    """Run a jury over all items in this process; return its run."""
    # The Celery of this project: a job that is made is told to its workers.
    import annotation.config.celery  # noqa: F401
    from annotation import access
    from annotation.services import jobs
    from models_service.models import Run
    from models_service.selectors.wanted import Selection
    from models_service.services.runs import request_run, run_pre_annotation

    seat = access.seat(jury.project.created_by, jury.project.slug)
    job = request_run(seat=seat, machine=jury, selection=Selection())
    claimed = jobs.claim_job(job.pk)
    if claimed is None:
        raise SystemExit("Somebody else runs the job.")
    jobs.run_claimed(claimed, run_pre_annotation)
    return Run.objects.get(job=job)


def run(
    slug: str, members: list[str], results: "multiprocessing.Queue[dict[str, float]]"
) -> None:
    """Let a jury decide on one project in this process and report."""
    import django

    django.setup()
    from annotation.models import Project

    jury = seat(Project.objects.get(slug=slug), "jury", members)
    began, cpu = time.monotonic(), time.process_time()
    n = decide(jury).n_ok
    took, spent = time.monotonic() - began, time.process_time() - cpu
    results.put(
        {
            "decided": n,
            "items_s": n / took,
            "cpu_ms": 1000 * spent / n,
            "peak_mb": peak_mb(),
        }
    )


def measure(sizes: list[int]) -> None:
    """Decide on projects of these sizes and print what it took."""
    context = multiprocessing.get_context("spawn")
    seen = []
    for n in sizes:
        project: Any = pool.make_project(f"jury {n}")
        pool.fill(project, n)
        members = fill_verdicts(project)
        results: multiprocessing.Queue[dict[str, float]] = context.Queue()
        process = context.Process(target=run, args=(project.slug, members, results))
        process.start()
        row = results.get(timeout=3600)
        process.join()
        seen.append(row)
        facts = "  ".join(f"{name} {value:,.2f}" for name, value in row.items())
        print(f"{n:>9,} items, three members: {facts}")
    ratio = seen[-1]["peak_mb"] / seen[0]["peak_mb"]
    print(f"ratio of peak memory, largest to smallest: {ratio:.2f}")


# --- published judges ---------------------------------------------------------------


def compare(folder: Path, prompt: str, subset: str, without: str = "") -> None:
    """Print each evaluator, and juries of them, on items that nothing was fitted on."""
    from annotation.models import Assignment
    from annotation.services.imports import GOOD, import_path

    title = f"{prompt or 'all prompts'}, {subset or 'all subsets'}"
    title += f", without {without}" if without else ""
    print(f"\nLLMBar: {title}")
    project: Any = pool.make_project(f"llmbar {title}")
    for name in ("items", "verdicts"):
        path = folder / f"{name}.jsonl.gz"
        import_path(project=project, path=path, mode=GOOD)
    if subset:
        project.items.exclude(metadata__subset__endswith=subset).delete()
    # Every second item of each subset is kept from what is fitted.
    numbers = project.items.order_by("metadata__subset", "number")
    kept = list(numbers.values_list("id", flat=True))[1::2]
    held = Assignment.objects.filter(project=project, item__in=kept)
    held.update(state=Assignment.State.SURPLUS)
    judges = able(project, prompt, without)
    ids = [str(judge.public_id) for judge in judges]
    juries = [
        seat(project, f"jury, {weights}", ids, weights=weights)
        for weights in ("equal", "agreement")
    ]
    for jury in juries:
        decide(jury)
    held.update(state=Assignment.State.SUBMITTED)
    for judge, one in zip(judges, juries[1].parameters["members"], strict=True):
        print(f"{judge.name}: T {one['temperature']:.2f}, kappa {one['weight']:.3f}")
    _print(project, kept, [*judges, *juries])


def able(project: Any, prompt: str, without: str) -> list[Any]:
    """Return the evaluators of a prompt that carry weight, the nine best at most."""
    from annotation.models import MachineAnnotator
    from models_service.selectors.trust import trust_of
    from models_service.services import reports

    found = MachineAnnotator.objects.filter(
        project=project, name__endswith=f"/{prompt}" if prompt else ""
    )
    if without:
        found = found.exclude(name__startswith=f"{without}/")
    kappas = {}
    for judge in found.order_by("name"):
        reports.refresh(machine=judge)
        trust = trust_of(judge)
        if trust is not None and trust.weight.carries:
            kappas[judge] = trust.kappa.value
    print(f"{found.count()} evaluators, of which {len(kappas)} carry weight")
    return sorted(kappas, key=lambda one: -kappas[one])[:MOST_MEMBERS]


def _print(project: Any, kept: list[int], machines: list[Any]) -> None:
    import numpy as np

    from models_service.comparing import counts_of, majority_of
    from models_service.selectors.arrays import (
        choices_of,
        compared_questions,
        drawn_items,
        labels_of,
        verdicts_of,
    )
    from models_service.versus import versus

    questions = compared_questions(project)
    drawn = drawn_items(machines[0], questions, is_labelled=True)
    held = np.isin(drawn.ids, kept)
    majority = majority_of(counts_of(labels_of(drawn, questions).table.packed()))
    said = {
        one.name: choices_of(verdicts_of(one, drawn, questions)) for one in machines
    }
    best = max(
        (one.name for one in machines if one.backend != "jury"),
        key=lambda name: float(np.mean((said[name] == majority)[held])),
    )
    for name, choices in said.items():
        # What has no verdict counts as wrong, and so does a tie.
        share = float(np.mean((choices == majority)[held]))
        told = versus(
            np.where(np.isnan(choices), 0, choices)[held],
            np.where(np.isnan(said[best]), 0, said[best])[held],
            majority[held],
            np.random.default_rng(1),
        )
        gain = told.gain
        print(
            f"{name:<32} {share:.3f} of {int(held.sum())}, gain on {best} "
            f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--llmbar", type=Path, default=None)
    given = parser.parse_args()
    with services():
        if given.items:
            measure(given.items)
        if given.llmbar:
            compare(given.llmbar, "Vanilla", "Natural")
            compare(given.llmbar, "Vanilla", "Natural", without="GPT-4")
            compare(given.llmbar, "", "Natural")
            compare(given.llmbar, "", "")


if __name__ == "__main__":
    main()
