"""PURE: the survey and consent of a study like PRISM, as templates.

Step set-up. The answers offered are those of PRISM (Kirk et al., 2024), so that data of
both can be compared; questions, help and consent are in our own words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

USE = "Your use of AI"
VALUES = "What guides you"
PREFERENCES = "What matters to you in an AI"
ABOUT = "About you"

CONSENT_TEXT = """\
This study looks at what people from different places expect of AI language models. \
First you answer some questions about yourself, which takes about ten minutes. Then \
you judge answers that AI models gave.

We keep your judgements, your words, the time you take and what you tell about \
yourself. Your name, log-in and e-mail address are kept apart from them: your answers \
carry an invented name such as *brisk-heron*.

- You may decline each question, skip each item, and stop at any time.
- Texts by machines are not checked. Some may be wrong, upsetting or offensive.
- Please give no names, addresses or other details by which you could be recognised.
- Questions on ethnicity and religion are asked so that we can tell whose voices are \
heard. They are protected more strictly than the others.
- On the page *Your data* you see all that is kept about you, and can download it, \
change what may be released, and withdraw. Then your answers leave every later data \
set; what was published before cannot be called back.

**Only people of 18 years of age or over can take part.**
"""

CONSENT_SCOPES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "research",
        "text": "kept and used for the research described above",
        "is_required": True,
        "covers": ["taking_part"],
    },
    {
        "name": "adult",
        "text": "those of an adult: I certify that I am 18 years of age or over",
        "is_required": True,
        "covers": [],
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
        "text": "released with the words I write: my reasons, my values, my "
        "instructions to an AI",
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
        "text": "released with what I tell about my ethnicity and religion",
        "is_required": False,
        "covers": ["special"],
    },
)

_USES_AI = {
    "needs_all": False,
    "show_if": [
        {"question": "lm_indirect_use", "is": "any_of", "values": ["Yes"]},
        {"question": "lm_direct_use", "is": "any_of", "values": ["Yes"]},
    ],
}
_YES_NO = ["Yes", "No", "Unsure"]
_OTHER = {"value": "other", "label": "Other", "is_last": True, "has_text": True}
_USE_CASES = {
    "homework_assistance": "Help with homework",
    "research": "Research",
    "source_suggestions": "Suggesting sources",
    "professional_work": "Professional work",
    "creative_writing": "Creative writing",
    "casual_conversation": "Casual conversation",
    "personal_recommendations": "Recommendations for me",
    "daily_productivity": "Everyday organisation",
    "technical_or_programming_help": "Technical or programming help",
    "travel_guidance": "Planning travel",
    "lifestyle_and_hobbies": "Lifestyle and hobbies",
    "well-being_guidance": "Well-being",
    "medical_guidance": "Medical questions",
    "financial_guidance": "Money matters",
    "games": "Games",
    "historical_or_news_insight": "History or news",
    "relationship_advice": "Relationships",
    "language_learning": "Learning a language",
}
_STATEMENTS: Sequence[tuple[str, str]] = (
    ("values", "reflects my values or culture"),
    ("creativity", "brings up new and inventive ideas"),
    ("fluency", "writes well and reads naturally"),
    ("factuality", "gets facts right and says what is known"),
    ("diversity", "shows several points of view"),
    ("safety", "does no harm and refuses what is dangerous"),
    ("personalisation", "learns from what I tell it and adapts to me"),
    ("helpfulness", "is useful for what I want to do"),
)
_OTHER_STATEMENT = {
    "name": "other",
    "title": "is something else that matters to me",
    "is_last": True,
    "has_text": True,
}


def _categories(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "simplified": simplified} for value, simplified in pairs]


ETHNICITIES = _categories(
    ("White", "White"),
    ("Black / African", "Black"),
    ("Hispanic / Latino", "Hispanic"),
    ("Asian", "Asian"),
    ("Mixed", "Mixed"),
    ("Middle Eastern / Arab", "Other"),
    ("Indigenous / First Peoples", "Other"),
    ("Other", "Other"),
    ("Prefer not to say", "Prefer not to say"),
)
RELIGIONS = _categories(
    ("Non-religious", "No Affiliation"),
    ("Christian", "Christian"),
    ("Agnostic", "No Affiliation"),
    ("Jewish", "Jewish"),
    ("Muslim", "Muslim"),
    ("Spiritual", "No Affiliation"),
    ("Buddhist", "Other"),
    ("Folk religion", "Other"),
    ("Hindu", "Other"),
    ("Sikh", "Other"),
    ("Other", "Other"),
    ("Prefer not to say", "Prefer not to say"),
)


def _single(
    name: str, title: str, options: Sequence[Any], section: str, **more: Any
) -> Mapping[str, Any]:
    return {
        "name": name,
        "type": "single",
        "title": title,
        "options": list(options),
        "section": section,
        **more,
    }


_USE_QUESTIONS = (
    _single(
        "lm_familiarity",
        "How well do you know AI language models such as ChatGPT?",
        ["Not familiar at all", "Somewhat familiar", "Very familiar"],
        USE,
        sensitivity="plain",
    ),
    _single(
        "lm_indirect_use",
        "Have you used one inside another service?",
        _YES_NO,
        USE,
        help="For example in LinkedIn, in Microsoft Editor, or as a bot on Discord.",
        sensitivity="plain",
    ),
    _single(
        "lm_direct_use",
        "Have you used one directly?",
        _YES_NO,
        USE,
        help="For example ChatGPT, Bard or Claude.",
        sensitivity="plain",
    ),
    _single(
        "lm_frequency_use",
        "How often do you use AI language models?",
        [
            "Every day",
            "Every week",
            "More than once a month",
            "Once per month",
            "Less than one a year",
        ],
        USE,
        sensitivity="plain",
        **_USES_AI,
    ),
    {
        "name": "lm_usecases",
        "type": "several",
        "title": "What do you use them for?",
        "section": USE,
        "is_shuffled": True,
        "options": [
            *({"value": key, "label": label} for key, label in _USE_CASES.items()),
            _OTHER,
        ],
        "sensitivity": "plain",
        **_USES_AI,
    },
)
_SENTENCES = "Two to five sentences. Please give no details that name you or others."
_OWN_WORDS = (
    {
        "name": "self_description",
        "type": "text",
        "title": "Which values, beliefs and principles guide you in life?",
        "help": _SENTENCES,
        "section": VALUES,
        "is_long": True,
        "max_chars": 10_000,
    },
)
_PREFERENCES = (
    {
        "name": "stated_prefs",
        "type": "sliders",
        "title": "It is important to me that an AI language model …",
        "section": PREFERENCES,
        "is_shuffled": True,
        "low_label": "Strongly disagree",
        "high_label": "Strongly agree",
        "statements": [
            *({"name": name, "title": f"… {title}"} for name, title in _STATEMENTS),
            {**_OTHER_STATEMENT, "title": f"… {_OTHER_STATEMENT['title']}"},
        ],
    },
    {
        "name": "system_string",
        "type": "text",
        "title": "How would you tell an AI to behave?",
        "help": "Imagine that you write its standing instructions: what it should be"
        f" like, and what not. {_SENTENCES}",
        "section": PREFERENCES,
        "is_long": True,
        "max_chars": 10_000,
    },
)
_ABOUT_YOU = (
    _single(
        "age",
        "How old are you?",
        [
            f"{band} years old"
            for band in ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
        ],
        ABOUT,
    ),
    _single(
        "gender",
        "How do you describe yourself?",
        [
            "Male",
            "Female",
            "Non-binary / third gender",
            {
                "value": "self_describe",
                "label": "I describe myself otherwise",
                "is_last": True,
                "has_text": True,
            },
        ],
        ABOUT,
    ),
    _single(
        "employment_status",
        "What was your work in the last three months?",
        [
            "Working full-time",
            "Working part-time",
            "Student",
            "Unemployed, seeking work",
            "Unemployed, not seeking work",
            "Homemaker / Stay-at-home parent",
            "Retired",
        ],
        ABOUT,
    ),
    _single(
        "marital_status",
        "What is your marital status at present?",
        ["Never been married", "Married", "Divorced / Separated", "Widowed"],
        ABOUT,
    ),
    _single(
        "education",
        "What is the highest education you have completed?",
        [
            "Some Primary",
            "Completed Primary School",
            "Some Secondary",
            "Completed Secondary School",
            "Vocational",
            "Some University but no degree",
            "University Bachelors Degree",
            "Graduate / Professional degree",
        ],
        ABOUT,
    ),
    {
        "name": "reside_country",
        "type": "country",
        "title": "In which country do you live?",
        "section": ABOUT,
    },
    {
        "name": "birth_country",
        "type": "country",
        "title": "In which country were you born?",
        "section": ABOUT,
    },
    {
        "name": "ethnicity",
        "type": "text",
        "title": "How do you describe your ethnicity?",
        "help": "In your own words; a few are enough.",
        "section": ABOUT,
        "sensitivity": "special",
        "is_categorised": True,
        "categories": ETHNICITIES,
    },
    {
        "name": "religion",
        "type": "text",
        "title": "How do you describe your religion or belief, if you have one?",
        "help": "In your own words; a few are enough.",
        "section": ABOUT,
        "sensitivity": "special",
        "is_categorised": True,
        "categories": RELIGIONS,
    },
    _single(
        "english_proficiency",
        "How well do you know English?",
        ["Native speaker", "Fluent", "Advanced", "Intermediate", "Basic"],
        ABOUT,
    ),
)

SURVEY: tuple[Mapping[str, Any], ...] = (
    *_USE_QUESTIONS,
    *_OWN_WORDS,
    *_PREFERENCES,
    *_ABOUT_YOU,
)
