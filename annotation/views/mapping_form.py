"""The mapping of an import as a form: which column plays which role."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from annotation.errors import InvalidError
from annotation.formats.mapping import ColumnMapping, InvalidMappingError
from annotation.formats.shapes import SHAPES
from annotation.services.uploads import Look, proposed
from annotation.words import translated

ROLE_WORDS = {
    "prompt": gettext_lazy("Prompt"),
    "messages": gettext_lazy("Messages of the prompt"),
    "system": gettext_lazy("System prompt"),
    "input": gettext_lazy("Input, put after the prompt"),
    "completions": gettext_lazy("Completions"),
    "models": gettext_lazy("Models that wrote them"),
    "external_id": gettext_lazy("Id of the item"),
    "chosen": gettext_lazy("Chosen completion"),
    "rejected": gettext_lazy("Rejected completion"),
    "individual": gettext_lazy("Preference of each person"),
    "annotators": gettext_lazy("Annotators, one column each"),
}
LABELS_BY_WORDS = {
    "leave_out": (
        gettext_lazy("Leave them out"),
        gettext_lazy("Only the texts are imported."),
    ),
    "file": (
        gettext_lazy("The file says it of each"),
        gettext_lazy("People and machines are kept apart."),
    ),
    "human": (
        gettext_lazy("People"),
        gettext_lazy("They become annotations of named external annotators."),
    ),
    "machine": (
        gettext_lazy("A machine"),
        gettext_lazy("They become pre-annotations."),
    ),
}
MODE_WORDS = {
    "all": (
        gettext_lazy("All or nothing"),
        gettext_lazy(
            "One faulty row, and nothing is imported. The report says what to mend."
        ),
    ),
    "good": (
        gettext_lazy("Take the good rows"),
        gettext_lazy("Faulty rows stay out and are listed in a report to download."),
    ),
}
MAX_COLUMNS_OF_ROLE = 100
# Roles that one column plays; any other may have several.
SINGLE = (
    "prompt",
    "messages",
    "system",
    "external_id",
    "language",
    "category",
    "source",
    "chosen",
    "rejected",
)


@dataclass(frozen=True)
class RoleField:
    """One role and the columns that play it; an empty one lets a person add one.

    `is_needed`: it, or one that can stand for it, must be mapped.
    """

    name: str
    title: str
    is_needed: bool
    is_used: bool
    columns: tuple[str, ...]

    @property
    def path(self) -> str:
        """Return where formats.shapes says that something is wrong with it."""
        return f"fields.{self.name}"


def read_mapping(form: QueryDict, seen: Look) -> ColumnMapping:
    """Read the mapping that a person has changed.

    Another shape than before is guessed anew, since its roles are others.
    """
    shape = form.get("shape", "")
    if shape not in SHAPES:
        return proposed(seen)
    if shape != form.get("shape_before"):
        return proposed(seen, shape)
    fields = {
        role: tuple(filter(None, form.getlist(f"field.{role}")[:MAX_COLUMNS_OF_ROLE]))
        for role in SHAPES[shape].roles
    }
    raw = {
        "shape": shape,
        "fields": {role: columns for role, columns in fields.items() if columns},
        "labels_by": form.get("labels_by", "leave_out"),
        "labels_name": form.get("labels_name", "").strip()[:100],
        "min_completions": 1 if form.get("takes_single") else 2,
        "allow_empty": bool(form.get("takes_empty")),
        "options": _options(form.get("options", "{}")),
    }
    try:
        return ColumnMapping.from_json(raw)
    except InvalidMappingError as error:
        raise InvalidError(str(error)) from error


def _options(text: str) -> Mapping[str, Any]:
    try:
        options = json.loads(text)
    except ValueError:
        return {}
    return options if isinstance(options, dict) else {}


def role_fields(mapping: ColumnMapping) -> list[RoleField]:
    """Return the roles of the mapping's shape, with room for one more column each."""
    shape = SHAPES[mapping.shape]
    needed = {role for choice in shape.required for role in choice}
    fields = []
    for role in shape.roles:
        columns = mapping.columns(role)
        is_full = bool(columns) and role in SINGLE
        fields.append(
            RoleField(
                name=role,
                title=str(ROLE_WORDS.get(role, role.replace("_", " ").capitalize())),
                is_needed=role in needed,
                is_used=bool(columns),
                columns=columns if is_full else (*columns, ""),
            )
        )
    return fields


def _is_shown(field: RoleField, mapping: ColumnMapping) -> bool:
    """Tell whether a role is used, or is needed and nothing stands for it."""
    choices = [c for c in SHAPES[mapping.shape].required if field.name in c]
    is_open = any(not any(mapping.columns(r) for r in choice) for choice in choices)
    return field.is_used or is_open


def form_context(mapping: ColumnMapping, columns: Sequence[str]) -> dict[str, object]:
    """Return what the template of the form needs."""
    roles = role_fields(mapping)
    known = {name for names in mapping.fields.values() for name in names}
    return {
        "mapping": mapping,
        "shape": translated(SHAPES[mapping.shape], "title", "help"),
        "shapes": [translated(one, "title") for one in SHAPES.values()],
        "roles": [field for field in roles if _is_shown(field, mapping)],
        "more_roles": [field for field in roles if not _is_shown(field, mapping)],
        "columns": [*columns, *sorted(known - set(columns))],
        "options": json.dumps(mapping.options),
        "labels_by": LABELS_BY_WORDS,
        "modes": MODE_WORDS,
    }
