"""Runs of models in the worker: judges by letters, reward models, follow-ups."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation import access
from annotation.models import Job, MachineAnnotator, PreAnnotation, Project
from annotation.services import jobs
from models_service.backends import loading
from models_service.backends.base import ChatMessage
from models_service.backends.classifier import Classifier
from models_service.backends.follow_up import FollowUpModel
from models_service.backends.follow_up_texts import follow_ups_sha256
from models_service.backends.loading import LocalSettings
from models_service.models import Call, Run
from models_service.selectors.forecast import forecast
from models_service.selectors.wanted import Selection
from models_service.services import checks, machines, runs
from models_service.specs import InvalidSpecError, read_spec
from tests.models import tiny
from tests.models.judges import make_judge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("tiny")
    return {
        "llama": tiny.save_llama(root / "llama"),
        "reward": tiny.save_classifier(root / "reward"),
        "short": tiny.save_classifier(root / "short", max_position_embeddings=16),
    }


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[loading.Registry]:
    with tiny.own_registry(monkeypatch) as found:
        yield found


@pytest.fixture
def project(make_pool: Callable[..., Project]) -> Project:
    made = make_pool(3)
    made.memberships.create(user=made.created_by, role="owner")
    return made


def added(project: Project, **raw: Any) -> MachineAnnotator:
    spec = read_spec({"name": "local", **raw}, allow_private=False)
    return machines.add_machine(project=project, user=project.created_by, spec=spec)


def run(machine: MachineAnnotator) -> Job:
    seat = access.seat(machine.project.created_by, machine.project.slug)
    job = runs.request_run(seat=seat, machine=machine, selection=Selection())
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, runs.run_pre_annotation)
    job.refresh_from_db()
    return job


def verdicts(machine: MachineAnnotator) -> list[PreAnnotation]:
    return list(machine.pre_annotations.order_by("item__number"))


PAIRS = [
    ((ChatMessage("user", f"Question {n}?"),), f"Answer {place} to {n}.")
    for n in (1, 2, 3)
    for place in (0, 1)
]


@pytest.mark.parametrize(
    ("backend", "name", "scorer"),
    [("classifier", "reward", Classifier), ("follow_up", "llama", FollowUpModel)],
)
def test_a_reward_model_prefers_the_completion_with_the_higher_score(
    project: Project, folders: dict[str, str], backend: str, name: str, scorer: Any
) -> None:
    machine = added(project, backend=backend, model=folders[name], scale=0.01)
    job = run(machine)
    assert job.state == Job.State.DONE, job.message
    with scorer(LocalSettings(folders[name])) as model:
        scores = model.score(PAIRS)
    found = verdicts(machine)
    assert len(found) == 3
    for one, first, second in zip(found, scores[::2], scores[1::2], strict=True):
        assert one.status == "ok"
        assert one.logit == pytest.approx(first - second, abs=1e-4)
        side = one.answers["preference"]["value"]
        assert (side > 0) == (first > second)
        told = one.metadata["means"]["score"]
        assert told == pytest.approx([first, second], abs=1e-4)
    assert machine.kind == "reward_model"
    assert (Call.objects.count(), Run.objects.get(job=job).n_ok) == (6, 3)
    assert {tuple(call.order) for call in Call.objects.all()} == {(0,), (1,)}


def test_a_score_once_had_is_not_made_again(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(project, backend="classifier", model=folders["reward"])
    run(machine)
    before = [one.answers for one in verdicts(machine)]
    PreAnnotation.objects.filter(machine=machine).delete()
    again = Run.objects.get(job=run(machine))
    assert [one.answers for one in verdicts(machine)] == before
    assert (again.n_calls, again.n_cached) == (0, 6)


def test_completions_too_long_to_score_fail_with_a_reason(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(project, backend="classifier", model=folders["short"])
    job = run(machine)
    assert (job.state, Run.objects.get(job=job).n_failed) == (Job.State.DONE, 3)
    for one in verdicts(machine):
        assert (one.status, one.answers) == ("failed", {})
        assert "the model reads 16" in one.metadata["reason"]


def test_a_judge_by_letters_combines_both_orders(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(
        project, backend="language_model", model=folders["llama"], mode="letters"
    )
    job = run(machine)
    assert job.state == Job.State.DONE, job.message
    found = verdicts(machine)
    assert len(found) == 3
    for one in found:
        assert one.status == "ok"
        logits = {
            tuple(call.order): call.logit
            for call in Call.objects.filter(item_id=one.item_id)
        }
        first, second = logits[0, 1], logits[1, 0]
        assert first is not None
        assert second is not None
        assert one.logit == pytest.approx((first - second) / 2)
        assert one.bias == pytest.approx((first + second) / 2)


def test_a_judge_in_words_that_keeps_no_form_has_no_verdict(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(
        project, backend="language_model", model=folders["llama"], max_tokens=5
    )
    job = run(machine)
    assert job.state == Job.State.DONE, job.message
    assert [one.status for one in verdicts(machine)] == ["unparsable"] * 3
    assert set(Call.objects.values_list("tokens_out", flat=True)) <= {0, 1, 2, 3, 4, 5}


def test_a_model_that_is_not_there_fails_the_run_in_a_sentence(
    project: Project, tmp_path: Path
) -> None:
    machine = added(
        project, backend="language_model", model=str(tmp_path / "gone"), mode="letters"
    )
    job = run(machine)
    assert job.state == Job.State.FAILED
    assert job.message == (
        f"There is no model in the folder '{tmp_path}/gone' of this worker."
    )


def test_models_stay_loaded_from_run_to_run(
    project: Project, folders: dict[str, str], registry: loading.Registry
) -> None:
    for name in ("one", "two"):
        run(added(project, name=name, backend="classifier", model=folders["reward"]))
    (entry,) = registry.entries.values()
    assert entry.n_holders == 0


def test_the_bound_of_memory_comes_from_the_settings(
    project: Project,
    folders: dict[str, str],
    registry: loading.Registry,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MODEL_MEMORY_MB = 1
    # The tiny models weigh 0.4 and 0.5 million bytes: there is room for one of them.
    monkeypatch.setattr(loading, "MIB", 600_000)
    run(added(project, name="one", backend="classifier", model=folders["reward"]))
    first = set(registry.entries)
    run(added(project, name="two", backend="follow_up", model=folders["llama"]))
    assert len(registry.entries) == 1
    assert first.isdisjoint(registry.entries)


def test_other_follow_ups_would_be_another_version(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(project, backend="follow_up", model=folders["llama"])
    assert machine.prompt_sha256 == follow_ups_sha256()


def test_a_judge_of_a_kind_without_a_runner_says_so(project: Project) -> None:
    machine = make_judge(project, backend="file")
    job = run(machine)
    assert (job.state, job.message) == (
        Job.State.FAILED,
        "This AI annotator is not one that is asked.",
    )


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"backend": "language_model", "model": "m", "mode": "songs"}, "mode"),
        ({"backend": "classifier", "model": ""}, "model"),
        ({"backend": "classifier", "model": "m", "scale": 0}, "scale"),
        ({"backend": "follow_up", "model": "m", "tie_band": 0.5}, "tie_band"),
    ],
)
def test_faults_of_a_local_model_are_named(raw: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        read_spec({"name": "local", **raw}, allow_private=False)
    assert [problem.path for problem in caught.value.problems] == [field]


def test_a_run_of_scores_is_forecast(project: Project, folders: dict[str, str]) -> None:
    machine = added(project, backend="classifier", model=folders["reward"])
    questions = project.current_questions()
    assert questions is not None
    told = forecast(machine, questions, Selection())
    assert (told.n_items, told.n_calls, told.misfit) == (3, 6, "")
    # "Question 1?" and "Answer 0 to 1." have 25 characters, at four to a token.
    assert (told.tokens_in, told.tokens_out) == (round(6 * 25 / 4), 0)
    questions.questions = [{"name": "why", "type": "rationale", "title": "Why?"}]
    assert "asks none that fits" in forecast(machine, questions, Selection()).misfit


def test_a_check_tells_how_a_local_model_runs(
    project: Project, folders: dict[str, str]
) -> None:
    machine = added(project, backend="language_model", model=folders["llama"])
    seat = access.seat(project.created_by, project.slug)
    job = checks.request_check(seat=seat, machine=machine)
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, checks.run_check)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.message
    (finding,) = job.result["findings"]
    assert (finding["name"], finding["state"]) == ("model", "ok")
    assert "reads 8,192 tokens" in finding["message"]
