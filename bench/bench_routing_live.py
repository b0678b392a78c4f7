"""Fit and route a whole project: seconds, peak memory, and what the mixes cost.

    python -m bench.bench_routing_live [--items 10000] [--seed-size 1000]

A project in PostgreSQL with drawn texts, verdicts of an AI and of two judges, a tag for
each item, and 384-dimensional embeddings that are cached before the fit begins; they
are random numbers, so that no model's own time is counted. The jobs are those that a
worker runs. Beside them: what the 200 mixes would cost, each trained by itself.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bench.pool import WORDS, make_project
from bench.stack import family, peak_mb, services
from models_service.backends.embeddings import ChosenEncoder, Vectors

CHUNK = 5_000
TAGS = ("health", "law", "code", "letters", "travel")
# So many mixes are trained one by one, to know what all of them would take.
N_COLD = 4
N_STEPS = 25


class DrawnEncoder:
    """Gives random vectors at once: what is measured is the rest of the way."""

    name, revision, n_dims = "drawn-384", "1", 384

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text: float32 [n, 384], of length 1."""
        found = self._rng.normal(size=(len(texts), self.n_dims)).astype(np.float32)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found)


@contextmanager
def timed(words: str) -> Iterator[None]:
    """Print what a part took: time, CPU here and in PostgreSQL, and peak memory."""
    # Linux: the peak is counted from here on.
    Path("/proc/self/clear_refs").write_text("5")
    began, cpu, database = time.monotonic(), time.process_time(), database_s()
    yield
    seconds = time.monotonic() - began
    cpu, database = time.process_time() - cpu, database_s() - database
    print(
        f"{words}: {seconds:.1f} s (CPU {cpu:.1f} s, PostgreSQL {database:.1f} s), "
        f"peak {peak_mb():,.0f} MB",
        flush=True,
    )


def database_s() -> float:
    """Return the CPU seconds of the servers that this process started."""
    ours = family(os.getpid()).values()
    return sum(cpu for name, _parent, cpu in ours if name.startswith("postgres"))


def drafts(first: int, n: int) -> Iterator[Any]:
    """Yield items of differing lengths, as prompts and replies have."""
    from annotation.formats.types import CompletionDraft, ItemDraft, Message

    rng = np.random.default_rng(first)
    for number in range(first, first + n):
        parts = [
            " ".join(rng.choice(WORDS, int(size)))
            for size in rng.integers((10, 20, 20), (90, 260, 260))
        ]
        yield ItemDraft(
            row=number,
            messages=(Message("user", f"{number} {parts[0]}?"),),
            completions=(
                CompletionDraft(f"{parts[1]}. {number}", "alpha"),
                CompletionDraft(f"{parts[2]}. {number}", "beta"),
            ),
            external_id=f"item-{number}",
            category=TAGS[number % len(TAGS)],
        )


def say(n_items: int) -> dict[str, Any]:
    """Draw what is true and what the machines say, by number from 1."""
    rng = np.random.default_rng(1)
    truth = rng.choice([1, -1], n_items + 1)
    wrong = rng.random(n_items + 1) < 0.25
    ai = np.where(wrong, -truth, truth)
    against = rng.random(n_items + 1) < np.where(wrong, 0.7, 0.1)
    by_chance = rng.random(n_items + 1) < 0.3
    return {
        "truth": truth,
        "ai": ai,
        "knows": np.where(against, -ai, ai),
        "guesses": np.where(by_chance, -ai, ai),
    }


def fill(project: Any, n_items: int, said: dict[str, Any]) -> list[Any]:
    """Import the items with the verdicts on them; return the machines."""
    from django.db import transaction

    from annotation.models import Item, MachineAnnotator
    from annotation.services.item_store import ItemStore
    from tests.routing.conftest import judge

    machines = [
        MachineAnnotator.objects.create(project=project, name=name, protocol="pairwise")
        for name in ("ai", "knows", "guesses")
    ]
    for first in range(1, n_items + 1, CHUNK):
        n = min(CHUNK, n_items + 1 - first)
        with transaction.atomic():
            ItemStore(project).add(list(drafts(first, n)))
        items = Item.objects.filter(
            project=project, number__gte=first, number__lt=first + n
        )
        for machine in machines:
            judge(machine, lambda at, of=said[machine.name]: int(of[at]), items)
    return machines


def run(job: Any, words: str) -> None:
    """Run a job as a worker does, and print what it took."""
    from annotation.services import jobs

    claimed = jobs.claim_job(job.pk)
    with timed(words):
        jobs.run_claimed(claimed, jobs.runner_of(job.kind))
    job.refresh_from_db()
    if job.state != "done":
        raise SystemExit(f"{job}: {job.message}")
    print(f"  {job.message}")


def newest(project: Any, kind: str) -> Any:
    """Return the newest job of a kind."""
    from annotation.models import Job

    return Job.objects.filter(project=project, kind=kind).latest("id")


