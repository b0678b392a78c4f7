"""Which AI annotators learned from people's labels of their own project.

What they say of the items that they learned from is what people said. So they would
look right on the seed and the audit, whatever they are on all others; they can neither
give the label of a routing policy nor be its signal.
"""

from collections.abc import Sequence

from annotation.models import MachineAnnotator, Project

HEAD = MachineAnnotator.Backend.HEAD
JURY = MachineAnnotator.Backend.JURY


def taught_here(project: Project) -> list[MachineAnnotator]:
    """Return those trained on the project's labels, or weighted by them; one query.

    A jury is weighted by them where they told the temperature of a judge that it hears,
    and so is one that hears a trained one.
    """
    found = MachineAnnotator.objects.filter(project=project, backend__in=(HEAD, JURY))
    machines = list(found.order_by("name", "number"))
    trained = {str(one.public_id) for one in machines if one.backend == HEAD}
    return [one for one in machines if one.backend == HEAD or _is_taught(one, trained)]


def without_taught(
    project: Project, machines: Sequence[MachineAnnotator]
) -> list[MachineAnnotator]:
    """Return the machines that learned nothing here, in their order; one query."""
    keys = {one.pk for one in taught_here(project)}
    return [one for one in machines if one.pk not in keys]


def _is_taught(jury: MachineAnnotator, trained: set[str]) -> bool:
    members = jury.parameters.get("members") or []
    return any(
        one.get("weight") and (one.get("is_calibrated") or one["id"] in trained)
        for one in members
    )
