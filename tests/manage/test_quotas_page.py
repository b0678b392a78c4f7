"""The pages of the quotas: who reaches them, what they say, how they are set."""

from typing import Any

import pytest
from django.test import Client

from annotation.allocation.quotas import BETWEEN
from annotation.models import Project, QuotaCell, Role, SurveyVersion
from annotation.selectors.quota_state import quota_page
from annotation.selectors.strata import stratum_values
from annotation.services import quotas
from annotation.services.participants import save_profile
from annotation.surveys import Reply
from annotation.views.quota_form import from_template
from tests.factories import make_items, make_member, make_participant, make_project

SURVEY = [
    {
        "name": "gender",
        "type": "single",
        "title": "Gender?",
        "options": ["Female", "Male"],
    },
    {"name": "country", "type": "country", "title": "Country?"},
]
COUNTRY = ("DE", "KE", "PE", "CL")
HUGE = "9" * 5000
OLDEST = "65+ years old × Female × White"  # noqa: RUF001  # the sign
pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Project:
    project = make_project(overlap=2)
    SurveyVersion.objects.filter(project=project).update(questions=SURVEY)
    make_items(project, 5)
    return project


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def card(**fields: object) -> dict[str, Any]:
    return {"n_cards": "1", **{f"q0-{name}": value for name, value in fields.items()}}


def test_owner_sets_a_minimum_without_json(study: Project) -> None:
    client = client_of(study.created_by)
    sent = card(kind="at_least", questions=["gender"], amounts="Female, 40 %")
    answer = client.post(f"/p/{study.slug}/settings/quotas/", {**sent, "do": "save"})
    assert answer.status_code == 302
    page = client.get(f"/p/{study.slug}/quotas/").content.decode()
    assert "At least this per cent of all answers by gender: Female 40." in page
    assert "anything but Female" in page


def test_country_is_written_by_name(study: Project) -> None:
    sent = card(kind="per_item", questions=["country"], n="1", groups="Kenya = Africa")
    path = f"/p/{study.slug}/settings/quotas/"
    client_of(study.created_by).post(path, {**sent, "do": "save"})
    version = study.quota_versions.get()
    assert version.quotas[0]["groups"] == {"country": {"KE": "Africa"}}


def test_pasted_table_with_a_fault_names_the_line(study: Project) -> None:
    sent = card(kind="exact", questions=["gender"], amounts="Female,50\nMale;many")
    path = f"/p/{study.slug}/settings/quotas/"
    answer = client_of(study.created_by).post(path, {**sent, "do": "save"})
    assert answer.status_code == 422
    assert "Line 2: write a cell, a comma and a number" in answer.content.decode()
    assert not study.quota_versions.exists()


FAULTY = {
    "n": "two",
    "amounts": "Female,50\nMale;many",
    "groups": "gender: Male = M\nFemale",
    "bands": "age: 18\nfrom 30 on",
}


@pytest.mark.parametrize("do", ["add", "template:women", "save"])
def test_what_cannot_be_read_is_shown_as_it_was_typed(study: Project, do: str) -> None:
    sent = card(kind="exact", questions=["gender"], **FAULTY) | {"do": do}
    path = f"/p/{study.slug}/settings/quotas/"
    page = client_of(study.created_by).post(path, sent)
    shown = page.context["cards"][0]
    assert {name: shown[name] for name in FAULTY} == FAULTY
    assert len(shown["problems"]) == 4
    assert shown["is_open"]


def test_faults_go_with_their_quota_and_their_text(study: Project) -> None:
    two = card(kind="exact", questions=["gender"], **FAULTY) | {"n_cards": "2"}
    two |= {"q1-kind": "exact", "q1-questions": ["gender"], "q1-amounts": "Male"}
    path = f"/p/{study.slug}/settings/quotas/"
    client = client_of(study.created_by)
    (left,) = client.post(path, two | {"do": "remove:0"}).context["cards"]
    assert (left["amounts"], len(left["problems"])) == ("Male", 1)
    _, full = client.post(path, two | {"do": "fill:1"}).context["cards"]
    assert (full["amounts"], full["problems"]) == ("Female,50\nMale,50", [])


def test_groups_of_no_question_are_reported(study: Project) -> None:
    sent = card(kind="category_each", n="1", groups="Kenya = Africa") | {"do": "save"}
    path = f"/p/{study.slug}/settings/quotas/"
    page = client_of(study.created_by).post(path, sent)
    assert page.status_code == 422
    assert "tick the question" in page.context["cards"][0]["problems"][0]
    assert page.context["cards"][0]["groups"] == "Kenya = Africa"


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("template:women", "Female,40"),
        ("template:country", "Quota 1"),
        ("template:census", "Female,51.6447"),
        ("template:categories", "Quota 1"),
        ("add", "Quota 1"),
    ],
)
def test_template_fills_a_card_and_stores_nothing(
    study: Project, do: str, said: str
) -> None:
    path = f"/p/{study.slug}/settings/quotas/"
    answer = client_of(study.created_by).post(path, {"n_cards": "0", "do": do})
    assert said in answer.content.decode()
    assert not study.quota_versions.exists()


