"""Every page of managers: who may open it, with which method."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Chart, Flag, Item, Job, Project
from annotation.services import assignments
from tests.factories import make_participant

READ = (
    "dashboard",
    "dashboard_live",
    "chart",
    "items",
    "item",
    "jobs",
    "job",
    "job_live",
    "import_new",
    "import_example",
    "export_new",
)
WRITE = ("lease_reclaim", "flag_resolve", "job_cancel", "job_pause", "job_resume")


@pytest.fixture
def address(project: Project) -> Callable[[str], str]:
    """A function that gives the address of a page of the project by its name."""
    participant = make_participant(project)
    lease = assignments.claim_next(participant=participant, project=project)
    assert lease is not None
    flag = Flag.objects.create(
        project=project, item=lease.item, participant=participant, kind="other"
    )
    job = Job.objects.create(project=project, kind="import", state="running")
    Chart.objects.create(
        project=project,
        name="labels_per_day",
        theme="light",
        svg="<svg/>",
        made_at=job.created_at,
    )
    more: dict[str, list[object]] = {
        "chart": ["labels_per_day"],
        "item": [Item.objects.filter(project=project).first().public_id],  # type: ignore[union-attr]  # six are there
        "lease_reclaim": [lease.public_id],
        "flag_resolve": [flag.public_id],
        "import_example": ["native.jsonl"],
    }
    for name in ("job", "job_live", "job_cancel", "job_pause", "job_resume"):
        more[name] = [job.public_id]
    return lambda name: reverse(name, args=[project.slug, *more.get(name, [])])


@pytest.mark.parametrize("name", READ)
def test_managers_open_page(
    name: str, address: Callable[[str], str], owner: Client, researcher: Client
) -> None:
    assert owner.get(address(name)).status_code == 200
    assert researcher.get(address(name)).status_code == 200


@pytest.mark.parametrize("name", [*READ, *WRITE])
def test_outsider_finds_nothing(
    name: str, address: Callable[[str], str], outsider: Client
) -> None:
    call = outsider.post if name in WRITE else outsider.get
    assert call(address(name)).status_code == 404


@pytest.mark.parametrize("name", [*READ[1:], *WRITE])
def test_annotator_finds_nothing(
    name: str, address: Callable[[str], str], annotator: Client
) -> None:
    call = annotator.post if name in WRITE else annotator.get
    assert call(address(name)).status_code == 404


def test_annotator_is_sent_from_the_dashboard_to_the_work(
    address: Callable[[str], str], annotator: Client, project: Project
) -> None:
    response = annotator.get(address("dashboard"))
    assert response.status_code == 302
    assert response["Location"] == reverse("annotate", args=[project.slug])


@pytest.mark.parametrize("name", [*READ, *WRITE])
def test_stranger_is_sent_to_the_log_in(
    name: str, address: Callable[[str], str], client: Client
) -> None:
    call = client.post if name in WRITE else client.get
    response = call(address(name))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", WRITE)
def test_a_link_changes_nothing(
    name: str, address: Callable[[str], str], owner: Client
) -> None:
    assert owner.get(address(name)).status_code == 405


@pytest.mark.parametrize("name", READ[:8])
def test_a_page_is_not_written_to(
    name: str, address: Callable[[str], str], owner: Client
) -> None:
    assert owner.post(address(name)).status_code == 405


@pytest.mark.parametrize("name", ["item", "job", "lease_reclaim", "flag_resolve"])
def test_unknown_object_is_not_found(
    name: str, project: Project, owner: Client
) -> None:
    call = owner.post if name in WRITE else owner.get
    assert call(reverse(name, args=[project.slug, uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("name", ["lease_reclaim", "flag_resolve", "job_cancel"])
def test_form_without_its_token_is_refused(
    name: str, address: Callable[[str], str], project: Project
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=project.created_by_id))
    assert client.post(address(name)).status_code == 403
