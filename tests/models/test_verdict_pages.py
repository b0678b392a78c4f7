"""What managers read of a machine's verdict beside people's, and of its check."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Job, PreAnnotation, Project
from tests.factories import make_items, make_member, make_project
from tests.models.judges import answer_all, first_place, make_judge


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 2)
    return made


@pytest.fixture
def owner(project: Project) -> Client:
    client = Client()
    client.force_login(project.created_by)
    return client


def body(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_item_shows_flags_bias_and_the_way_to_the_calls(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project)
    answer_all(machine, first_place)
    verdict = PreAnnotation.objects.order_by("id")[0]
    page = body(owner, "item", project.slug, verdict.item.public_id)
    assert "contradicts itself when the answers swap places" in page
    assert "pull of the first place 1.10" in page
    assert reverse("machine", args=[project.slug, machine.public_id]) in page
    assert reverse("verdict_calls", args=[project.slug, verdict.public_id]) in page


def test_words_of_a_judge_stand_in_the_item(project: Project, owner: Client) -> None:
    answer_all(make_judge(project))
    verdict = PreAnnotation.objects.order_by("id")[0]
    page = body(owner, "item", project.slug, verdict.item.public_id)
    assert "So it is." in page
    verdict.metadata = {
        "critiques": ["<b>Too short</b>", "Fine"],
        "tags": {"subject": ["law", "work"]},
    }
    verdict.save()
    page = body(owner, "item", project.slug, verdict.item.public_id)
    assert "&lt;b&gt;Too short&lt;/b&gt;" in page
    assert "law, work" in page


def test_calls_show_both_orders(project: Project, owner: Client) -> None:
    answer_all(make_judge(project), first_place)
    verdict = PreAnnotation.objects.order_by("id")[0]
    where = reverse("verdict_calls", args=[project.slug, verdict.public_id])
    page = owner.get(where).content.decode()
    assert "Shown as A, B" in page and "Shown as B, A" in page
    assert page.count("&quot;verdict&quot;: &quot;A&quot;") == 2
    part = owner.get(where, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "Shown as B, A" in part


def test_calls_are_hidden_from_annotators(project: Project) -> None:
    answer_all(make_judge(project))
    verdict = PreAnnotation.objects.order_by("id")[0]
    client = Client()
    client.force_login(make_member(project))
    where = reverse("verdict_calls", args=[project.slug, verdict.public_id])
    assert client.get(where).status_code == 404


def test_check_is_shown_on_the_page_of_its_machine(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project)
    place = (project.slug, machine.public_id)
    assert "A check asks one small question" in body(owner, "machine", *place)
    owner.post(reverse("check_start", args=place))
    page = body(owner, "check_live", *place)
    assert "The check waits for a worker for models." in page
    assert 'hx-trigger="every 1s"' in page
    job = Job.objects.get(kind="check_backend")
    job.state = Job.State.DONE
    job.message = "It cannot be asked as it is. What to mend is said below."
    job.result = {
        "findings": [{"name": "reply", "state": "problem", "message": "Wrong key."}]
    }
    job.save()
    page = body(owner, "check_live", *place)
    assert "Wrong key." in page and "hx-trigger" not in page
    response = owner.get(
        reverse("job", args=[project.slug, job.public_id]), follow=True
    )
    assert response.redirect_chain[-1][0].endswith(f"{machine.public_id}/#check")


def test_researcher_sees_a_check_and_asks_for_none(project: Project) -> None:
    machine = make_judge(project)
    client = Client()
    client.force_login(make_member(project, "researcher"))
    place = (project.slug, machine.public_id)
    assert "Check it" not in body(client, "machine", *place)
    assert client.post(reverse("check_start", args=place)).status_code == 404
