"""The pages of an import: upload, look, change the mapping, start the job."""

import gzip
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotation.formats.examples import EXAMPLES, Example
from annotation.models import Item, Job, Project

PAIRS = b"prompt,answer1,answer2\nWhy?,Because,So\nHow?,Thus,Like this\n"
PANDALM = next(example for example in EXAMPLES if example.name == "pandalm")


def upload(
    client: Client, project: Project, content: bytes = PAIRS, name: str = "pairs.csv"
) -> str:
    """Upload a file and return the ticket of the page that looks at it."""
    response = client.post(
        reverse("import_new", args=[project.slug]),
        {"file": SimpleUploadedFile(name, content)},
    )
    assert response.status_code == 302, response.content.decode()
    return parse_qs(urlsplit(response["Location"]).query)["file"][0]


@pytest.fixture
def check(project: Project) -> str:
    """The address of the page that looks at a file."""
    return reverse("import_check", args=[project.slug])


def mapped(ticket: str, **more: object) -> dict[str, object]:
    """Return the form of the pairs as the page fills it in."""
    return {
        "file": ticket,
        "shape": "columns",
        "shape_before": "columns",
        "options": "{}",
        "field.prompt": "prompt",
        "field.completions": ["answer1", "answer2"],
        "labels_by": "leave_out",
        "mode": "all",
        **more,
    }


def test_uploaded_file_is_looked_at_and_not_written(
    project: Project, owner: Client, check: str
) -> None:
    page = owner.get(check, {"file": upload(owner, project)}).content.decode()
    assert "Because" in page
    assert "Like this" in page
    assert not Job.objects.exists()
    assert Item.objects.count() == 6


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.file)
def test_every_example_is_understood(
    example: Example, project: Project, owner: Client, check: str
) -> None:
    ticket = upload(owner, project, example.path.read_bytes(), example.file)
    response = owner.get(check, {"file": ticket})
    assert response.status_code == 200
    shown = response.context
    assert shown["mapping"].shape == example.name
    if example.name != "unpaired":
        assert shown["preview"].is_ready


def test_import_becomes_a_job(project: Project, owner: Client, check: str) -> None:
    ticket = upload(owner, project)
    response = owner.post(check, mapped(ticket, do="import", mode="good"))
    job = Job.objects.get()
    assert response["Location"] == reverse("job", args=[project.slug, job.public_id])
    assert (job.kind, job.created_by) == ("import", project.created_by)
    assert job.parameters["name"] == "pairs.csv"
    assert job.parameters["mode"] == "good"
    assert job.parameters["mapping"]["fields"] == {
        "prompt": ["prompt"],
        "completions": ["answer1", "answer2"],
    }
    assert default_storage.open(job.file).read() == PAIRS


def test_changed_mapping_changes_the_preview(
    project: Project, owner: Client, check: str
) -> None:
    ticket = upload(owner, project)
    form = mapped(ticket) | {"field.completions": ["answer2", "answer1"]}
    shown = owner.post(check, form).context["preview"].items[0]
    assert [c.text for c in shown.completions] == ["So", "Because"]
    assert not Job.objects.exists()


def test_script_gets_the_form_alone(
    project: Project, owner: Client, check: str
) -> None:
    form = mapped(upload(owner, project))
    page = owner.post(check, form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert 'id="mapping"' in page


def test_mapping_that_lacks_a_column_is_not_started(
    project: Project, owner: Client, check: str
) -> None:
    form = mapped(upload(owner, project), do="import")
    del form["field.completions"]
    page = owner.post(check, form)
    assert "No column is mapped to completions" in page.content.decode()
    form["field.completions"] = ["answer1", "nowhere"]
    page = owner.post(check, form)
    assert "has no column" in page.content.decode()
    assert not Job.objects.exists()


def test_labels_are_people_s_or_a_machine_s_as_chosen(
    project: Project, owner: Client, check: str
) -> None:
    content = PANDALM.path.read_bytes()
    ticket = upload(owner, project, content, PANDALM.file)
    seen = owner.get(check, {"file": ticket}).context
    assert not seen["preview"].items[0].labels[0].is_machine
    mapping = seen["mapping"]
    form: dict[str, object] = {
        "file": ticket,
        "shape": mapping.shape,
        "shape_before": mapping.shape,
        "options": seen["options"],
        "labels_by": "machine",
        **{f"field.{role}": list(names) for role, names in mapping.fields.items()},
    }
    changed = owner.post(check, form).context["preview"]
    assert changed.items[0].labels[0].is_machine


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.csv", "is empty"),
        (b"a,b\n", "headers.csv", "no rows"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "picture.png", "image"),
        (gzip.compress(PAIRS, mtime=0)[:-12], "cut.csv.gz", "ends early"),
    ],
)
def test_unreadable_file_is_answered_with_a_sentence(
    content: bytes, name: str, words: str, project: Project, owner: Client
) -> None:
    response = owner.post(
        reverse("import_new", args=[project.slug]),
        {"file": SimpleUploadedFile(name, content)},
    )
    assert response.status_code == 422
    said = response.context["problem"]
    assert words in said
    assert said.endswith(".")


def test_unreadable_row_is_named(project: Project, owner: Client, check: str) -> None:
    content = b'{"prompt": "a", "completions": ["b", "c"]}\n{"prompt": "a"'
    ticket = upload(owner, project, content, "cut.jsonl")
    shown = owner.get(check, {"file": ticket}).context["preview"]
    assert shown.is_ready
    assert [problem.row for problem in shown.problems] == [2]


def test_rows_that_cannot_be_read_are_named_and_not_the_mapping(
    project: Project, owner: Client, check: str
) -> None:
    ticket = upload(owner, project, b'{"prompt": "a"\n', "broken.jsonl")
    shown = owner.get(check, {"file": ticket}).context["preview"]
    assert [problem.row for problem in shown.problems] == [1]
    assert not shown.mapping_problems
    assert not shown.is_ready


