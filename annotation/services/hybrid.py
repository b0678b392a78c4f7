"""Step export: a data set with one label for each item, by people or by a machine."""

from annotation.answers import Problem
from annotation.errors import InvalidError
from annotation.formats.exports.hybrid_policy import HybridPolicy
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.policy import Policy
from annotation.models import Project
from annotation.selectors.ai_labels import ai_labels, machines_by_name
from annotation.words import gettext as _


def hybrid_policy(
    project: Project, options: ExportOptions, policy: Policy
) -> HybridPolicy:
    """Return what gives each item its label; raises as `machine_of` does."""
    return HybridPolicy(
        policy, ai_labels(project), machine_of(project, options), project.overlap
    )


def machine_of(project: Project, options: ExportOptions) -> int | None:
    """Return the key of the machine that the options name; one query, if any.

    Raises InvalidError where the project has none of that name.
    """
    if not options.is_hybrid or not options.machine:
        return None
    known = machines_by_name(project)
    if options.machine not in known:
        raise InvalidError(
            _("The export cannot be made like this. Mend the options and try again."),
            problems=[Problem("machine", _unknown(options.machine, known))],
        )
    return known[options.machine]


def _unknown(name: str, known: dict[str, int]) -> str:
    if not known:
        return _("The project has no AI annotator, so none is called {name!r}.").format(
            name=name
        )
    return _("No AI annotator is called {name!r}. Choose one of {names}.").format(
        name=name, names=", ".join(known)
    )
