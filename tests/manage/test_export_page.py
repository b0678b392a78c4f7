"""The page of an export: formats, their options, and the job that is made."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.formats.exports.catalogue import FORMATS
from annotation.models import Job, MachineAnnotator, Project


@pytest.fixture
def address(project: Project) -> str:
    """The address of the page."""
    return reverse("export_new", args=[project.slug])


def test_export_becomes_a_job_with_the_chosen_options(
    address: str, project: Project, owner: Client
) -> None:
    form = {
        "do": "export",
        "format": "trl_preference",
        "file_type": "parquet",
        "ties": "half",
        "min_difference": "2",
        "include_machine": "1",
    }
    response = owner.post(address, form)
    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[project.slug, job.public_id])
    options = job.parameters["options"]
    assert (options["format"], options["file_type"]) == ("trl_preference", "parquet")
    assert (options["ties"], options["min_difference"]) == ("half", 2)
    assert options["include_machine"] is True
    # A box that is not ticked means no, whatever the default is.
    assert options["include_imported"] is False


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_shows_its_options(name: str, address: str, owner: Client) -> None:
    response = owner.post(address, {"format": name})
    assert response.status_code == 200
    assert FORMATS[name].title in response.content.decode().replace("&#x27;", "'")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "nothing"},
        {"file_type": "docx"},
        {"ties": "toss a coin"},
        {"min_difference": "much"},
        {"min_difference": "-1"},
        {"good_from": "1", "bad_to": "3", "format": "trl_unpaired"},
        {"format": "\x00"},
    ],
)
def test_wrong_option_is_named_and_not_started(
    change: dict[str, str], address: str, owner: Client
) -> None:
    form = {"do": "export", "format": "trl_preference", "file_type": "jsonl"} | change
    response = owner.post(address, form)
    if change.get("file_type") != "docx":
        assert response.status_code == 422
        assert not Job.objects.exists()


def test_script_gets_the_form_alone(address: str, owner: Client) -> None:
    response = owner.post(
        address, {"format": "ranking"}, headers={"HX-Request": "true"}
    )
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="export"' in page


def test_format_without_a_fitting_question_says_so(address: str, owner: Client) -> None:
    page = owner.post(address, {"format": "helpsteer_ratings"}).content.decode()
    assert "No question of this project is a rating" in page


def test_one_label_for_each_item_asks_what_matters_to_it(
    address: str, project: Project, owner: Client
) -> None:
    MachineAnnotator.objects.create(project=project, name="judge", revision="r1")
    form = {"format": "trl_preference", "file_type": "jsonl", "labels_from": "hybrid"}
    page = owner.post(address, form).content.decode()
    assert 'value="judge@r1"' in page
    assert 'name="audit"' in page
    for name in ("unit", "both_bad", "conflicts", "include_machine"):
        assert f'name="{name}"' not in page
    more = {"machine": "judge@r1", "audit": "keep", "do": "export"}
    owner.post(address, {**form, **more})
    options = Job.objects.get().parameters["options"]
    told = [options[name] for name in ("labels_from", "machine", "audit")]
    assert told == ["hybrid", "judge@r1", "keep"]


def test_machine_that_is_not_there_is_named_and_nothing_started(
    address: str, owner: Client
) -> None:
    form = {"do": "export", "format": "ranking", "labels_from": "hybrid"}
    response = owner.post(address, {**form, "machine": "nobody"})
    assert response.status_code == 422
    assert "so none is called" in response.content.decode()
    # Where each label is kept as it was given there is nothing to choose.
    page = owner.post(address, {"format": "raw", "labels_from": "hybrid"})
    assert 'name="labels_from"' not in page.content.decode()
    assert not Job.objects.exists()


def test_annotator_and_outsider_export_nothing(
    address: str, annotator: Client, outsider: Client
) -> None:
    for client in (annotator, outsider):
        assert (
            client.post(address, {"do": "export", "format": "raw"}).status_code == 404
        )
    assert not Job.objects.exists()
