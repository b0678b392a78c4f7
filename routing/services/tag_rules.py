"""Step route: what tags a policy may name: a tagger, and fields of the metadata."""

from typing import TYPE_CHECKING

from annotation.models import Item, PreAnnotation, Project
from annotation.questions import Problem
from annotation.words import gettext as _
from routing.selectors.described import MOST_FIELDS, metadata_fields

if TYPE_CHECKING:
    from routing.services.policies import PolicyDraft

LONGEST = 40
N_NAMED = 12


def tag_problems(project: Project, draft: "PolicyDraft") -> list[Problem]:
    """Return what is wrong with the tags that a policy names; no query without any."""
    return [*_tagger_problems(project, draft), *_field_problems(project, draft)]


def _tagger_problems(project: Project, draft: "PolicyDraft") -> list[Problem]:
    tagger, text = draft.tagger, ""
    if tagger is None:
        return []
    if tagger.project_id != project.pk:
        text = _("The tagger belongs to another project. Choose one of this.")
    elif not _has_tags(project, tagger.pk):
        text = _(
            "{name} has tagged no item yet. Let it tag the items first, or choose "
            "another."
        ).format(name=tagger.name)
    return [Problem("tagger", text)] if text else []


def _has_tags(project: Project, tagger: int) -> bool:
    found = PreAnnotation.objects.filter(
        project=project, machine=tagger, status=PreAnnotation.Status.OK
    )
    return found.filter(metadata__has_key="tags").exists()


def _field_problems(project: Project, draft: "PolicyDraft") -> list[Problem]:
    named = draft.metadata_fields
    if not named:
        return []
    if len(set(named)) > MOST_FIELDS:
        text = _("Name at most {n} fields of the metadata.").format(n=MOST_FIELDS)
        return [Problem("metadata_fields", text)]
    known = metadata_fields(project)
    for field in named:
        is_flat = known.get(field)
        if is_flat is None:
            is_flat = _is_anywhere(project, field) or None
        if is_flat is None:
            return [Problem("metadata_fields", _unknown(field, known))]
        if not is_flat:
            text = _(
                "The field {name!r} of the metadata holds objects. Name one that holds "
                "words, numbers or lists of them."
            ).format(name=field[:LONGEST])
            return [Problem("metadata_fields", text)]
    return []


def _is_anywhere(project: Project, field: str) -> bool:
    """Tell whether an item beyond the sample has a field."""
    return Item.objects.filter(project=project, metadata__has_key=field).exists()


def _unknown(field: str, known: dict[str, bool]) -> str:
    usable = [name for name, is_flat in known.items() if is_flat][:N_NAMED]
    if not usable:
        return _(
            "No item has a field {name!r} in its metadata. Leave it out; the items "
            "have no metadata that can be used."
        ).format(name=field[:LONGEST])
    return _(
        "No item has a field {name!r} in its metadata. The fields are {known}."
    ).format(name=field[:LONGEST], known=", ".join(usable))
