"""PURE: what is wrong with one field, in our own sentences, for pages and for REST.

Those of the framework name neither the field nor how to mend it. A code is the
framework's; `name` is the label on a page, or the path in a body.
"""

from annotation.words import gettext as _
from annotation.words import gettext_noop

FIELD: dict[str, str] = {
    "required": gettext_noop("{name} is missing. Send it."),
    "blank": gettext_noop("{name} is empty. Write something."),
    "null": gettext_noop("{name} is null. Send a value, or leave it out."),
    "max_length": gettext_noop("{name} is too long. Shorten it to {limit} characters."),
    "min_length": gettext_noop(
        "{name} is too short. Write at least {limit} characters."
    ),
    "max_entries": gettext_noop("{name} is too long. Send at most {limit} entries."),
    "max_string_length": gettext_noop("{name} is too long. Send a number."),
    "min_value": gettext_noop("{name} is too small. The smallest number is {limit}."),
    "max_value": gettext_noop("{name} is too large. The largest number is {limit}."),
    "max_digits": gettext_noop(
        "{name} has too many digits. Write at most {limit} of them."
    ),
    "max_whole_digits": gettext_noop(
        "{name} is too large. Write at most {limit} digits before the point."
    ),
    "max_decimal_places": gettext_noop(
        "{name} is too fine. Write at most {limit} digits after the point."
    ),
    "invalid_choice": gettext_noop(
        "{name} has a value that it does not take. Choose one of those that it does."
    ),
    "not_a_list": gettext_noop("{name} is not a list. Send its values in [ and ]."),
    "not_a_dict": gettext_noop("{name} is not an object. Send it in {{ and }}."),
    "null_characters_not_allowed": gettext_noop(
        "{name} holds a NUL character. Remove it."
    ),
    "not_whole": gettext_noop("{name} is not a whole number. Write digits alone."),
    "not_number": gettext_noop("{name} is not a number. Write one such as 7.50."),
    "not_email": gettext_noop(
        "{name} is not an e-mail address. Write one such as ada@example.org."
    ),
    "not_url": gettext_noop("{name} is not a web address. Begin it with https://."),
}
ELSE = gettext_noop("{name} does not fit. Look up its form in the documentation.")


def field_words(code: str, name: str, limit: object = "") -> str:
    """Return what is wrong with the field so called; a limit is a number or nothing."""
    shown = f"{limit:,}" if isinstance(limit, int) else str(limit)
    return _(FIELD.get(code, ELSE)).format(name=name, limit=shown)


def quoted(label: str) -> str:
    """Return a label as the name of a field within a sentence."""
    return _("“{label}”").format(label=label)