def test_census_is_crossed_by_one_choice_and_comes_back_as_it_was_shown() -> None:
    project = make_project(people="prism")
    make_items(project, 300)
    path = f"/p/{project.slug}/settings/quotas/"
    client = client_of(project.created_by)
    shown = client.post(path, {"n_cards": "0", "do": "template:census_crossed"})
    (given,) = shown.context["cards"]
    assert "65+ years old × Female × White,11.8812" in given["amounts"]  # noqa: RUF001
    assert "ethnicity: Hispanic = Other" in given["groups"]
    fields = ("kind", "questions", "n", "amounts", "groups")
    sent = card(**{name: given[name] for name in fields})
    assert client.post(path, {**sent, "do": "save"}).status_code == 302
    cells = project.quota_versions.get().quotas[0]["amounts"]
    assert len(cells) == 60
    stored = QuotaCell.objects.filter(project=project, is_rest=False)
    assert sum(cell.n_limit or 0 for cell in stored) == 300


def test_age_in_years_makes_bands_that_the_owner_chose(study: Project) -> None:
    age = {"name": "age", "type": "number", "title": "Age?"}
    SurveyVersion.objects.filter(project=study).update(questions=[*SURVEY, age])
    path = f"/p/{study.slug}/settings/quotas/"
    client = client_of(study.created_by)
    sent = card(kind="exact", questions=["age"], bands="30, 60")
    page = client.post(path, {**sent, "do": "fill:0"})
    (given,) = page.context["cards"]
    assert given["amounts"] == "under 30,33.3333\n30 to 59,33.3333\n60 or over,33.3333"
    assert given["bands"] == "age: 30, 60"
    sent = card(kind="people", questions=["age"], n="1", bands="age: 30; 60")
    assert client.post(path, {**sent, "do": "save"}).status_code == 302
    person = make_participant(study)
    version = study.survey_versions.get()
    others = [Reply(name, "prefer_not") for name in ("gender", "country")]
    replies = [Reply("age", "answered", 60), *others]
    save_profile(participant=person, version=version, replies=replies)
    assert QuotaCell.objects.get(project=study).key == "60 or over"


def test_each_option_of_many_counts_by_itself(study: Project) -> None:
    uses = {"name": "uses", "type": "several", "title": "?", "options": ["Work", "Fun"]}
    SurveyVersion.objects.filter(project=study).update(questions=[*SURVEY, uses])
    client = client_of(study.created_by)
    sent = card(kind="people", questions=["uses/Work", "uses/Fun"], n="1")
    answer = client.post(f"/p/{study.slug}/settings/quotas/", {**sent, "do": "save"})
    assert answer.status_code == 302
    person, shy = make_participant(study), make_participant(study)
    version = study.survey_versions.get()
    others = [Reply(name, "prefer_not") for name in ("gender", "country")]
    for who, reply in (
        (person, Reply("uses", "answered", ["Fun"])),
        (shy, Reply("uses", "prefer_not")),
    ):
        save_profile(participant=who, version=version, replies=[reply, *others])
    cells = QuotaCell.objects.filter(project=study).order_by("id")
    assert [cell.key for cell in cells] == [
        "no × yes",  # noqa: RUF001  # the sign
        "no answer × no answer",  # noqa: RUF001  # the sign
    ]
    told = Reply("uses", "answered", ["Work"])
    save_profile(participant=person, version=version, replies=[told, *others])
    person.refresh_from_db()
    assert QuotaCell.objects.get(pk__in=person.quota_cells).key.startswith("yes")


def test_bands_without_a_number_name_the_line(study: Project) -> None:
    sent = card(kind="per_item", questions=["gender"], n="1", bands="from 18 on")
    path = f"/p/{study.slug}/settings/quotas/"
    answer = client_of(study.created_by).post(path, {**sent, "do": "save"})
    assert answer.status_code == 422
    assert "Line 1: write the question, a colon" in answer.content.decode()


def test_cells_are_filled_in_and_a_card_is_removed(study: Project) -> None:
    client = client_of(study.created_by)
    path = f"/p/{study.slug}/settings/quotas/"
    sent = card(kind="exact", questions=["gender"])
    page = client.post(path, {**sent, "do": "fill:0"}).content.decode()
    assert "Female,50\nMale,50" in page
    page = client.post(path, {**sent, "do": "remove:0"}).content.decode()
    assert "No quotas are set" in page


@pytest.mark.parametrize("do", ["add", f"remove:{HUGE}", f"fill:{HUGE}"])
def test_number_of_thousands_of_digits_is_no_place(study: Project, do: str) -> None:
    path = f"/p/{study.slug}/settings/quotas/"
    sent = card(kind="exact", questions=["gender"]) | {"n_cards": HUGE, "do": do}
    assert client_of(study.created_by).post(path, sent).status_code == 200


