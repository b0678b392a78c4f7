"""PURE: which column of a file plays which role; what the import page shows.

Step import. shapes.recognise makes a mapping, a person may change it, and the job
stores it as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from annotation.words import gettext as _

LabelsBy: TypeAlias = Literal["leave_out", "file", "human", "machine"]
LABELS_BY: tuple[LabelsBy, ...] = get_args(LabelsBy)


class InvalidMappingError(ValueError):
    """A stored or edited mapping is malformed; the message says where."""


@dataclass(frozen=True)
class ColumnMapping:
    """How the columns of a file become items.

    `shape`: a key of shapes.SHAPES. `fields`: role to the columns that play it, in
    the order of the completions where there are several.
    `labels_by`: who made the labels of the file: people, machines, or as the file
    itself says of each; or that the labels stay out.
    `labels_name`: what their annotator is called where the file names none.
    `allow_empty`: an empty completion is taken, with a warning: some models answer
    nothing, and that is data too.
    `options`: what a shape noticed in the first rows, such as the ends of a scale.
    """

    shape: str
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels_by: LabelsBy = "leave_out"
    labels_name: str = ""
    min_completions: int = 2
    allow_empty: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def column(self, role: str) -> str:
        """Return the first column of a role, or an empty string."""
        columns = self.fields.get(role, ())
        return columns[0] if columns else ""

    def columns(self, role: str) -> tuple[str, ...]:
        """Return all columns of a role, in order."""
        return tuple(self.fields.get(role, ()))

    def with_fields(self, **fields: tuple[str, ...]) -> "ColumnMapping":
        """Return a copy in which the named roles have other columns."""
        return replace(self, fields={**self.fields, **fields})

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back as an equal mapping."""
        return {
            "shape": self.shape,
            "fields": {role: list(columns) for role, columns in self.fields.items()},
            "labels_by": self.labels_by,
            "labels_name": self.labels_name,
            "min_completions": self.min_completions,
            "allow_empty": self.allow_empty,
            "options": dict(self.options),
        }

    @classmethod
    def from_json(cls, raw: object) -> "ColumnMapping":
        """Read a stored mapping.

        Raises
        ------
        InvalidMappingError
            If a part is missing or has the wrong type.
        """
        if not isinstance(raw, Mapping) or not isinstance(raw.get("shape"), str):
            raise InvalidMappingError(_("A mapping is an object that names its shape."))
        labels_by = raw.get("labels_by", "leave_out")
        if labels_by not in LABELS_BY:
            raise InvalidMappingError(
                _("labels_by is {labels_by!r}. Use one of {labels_by_2}.").format(
                    labels_by=labels_by, labels_by_2=", ".join(LABELS_BY)
                )
            )
        n_least = raw.get("min_completions", 2)
        if type(n_least) is not int or n_least < 1:
            raise InvalidMappingError(
                _("min_completions must be a whole number from 1.")
            )
        options = raw.get("options", {})
        if not isinstance(options, Mapping):
            raise InvalidMappingError(_("The options of a mapping are an object."))
        return cls(
            shape=raw["shape"],
            fields=_read_fields(raw.get("fields", {})),
            labels_by=labels_by,
            labels_name=str(raw.get("labels_name", "")),
            min_completions=n_least,
            allow_empty=raw.get("allow_empty") is True,
            options=dict(options),
        )


def _read_fields(raw: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(raw, Mapping):
        raise InvalidMappingError(_("The fields of a mapping are an object."))
    fields: dict[str, tuple[str, ...]] = {}
    for role, columns in raw.items():
        names = [columns] if isinstance(columns, str) else columns
        if not isinstance(names, (list, tuple)) or not all(
            isinstance(name, str) for name in names
        ):
            raise InvalidMappingError(
                _("The columns of {role!r} are a list of names.").format(role=role)
            )
        if kept := tuple(name for name in names if name):
            fields[str(role)] = kept
    return fields
