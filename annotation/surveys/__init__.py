"""PURE: the questions of a profile survey, and what counts as an answer.

Step consent and profile. Knows nothing of Django or of the screen. A question is never
left to a default: it is answered, declined, or said to be missing.
"""

from annotation.surveys.answering import read_replies, shown_names
from annotation.surveys.parsing import parse_survey
from annotation.surveys.showing import options_in_order, questions_in_order
from annotation.surveys.types import (
    DECLINED,
    NOT_APPLICABLE,
    SENSITIVITIES,
    SURVEY_TYPES,
    USUAL_SENSITIVITY,
    Category,
    InvalidSurveyError,
    Option,
    Reply,
    Rule,
    Sensitivity,
    State,
    SurveyQuestion,
    SurveyType,
)

__all__ = [
    "DECLINED",
    "NOT_APPLICABLE",
    "SENSITIVITIES",
    "SURVEY_TYPES",
    "USUAL_SENSITIVITY",
    "Category",
    "InvalidSurveyError",
    "Option",
    "Reply",
    "Rule",
    "Sensitivity",
    "State",
    "SurveyQuestion",
    "SurveyType",
    "options_in_order",
    "parse_survey",
    "questions_in_order",
    "read_replies",
    "shown_names",
]
