"""PURE: the consent texts, scopes and profile surveys from which a project begins.

Step set-up. Researchers change them to what their study and their law ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation import prism_survey

CONSENT_TEXT = """\
You compare answers that AI models gave to questions of people. We keep your answers, \
the reasons you give, the time you take and what you tell about yourself below. Your \
name, your log-in and your e-mail address are not kept next to them: your answers \
carry an invented name such as *brisk-heron*.

Some texts were written by machines without any check, and may be wrong or unpleasant. \
You may skip any item.

You take part of your own will, and may stop at any time without a disadvantage. On \
the page *Your data* you see everything that is kept about you, download it, change \
what may be released, and withdraw. Then your answers leave every later data set; what \
was published before cannot be called back.
"""

CONSENT_SCOPES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "research",
        "text": "kept and used for the research described above",
        "is_required": True,
        "covers": ["taking_part"],
    },
    {
        "name": "ratings",
        "text": "released in data sets for research, under an invented name: what I "
        "choose, rank and rate",
        "is_required": False,
        "covers": ["ratings"],
    },
    {
        "name": "free_text",
        "text": "released with the words I write myself, such as the reasons I give",
        "is_required": False,
        "covers": ["free_text"],
    },
    {
        "name": "demographics",
        "text": "released with what I tell about myself, such as my age and country",
        "is_required": False,
        "covers": ["demographics"],
    },
    {
        "name": "special",
        "text": "released with what I tell about my health, faith, origin or other "
        "matters that the law protects specially, if I am asked",
        "is_required": False,
        "covers": ["special"],
    },
)

SURVEY: tuple[Mapping[str, Any], ...] = (
    {
        "name": "age",
        "type": "single",
        "title": "How old are you?",
        "section": "About you",
        "options": [
            "18 to 24",
            "25 to 34",
            "35 to 44",
            "45 to 54",
            "55 to 64",
            "65 or older",
        ],
    },
    {
        "name": "country",
        "type": "country",
        "title": "In which country do you live?",
        "section": "About you",
    },
    {
        "name": "education",
        "type": "single",
        "title": "What is the highest education you have finished?",
        "section": "About you",
        "options": [
            "School",
            "Vocational training",
            "Bachelor or similar",
            "Master or similar",
            "Doctorate",
        ],
    },
    {
        "name": "use",
        "type": "single",
        "sensitivity": "plain",
        "title": "How often do you use AI assistants?",
        "section": "About you",
        "options": ["Every day", "Every week", "Now and then", "Never"],
    },
    {
        "name": "purposes",
        "type": "several",
        "sensitivity": "plain",
        "title": "What do you use them for?",
        "section": "About you",
        "is_shuffled": True,
        "depends_on": "use",
        "hidden_for": ["Never"],
        "options": [
            "Work or study",
            "Writing",
            "Programming",
            "Looking things up",
            "Personal advice",
            "Play",
        ],
    },
    {
        "name": "value_truth",
        "type": "slider",
        "title": "It tells me the truth, even when I do not like it.",
        "section": "What matters to you in an answer",
        "low_label": "not at all important",
        "high_label": "very important",
    },
    {
        "name": "value_respect",
        "type": "slider",
        "title": "It respects my values.",
        "section": "What matters to you in an answer",
        "low_label": "not at all important",
        "high_label": "very important",
    },
    {
        "name": "value_brief",
        "type": "slider",
        "title": "It is brief.",
        "section": "What matters to you in an answer",
        "low_label": "not at all important",
        "high_label": "very important",
    },
    {
        "name": "field",
        "type": "text",
        "title": "Which subject do you know best?",
        "help": "A few words, such as “school chemistry” or “looking after children”.",
        "section": "What matters to you in an answer",
    },
)


@dataclass(frozen=True)
class PeopleTemplate:
    """What people agree to and tell: `name` is its key, the others are for people."""

    name: str
    title: str
    summary: str
    consent_text: str
    scopes: tuple[Mapping[str, Any], ...]
    survey: tuple[Mapping[str, Any], ...]


PEOPLE_TEMPLATES = {
    template.name: template
    for template in (
        PeopleTemplate(
            "short",
            "A short profile",
            "Nine questions: age, country, education, use of AI, what matters.",
            CONSENT_TEXT,
            CONSENT_SCOPES,
            SURVEY,
        ),
        PeopleTemplate(
            "prism",
            "The survey of PRISM",
            "What a study like PRISM asks: use of AI, values, nine sliders, standing"
            " instructions to an AI, and ten questions about the person.",
            prism_survey.CONSENT_TEXT,
            prism_survey.CONSENT_SCOPES,
            prism_survey.SURVEY,
        ),
        PeopleTemplate(
            "none",
            "No profile",
            "The consent alone; nothing is asked about the person.",
            CONSENT_TEXT,
            CONSENT_SCOPES,
            (),
        ),
    )
}
