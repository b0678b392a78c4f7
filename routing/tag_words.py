"""PURE: tags of a tagger and of metadata by name, and in words.

A tag's name is its field and its value, "tag subjects: law"; the prefix tells where it
comes from, so that no field of a project is taken for a judge or a measure.
"""

from annotation.words import gettext as _
from annotation.words import gettext_noop
from routing.features.bins import MISSING
from routing.pairs import OTHER

TAGGED, METADATA = "tag", "metadata"
# What a tagger tells of a prompt: models_service.prompts.tagging.
FIELDS = {
    "subjects": gettext_noop("Subject"),
    "expertise": gettext_noop("Expertise needed to judge it"),
    "complexity": gettext_noop("Complexity of what is asked"),
    "safety": gettext_noop("Safety concern"),
    "open_endedness": gettext_noop("Open-endedness"),
    "languages": gettext_noop("Language"),
    "material": gettext_noop("Material brought along"),
    "format": gettext_noop("Form that is laid down"),
}
VALUES = {
    MISSING: gettext_noop("nothing said"),
    OTHER: gettext_noop("other values"),
    "low": gettext_noop("low"),
    "middle": gettext_noop("middle"),
    "high": gettext_noop("high"),
}


def described_words(name: str) -> str:
    """Return a tag of a tagger or of metadata in words; "" for any other name."""
    kind, _space, rest = name.partition(" ")
    if kind not in (TAGGED, METADATA):
        return ""
    field, _colon, value = rest.partition(": ")
    told = _(FIELDS[field]) if kind == TAGGED and field in FIELDS else field
    words = _(VALUES[value]) if value in VALUES else value
    return f"{told}: {words}"
