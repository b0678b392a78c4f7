"""A survey is recognised at upload, read as its owner says, and brought in by a job."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation, Job, Participant, Project
from annotation.services import jobs
from annotation.services.imports import import_path, run_import
from tests.factories import make_member, make_project
from tests.flow.test_profiles_of_files import NA, SCALE, films
from tests.flow.test_real_data import MINIATURES

pytestmark = pytest.mark.django_db(transaction=True)
FOLDER = MINIATURES / "fivethirtyeight_surveys"


def upload(client: Client, project: Project, name: str, text: str = "") -> str:
    """Send a file; return where its owner is led."""
    content = text.encode() if text else (FOLDER / name).read_bytes()
    sent = {"file": SimpleUploadedFile(name, content)}
    answer = client.post(reverse("import_new", args=[project.slug]), sent)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def bring_in(client: Client, project: Project, name: str, **more: Any) -> Job:
    """Upload a survey, take the guesses, and run the job."""
    text = more.pop("text", "")
    page = client.get(upload(client, project, name, text))
    sent = {f"role-{k}": role for k, (_, role) in enumerate(page.context["asked"])}
    sent |= {"file": page.context["upload"].ticket, "mode": "all", **more}
    answer = client.post(reverse("import_survey", args=[project.slug]), sent)
    assert answer.status_code == 302, answer.content.decode()
    return run(Job.objects.get(project=project))


def run(job: Job) -> Job:
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, run_import)
    job.refresh_from_db()
    return job


def test_films_come_in_as_the_command_brings_them(
    owner: Client, project: Project, tmp_path: Path
) -> None:
    scale = "\n".join(SCALE)
    job = bring_in(owner, project, "StarWars.csv", scale=scale, na=NA)
    assert (job.state, job.result["n_rejected"]) == ("done", 0)
    by_command = make_project()
    films(MINIATURES, tmp_path / "films.jsonl")
    import_path(project=by_command, path=tmp_path / "films.jsonl")
    assert labels(project) == labels(by_command)
    # Four of five answered something of this: each a ranking, or two ratings.
    assert Participant.objects.filter(project=project, user=None).count() == 4


def labels(project: Project) -> Counter[str]:
    """Return what is stored of each answer, with the profile of its person."""
    found = Annotation.objects.filter(item__project=project).select_related(
        "item", "participant"
    )
    return Counter(
        json.dumps(
            [
                one.item.external_id,
                one.answers,
                one.participant.imported_profile,
            ],
            sort_keys=True,
        )
        for one in found
    )


def test_commas_come_in_as_choices(owner: Client, project: Project) -> None:
    job = bring_in(owner, project, "comma-survey.csv")
    assert (job.state, job.result["n_rejected"]) == ("done", 0)
    assert Annotation.objects.filter(answers__has_key="preference").count() == 3


TWO = "RespondentID,Rank,,Age\n,a,b,Response\n1,1,2,old\n2,first,2,old\n3,2,1,young\n"


def test_rows_that_cannot_be_read_are_reported_and_nothing_comes_in(
    owner: Client, project: Project
) -> None:
    job = bring_in(owner, project, "s.csv", text=TWO, **{"role-0": "rank"})
    assert job.result["is_refused"]
    (problem,) = job.result["problems"]
    assert (problem["row"], problem["field"]) == (2, "Rank")
    assert problem["problem"] == "Respondent 2: 'first' is not a place."
    assert not Annotation.objects.filter(item__project=project).exists()
    with default_storage.open(job.report_file) as file:
        rows = list(csv.reader(file.read().decode().splitlines()))
    assert len(rows) == 2


def test_the_others_come_in_where_the_owner_says_so(
    owner: Client, project: Project
) -> None:
    more = {"role-0": "rank", "mode": "good"}
    job = bring_in(owner, project, "s.csv", text=TWO, **more)
    assert (job.state, job.result["n_rejected"]) == ("done", 1)
    assert Annotation.objects.filter(item__project=project).count() == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"role-0": "profile"}, "Say of one question at least"),
        ({"role-0": "rate"}, "A scale has 2 to 20 words"),
        ({"role-0": "rate", "scale": "bad\nbad"}, "stands in the scale once"),
        ({"role-0": "rate", "scale": "bad\ngood", "na": "bad"}, "stands in the scale"),
    ],
)
def test_what_needs_a_decision_is_said(
    owner: Client, project: Project, more: dict[str, str], said: str
) -> None:
    page = owner.get(upload(owner, project, "s.csv", TWO))
    sent = {"file": page.context["upload"].ticket, **more}
    answer = owner.post(reverse("import_survey", args=[project.slug]), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_ordinary_rows_go_the_ordinary_way(owner: Client, project: Project) -> None:
    place = upload(owner, project, "rows.csv", "prompt,answer1,answer2\nWhy?,A,B\n")
    assert place.startswith(reverse("import_check", args=[project.slug]))
    ticket = place.partition("?")[2]
    address = reverse("import_survey", args=[project.slug])
    assert owner.get(f"{address}?{ticket}").status_code == 404


def test_survey_can_be_read_as_rows_or_removed(
    owner: Client, project: Project, tmp_path: Path
) -> None:
    page = owner.get(upload(owner, project, "s.csv", TWO))
    check = reverse("import_check", args=[project.slug])
    assert f'href="{check}?file=' in page.content.decode()
    sent = {"file": page.context["upload"].ticket, "do": "discard"}
    assert owner.post(check, sent).status_code == 302
    assert not default_storage.exists(page.context["upload"].stored)


def test_outsider_and_annotator_find_nothing(
    owner: Client, project: Project, client: Client
) -> None:
    place = upload(owner, project, "s.csv", TWO)
    assert client.get(place).status_code == 302
    other = Client()
    other.force_login(make_member(project))
    assert other.get(place).status_code == 404
