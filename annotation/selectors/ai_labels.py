"""Whose labels stand in for people's, and how sure they are.

An app above knows of policies and calibrations and registers what tells of them as it
starts. Without one no policy has decided anything, and no machine's label is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from django.utils.module_loading import import_string

from annotation.formats.exports.hybrid import AiLabels, AiVerdict, Draw, ToldPolicy
from annotation.formats.exports.types import Machine, StoredAnswer
from annotation.models import MachineAnnotator, Project
from annotation.questions import Question

Teller: TypeAlias = Callable[[Project], AiLabels]
_TELLERS: list[str] = []


def register(teller: str) -> None:
    """Say by its dotted path what tells; called once, as an app starts."""
    _TELLERS[:] = [teller]


def ai_labels(project: Project) -> AiLabels:
    """Return what is known of a project's AI labels; 3 queries."""
    if not _TELLERS:
        return _Nothing()
    tell: Teller = import_string(_TELLERS[0])
    return tell(project)


class _Nothing:
    """What is known where nothing decides: that no label of a machine is taken."""

    policies: Sequence[ToldPolicy] = ()

    def draws(self, numbers: Sequence[int]) -> Mapping[int, Draw]:
        """Return no draw."""
        return {}

    def verdict(
        self, question: Question, answers: Sequence[StoredAnswer], n_completions: int
    ) -> AiVerdict | None:
        """Return no verdict."""
        return None


def machines_by_name(project: Project) -> dict[str, int]:
    """Return the key of each machine that has judged, by its identity; one query."""
    found = MachineAnnotator.objects.filter(project=project).exclude(
        kind=MachineAnnotator.Kind.TAGGER
    )
    return {identity_of(one): one.pk for one in found.order_by("name", "number", "id")}


def identity_of(machine: MachineAnnotator) -> str:
    """Return the name by which a machine's answers know it in exports."""
    return Machine(
        name=machine.name,
        kind=machine.kind,
        model=machine.model,
        revision=machine.revision,
        prompt_sha256=machine.prompt_sha256,
        parameters="{}",
        status="ok",
        probability=None,
        raw="",
        cost_usd=None,
        latency_ms=None,
        number=machine.number,
    ).identity