def label_seed(project: Any, said: dict[str, Any]) -> None:
    """Lay people's answers to the seed into the database."""
    from annotation.models import Route
    from tests.models.people import answer_items, make_people

    seed = Route.objects.filter(project=project, source="human")
    drawn = set(seed.values_list("item__number", flat=True))
    (person,) = make_people(project, 1)
    answer_items(person, lambda at: int(said["truth"][at]) if at in drawn else None)


class Mixes:
    """Stands before `try_mixes`, to know its time and what it was given."""

    def __init__(self) -> None:
        from routing import scoring

        self._try, self.seconds, self.given = scoring.try_mixes, 0.0, ((), {})
        scoring.try_mixes = self

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Try the mixes."""
        self.given = (given, named)
        began = time.monotonic()
        found = self._try(*given, **named)
        self.seconds = time.monotonic() - began
        return found


def cold(mixes: Mixes) -> float:
    """Return the seconds of one mix in three rotations, each trained by itself.

    By Newton's method on the features as they are, from zero, to the same tolerance as
    `proxy.fit_mixes`: a Hessian is built and factorised in every step.
    """
    from routing.performance import N_ROTATIONS
    from routing.proxy import TOLERANCE, folds_of

    (x, (people, _share), ai, group, _tags, _rng), named = mixes.given
    rng = np.random.default_rng(2)
    folds = folds_of(group, N_ROTATIONS, rng)
    began = time.monotonic()
    for _ in range(N_COLD):
        target = np.where(rng.random(len(x)) < rng.random(), people, ai)
        for fold in range(N_ROTATIONS):
            inside = folds != fold
            newton(x[inside], target[inside], named["ridge"], TOLERANCE)
    return (time.monotonic() - began) / N_COLD


def newton(x: Any, target: Any, ridge: float, tolerance: float) -> Any:
    """Fit one head by plain Newton steps."""
    theta = np.zeros(x.shape[1])
    size = np.abs(x.T @ (target - 0.5)).max()
    for _ in range(N_STEPS):
        p = 1 / (1 + np.exp(-(x @ theta)))
        gradient = x.T @ (p - target) + ridge * theta
        if np.abs(gradient).max() <= tolerance * size:
            return theta
        hessian = (x.T * (p * (1 - p))) @ x + ridge * np.eye(x.shape[1])
        theta -= np.linalg.solve(hessian, gradient)
    raise SystemExit("a cold training has not converged")


def tell(project: Any, mixes: Mixes) -> None:
    """Print what was decided, and the mixes beside cold trainings."""
    from threadpoolctl import threadpool_limits

    from annotation.models import Route
    from routing.models import RoutingRun
    from routing.performance import N_MIXES

    run_of = RoutingRun.objects.filter(policy__project=project, kind="fit")
    told = run_of.latest("job").figures
    routes = Route.objects.filter(project=project)
    counts = {
        source: routes.filter(source=source).count() for source in ("human", "ai")
    }
    print(
        f"  learned from {told['n_learned']:,} labels, by {told['encoder']}; "
        f"{counts['human']:,} items go to people, {counts['ai']:,} to the AI; "
        f"{told['verdict']}; prediction of mixes: Spearman "
        f"{told['ppm']['spearman']:.2f}"
    )
    with threadpool_limits(1):
        each = cold(mixes)
    print(
        f"{N_MIXES} mixes in three rotations: {mixes.seconds:.2f} s; trained one by "
        f"one {each * N_MIXES:.0f} s ({each:.2f} s a mix, of {N_COLD}): "
        f"{each * N_MIXES / mixes.seconds:.0f} times as long"
    )


def main() -> None:
    """Make the project, let its policy run, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--seed-size", type=int, default=1_000)
    given = parser.parse_args()
    with services():
        # Without it, jobs are sent to a broker that nobody has named.
        import annotation.config.celery  # noqa: F401
        from routing.services import embedding
        from routing.services.policies import PolicyDraft, set_policy
        from routing.services.requests import request_fit

        embedding.default_encoder = lambda: ChosenEncoder(DrawnEncoder())
        project: Any = make_project("routing")
        said = say(given.items)
        with timed(f"{given.items:,} items and three verdicts on each"):
            machine, *judges = fill(project, given.items, said)
        policy = set_policy(
            project=project,
            by=project.created_by,
            draft=PolicyDraft(
                machine=machine,
                judges=judges,
                n_seed=given.seed_size,
                budget=Decimal("0.4"),
                budget_unit="share",
                label_usd=Decimal("0.2"),
                seed=1,
            ),
        )
        run(newest(project, "route"), "draw the seed")
        words = "embedding job, without the model's own time"
        run(newest(project, "embed"), words)
        label_seed(project, said)
        mixes = Mixes()
        run(request_fit(policy=policy, user=None), "fit and route")
        tell(project, mixes)
        run(request_fit(policy=policy, user=None), "the same again")


if __name__ == "__main__":
    main()
