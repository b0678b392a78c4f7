"""What an owner sets of recruiting: parameters, codes, and the link to paste."""

from decimal import Decimal

import pytest
from django.urls import reverse

from annotation.errors import InvalidError
from annotation.models import Project, Recruitment
from annotation.recruiting import PROVIDERS, Arrival, link_with, read_arrival
from annotation.services.recruitment import RecruitmentSettings, save_recruitment
from tests.factories import make_member, make_project
from tests.recruit.conftest import DONE, Recruit, client_of, recruiting

GIVEN = {
    "provider": "prolific",
    "completion_code": DONE,
    "when_done": "stop",
    "is_empty_done": "on",
    "pay_kind": "per_item",
    "pay_amount": "0.125",
    "screen_out_amount": "0.50",
    "currency": "gbp",
    "floor_per_hour": "9",
    "clock": "total",
    "top_up": "median",
}


def test_an_owner_sets_it_in_a_form(db: None) -> None:
    project = make_project()
    client = client_of(project.created_by)
    address = reverse("settings_recruitment", args=[project.slug])
    assert client.get(address).status_code == 200
    assert client.post(address, GIVEN).status_code == 302
    stored = Recruitment.objects.get(project=project)
    assert stored.parameters == ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
    assert (stored.currency, stored.pay_amount) == ("GBP", Decimal("0.125"))
    assert (stored.n_items_wanted, stored.is_pay_partial) == (None, False)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("role", ["researcher", "annotator"])
def test_nobody_else_sees_it(db: None, role: str) -> None:
    project = make_project()
    client = client_of(make_member(project, role))
    for name in ("settings_recruitment", "recruitment_link"):
        address = reverse(name, args=[project.slug])
        assert client.post(address, GIVEN).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"completion_code": ""}, "completion_code"),
        ({"screen_out_code": DONE}, "screen_out_code"),
        ({"currency": "£££"}, "currency"),
        ({"pay_amount": "-1"}, "pay_amount"),
        ({"completion_url": "javascript:alert(1)"}, "completion_url"),
        ({"provider": "panel", "id_parameter": "a b"}, "id_parameter"),
        ({"provider": "panel", "id_parameter": "x", "study_parameter": "x"}, "session"),
        ({"n_items_wanted": "0"}, "n_items_wanted"),
        ({"provider": "elsewhere"}, "provider"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    db: None, changed: dict[str, str], field: str
) -> None:
    project = make_project()
    client = client_of(project.created_by)
    address = reverse("settings_recruitment", args=[project.slug])
    page = client.post(address, GIVEN | changed)
    assert page.status_code == 422
    assert f"id_{field}" in page.content.decode()
    assert b'class="missing"' in page.content
    assert not Recruitment.objects.exists()


def test_a_service_refuses_what_no_form_would_send(db: None) -> None:
    project = make_project()
    settings = RecruitmentSettings(
        provider="prolific", completion_code=DONE, pay_amount=Decimal(-1), top_up="all"
    )
    with pytest.raises(InvalidError) as refused:
        save_recruitment(project=project, user=project.created_by, settings=settings)
    assert {problem.path for problem in refused.value.problems} >= {
        "pay_amount",
        "top_up",
    }


def test_a_new_number_of_items_reaches_who_is_at_work(recruit: Recruit) -> None:
    project = recruiting()
    person = recruit(project).participant
    settings = RecruitmentSettings(
        provider="prolific", completion_code=DONE, n_items_wanted=9
    )
    save_recruitment(project=project, user=project.created_by, settings=settings)
    person.refresh_from_db()
    assert person.n_wanted == 9


def test_the_link_is_shown_once_as_it_is_pasted(project: Project) -> None:
    client = client_of(project.created_by)
    address = reverse("recruitment_link", args=[project.slug])
    page = client.post(address, {"n_max": 5, "days": 5}).content.decode()
    assert "PROLIFIC_PID={{%PROLIFIC_PID%}}&amp;STUDY_ID={{%STUDY_ID%}}" in page
    shown = client.get(reverse("settings_recruitment", args=[project.slug]))
    assert "0 of 5" in shown.content.decode()
    assert "/study/" not in shown.content.decode()


def test_no_link_before_the_settings(db: None) -> None:
    project = make_project()
    client = client_of(project.created_by)
    address = reverse("recruitment_link", args=[project.slug])
    assert client.post(address, {"n_max": 5, "days": 5}).status_code == 409


@pytest.mark.parametrize(
    ("provider", "sent", "found"),
    [
        ("mturk", {"workerId": "A1B2C3D4E5", "hitId": "H1"}, "A1B2C3D4E5"),
        ("sona", {"survey_code": "12345"}, "12345"),
        ("panel", {"pid": "x.y@z"}, "x.y@z"),
    ],
)
def test_ids_of_each_platform(provider: str, sent: dict[str, str], found: str) -> None:
    arrival = read_arrival(provider, PROVIDERS[provider].parameters, sent)
    assert isinstance(arrival, Arrival)
    assert arrival.external_id == found


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "a b", "x" * 121, "é"])
def test_an_id_of_a_panel_never_begins_a_formula(value: str) -> None:
    assert not isinstance(
        read_arrival("panel", ("pid", "", ""), {"pid": value}), Arrival
    )


def test_a_preview_of_a_hit_is_no_arrival() -> None:
    sent = {"workerId": "A1B2C3D4E5", "assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"}
    found = read_arrival("mturk", PROVIDERS["mturk"].parameters, sent)
    assert "preview" in getattr(found, "problem", "")


def test_a_panel_gets_named_places_in_its_link() -> None:
    assert link_with("https://h/s/", "panel", ("pid", "", "sess")) == (
        "https://h/s/?pid=<pid>&sess=<sess>"
    )
    assert link_with("https://h/s/", "sona", PROVIDERS["sona"].parameters) == (
        "https://h/s/?survey_code=%SURVEY_CODE%"
    )
