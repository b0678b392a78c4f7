"""Own words in three levels: categorised by one person, verified by another."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.errors import InvalidError
from annotation.formats.exports.options import ExportOptions
from annotation.formats.exports.package import FolderPackage
from annotation.models import DerivedAttribute, Participant, Project, QuotaCell, Role
from annotation.selectors.self_descriptions import groups, progress
from annotation.services.datasets import write_dataset
from annotation.services.participants import ensure_participant, take_part
from annotation.services.quotas import publish_quotas
from annotation.services.self_descriptions import categorise, verify
from annotation.surveys import DECLINED, parse_survey, read_replies
from tests.factories import make_member, make_project
from tests.people.conftest import LogIn

pytestmark = pytest.mark.django_db
Tell = Callable[..., Participant]


@pytest.fixture
def study() -> Project:
    """A project that asks what PRISM asks."""
    return make_project(people="prism")


def tell(project: Project, user: User | None = None, **said: str) -> Participant:
    """Let a person give consent to everything and say these things of themselves."""
    version = project.survey_versions.latest("number")
    questions = parse_survey(version.questions)
    given = {q.name: [said.get(q.name, DECLINED)] for q in questions}
    replies, problems = read_replies(questions, given)
    assert problems == []
    person = ensure_participant(project=project, user=user or make_member(project))
    document = project.consent_documents.latest("number")
    take_part(
        participant=person,
        document=document,
        granted=[scope["name"] for scope in document.scopes],
        version=version,
        replies=replies,
    )
    return person


def decide(project: Project, text: str, category: str, **more: str) -> None:
    categorise(
        project=project,
        user=project.created_by,
        question="religion",
        text=text,
        category=category,
        **more,
    )


def agree(project: Project, user: User) -> None:
    verify(project=project, user=user, question="religion", text="Quaker", agrees=True)


def levels(person: Participant) -> dict[str, str]:
    rows = DerivedAttribute.objects.filter(participant=person, is_current=True)
    return dict(rows.values_list("level", "value"))


def test_equal_words_are_one_group_and_the_most_frequent_comes_first(
    study: Project,
) -> None:
    tell(study, religion="Quaker")
    for words in ("none", "None ", "NONE"):
        tell(study, religion=words)
    tell(study)
    found = groups(study, "religion")
    assert [(g.text.casefold(), g.n_people) for g in found] == [
        ("none", 3),
        ("quaker", 1),
    ]
    assert progress(found).n_people == 4


def test_the_coarser_category_follows_the_mapping(study: Project) -> None:
    doubter, jedi = tell(study, religion="no idea"), tell(study, religion="Jedi")
    decide(study, "No  IDEA", "Agnostic")
    assert levels(doubter) == {
        "categorised": "Agnostic",
        "simplified": "No Affiliation",
    }
    decide(study, "Jedi", "Film", simplified="Other")
    assert levels(jedi) == {"categorised": "Film", "simplified": "Other"}
    other = tell(study, religion="Sith")
    decide(study, "Sith", "Film")
    assert levels(other)["simplified"] == "Other"
    done = progress(groups(study, "religion"))
    assert (done.n_people, done.n_categorised, done.n_verified) == (3, 3, 0)


def test_a_coarser_category_against_the_list_is_refused(study: Project) -> None:
    person = tell(study, religion="no idea")
    with pytest.raises(InvalidError, match="“Agnostic” belongs to “No Affiliation”"):
        decide(study, "no idea", "Agnostic", simplified="Other")
    assert levels(person) == {}
    decide(study, "no idea", "Agnostic", simplified="No Affiliation")
    assert levels(person)["simplified"] == "No Affiliation"


def test_only_a_second_person_verifies(study: Project) -> None:
    tell(study, religion="Quaker")
    decide(study, "Quaker", "Christian")
    with pytest.raises(InvalidError, match="second person"):
        agree(study, study.created_by)
    agree(study, make_member(study, Role.RESEARCHER))
    assert progress(groups(study, "religion")).n_verified == 1
    decide(study, "Quaker", "Other")
    assert progress(groups(study, "religion")).n_verified == 0
    assert DerivedAttribute.objects.filter(is_current=False).count() == 2


def test_a_changed_self_description_loses_its_category_and_nothing_else_does(
    study: Project,
) -> None:
    person = tell(study, religion="Quaker")
    decide(study, "Quaker", "Christian")
    tell(study, person.user, religion="Quaker", ethnicity="Aymara")
    assert levels(person)["categorised"] == "Christian"
    tell(study, person.user, religion="Buddhist")
    assert levels(person) == {}


@pytest.mark.parametrize(
    ("question", "text", "category"),
    [
        ("religion", "Nobody wrote this", "Other"),
        ("age", "Quaker", "Other"),
        ("religion", "Quaker", " "),
        ("religion", "Quaker", "x" * 121),
    ],
)
def test_what_cannot_be_categorised_is_refused(
    study: Project, question: str, text: str, category: str
) -> None:
    tell(study, religion="Quaker")
    with pytest.raises(InvalidError):
        categorise(
            project=study,
            user=study.created_by,
            question=question,
            text=text,
            category=category,
        )


def test_the_page_takes_a_category_and_goes_on(study: Project, log_in: LogIn) -> None:
    for words in ("none", "none", "Quaker"):
        tell(study, religion=words)
    client = log_in(study.created_by)
    address = reverse("self_descriptions", args=[study.slug])
    sent = {"question": "religion", "text": "none", "category": "Void = No Affiliation"}
    page = client.post(address, sent)
    assert page.status_code == 200
    assert page.context["focus"] == 1
    assert "2 of 3 people categorised, 0 verified" in page.content.decode()
    assert "by you; a second person verifies it" in page.content.decode()
    second = log_in(make_member(study, Role.RESEARCHER))
    second.post(address, sent | {"do": "agree"})
    assert (
        "2 verified" in second.get(address, {"question": "religion"}).content.decode()
    )
    assert client.post(address, sent | {"category": ""}).status_code == 422


def test_own_words_are_shown_to_owners_and_researchers_only(
    study: Project, log_in: LogIn
) -> None:
    address = reverse("self_descriptions", args=[study.slug])
    annotator, outsider = make_member(study), make_project().created_by
    for user in (annotator, outsider):
        assert log_in(user).get(address).status_code == 404
        assert log_in(user).post(address, {"do": "agree"}).status_code == 404
    assert Client().get(address).status_code == 302


def survey_rows(project: Project, folder: Path) -> list[dict[str, str]]:
    write_dataset(
        project=project,
        options=ExportOptions(format="raw", file_type="csv"),
        package=FolderPackage(folder),
        salt=b"levels".ljust(16, b"."),
        on_progress=lambda done, total: None,
    )
    (path,) = folder.glob("data/survey_answers/*.csv")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_exports_carry_states_orders_and_all_three_levels(
    study: Project, tmp_path: Path
) -> None:
    tell(study, religion="Quaker", lm_direct_use="No", lm_indirect_use="No")
    decide(study, "Quaker", "Christian")
    rows = {row["question"]: row for row in survey_rows(study, tmp_path / "first")}
    said = rows["religion"]
    assert (said["state"], json.loads(said["value"])) == ("answered", "Quaker")
    assert (said["categorised"], said["simplified"]) == ("Christian", "Christian")
    assert said["categorised_by"].startswith("owner:p")
    assert (said["categorised_method"], said["verified"]) == ("person", "not yet")
    assert said["survey_version"] == "1"
    assert rows["ethnicity"]["categorised"] == ""
    assert rows["lm_usecases"]["state"] == "not_shown"
    order = json.loads(rows["stated_prefs_values"]["order_shown"])
    assert order[-1] == "other"
    verify(
        project=study,
        user=make_member(study, Role.RESEARCHER),
        question="religion",
        text="Quaker",
        agrees=False,
    )
    rows = {row["question"]: row for row in survey_rows(study, tmp_path / "second")}
    assert rows["religion"]["verified"] == "disagreed"


def test_own_words_make_a_stratum_once_they_have_a_category(study: Project) -> None:
    raw = [{"kind": "people", "questions": ["religion"], "n": 9}]
    publish_quotas(project=study, user=study.created_by, raw=raw)
    person = tell(study, religion="Quaker")
    assert cells(person) == ["no answer"]
    decide(study, "Quaker", "Christian")
    assert cells(person) == ["Christian"]
    tell(study, person.user, religion="Jedi")
    assert cells(person) == ["no answer"]


def cells(person: Participant) -> list[str]:
    person.refresh_from_db()
    found = QuotaCell.objects.filter(pk__in=person.quota_cells)
    return list(found.values_list("key", flat=True))
