"""Filters under a name: kept, shared, renamed, deleted, and whose they are."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project, SavedFilter

pytestmark = pytest.mark.django_db
CHIP = 'class="pill" href="?state=flagged&amp;category=maths"'


def keep(browser: Client, project: Project, **more: object) -> None:
    """Keep a filter on the page."""
    given = {"name": "To look at", "state": "flagged", "category": "maths", **more}
    assert (
        browser.post(reverse("filter_save", args=[project.slug]), given).status_code
        == 302
    )


def items_page(browser: Client, project: Project, **query: str) -> str:
    """Return the item browser."""
    return browser.get(reverse("items", args=[project.slug]), query).content.decode()


def test_kept_filter_is_a_chip_for_its_owner_alone(
    project: Project, owner: Client, researcher: Client
) -> None:
    keep(owner, project)
    assert CHIP in items_page(owner, project)
    assert "To look at" not in items_page(researcher, project)


def test_shared_filter_is_a_chip_for_every_manager(
    project: Project, owner: Client, researcher: Client
) -> None:
    keep(researcher, project, is_shared="1")
    assert CHIP in items_page(owner, project)


def test_same_name_again_takes_the_new_filter(project: Project, owner: Client) -> None:
    keep(owner, project)
    keep(owner, project, state="skipped")
    (saved,) = SavedFilter.objects.all()
    assert saved.query == {"state": "skipped", "category": "maths"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "  "}, "has no name"),
        ({"name": "x" * 61}, "longer than 60"),
        ({"state": "", "category": ""}, "shows every item"),
    ],
)
def test_filter_without_name_or_parts_is_refused(
    project: Project, owner: Client, more: dict[str, str], words: str
) -> None:
    keep(owner, project, **more)
    assert words in items_page(owner, project)
    assert not SavedFilter.objects.exists()


def test_filter_is_renamed_shared_and_deleted(project: Project, owner: Client) -> None:
    keep(owner, project)
    saved = SavedFilter.objects.get()
    address = reverse("filter_change", args=[project.slug, saved.public_id])
    assert address in items_page(owner, project, state="flagged", category="maths")
    owner.post(address, {"name": "Maths flags", "is_shared": "1"})
    saved.refresh_from_db()
    assert (saved.name, saved.is_shared) == ("Maths flags", True)
    owner.post(address, {"do": "delete"})
    assert not SavedFilter.objects.exists()
    assert owner.post(address, {"do": "delete"}).status_code == 404


def test_name_of_another_own_filter_is_refused(project: Project, owner: Client) -> None:
    keep(owner, project)
    keep(owner, project, name="Other")
    other = SavedFilter.objects.get(name="Other")
    address = reverse("filter_change", args=[project.slug, other.public_id])
    owner.post(address, {"name": "To look at"})
    assert "already" in items_page(owner, project)
    other.refresh_from_db()
    assert other.name == "Other"


def test_researcher_cannot_change_what_another_shares(
    project: Project, owner: Client, researcher: Client
) -> None:
    keep(owner, project, is_shared="1")
    saved = SavedFilter.objects.get()
    address = reverse("filter_change", args=[project.slug, saved.public_id])
    assert researcher.post(address, {"do": "delete"}).status_code == 404
    assert SavedFilter.objects.exists()


@pytest.mark.parametrize("who", ["annotator", "outsider"])
def test_others_keep_no_filter_here(
    project: Project, request: pytest.FixtureRequest, who: str
) -> None:
    browser: Client = request.getfixturevalue(who)
    response = browser.post(
        reverse("filter_save", args=[project.slug]), {"name": "x", "state": "flagged"}
    )
    assert response.status_code == 404
    assert not SavedFilter.objects.exists()
