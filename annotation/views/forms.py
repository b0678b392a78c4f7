"""Forms parse what a person sends; they write nothing.

Each field says what is missing in our words and stands in the look of the pages.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from annotation.field_words import FIELD, field_words, quoted

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PLAIN = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)
REQUIRED = gettext_lazy("This is still empty.")
# What Django says of a password, in our words.
PASSWORD_WORDS = {
    "password_too_short": gettext_lazy(
        "The password is too short. Write at least 8 characters."
    ),
    "password_too_common": gettext_lazy(
        "Many people use this password. Choose another."
    ),
    "password_entirely_numeric": gettext_lazy(
        "The password has only digits. Add letters or signs."
    ),
    "password_too_similar": gettext_lazy(
        "The password is too much like your name. Choose another."
    ),
}


def bounded_number(
    bounds: tuple[int, int], label: "StrOrPromise", help_text: "StrOrPromise" = ""
) -> forms.IntegerField:
    """Return a field for a whole number from the first bound to the second."""
    low, high = bounds
    return forms.IntegerField(
        label=label, min_value=low, max_value=high, help_text=help_text
    )


# What `invalid` means by the type of a field.
INVALID: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.DecimalField, "not_number"),
    (forms.FloatField, "not_number"),
    (forms.IntegerField, "not_whole"),
    (forms.EmailField, "not_email"),
    (forms.URLField, "not_url"),
)
# A limit is told under one of these names.
LIMITS = ("limit_value", "max")


class Styled(forms.BaseForm):
    """A mixin that dresses the fields of a form, and names what is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = REQUIRED
            if not isinstance(field.widget, PLAIN):
                field.widget.attrs.setdefault("class", "input")

    def add_error(self, field: Any, error: Any) -> None:
        """Note what is wrong with a field; the types are the framework's."""
        if isinstance(error, ValidationError) and hasattr(error, "error_list"):
            for one in error.error_list:
                said = PASSWORD_WORDS.get(one.code or "") or self._own_words(field, one)
                if said:
                    one.message, one.params = said, None
        super().add_error(field, error)

    def _own_words(self, name: str | None, error: ValidationError) -> str:
        """Return what is wrong with the field in our words; empty where it stays."""
        field = self.fields.get(name or "")
        code = error.code or ""
        if field is None or code == "required":
            return ""
        if code == "invalid":
            code = next((own for type_, own in INVALID if isinstance(field, type_)), "")
        if code not in FIELD:
            return ""
        params = error.params or {}
        limit = next((params[key] for key in LIMITS if key in params), "")
        return field_words(code, quoted(str(field.label or name)), limit)