def test_empty_completions_are_taken_where_the_box_is_ticked(
    project: Project, owner: Client, check: str
) -> None:
    ticket = upload(owner, project, b"prompt,answer1,answer2\nWhy?,Because,\n")
    refused = owner.post(check, mapped(ticket)).context["preview"]
    assert not refused.is_ready
    taken = owner.post(check, mapped(ticket, takes_empty="1")).context["preview"]
    assert taken.is_ready
    assert [problem.is_warning for problem in taken.problems] == [True]


def test_form_keeps_that_a_recognised_shape_takes_empty_completions(
    project: Project, owner: Client, check: str
) -> None:
    ticket = upload(owner, project, PANDALM.path.read_bytes(), PANDALM.file)
    page = owner.get(check, {"file": ticket})
    assert page.context["mapping"].allow_empty
    assert 'name="takes_empty" value="1" checked' in page.content.decode()


def test_form_without_a_file_says_so(project: Project, owner: Client) -> None:
    response = owner.post(reverse("import_new", args=[project.slug]))
    assert response.status_code == 422
    assert "Choose a file" in response.content.decode()


def test_too_large_file_is_refused_before_it_is_stored(
    project: Project, owner: Client, settings: Settings
) -> None:
    settings.UPLOAD_LIMIT_MB = 1
    response = owner.post(
        reverse("import_new", args=[project.slug]),
        {"file": SimpleUploadedFile("large.csv", b"x" * 2_100_000)},
    )
    assert response.status_code == 429
    assert "exceeds 1 MB" in response.content.decode()


def test_upload_without_its_token_is_refused(project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(project.created_by)
    response = client.post(
        reverse("import_new", args=[project.slug]),
        {"file": SimpleUploadedFile("pairs.csv", PAIRS)},
    )
    assert response.status_code == 403


@pytest.mark.parametrize("page", ["import_new", "import_check"])
def test_annotator_and_outsider_find_no_import(
    page: str, project: Project, annotator: Client, outsider: Client
) -> None:
    address = reverse(page, args=[project.slug])
    for client in (annotator, outsider):
        assert client.get(address).status_code == 404
        upload_ = {"file": SimpleUploadedFile("pairs.csv", PAIRS)}
        assert client.post(address, upload_).status_code == 404


def test_ticket_of_another_project_opens_nothing(
    project: Project, owner: Client, outsider: Client, check: str
) -> None:
    other = Project.objects.exclude(pk=project.pk).get()
    ticket = upload(outsider, other)
    assert owner.get(check, {"file": ticket}).status_code == 404


@pytest.mark.parametrize("ticket", ["", "x", "a:b:c", "\x00", "é" * 50])
def test_forged_ticket_opens_nothing(ticket: str, owner: Client, check: str) -> None:
    assert owner.get(check, {"file": ticket}).status_code == 404
    assert owner.post(check, {"file": ticket}).status_code == 404


def test_removed_file_is_gone(project: Project, owner: Client, check: str) -> None:
    ticket = upload(owner, project)
    assert owner.post(check, mapped(ticket, do="discard")).status_code == 302
    assert owner.get(check, {"file": ticket}).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"shape": "nothing"},
        {"options": "{"},
        {"options": "[1]"},
        {"labels_by": "elves"},
        {"field.prompt": "\x00"},
        {"shape": "openassistant_trees"},
        {"field.completions": ["answer1"] * 500},
    ],
)
def test_odd_mapping_never_breaks_the_page(
    change: dict[str, object], project: Project, owner: Client, check: str
) -> None:
    form = mapped(upload(owner, project)) | change
    response = owner.post(check, form)
    assert response.status_code in (200, 422)
    assert not Job.objects.exists()


def test_wrong_mode_is_refused(project: Project, owner: Client, check: str) -> None:
    form = mapped(upload(owner, project), do="import", mode="perhaps")
    assert owner.post(check, form).status_code == 422
    assert not Job.objects.exists()


def test_name_and_texts_of_a_file_are_escaped(
    project: Project, owner: Client, check: str
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    content = f'prompt,answer1,answer2\n"{evil}","{evil}","{evil}b"\n'.encode()
    ticket = upload(owner, project, content, f"{evil}.csv")
    page = owner.get(check, {"file": ticket}).content.decode()
    assert "<img src=x" not in page


def test_long_text_is_cut_and_says_so(
    project: Project, owner: Client, check: str
) -> None:
    content = b"prompt,answer1,answer2\nWhy?," + b"word " * 1000 + b",So\n"
    page = owner.get(check, {"file": upload(owner, project, content)})
    assert "The preview ends here" in page.content.decode()


def test_example_is_downloaded_and_nothing_else(
    project: Project, owner: Client
) -> None:
    def get(name: str) -> int:
        address = reverse("import_example", args=[project.slug, name])
        return owner.get(address).status_code

    assert get("native.jsonl") == 200
    assert get("__init__.py") == 404
    assert get("nothing.csv") == 404


def test_imported_file_reaches_the_pool(
    project: Project,
    owner: Client,
    check: str,
) -> None:
    from annotation.services import imports, jobs

    owner.post(check, mapped(upload(owner, project), do="import"))
    job = jobs.claim_job(Job.objects.get().pk)
    assert job is not None

    class Quiet:
        """Takes the progress: the row of this test is not committed."""

        def set(self, *_: object) -> None:
            """Ignore it."""

    result = imports.run_import(job, Quiet())  # type: ignore[arg-type]  # as above
    assert result["n_added"] == 2
    assert Item.objects.filter(project=project).count() == 8
