"""What a model refuses of its fields, as problems in our own sentences.

Called by services that store what people set.
"""

from django.core.exceptions import ValidationError
from django.db import models

from annotation.field_words import FIELD, field_words
from annotation.questions import Problem

# What `invalid` means by the type of a field.
INVALID: tuple[tuple[type, str], ...] = (
    (models.DecimalField, "not_number"),
    (models.IntegerField, "not_whole"),
    (models.URLField, "not_url"),
)


def problems_of(error: ValidationError, row: models.Model) -> list[Problem]:
    """Return a problem for each thing that a row refuses, under the field's name."""
    return [
        Problem(name, _sentence(one, row._meta.get_field(name)))
        for name, errors in error.error_dict.items()
        for one in errors
    ]


def _sentence(error: ValidationError, field: object) -> str:
    code = error.code or ""
    if code == "invalid":
        code = next((own for type_, own in INVALID if isinstance(field, type_)), "")
    if code not in FIELD:
        return " ".join(error.messages)
    limit = (error.params or {}).get("limit_value", "")
    return field_words(code, str(getattr(field, "name", "")), limit)
