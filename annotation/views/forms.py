"""Forms parse what a person sends; they write nothing.

Each field says what is missing in our words and stands in the look of the pages.
"""

from typing import Any

from django import forms

PLAIN = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)
REQUIRED = "This is still empty."


class Styled(forms.BaseForm):
    """A mixin that dresses the fields of a form, and names what is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = REQUIRED
            if not isinstance(field.widget, PLAIN):
                field.widget.attrs.setdefault("class", "input")
