"""Forms parse what a person sends; they write nothing.

Each field says what is missing in our words and stands in the look of the pages.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

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
                one.message = PASSWORD_WORDS.get(one.code or "", one.message)
        super().add_error(field, error)
