"""How far a machine annotator agrees with people, from the database to the figures."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache

from annotation.models import (
    Item,
    MachineAnnotator,
    PreAnnotation,
    Project,
    Route,
    SurveyAnswer,
    SurveyVersion,
)
from annotation.services.imports import GOOD, import_path
from models_service.backends.base import Ask, Reply
from models_service.models import MachineReport
from models_service.selectors.evidence import read_evidence
from models_service.selectors.trust import trust_of
from models_service.services import reports
from models_service.tasks import compute_report, refresh_reports
from models_service.trust import calibrator_from
from tests.factories import make_items, make_participant, make_project
from tests.models.judges import (
    Decide,
    answer_all,
    coin,
    first_place,
    longer,
    make_judge,
    texts_of,
    verdict,
)
from tests.models.llmbar import part_of
from tests.models.people import answer_items, drawn, make_people, mostly

pytestmark = pytest.mark.django_db
MINIATURES = Path(__file__).parent.parent / "data"
REAL = os.environ.get("POLYPHONY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not REAL, reason="POLYPHONY_DATA_DIR is not set")
N = 60
TRUTH = drawn(N, seed=5)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    """Three people who are right nine times in ten about sixty items."""
    made = make_project(overlap=3)
    make_items(made, N)
    for seed, person in enumerate(make_people(made, 3)):
        answer_items(person, mostly(TRUTH, seed))
    return made


def version_of(project: Project) -> int:
    """Return the key of the questions in force."""
    version = project.current_questions()
    assert version is not None
    return version.pk


def number_of(ask: Ask) -> int:
    """Return the number of the item that is asked about."""
    return int(texts_of(ask)[0].rpartition("/")[2].rstrip("."))


def truthful(ask: Ask) -> Reply:
    """Prefer what is better."""
    first, _second = texts_of(ask)
    place_of_0 = 0 if first.startswith("Answer 0") else 1
    is_first = (TRUTH[number_of(ask)] > 0) == (place_of_0 == 0)
    return verdict(ask, "A" if is_first else "B")


def judged(project: Project, decide: Decide, name: str = "judge") -> MachineAnnotator:
    machine = make_judge(project, name=name)
    job = answer_all(machine, decide)
    assert job.state == "done", job.message
    return machine


def figures_of(machine: MachineAnnotator) -> dict[str, Any]:
    found: dict[str, Any] = reports.refresh(machine=machine).figures
    return found


# --- judges that are known ---------------------------------------------------------


def test_judge_that_equals_the_majority_reproduces_it(project: Project) -> None:
    truth = judged(project, truthful)
    evidence = read_evidence(truth).evidence
    majority = np.sign(np.nansum(evidence.labels.packed(), axis=0))
    said = dict(enumerate(majority.astype(int).tolist(), 1))

    def as_most(ask: Ask) -> Reply:
        first, _second = texts_of(ask)
        place_of_0 = 0 if first.startswith("Answer 0") else 1
        return verdict(
            ask, "AB"[place_of_0 if said[number_of(ask)] > 0 else 1 - place_of_0]
        )

    told = figures_of(judged(project, as_most, "majority"))
    assert told["n_items"] == N
    assert told["majority"]["value"] == told["kappa"]["value"] == 1
    assert told["of_all"]["value"] == told["one_order"]["value"] == 1
    assert told["position"]["flips"]["value"] == 0
    assert told["lines"]["judge_less_person"]["value"] > 0
    (other,) = told["others"]
    assert other["machine"] == str(truth.public_id)
    assert other["gain"]["value"] >= 0
    assert other["n_items"] == other["n_labelled"] == N


def test_judge_of_the_first_place_is_found_out(project: Project) -> None:
    machine = judged(project, first_place)
    told = figures_of(machine)
    assert told["position"]["flips"]["value"] == 1
    assert told["position"]["n_items"] == N
    assert told["position"]["mean_bias"]["low"] > 0
    assert told["majority"]["value"] == 0, "contradictions are ties, people name sides"
    assert told["one_order"]["value"] == 0.5
    trust = trust_of(machine)
    assert trust is not None
    assert not trust.weight.carries
    assert "contradicts itself on 100%" in trust.weight.reasons[0]


def test_judge_of_the_longer_answer_is_found_out(db: None) -> None:
    project = make_project(overlap=3)
    # Items 1 to 9 have shorter texts in no completion: lengths are made to differ.
    for item in make_items(project, N):
        longer_one = item.number % 2
        kept = item.completions.get(index=longer_one)
        kept.text += " And more of it, at some length."
        kept.save()
    for seed, person in enumerate(make_people(project, 3)):
        answer_items(person, mostly(TRUTH, seed))
    told = figures_of(judged(project, longer))
    assert told["length"]["judge_longer"]["value"] == 1
    assert told["length"]["coefficient"]["low"] > 1
    assert told["lines"]["judge"]["value"] == told["lines"]["longer"]["value"]
    assert told["lines"]["judge_less_longer"]["value"] == 0
    assert told["lines"]["judge_less_person"]["high"] < 0
    people = told["length"]["people_longer"]
    assert people["low"] < 0.5 < people["high"]


def test_coin_has_a_kappa_of_about_0(project: Project) -> None:
    told = figures_of(judged(project, coin))
    assert told["kappa"]["low"] < 0 < told["kappa"]["high"]
    assert -0.3 < told["kappa"]["value"] < 0.3
    assert told["position"]["flips"]["value"] == 0


# --- what counts -------------------------------------------------------------------


def test_withdrawn_answers_and_checks_never_count(project: Project) -> None:
    machine = judged(project, truthful)
    before = figures_of(machine)
    for purpose, state in (
        ("main", "withdrawn"),
        ("main", "surplus"),
        ("monitoring", "submitted"),
        ("mirror", "submitted"),
        ("second_protocol", "submitted"),
    ):
        answer_items(
            make_participant(project),
            lambda number: -TRUTH[number],
            purpose=purpose,
            state=state,
        )
    assert figures_of(machine) == before
    assert (before["n_answers"], before["n_imported"], before["n_people"]) == (
        3 * N,
        0,
        3,
    )


def test_labels_of_files_count_and_are_told_apart(project: Project) -> None:
    machine = judged(project, truthful)
    answer_items(
        make_participant(project), lambda number: TRUTH[number], purpose="imported"
    )
    told = figures_of(machine)
    assert (told["n_answers"], told["n_imported"], told["n_people"]) == (3 * N, N, 4)


def test_verdict_that_failed_is_no_tie(project: Project) -> None:
    machine = judged(project, truthful)
    failed = PreAnnotation.objects.filter(machine=machine)[:10]
    PreAnnotation.objects.filter(pk__in=[one.pk for one in failed]).update(
        status="failed", answers={}, logit=None, bias=None
    )
    told = figures_of(machine)
    assert (told["n_items"], told["n_without_verdict"]) == (N - 10, 10)
    assert told["of_all"]["value"] < told["majority"]["value"]
    assert told["calibration"]["n_items"] == N - 10


def test_single_orders_of_a_file_are_combined(project: Project) -> None:
    machine = MachineAnnotator.objects.create(project=project, name="file")
    for item in Item.objects.filter(project=project):
        for order in ([0, 1], [1, 0]):
            # The place shown first, on every other item; else what is better.
            value = TRUTH[item.number] if item.number % 2 else (1, -1)[order[0]]
            PreAnnotation.objects.create(
                project=project,
                item=item,
                machine=machine,
                questions_version_id=version_of(project),
                order=order,
                answers={"preference": {"value": value}},
            )
    found = read_evidence(machine)
    assert (np.sum(found.evidence.judge == 0), sum(found.evidence.is_flipped)) == (
        N // 2,
        N // 2,
    )
    told = figures_of(machine)
    assert told["position"]["flips"]["value"] == 0.5
    assert told["position"]["mean_bias"]["value"] == 0.5
    assert told["calibration"] is None, "a file without log-odds cannot be calibrated"


def test_row_without_an_order_stands_before_those_of_single_orders(
    project: Project,
) -> None:
    machine = judged(project, truthful)
    item = Item.objects.get(project=project, number=1)
    PreAnnotation.objects.create(
        project=project,
        item=item,
        machine=machine,
        questions_version_id=version_of(project),
        order=[1, 0],
        answers={"preference": {"value": -TRUTH[1]}},
    )
    assert read_evidence(machine).evidence.judge[0] == TRUTH[1]


# --- groups ------------------------------------------------------------------------


def test_tags_are_shown_where_there_are_enough_items(project: Project) -> None:
    Item.objects.filter(project=project, number__lte=40).update(category="chat")
    Item.objects.filter(project=project, number__gt=50).update(category="code")
    machine = judged(project, truthful)
    tagger = MachineAnnotator.objects.create(
        project=project, name="tagger", kind="tagger"
    )
    for item in Item.objects.filter(project=project, number__lte=30):
        PreAnnotation.objects.create(
            project=project,
            item=item,
            machine=tagger,
            questions_version_id=version_of(project),
            metadata={"tags": {"subjects": ["food", "health"], "safety": "safe"}},
        )
    found = {one["name"]: one for one in figures_of(machine)["tags"]}
    (chat,) = found["category"]["shown"]
    assert (chat["name"], chat["n_items"]) == ("chat", 40)
    assert found["category"]["n_suppressed"] == 1
    names = [cell["name"] for cell in found["tag: subjects"]["shown"]]
    assert names == ["food", "health"]
    assert [cell["n_items"] for cell in found["tag: safety"]["shown"]] == [30]


def test_stratum_of_few_people_is_not_shown(project: Project) -> None:
    survey = project.survey_versions.order_by("-number").first()
    assert survey is not None
    survey = SurveyVersion.objects.create(
        project=project,
        number=survey.number + 1,
        questions=[
            {
                "name": "role",
                "type": "single",
                "title": "What do you do?",
                "options": ["teacher", "nurse"],
            }
        ],
    )
    people = make_people(project, 7)
    for seed, person in enumerate(people):
        answer_items(person, mostly(TRUTH, 10 + seed))
        SurveyAnswer.objects.create(
            participant=person,
            version=survey,
            question="role",
            state="answered",
            value="teacher" if seed < 5 else "nurse",
        )
    told = figures_of(judged(project, truthful))
    (role,) = told["strata"]
    (cell,) = role["shown"]
    assert (cell["name"], cell["n_people"], role["n_suppressed"]) == ("teacher", 5, 1)
    assert "nurse" not in str(told["strata"])


def test_each_person_is_held_against_the_machine_in_their_place(
    project: Project,
) -> None:
    careless = make_participant(project)
    answer_items(careless, mostly(TRUTH, 7, right=0.5))
    hasty = make_participant(project)
    answer_items(hasty, lambda number: TRUTH[number] if number <= 5 else None)
    told = figures_of(judged(project, truthful))["people"]
    assert told["n_suppressed"] == 1
    rows = {row["participant"]: row for row in told["shown"]}
    assert hasty.pk not in rows
    gain = rows[careless.pk]["gain"]
    assert gain["low"] > 0
    assert rows[careless.pk]["n_common"] == N
    best = max(rows.values(), key=lambda row: row["agreement"]["value"])
    assert best["participant"] != careless.pk


# --- calibration -------------------------------------------------------------------


def test_calibration_makes_a_judge_that_is_too_sure_less_sure(project: Project) -> None:
    machine = judged(project, coin)
    PreAnnotation.objects.filter(machine=machine, logit__gt=0).update(logit=4)
    PreAnnotation.objects.filter(machine=machine, logit__lt=0).update(logit=-4)
    told = figures_of(machine)["calibration"]
    assert told["calibrator"]["method"] == "temperature"
    assert told["calibrator"]["value"] > 3
    assert told["is_provisional"], "60 labels are few"
    assert told["ece_after"]["value"] < told["ece_before"]["value"]
    assert told["brier_after"] < told["brier_before"]
    found = calibrator_from(told["calibrator"]).probabilities(np.array([4.0, -4.0]))
    assert found[0] == pytest.approx(1 - found[1])
    assert 0.5 <= found[0] < 0.8
    stored = PreAnnotation.objects.filter(machine=machine).values_list(
        "logit", flat=True
    )
    assert {abs(one) for one in stored if one} == {4}, "what is stored stays raw"


# --- when --------------------------------------------------------------------------


def test_same_answers_give_the_same_figures(project: Project) -> None:
    machine = judged(project, truthful)
    first = reports.refresh(machine=machine)
    MachineReport.objects.update(inputs_sha256="")
    second = reports.refresh(machine=machine)
    assert second.figures == first.figures
    assert second.inputs_sha256 == first.inputs_sha256


def test_beat_computes_what_has_changed_and_nothing_else(project: Project) -> None:
    machine = judged(project, truthful)
    refresh_reports()
    first = MachineReport.objects.get(machine=machine)
    assert first.figures["n_answers"] == 3 * N
    MachineReport.objects.update(cost_s=0)
    refresh_reports()
    assert MachineReport.objects.get(machine=machine).computed_at == first.computed_at
    answer_items(make_participant(project), lambda number: TRUTH[number])
    MachineReport.objects.update(cost_s=3600)
    refresh_reports()
    assert MachineReport.objects.get(machine=machine).computed_at == first.computed_at
    MachineReport.objects.update(cost_s=0)
    refresh_reports()
    assert MachineReport.objects.get(machine=machine).figures["n_answers"] == 4 * N


def test_asked_for_report_is_computed_even_if_nothing_has_changed(
    project: Project,
) -> None:
    machine = judged(project, truthful)
    refresh_reports()
    MachineReport.objects.update(cost_s=3600)
    before = MachineReport.objects.get(machine=machine).computed_at
    asked = reports.request_report(machine=machine)
    assert asked.requested_at is not None
    refresh_reports()
    after = MachineReport.objects.get(machine=machine)
    assert after.requested_at is None
    assert after.computed_at is not None and before is not None
    assert after.computed_at > before


def test_worker_computes_one_and_forgets_what_is_gone(project: Project) -> None:
    machine = judged(project, truthful)
    compute_report(machine.pk)
    assert MachineReport.objects.filter(machine=machine).exists()
    compute_report(0)


def test_machine_of_an_unlabelled_project_has_figures_without_numbers(
    db: None,
) -> None:
    project = make_project()
    make_items(project, 4)
    told = figures_of(judged(project, first_place))
    assert (told["n_items"], told["n_labelled"], told["n_judged"]) == (0, 0, 4)
    assert told["majority"]["value"] is None
    assert told["position"]["n_items"] == 4


# --- published data ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "shares"),
    [
        (MINIATURES, (0.5, 0.5)),
        pytest.param(
            Path(REAL),
            (0.7043, 0.7023),
            marks=needs_data,
        ),
    ],
)
def test_judges_of_pandalm_agree_as_published(
    folder: Path, shares: tuple[float, float]
) -> None:
    project = make_project()
    names = ("testset-v1", "gpt-3.5-turbo-testset-v1", "pandalm-7b-testset-v1")
    for name in names:
        path = folder / "pandalm" / f"{name}.jsonl.gz"
        _job, problems = import_path(project=project, path=path, mode=GOOD)
        assert [one for one in problems if not one.is_warning] == []
    machines = MachineAnnotator.objects.filter(project=project).order_by("id")
    found = [figures_of(machine) for machine in machines]
    values = [told["of_all"]["value"] for told in found]
    assert values == pytest.approx(list(shares), abs=5e-5)
    for told in found:
        assert told["n_imported"] == told["n_with_majority"] * 3
        assert told["position"]["n_items"] == 0, "each pair was shown in one order"


# Accuracy and order consistency of published verdicts, as their README states them.
LLMBAR = {
    ("GPT-4/Vanilla", "Natural"): (0.9545, 0.9495),
    ("GPT-4/Vanilla", "Neighbor"): (0.7873, 0.9328),
    ("GPT-4/Vanilla", "GPTInst"): (0.8641, 0.9457),
    ("GPT-4/Vanilla", "GPTOut"): (0.7766, 0.9362),
    ("ChatGPT/Vanilla", "Natural"): (0.8131, 0.7071),
    ("ChatGPT/Vanilla", "Neighbor"): (0.1940, 0.7164),
    ("ChatGPT/Vanilla", "GPTInst"): (0.2663, 0.6196),
    ("ChatGPT/Vanilla", "GPTOut"): (0.4149, 0.5957),
}
NO_WEIGHT = {("ChatGPT/Vanilla", "GPTInst"), ("ChatGPT/Vanilla", "GPTOut")}


@needs_data
@pytest.mark.parametrize("subset", ["Natural", "Neighbor", "GPTInst", "GPTOut"])
def test_judges_of_llmbar_come_out_as_published(subset: str, tmp_path: Path) -> None:
    project = make_project()
    names = ["GPT-4/Vanilla", "ChatGPT/Vanilla"]
    for path in part_of(tmp_path, subset, names):
        _job, problems = import_path(project=project, path=path, mode=GOOD)
        assert [one for one in problems if not one.is_warning] == []
    machines = MachineAnnotator.objects.filter(project=project)
    for name in names:
        told = figures_of(machines.get(name=name))
        right, consistent = LLMBAR[name, subset]
        share = told["one_order"]["value"] * told["n_items"] / told["n_with_majority"]
        assert share == pytest.approx(right, abs=6e-5)
        flips = told["position"]["flips"]["value"]
        assert 1 - flips == pytest.approx(consistent, abs=6e-5)
        trust = trust_of(machines.get(name=name))
        assert trust is not None
        assert trust.weight.carries is ((name, subset) not in NO_WEIGHT)


def test_items_that_routing_chose_for_people_are_left_out(project: Project) -> None:
    for person in make_people(project, 4):
        answer_items(person, lambda number: -TRUTH[number] if number <= 10 else None)
    machine = judged(project, truthful)
    before = figures_of(machine)
    assert (before["n_chosen"], before["n_items"]) == (0, N)
    for item in project.items.filter(number__lte=20):
        part = "chosen" if item.number <= 10 else "reserve"
        Route.objects.create(
            project=project, item=item, source="human", part=part, policy=1
        )
    told = figures_of(machine)
    assert (told["n_chosen"], told["n_items"]) == (10, N - 10)
    assert told["majority"]["value"] > before["majority"]["value"]