def by_census(project: Project) -> None:
    """Put the crossed shares of the census in force, with one cell full."""
    raw = from_template("census_crossed", stratum_values(project))
    quotas.publish_quotas(project=project, user=project.created_by, raw=raw)
    cell = QuotaCell.objects.get(project=project, key=OLDEST)
    QuotaCell.objects.filter(pk=cell.pk).update(n_taken=cell.n_limit)


def test_many_cells_are_a_grid_after_what_is_missing_most() -> None:
    project = make_project(people="prism")
    make_items(project, 300)
    by_census(project)
    page = client_of(project.created_by).get(f"/p/{project.slug}/quotas/")
    (state,) = page.context["page"].quotas
    assert state.columns == ("White", "Asian", "Black", "Mixed", "Other")
    assert len(state.rows) == 12
    missing = [cell.n_missing for cell in state.most_missing]
    assert missing == sorted(missing, reverse=True)
    assert OLDEST not in [cell.label for cell in state.most_missing]
    assert state.n_full == 1
    text = page.content.decode()
    assert text.index("Missing most") < text.index("as a grid")
    assert f"All {len(state.cells)} cells as a table" in text


def crossed_minimum(project: Project) -> Any:
    """Put a minimum of every cell of two questions in force; return its state."""
    cells = [f"{sex}{BETWEEN}{code}" for sex in ("Female", "Male") for code in COUNTRY]
    quota = {
        "kind": "at_least",
        "questions": ["gender", "country"],
        "amounts": dict.fromkeys(cells, 10),
    }
    quotas.publish_quotas(project=project, user=project.created_by, raw=[quota])
    (state,) = quota_page(project).quotas
    return state


def test_rests_of_a_crossed_minimum_are_no_rows_of_its_grid(study: Project) -> None:
    state = crossed_minimum(study)
    assert [row.label for row in state.rows] == ["Female", "Male"]
    assert state.columns == ("Germany", "Kenya", "Peru", "Chile")
    shown = [cell.label for row in state.rows for cell in row.cells]
    assert shown == [cell.label for cell in state.cells if not cell.is_cap]


def test_caps_miss_nothing(study: Project) -> None:
    state = crossed_minimum(study)
    assert state.is_long
    assert len(state.wanted) == 8
    assert all(cell.is_least for cell in state.most_missing)
    shares = {"kind": "category", "amounts": {"safety": 50, "help": 50}}
    room = {"kind": "people", "questions": ["gender"], "amounts": {"Male": 3}}
    raw = [shares, room]
    quotas.publish_quotas(project=study, user=study.created_by, raw=raw)
    by_category, people = quota_page(study).quotas
    assert (by_category.wanted, by_category.n_full) == ((), 0)
    assert [cell.n_missing for cell in people.most_missing] == [3]


def test_cards_are_folded_but_the_one_in_hand_and_those_to_mend(study: Project) -> None:
    gender = {"kind": "at_least", "questions": ["gender"], "amounts": {"Female": 40}}
    per_item = {"kind": "per_item", "questions": ["country"], "n": 1}
    raw = [gender, per_item]
    quotas.publish_quotas(project=study, user=study.created_by, raw=raw)
    client = client_of(study.created_by)
    path = f"/p/{study.slug}/settings/quotas/"
    assert [card["is_open"] for card in client.get(path).context["cards"]] == [
        False
    ] * 2
    sent = card(kind="per_item", questions=["country"], n="1")
    page = client.post(path, {**sent, "do": "template:women"})
    assert [card["is_open"] for card in page.context["cards"]] == [False, True]
    two = {**card(kind="per_item", questions=["country"], n="1"), "n_cards": "2"}
    page = client.post(path, {**two, "q1-kind": "per_item", "q1-n": "x", "do": "save"})
    assert [card["is_open"] for card in page.context["cards"]] == [False, True]


def test_page_says_what_can_no_longer_be_filled(study: Project) -> None:
    lists = {"kind": "exact", "questions": ["country"], "amounts": {"DE": 100}}
    per_item = {"kind": "per_item", "questions": ["country"], "n": 1}
    quotas.publish_quotas(project=study, user=study.created_by, raw=[lists, per_item])
    page = client_of(study.created_by).get(f"/p/{study.slug}/quotas/")
    assert "no item can be finished" in page.content.decode()
    assert "Germany" in page.content.decode()


def test_researcher_sees_the_state_and_cannot_change_it(study: Project) -> None:
    client = client_of(make_member(study, Role.RESEARCHER))
    assert client.get(f"/p/{study.slug}/quotas/").status_code == 200
    assert client.get(f"/p/{study.slug}/settings/quotas/").status_code == 404


def test_annotator_and_outsider_find_nothing(study: Project) -> None:
    for project in (study, make_project()):
        client = client_of(make_member(project))
        for path in ("quotas", "settings/quotas"):
            assert client.get(f"/p/{study.slug}/{path}/").status_code == 404
