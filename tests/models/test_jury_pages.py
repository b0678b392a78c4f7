"""The pages of a jury, and the same over REST."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.models import Item, Job, MachineAnnotator, Project
from annotation.services import jobs
from models_service.services import reports
from tests.factories import make_items, make_project
from tests.models.judges import SilentProgress, answer_all, canonical_first, make_judge
from tests.models.juries import (
    canonical_second,
    decide,
    go,
    judges,
    make_jury,
    named,
    said,
)
from tests.models.people import answer_items, make_people, mostly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 6)
    return made


@pytest.fixture
def owner(project: Project, client: Client) -> Client:
    client.force_login(project.created_by)
    return client


def body(client: Client, name: str, *args: Any, status: int = 200) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == status
    return response.content.decode()


def filled(members: list[MachineAnnotator], **more: Any) -> dict[str, Any]:
    ids = [str(one.public_id) for one in members]
    told = {"name": "Three heads", "backend": "jury", "protocol": "pairwise"}
    return {**told, "members": ids} | more


def test_form_offers_judges_and_says_where_there_are_too_few(
    project: Project, owner: Client
) -> None:
    (one,) = judges(project, canonical_first)
    page = body(owner, "machine_new", project.slug)
    assert "Jury of several judges" in page
    assert "fewer than two judges to choose from" in page
    make_judge(project, "ranking", name="ranker")
    other = make_judge(project, name="a second")
    page = body(owner, "machine_new", project.slug)
    assert "fewer than two judges" not in page
    assert f'value="{one.public_id}"' in page and f'value="{other.public_id}"' in page
    assert "not held against people yet" in page
    assert "ranker" not in page


def test_jury_is_made_run_and_shown(project: Project, owner: Client) -> None:
    members = judges(project, canonical_first, canonical_second, None)
    address = reverse("machine_new", args=[project.slug])
    refused = owner.post(address, filled(members[:1]))
    assert refused.status_code == 422
    assert "2 to 9 different judges" in refused.content.decode()
    unknown = owner.post(address, filled(members, weights="agreement"))
    assert unknown.status_code == 422
    assert "not known how far judge 1 agrees" in unknown.content.decode()
    assert owner.post(address, filled(members)).status_code == 302
    jury = named(project, "Three heads")
    page = body(owner, "machine", project.slug, jury.public_id)
    assert "6 items</strong> to decide, without a call" in page
    assert "Can it be asked?" not in page
    for one in members:
        assert one.name in page
    page = body(owner, "machine_change", project.slug, jury.public_id)
    assert page.count(" checked") >= 3
    job = decide(jury)
    page = body(owner, "run", project.slug, job.public_id)
    assert "Of all 6 items of two answers" in page
    assert "has no verdict on 6 items" in page and "judge 3" in page
    page = body(owner, "machine", project.slug, jury.public_id)
    assert "100%" in page, "its judges are split everywhere"
    item = Item.objects.filter(project=project).order_by("number")[0]
    page = body(owner, "item", project.slug, item.public_id)
    assert "its judges name different sides" in page
    assert "B is better" in page and "evidence for A" in page


def test_items_that_wait_are_named_with_what_to_do(
    project: Project, owner: Client
) -> None:
    members = judges(project, canonical_first, None)
    answer_all(members[1], canonical_first, n=2, seed=3)
    job = decide(make_jury(project, members))
    page = body(owner, "run", project.slug, job.public_id)
    assert "4 items</strong> of 6" in page
    assert page.count('tag tag-plain">item ') == 4
    assert "judge 2" in page and "begin another run of the jury" in page


def test_trust_page_works_for_a_jury(project: Project, owner: Client) -> None:
    for seed, person in enumerate(make_people(project, 3)):
        answer_items(person, mostly(dict.fromkeys(range(1, 7), 1), seed))
    jury = make_jury(project, judges(project, canonical_first, canonical_first))
    decide(jury)
    reports.refresh(machine=jury)
    page = body(owner, "machine_trust", project.slug, jury.public_id)
    assert "longer answer" in page


def test_jury_fitted_on_labels_says_that_its_report_counts_them_too(
    project: Project, owner: Client
) -> None:
    members = judges(project, canonical_first, canonical_first)
    jury = make_jury(project, members)
    sentence = "fitted on labels that its own report counts too"
    assert sentence not in body(owner, "machine", project.slug, jury.public_id)
    for one in make_people(project, 3):
        answer_items(one, lambda number: 1)
    for member in members:
        reports.refresh(machine=member)
    fitted = make_jury(project, members, name="fitted")
    assert sentence in body(owner, "machine", project.slug, fitted.public_id)


def test_jury_over_rest(
    project: Project, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = judges(project, canonical_first, canonical_first, canonical_first)
    address = f"/api/v1/projects/{project.slug}/models/"
    ids = [str(one.public_id) for one in members]
    sent = {"name": "jury", "backend": "jury", "members": ids[:2], "tie_band": 0.1}

    def call(method: str, to: str, given: Any) -> Any:
        return getattr(owner, method)(to, given, content_type="application/json")

    made = call("post", address, sent)
    assert made.status_code == 201, made.content
    told = made.json()
    assert [one["id"] for one in told["parameters"]["members"]] == ids[:2]
    assert (told["parameters"]["weights"], told["kind"]) == ("equal", "judge")
    one = f"{address}{told['id']}/"
    assert owner.get(f"{one}forecast/").json()["n_items"] == 6
    started = call("post", f"{one}runs/", {})
    assert started.status_code == 202
    monkeypatch.setattr(jobs, "Progress", SilentProgress)
    go(Job.objects.get(public_id=started.json()["id"]))
    assert len(said(named(project, "jury"))) == 6
    changed = call("patch", one, {"members": ids})
    assert changed.status_code == 200, changed.content
    assert changed.json()["number"] == 2
    wrong = call("post", address, {**sent, "name": "x", "members": ["nobody", ids[0]]})
    assert wrong.status_code == 422
    assert "no id of an AI annotator" in wrong.content.decode()
