"""Backends that answer by a rule, in this process, and judges of a project."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from typing import Any

import pytest

from annotation import access
from annotation.models import Job, MachineAnnotator, Project
from annotation.services import jobs
from models_service.backends.base import Ask, Failure, Reply
from models_service.prompts import PROTOCOLS, prompt_sha256
from models_service.selectors.wanted import Selection
from models_service.services import runs
from models_service.services.calls import Came

Decide = Callable[[Ask], "Reply | Failure"]


def document_of(ask: Ask) -> dict[str, Any]:
    """Return the JSON document that a judge is sent."""
    text = ask.messages[-1].content
    found: dict[str, Any]
    found, _end = json.JSONDecoder().raw_decode(text[text.index("{") :])
    return found


def texts_of(ask: Ask) -> list[str]:
    """Return the answers in the order in which they are shown."""
    return [answer["text"] for answer in document_of(ask)["answers"]]


def says(ask: Ask, text: str, **more: Any) -> Reply:
    """Return a reply of 100 tokens in and 10 out."""
    return Reply(ask.key, text, "stop", 100, 10, 5, **more)


def verdict(ask: Ask, letter: str) -> Reply:
    """Return a pairwise verdict."""
    told = {"verdict": letter, "strength": 1, "reason": "So it is."}
    return says(ask, json.dumps(told))


def first_place(ask: Ask) -> Reply:
    """Prefer whatever is shown first."""
    return verdict(ask, "A")


def longer(ask: Ask) -> Reply:
    """Prefer the longer answer."""
    first, second = texts_of(ask)
    return verdict(ask, "A" if len(first) > len(second) else "B")


def canonical_first(ask: Ask) -> Reply:
    """Prefer the completion that a pool stores first, wherever it is shown."""
    first, _second = texts_of(ask)
    return verdict(ask, "A" if first.startswith("Answer 0") else "B")


def coin(ask: Ask) -> Reply:
    """Prefer one of the two by a toss for each item, whatever the order.

    The toss is that of the item's number, the last one in its texts.
    """
    first, _second = texts_of(ask)
    number = re.findall(r"\d+", first)[-1]
    heads = sha256(number.encode()).digest()[0] % 2 == 0
    return verdict(ask, "A" if heads == first.startswith("Answer 0") else "B")


class Scripted:
    """A backend that asks nobody: `decide` answers each call, one after another."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.asked: list[str] = []
        self.calls: list[Ask] = []
        self.is_closed = False

    def ask_all(self, asks: Iterable[Ask]) -> "Generator[Reply | Failure]":
        """Answer the calls in their order."""
        for ask in asks:
            self.asked.append(ask.key)
            self.calls.append(ask)
            yield self.decide(ask)

    def close(self) -> None:
        """Note that it was closed."""
        self.is_closed = True


def make_judge(
    project: Project, protocol: str = "pairwise", **fields: Any
) -> MachineAnnotator:
    """Return a judge of the project."""
    options = {
        "name": "judge",
        "backend": "endpoint",
        "model": "m",
        "protocol": protocol,
        "prompt_sha256": prompt_sha256(PROTOCOLS[protocol]),
        "parameters": {"max_tokens": 200},
    } | fields
    return MachineAnnotator.objects.create(project=project, **options)


class SilentProgress:
    """Tells nobody how far a job is, so that a test can run one in its transaction."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def set(
        self, n_done: int, n_total: int | None = None, message: str | None = None
    ) -> None:
        """Tell nobody."""

    def close(self) -> None:
        """Hold nothing."""


def answer_all(
    machine: MachineAnnotator, decide: Decide = canonical_first, **chosen: Any
) -> Job:
    """Let a judge answer the chosen items by a rule, as a job that ends here."""
    seat = access.seat(machine.project.created_by, machine.project.slug)
    job = runs.request_run(seat=seat, machine=machine, selection=Selection(**chosen))
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "open_generator", lambda machine: Scripted(decide))
        patch.setattr(jobs, "Progress", SilentProgress)
        jobs.run_claimed(claimed, runs.run_pre_annotation)
    job.refresh_from_db()
    return job


class Ledgerless:
    """Books of no money, that keep what came back in memory."""

    def __init__(self) -> None:
        self.came: list[Came] = []

    def held(self, asks: Sequence[Ask]) -> AbstractContextManager[None]:
        """Hold nothing."""
        return nullcontext()

    def store(self, came: Sequence[Came]) -> None:
        """Keep what came back."""
        self.came.extend(came)
