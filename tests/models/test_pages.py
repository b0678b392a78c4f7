"""The pages of machine annotators: who sees and does what, and what they say."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation.models import Item, Job, MachineAnnotator, PreAnnotation, Project
from annotation.selectors import workers
from models_service.models import Call, Connection, Run
from tests.factories import make_items, make_member, make_project
from tests.models.judges import answer_all, first_place, make_judge

KEY = "sk-very-secret-0123456789"
Login = Callable[[User], Client]


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project(name="Everyday advice")
    make_items(made, 6)
    return made


@pytest.fixture
def login() -> Login:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def owner(project: Project, login: Login) -> Client:
    return login(project.created_by)


@pytest.fixture
def researcher(project: Project, login: Login) -> Client:
    return login(make_member(project, "researcher"))


def filled(**changes: Any) -> dict[str, Any]:
    """Return the form of a judge, filled in."""
    return {
        "name": "Careful judge",
        "backend": "endpoint",
        "base_url": "https://api.example.com/v1",
        "model": "some-model",
        "api_key": KEY,
        "protocol": "pairwise",
        "temperature": "0",
        "max_tokens": "512",
        "n_samples": "1",
        "tie_band": "0",
        "usd_per_million_in": "2.5",
        "usd_per_million_out": "10",
        "concurrency": "8",
        "timeout_s": "60",
    } | changes


def address(name: str, project: Project, *args: Any) -> str:
    return reverse(name, args=[project.slug, *args])


def add(owner: Client, project: Project, **changes: Any) -> MachineAnnotator:
    response = owner.post(address("machine_new", project), filled(**changes))
    assert response.status_code == 302, response.content.decode()
    return MachineAnnotator.objects.order_by("-id")[0]


def body(client: Client, name: str, project: Project, *args: Any) -> str:
    response = client.get(address(name, project, *args))
    assert response.status_code == 200
    return response.content.decode()


def test_project_without_a_model_is_told_what_there_is(
    project: Project, owner: Client, researcher: Client
) -> None:
    page = body(owner, "machines", project)
    assert "No AI annotator yet" in page
    assert "A reward model of this project" in page
    assert address("machine_new", project) in page
    assert address("machine_new", project) not in body(researcher, "machines", project)


def test_tab_leads_to_the_page(project: Project, owner: Client) -> None:
    assert address("machines", project) in body(owner, "dashboard", project)


def test_added_judge_is_listed_and_its_key_is_never_shown(
    project: Project, owner: Client
) -> None:
    machine = add(owner, project)
    found = Connection.objects.get(machine=machine)
    assert found.key_encrypted and KEY.encode() not in bytes(found.key_encrypted)
    assert machine.usd_per_million_in == Decimal("2.5")
    for name, args in (
        ("machines", ()),
        ("machine", (machine.public_id,)),
        ("machine_change", (machine.public_id,)),
    ):
        page = body(owner, name, project, *args)
        assert "Careful judge" in page
        assert KEY not in page


@pytest.mark.parametrize(
    ("backend", "kept"),
    [
        ("language_model", {"mode": "letters"}),
        ("classifier", {"scale": 2.5, "tie_band": 0.1}),
        ("follow_up", {"scale": 2.5, "tie_band": 0.1}),
    ],
)
def test_local_model_is_added_and_changed(
    project: Project, owner: Client, backend: str, kept: dict[str, Any]
) -> None:
    given = {"model": "/models/tiny", "mode": "letters", "scale": "2.5"}
    given |= {"backend": backend, "base_url": "", "tie_band": "0.1"}
    machine = add(owner, project, **given)
    assert (machine.backend, machine.model) == (backend, "/models/tiny")
    assert kept.items() <= machine.parameters.items()
    assert not Connection.objects.filter(machine=machine).exists()
    shown = body(owner, "machine_change", project, machine.public_id)
    assert f'<option value="{backend}" selected' in shown
    assert body(owner, "machine", project, machine.public_id)
    sent = filled(**given | {"tie_band": "0.2"})
    owner.post(address("machine_change", project, machine.public_id), sent)
    machine.refresh_from_db()
    assert machine.parameters["tie_band"] == 0.2


def test_faults_stand_at_their_fields_and_nothing_is_stored(
    project: Project, owner: Client
) -> None:
    sent = filled(name="", temperature="9", extra_body="{", base_url="ftp://x")
    response = owner.post(address("machine_new", project), sent)
    assert response.status_code == 422
    form = response.context["form"]
    assert {"name", "temperature", "extra_body", "base_url"} <= set(form.errors)
    assert KEY not in response.content.decode()
    assert not MachineAnnotator.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usd_per_million_in", "NaN"),
        ("extra_body", '{"top_p": NaN}'),
        ("extra_body", '{"stop": "\\u0000"}'),
        ("extra_body", '{"stop": "\\ud800"}'),
    ],
)
def test_what_cannot_be_stored_is_said_at_its_field(
    project: Project, owner: Client, name: str, value: str
) -> None:
    sent = filled(**{name: value})
    response = owner.post(address("machine_new", project), sent)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {name}


def test_address_in_a_private_network_is_refused(
    project: Project, owner: Client
) -> None:
    sent = filled(base_url="http://127.0.0.1:8000/v1")
    response = owner.post(address("machine_new", project), sent)
    assert response.status_code == 422
    assert "base_url" in response.context["form"].errors


def test_name_is_taken_once(project: Project, owner: Client) -> None:
    add(owner, project)
    response = owner.post(address("machine_new", project), filled())
    assert response.status_code == 422
    assert "name" in response.context["form"].errors


def test_change_of_an_unused_judge_is_in_place_and_keeps_its_key(
    project: Project, owner: Client
) -> None:
    machine = add(owner, project)
    key = bytes(Connection.objects.get().key_encrypted)
    sent = filled(model="another-model", api_key="")
    owner.post(address("machine_change", project, machine.public_id), sent)
    machine.refresh_from_db()
    assert (machine.model, machine.number) == ("another-model", 1)
    assert bytes(Connection.objects.get().key_encrypted) == key


def test_stored_key_can_be_removed(project: Project, owner: Client) -> None:
    machine = add(owner, project)
    sent = filled(api_key="", remove_key="on")
    owner.post(address("machine_change", project, machine.public_id), sent)
    assert bytes(Connection.objects.get().key_encrypted) == b""


def test_change_of_a_used_judge_is_its_next_version(
    project: Project, owner: Client
) -> None:
    machine = add(owner, project)
    answer_all(machine)
    page = body(owner, "machine_change", project, machine.public_id)
    assert "Version 2 begins with a change" in page
    sent = filled(model="another-model", api_key="")
    response = owner.post(
        address("machine_change", project, machine.public_id), sent, follow=True
    )
    later = MachineAnnotator.objects.get(number=2)
    assert later.supersedes == machine
    assert "This is version 2." in response.content.decode()
    listed = body(owner, "machines", project)
    assert "1 earlier version" in listed


def test_researcher_reads_and_changes_nothing(
    project: Project, researcher: Client
) -> None:
    machine = make_judge(project)
    page = body(researcher, "machine", project, machine.public_id)
    assert "An owner of the project can begin a run." in page
    for name in ("machine_change", "machine_archive", "run_start"):
        where = address(name, project, machine.public_id)
        assert researcher.post(where, filled()).status_code == 404, name
    assert researcher.get(address("machine_new", project)).status_code == 404


@pytest.mark.parametrize("who", ["annotator", "outsider"])
def test_verdicts_and_judges_are_hidden_from_others(
    project: Project, login: Login, who: str
) -> None:
    machine = make_judge(project)
    job = answer_all(machine)
    user = make_member(project) if who == "annotator" else make_project().created_by
    client = login(user)
    for name, args in (
        ("machines", ()),
        ("machine", (machine.public_id,)),
        ("run", (job.public_id,)),
        ("run_live", (job.public_id,)),
    ):
        assert client.get(address(name, project, *args)).status_code == 404, name


def test_machine_of_another_project_is_not_there(
    project: Project, owner: Client
) -> None:
    other = make_judge(make_project())
    where = address("machine", project, other.public_id)
    assert owner.get(where).status_code == 404


def test_page_forecasts_from_the_texts_and_then_from_the_calls(
    project: Project, owner: Client
) -> None:
    machine = add(owner, project)
    page = body(owner, "machine", project, machine.public_id)
    assert "<strong>6 items</strong> in 12 calls" in page
    assert "By the lengths of the texts" in page
    make_items(project, 2)
    answer_all(machine)
    make_items(project, 3)
    page = body(owner, "machine", project, machine.public_id)
    assert "<strong>3 items</strong> in 6 calls" in page
    # 100 tokens read and 10 written by each call; 2.5 and 10 dollars a million.
    assert "About 600 tokens read and 60 written" in page
    assert "$0.0021" in page


def test_unknown_price_is_said(project: Project, owner: Client) -> None:
    machine = make_judge(project)
    page = body(owner, "machine", project, machine.public_id)
    assert "a price that nobody has told" in page


def test_forecast_follows_the_form(project: Project, owner: Client) -> None:
    machine = make_judge(project)
    where = address("run_forecast", project, machine.public_id)
    part = owner.post(where, {"which": "all", "n": "2"}, headers={"HX-Request": "true"})
    assert "<strong>2 items</strong> in 4 calls" in part.content.decode()
    assert "<html" not in part.content.decode()
    none = owner.post(where, {"which": "labelled"}, headers={"HX-Request": "true"})
    assert "No item is left to ask about" in none.content.decode()
    whole = owner.post(where, {"which": "all", "n": "1"}).content.decode()
    assert "<strong>1 item</strong> in 2 calls" in whole
    assert "<html" in whole
    assert not Run.objects.exists()


def test_protocol_that_does_not_fit_is_told_before(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project, "ranking")
    page = body(owner, "machine", project, machine.public_id)
    assert "The project asks no ranking." in page


def test_run_is_begun_with_its_cap_and_once(project: Project, owner: Client) -> None:
    machine = add(owner, project)
    where = address("run_start", project, machine.public_id)
    sent = {"which": "all", "n": "4", "seed": "3", "cap_usd": "0.5"}
    response = owner.post(where, sent)
    run = Run.objects.get()
    assert response["Location"] == address("run", project, run.job.public_id)
    assert run.cap_usd == Decimal("0.5")
    assert (run.selection["n"], run.selection["seed"]) == (4, 3)
    again = owner.post(where, sent)
    assert again.status_code == 409
    assert Run.objects.count() == 1


def test_run_with_a_bad_cap_is_not_begun(project: Project, owner: Client) -> None:
    machine = make_judge(project)
    where = address("run_start", project, machine.public_id)
    response = owner.post(where, {"which": "all", "cap_usd": "-1"})
    assert response.status_code == 422
    assert "cap_usd" in response.context["form"].errors
    assert not Run.objects.exists()


def test_run_page_shows_figures_and_what_went_wrong(
    project: Project, owner: Client
) -> None:
    machine = add(owner, project)
    job = answer_all(machine)
    Call.objects.filter(pk=Call.objects.order_by("id")[0].pk).update(
        status="failed", error_code="timeout", error="It took too long."
    )
    page = body(owner, "run", project, job.public_id)
    assert "Run of Careful judge" in page
    # 12 calls of 100 tokens in and 10 out.
    assert "1,320" in page
    assert "$0.0042" in page
    assert "<code>timeout</code>" in page
    assert "It took too long." in page
    assert "hx-trigger" not in page, "an ended run asks for nothing any more"


def test_page_of_a_job_leads_to_its_run(project: Project, owner: Client) -> None:
    job = answer_all(make_judge(project))
    response = owner.get(address("job", project, job.public_id))
    assert response["Location"] == address("run", project, job.public_id)


def test_waiting_run_can_be_paused_resumed_and_cancelled(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project)
    owner.post(address("run_start", project, machine.public_id), {"which": "all"})
    job = Job.objects.get(kind="pre_annotate")
    page = body(owner, "run", project, job.public_id)
    assert 'hx-trigger="every 2s"' in page
    for act, state in (("pause", "paused"), ("resume", "waiting")):
        response = owner.post(address(f"job_{act}", project, job.public_id))
        assert response["Location"] == address("run", project, job.public_id)
        job.refresh_from_db()
        assert job.state == state
    owner.post(address("job_cancel", project, job.public_id))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_researcher_pauses_a_run_and_an_owner_lets_it_go_on(
    project: Project, owner: Client, researcher: Client
) -> None:
    machine = make_judge(project)
    owner.post(address("run_start", project, machine.public_id), {"which": "all"})
    job = Job.objects.get(kind="pre_annotate")
    researcher.post(address("job_pause", project, job.public_id))
    there = reverse("api_resume", args=[job.public_id])
    for where in (address("job_resume", project, job.public_id), there):
        assert researcher.post(where).status_code == 404
    job.refresh_from_db()
    assert job.state == "paused"
    shown = {
        who: body(who, "run", project, job.public_id) for who in (researcher, owner)
    }
    assert ["an owner lets it go on" in page for page in shown.values()] == [
        True,
        False,
    ]
    assert ['id="resume"' in page for page in shown.values()] == [False, True]
    assert owner.post(there).status_code == 200
    job.refresh_from_db()
    assert job.state == "waiting"


def test_biased_judge_carries_no_weight(project: Project, owner: Client) -> None:
    make_items(project, 24)
    machine = make_judge(project)
    answer_all(machine, first_place)
    assert "Carries no weight" in body(owner, "machines", project)
    page = body(owner, "machine", project, machine.public_id)
    assert "Its verdicts carry no weight." in page
    assert "contradicts itself on 100% of 30 items" in page


def test_imported_judge_is_listed_with_its_figures(
    project: Project, owner: Client
) -> None:
    machine = MachineAnnotator.objects.create(
        project=project, name="gpt-judge", model="gpt-x"
    )
    version = project.current_questions()
    assert version is not None
    item = Item.objects.filter(project=project)[0]
    PreAnnotation.objects.create(
        project=project,
        item=item,
        machine=machine,
        questions_version=version,
        answers={"preference": {"value": 1}},
        cost_usd=Decimal("0.02"),
        latency_ms=700,
    )
    page = body(owner, "machines", project)
    assert "gpt-judge" in page
    assert "Labels of a file" in page
    assert "$2.00 for 100 items" in page
    shown = body(owner, "machine", project, machine.public_id)
    assert "Let it answer items" not in shown
    where = address("machine_change", project, machine.public_id)
    assert owner.get(where).status_code == 404


def test_archived_judge_is_folded_away_and_taken_up_again(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project)
    where = address("machine_archive", project, machine.public_id)
    owner.post(where)
    assert "None is in use" in body(owner, "machines", project)
    page = body(owner, "machine", project, machine.public_id)
    assert "Let it answer items" not in page
    owner.post(where)
    machine.refresh_from_db()
    assert machine.archived_at is None


def test_missing_worker_is_said_where_one_waits_for_it(
    project: Project, owner: Client
) -> None:
    machine = make_judge(project)
    pages = [("machines", ()), ("machine", (machine.public_id,))]
    for name, args in pages:
        page = body(owner, name, project, *args)
        assert "No worker for models is running." in page
    cache.set(workers.beat_key("models"), True, 60)
    for name, args in pages:
        assert "No worker for models" not in body(owner, name, project, *args)


def test_listing_takes_few_queries(
    project: Project,
    owner: Client,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(8):
        make_judge(project, name=f"judge {number}")
    with django_assert_max_num_queries(9):
        body(owner, "machines", project)
