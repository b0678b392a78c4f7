"""PRISM's survey as a template: its questions, its words, its rules, its states."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import PastSurveyAnswer, Project, SurveyAnswer
from annotation.people_templates import PEOPLE_TEMPLATES
from annotation.services.participants import ensure_participant, save_profile
from annotation.surveys import (
    DECLINED,
    NOT_APPLICABLE,
    SurveyQuestion,
    parse_survey,
    read_replies,
    shown_names,
)
from tests.factories import make_member, make_project
from tests.people.conftest import LogIn

SURVEY = parse_survey(PEOPLE_TEMPLATES["prism"].survey)
BY_NAME = {question.name: question for question in SURVEY}
IN_PRISMS_ORDER = """lm_familiarity lm_indirect_use lm_direct_use lm_frequency_use
    lm_usecases lm_usecases_other_text self_description stated_prefs_values
    stated_prefs_creativity stated_prefs_fluency stated_prefs_factuality
    stated_prefs_diversity stated_prefs_safety stated_prefs_personalisation
    stated_prefs_helpfulness stated_prefs_other stated_prefs_other_text system_string
    age gender gender_self_describe_text employment_status marital_status education
    reside_country birth_country ethnicity religion english_proficiency""".split()  # noqa: SIM905 - a list of one word per line says less


def test_every_question_of_prism_is_asked_in_its_order() -> None:
    assert [question.name for question in SURVEY] == IN_PRISMS_ORDER
    sliders = [question for question in SURVEY if question.type == "slider"]
    assert len(sliders) == 9
    assert {slider.low_label for slider in sliders} == {"Strongly disagree"}
    assert len(BY_NAME["lm_usecases"].options) == 19
    assert BY_NAME["lm_usecases"].choices[-1].is_last


@pytest.mark.parametrize(
    ("indirect", "direct", "is_asked"),
    [
        ("Yes", "No", True),
        ("No", "Yes", True),
        ("No", "Unsure", False),
        (DECLINED, "No", False),
    ],
)
def test_use_is_asked_of_those_who_use_it(
    indirect: str, direct: str, is_asked: bool
) -> None:
    given = {"lm_indirect_use": [indirect], "lm_direct_use": [direct]}
    shown = shown_names(SURVEY, given)
    assert ("lm_frequency_use" in shown) == is_asked
    assert ("lm_usecases" in shown) == is_asked


def test_ethnicity_and_religion_are_special_and_categorised() -> None:
    special = {q.name for q in SURVEY if q.sensitivity == "special"}
    assert special == {"ethnicity", "religion"}
    assert {q.name for q in SURVEY if q.is_categorised} == special
    assert all(BY_NAME[name].categories for name in special)


@pytest.mark.django_db
def test_a_new_project_can_begin_with_it(owner: Client) -> None:
    sent = {"name": "Like PRISM", "template": "pairwise", "overlap": 1}
    owner.post(reverse("project_new"), sent | {"people": "prism"})
    project = Project.objects.get(name="Like PRISM")
    assert len(project.survey_versions.get().questions) == len(
        PEOPLE_TEMPLATES["prism"].survey
    )
    document = project.consent_documents.get()
    assert "18 years" in document.text
    assert {s["name"] for s in document.scopes if s["is_required"]} == {
        "research",
        "adult",
    }


@pytest.mark.django_db
def test_its_consent_is_a_template_for_any_project(
    owner: Client, project: Project
) -> None:
    address = reverse("settings_consent", args=[project.slug])
    page = owner.post(address, {"do": "template:prism"})
    assert "18 years of age or over" in page.content.decode()
    assert project.consent_documents.get().number == 1
    assert "18 years" not in project.consent_documents.get().text


def answered(question: SurveyQuestion) -> list[str]:
    """Return an answer of each kind."""
    if question.choices:
        return [question.options[0]]
    return {"slider": ["70"], "text": ["Words"], "country": ["CL"]}[question.type]


@pytest.mark.django_db
def test_each_answer_has_a_state_and_a_change_keeps_what_was_said() -> None:
    project = make_project(people="prism")
    version = project.survey_versions.get()
    member = ensure_participant(project=project, user=make_member(project))
    given = {question.name: answered(question) for question in SURVEY}
    given |= {"lm_indirect_use": ["Yes"], "lm_direct_use": ["No"]}
    given |= {"age": [DECLINED], "stated_prefs_other": [], "religion": ["Quaker"]}
    replies, problems = read_replies(SURVEY, given, seed="one")
    assert problems == []
    save_profile(participant=member, version=version, replies=replies)
    states = dict(SurveyAnswer.objects.values_list("question", "state"))
    assert set(states) == set(IN_PRISMS_ORDER)
    assert states["age"] == "prefer_not"
    assert states["stated_prefs_other"] == "skipped"
    assert states["lm_usecases_other_text"] == "not_shown"
    order = SurveyAnswer.objects.get(question="stated_prefs_values").order_shown or []
    assert order[-1] == "other"
    assert len(order) == 9

    given |= {"lm_indirect_use": ["No"], "religion": [DECLINED]}
    replies, _ = read_replies(SURVEY, given, seed="one")
    for _ in range(2):
        save_profile(participant=member, version=version, replies=replies)
    now = {row.question: row for row in SurveyAnswer.objects.all()}
    assert (now["lm_usecases"].state, now["lm_usecases"].value) == ("not_shown", None)
    assert now["religion"].state == "prefer_not"
    past = {row.question: row for row in PastSurveyAnswer.objects.all()}
    assert set(past) == {
        "lm_indirect_use",
        "lm_frequency_use",
        "lm_usecases",
        "religion",
    }
    assert PastSurveyAnswer.objects.count() == 4
    assert past["religion"].value == "Quaker"
    assert past["religion"].given_at < now["religion"].created_at


@pytest.mark.django_db
def test_not_applicable_can_be_taken_back(log_in: LogIn) -> None:
    slider = {"name": "calm", "type": "slider", "title": "Calm", "offers_na": True}
    project = make_project(people="none")
    project.survey_versions.update(questions=[slider])
    client = log_in(make_member(project))
    address = reverse("start", args=[project.slug])
    sent = {"consent": 1, "survey": 1, "agree": ["research"]}
    client.post(address, sent | {"q-calm": NOT_APPLICABLE})
    assert SurveyAnswer.objects.get().state == "not_applicable"
    assert f'value="{NOT_APPLICABLE}" data-apart checked' in (
        client.get(address).content.decode()
    )
    client.post(address, sent | {"q-calm": "12"})
    assert (SurveyAnswer.objects.get().state, SurveyAnswer.objects.get().value) == (
        "answered",
        12,
    )
