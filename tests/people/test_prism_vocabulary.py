"""The words of PRISM's survey, as its codebook and its code have them.

Source: Kirk et al. (2024), HannahKirk/prism-alignment at 2572ed9. Options and counts:
the codebook, pages 5 to 11, and notebook 04. Use cases and statements with their order:
`data/storage/mappings/header_usecases_mapping.csv` and `header_prefs_mapping.csv`. The
labels as released: `src/data_processing/prepare_survey.py`. Categorised and simplified
ethnicity and religion: notebook 01, in the order of their frequency there. What the
platform has for every question is not an option here: "Prefer not to say".
"""

from collections.abc import Callable

import pytest

from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.surveys import SurveyQuestion, parse_survey
from annotation.surveys.showing import order_shown

SURVEY = parse_survey(PEOPLE_TEMPLATES["prism"].survey)
BY_NAME = {question.name: question for question in SURVEY}
OPTIONS = {
    "lm_familiarity": "Not familiar at all|Somewhat familiar|Very familiar",
    "lm_indirect_use": "Yes|No|Unsure",
    "lm_direct_use": "Yes|No|Unsure",
    "lm_frequency_use": "Every day|Every week|More than once a month|Once per month"
    "|Less than one a year",
    "lm_usecases": "homework_assistance|research|source_suggestions|professional_work"
    "|creative_writing|casual_conversation|personal_recommendations"
    "|daily_productivity|technical_or_programming_help|travel_guidance"
    "|lifestyle_and_hobbies|well-being_guidance|medical_guidance|financial_guidance"
    "|games|historical_or_news_insight|relationship_advice|language_learning|other",
    "age": "18-24 years old|25-34 years old|35-44 years old|45-54 years old"
    "|55-64 years old|65+ years old",
    "gender": "Male|Female|Non-binary / third gender|self_describe",
    "employment_status": "Working full-time|Working part-time|Student"
    "|Unemployed, seeking work|Unemployed, not seeking work"
    "|Homemaker / Stay-at-home parent|Retired",
    "marital_status": "Never been married|Married|Divorced / Separated|Widowed",
    "education": "Some Primary|Completed Primary School|Some Secondary"
    "|Completed Secondary School|Vocational|Some University but no degree"
    "|University Bachelors Degree|Graduate / Professional degree",
    "english_proficiency": "Native speaker|Fluent|Advanced|Intermediate|Basic",
}
STATEMENTS = (
    "values creativity fluency factuality diversity safety personalisation"
    " helpfulness other"
)
CATEGORIES = {
    "ethnicity": "White: White|Black / African: Black|Hispanic / Latino: Hispanic"
    "|Asian: Asian|Mixed: Mixed|Middle Eastern / Arab: Other"
    "|Indigenous / First Peoples: Other|Other: Other"
    "|Prefer not to say: Prefer not to say",
    "religion": "Non-religious: No Affiliation|Christian: Christian"
    "|Agnostic: No Affiliation|Jewish: Jewish|Muslim: Muslim"
    "|Spiritual: No Affiliation|Buddhist: Other|Folk religion: Other|Hindu: Other"
    "|Sikh: Other|Other: Other|Prefer not to say: Prefer not to say",
}
SHOWN_TO_USERS = {"lm_frequency_use", "lm_usecases"}


def test_every_choice_offers_prisms_options_in_its_order() -> None:
    found = {
        question.name: "|".join(question.options)
        for question in SURVEY
        if question.choices
    }
    assert found == OPTIONS


def test_each_question_has_prisms_kind() -> None:
    def named(is_so: Callable[[SurveyQuestion], bool]) -> set[str]:
        return {question.name for question in SURVEY if is_so(question)}

    assert named(lambda q: q.type == "several") == {"lm_usecases"}
    assert named(lambda q: q.type == "country") == {"reside_country", "birth_country"}
    assert named(lambda q: q.type == "text" and not q.companion_of) == {
        "self_description",
        "system_string",
        "ethnicity",
        "religion",
    }
    assert named(lambda q: bool(q.show_if) and not q.companion_of) == SHOWN_TO_USERS


@pytest.mark.parametrize("name", sorted(SHOWN_TO_USERS))
def test_use_is_asked_where_direct_or_indirect_use_is_yes(name: str) -> None:
    question = BY_NAME[name]
    assert not question.needs_all
    assert {(rule.question, rule.values) for rule in question.show_if} == {
        ("lm_indirect_use", ("Yes",)),
        ("lm_direct_use", ("Yes",)),
    }


def test_nine_statements_have_prisms_names_ends_and_a_last_one() -> None:
    sliders = [question for question in SURVEY if question.type == "slider"]
    names = [slider.name.removeprefix("stated_prefs_") for slider in sliders]
    assert " ".join(names) == STATEMENTS
    ends = {(slider.low_label, slider.high_label) for slider in sliders}
    assert ends == {("Strongly disagree", "Strongly agree")}
    assert [slider.name for slider in sliders if slider.is_last] == [sliders[-1].name]


def test_use_cases_and_statements_are_drawn_in_a_new_order_with_other_last() -> None:
    for name in ("lm_usecases", "stated_prefs_values"):
        orders = {order_shown(BY_NAME[name], SURVEY, str(seed)) for seed in range(20)}
        assert len(orders) > 10
        assert {order[-1] for order in orders if order} == {"other"}


@pytest.mark.parametrize("name", sorted(CATEGORIES))
def test_own_words_have_prisms_categories_and_coarser_ones(name: str) -> None:
    found = [f"{one.value}: {one.simplified}" for one in BY_NAME[name].categories]
    assert "|".join(found) == CATEGORIES[name]
