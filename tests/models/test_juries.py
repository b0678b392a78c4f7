"""A jury hears its members' stored verdicts, and says what it cannot decide."""

from collections.abc import Callable
from decimal import Decimal
from math import exp, pi, sqrt
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation import access
from annotation.errors import ConflictError, InvalidError
from annotation.models import (
    Assignment,
    Exposure,
    Item,
    Job,
    MachineAnnotator,
    PreAnnotation,
    Project,
    SuggestionPolicy,
)
from annotation.services import jobs
from models_service.backends.base import Ask, Reply
from models_service.models import Call, Run
from models_service.selectors.forecast import forecast
from models_service.selectors.juries import candidates, lacking
from models_service.selectors.trust import trust_of
from models_service.selectors.wanted import Selection
from models_service.services import reports, runs
from models_service.services.checks import request_check
from models_service.services.machines import change_machine, checked
from tests.factories import make_items, make_project
from tests.models.judges import (
    SilentProgress,
    answer_all,
    canonical_first,
    first_place,
    make_judge,
    texts_of,
    verdict,
)
from tests.models.juries import (
    VOTE,
    broken,
    canonical_second,
    decide,
    go,
    judges,
    make_jury,
    named,
    said,
    weighted,
)
from tests.models.people import answer_items, drawn, make_people, mostly

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture
def project(db: None) -> Project:
    made = make_project()
    make_items(made, 6)
    return made


# --- known answers ---


def test_three_members_by_hand(project: Project) -> None:
    members = judges(project, canonical_first, canonical_first, canonical_second)
    job = decide(weighted(make_jury(project, members), 2, 1, 1))
    assert job.state == Job.State.DONE, job.message
    # Evidence v, v, -v with shares 1/2, 1/4, 1/4: the mean is v / 2, the variance
    # (3/4) (v / 2)² + (1/4) (3 v / 2)² = 3 v² / 4.
    mean, variance = VOTE / 2, 3 * VOTE**2 / 4
    moderated = 1 / (1 + exp(-mean / sqrt(1 + pi * variance / 8)))
    found = said(named(project, "jury"))
    assert len(found) == 6
    for one in found:
        assert one.status == "ok" and one.flags == ["split"]
        assert one.logit == pytest.approx(mean)
        assert one.probability == pytest.approx(1 / (1 + exp(-mean)))
        assert one.metadata["spread"] == pytest.approx(sqrt(variance))
        assert one.metadata["strength"] == pytest.approx(2 * moderated - 1)
        assert one.answers["preference"]["value"] == 1
        assert one.metadata["rationale"] == "So it is."
        assert one.metadata["rationale_order"] == [0, 1]
        assert one.disagreement is not None and one.disagreement > 0.4
        told = one.metadata["members"]
        assert [row["id"] for row in told] == [str(m.public_id) for m in members]
        assert [row["value"] for row in told] == [1, 1, -1]
        assert [row["weight"] for row in told] == [2, 1, 1]
    run = Run.objects.get(job=job)
    assert (run.n_items, run.n_ok, run.n_calls) == (6, 6, 0)
    assert run.cost_usd == 0


def test_one_judge_thrice_is_that_judge(project: Project) -> None:
    jury = make_jury(project, judges(project, *[canonical_first] * 3))
    decide(jury)
    alone = said(named(project, "judge 1"))
    for one, its in zip(said(jury), alone, strict=True):
        assert one.logit == pytest.approx(its.logit)
        assert one.metadata["spread"] == pytest.approx(0, abs=1e-9)
        assert one.answers == its.answers and one.flags == []
        assert one.disagreement == 0


def test_temperature_divides_a_members_evidence(project: Project) -> None:
    jury = make_jury(project, judges(project, canonical_first, canonical_second))
    jury.parameters["members"][0]["temperature"] = 0.5
    jury.save(update_fields=["parameters"])
    decide(jury)
    assert said(jury)[0].logit == pytest.approx((2 * VOTE - VOTE) / 2)


def test_member_that_names_one_place_carries_no_weight(project: Project) -> None:
    make_items(project, 40)
    good = judges(project, canonical_first, canonical_first)
    biased = make_judge(project, name="biased")
    answer_all(biased, first_place)
    jury = make_jury(project, [*good, biased])
    seats = jury.parameters["members"]
    assert [(one["weight"], one["carries"]) for one in seats] == [
        (1, True),
        (1, True),
        (0, False),
    ]
    decide(jury)
    without = make_jury(project, good, name="without")
    decide(without)
    for one, other in zip(said(jury), said(without), strict=True):
        assert (one.logit, one.answers) == (other.logit, other.answers)
        assert one.metadata["members"][2]["weight"] == 0


# --- which items, and what is lacking ---


def test_unreadable_members_are_no_tie_and_are_named(project: Project) -> None:
    members = judges(project, canonical_first, broken, None)
    jury = make_jury(project, members)
    questions = project.current_questions()
    assert questions is not None
    with pytest.raises(ConflictError, match="at least two"):
        decide(jury)
    told = lacking(jury, questions, Selection())
    assert (told.n_items, told.n, told.numbers) == (6, 6, (1, 2, 3, 4, 5, 6))
    assert [(one.machine.name, one.n) for one in told.owing] == [
        ("judge 2", 6),
        ("judge 3", 6),
    ]
    answer_all(members[2], canonical_first, n=4, seed=1)
    assert lacking(jury, questions, Selection()).n == 2
    assert forecast(jury, questions, Selection()).n_items == 4
    decide(jury)
    for one in said(jury):
        assert one.answers["preference"]["value"] == 1, "the unread one is not heard"
        states = {row["id"]: row["status"] for row in one.metadata["members"]}
        assert states[str(members[1].public_id)] == "unparsable"
    assert len(said(jury)) == 4


def test_verdict_stays_until_an_owner_asks_for_it_anew(project: Project) -> None:
    members = judges(project, canonical_first, canonical_first, None)
    jury = make_jury(project, members)
    decide(jury)
    before = said(jury)[0]
    answer_all(members[2], canonical_second)
    with pytest.raises(ConflictError, match="no item to decide"):
        decide(jury)
    job = decide(jury, again=True)
    assert Run.objects.get(job=job).n_ok == 6
    after = said(jury)[0]
    assert after.pk == before.pk and after.flags == ["split"]
    assert after.logit == pytest.approx(VOTE / 3)
    with pytest.raises(ConflictError, match="no item to decide"):
        decide(jury, again=True)


def test_verdict_that_somebody_was_shown_is_never_decided_anew(
    project: Project,
) -> None:
    members = judges(project, canonical_first, canonical_first, None)
    jury = make_jury(project, members)
    decide(jury)
    shown, *others = said(jury)
    answer_items(make_people(project, 1)[0], lambda number: 1 if number == 1 else None)
    policy = SuggestionPolicy.objects.create(
        project=project,
        machine=jury,
        number=1,
        arms={"shown": 1},
        seed=1,
        created_by=project.created_by,
    )
    Exposure.objects.create(
        assignment=Assignment.objects.get(item=shown.item),
        policy=policy,
        pre_annotation=shown,
        arm="shown",
        propensity=1,
    )
    answer_all(members[2], canonical_second)
    assert Run.objects.get(job=decide(jury, again=True)).n_ok == len(others)
    kept, *anew = said(jury)
    assert kept.flags == [] and kept.logit == pytest.approx(VOTE)
    assert all(one.flags == ["split"] for one in anew)


def test_run_that_was_paused_decides_the_rest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    jury = make_jury(project, judges(project, canonical_first, canonical_first))
    monkeypatch.setattr(runs, "JURY_BATCH", 2)

    class PausedOnce(SilentProgress):
        n_told = 0

        def set(self, n_done: int, *rest: Any, **more: Any) -> None:
            PausedOnce.n_told += 1
            if PausedOnce.n_told == 2:
                raise jobs.JobPaused

    job = start(jury)
    monkeypatch.setattr(jobs, "Progress", PausedOnce)
    go(job)
    assert job.state == Job.State.PAUSED
    assert len(said(jury)) == 2
    jobs.resume_job(job=job)
    go(job)
    assert job.state == Job.State.DONE
    run = Run.objects.get(job=job)
    assert (run.n_items, run.n_ok, len(said(jury))) == (6, 6, 6)


def start(machine: MachineAnnotator) -> Job:
    seat = access.seat(machine.project.created_by, machine.project.slug)
    return runs.request_run(seat=seat, machine=machine, selection=Selection())


def test_memory_and_statements_do_not_grow_with_members_or_items(
    project: Project, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    make_items(project, 94)
    few = make_jury(project, judges(project, canonical_first, canonical_first))
    with django_assert_max_num_queries(60):
        decide(few, n=10)
    with django_assert_max_num_queries(60):
        decide(few)
    assert len(said(few)) == 100


# --- who sits ---


def test_members_are_checked(project: Project) -> None:
    one, other = judges(project, None, None)
    marks = make_judge(project, "criteria", name="marks")
    stranger = make_judge(make_project(), name="stranger")
    jury = make_jury(project, [one, other])
    for members, words in (
        ([one], "2 to 9"),
        ([one, one], "2 to 9"),
        ([one, marks], "marks does not say which of two"),
        ([one, jury], "jury is a jury itself"),
        ([one, stranger], "has no AI annotator"),
    ):
        with pytest.raises(InvalidError) as caught:
            make_jury(project, members, name="another")
        (problem,) = caught.value.problems
        assert problem.path == "members" and words in problem.message
    assert {c.row.machine.name for c in candidates(project)} == {"judge 1", "judge 2"}


def test_project_without_a_comparison_is_told(db: None) -> None:
    project = make_project(template="ranking")
    make_items(project, 2)
    with pytest.raises(InvalidError) as caught:
        make_jury(project, judges(project, None, None))
    assert "no common scale" in caught.value.problems[0].message


def test_weights_by_agreement_come_from_people_and_are_frozen() -> None:
    truth = drawn(60, seed=5)
    project = make_project(overlap=3)
    make_items(project, 60)
    for seed, person in enumerate(make_people(project, 3)):
        answer_items(person, mostly(truth, seed))

    def knowing(ask: Ask) -> Reply:
        number = int(texts_of(ask)[0].rpartition("/")[2].rstrip("."))
        is_first = texts_of(ask)[0].startswith("Answer 0")
        return verdict(ask, "A" if (truth[number] > 0) == is_first else "B")

    members = judges(project, knowing, canonical_first, knowing)
    with pytest.raises(InvalidError) as caught:
        make_jury(project, members, weights="agreement")
    assert {one.path for one in caught.value.problems} == {"weights"}
    for one in members:
        reports.refresh(machine=one)
    jury = make_jury(project, members, weights="agreement")
    trusts = [trust_of(one) for one in members]
    for seat, trust in zip(jury.parameters["members"], trusts, strict=True):
        assert trust is not None
        assert seat["weight"] == pytest.approx(max(0.0, trust.kappa.value))
        assert seat["temperature"] == pytest.approx(trust.temperature)
        assert seat["is_calibrated"]
    good, blind, _same = jury.parameters["members"]
    assert good["temperature"] < 1 < blind["temperature"]
    assert good["weight"] > 0.8 > 0.3 > blind["weight"]
    decide(jury)
    told = reports.refresh(machine=jury).figures
    assert told["n_items"] == 60 and told["calibration"] is not None


def test_change_of_members_is_the_next_version(project: Project) -> None:
    one, other, third = judges(project, *[canonical_first] * 3)
    jury = make_jury(project, [one, other])
    raw = {"name": "jury", "backend": "jury"}
    ids = [str(m.public_id) for m in (one, third)]

    def changed(members: list[str]) -> MachineAnnotator:
        spec = checked({**raw, "members": members}, allow_private=False)
        return change_machine(machine=jury, user=project.created_by, spec=spec)

    assert changed(ids).pk == jury.pk, "it has decided nothing yet"
    decide(jury)
    assert changed(ids).number == 1, "the same members are no change"
    later = changed([*ids, str(other.public_id)])
    assert later.number == 2 and later.supersedes_id == jury.pk
    assert len(said(jury)) == 6 and not said(later)


def test_member_keeps_its_version(project: Project) -> None:
    one, other = judges(project, None, None)
    make_jury(project, [one, other])
    spec = checked(
        {
            "name": one.name,
            "backend": "language_model",
            "model": "another",
        },
        allow_private=False,
    )
    held = change_machine(machine=one, user=project.created_by, spec=spec)
    assert held.number == 2, "the jury hears the version that it names"


def test_jury_costs_nothing_and_is_not_checked(project: Project) -> None:
    jury = make_jury(project, judges(project, canonical_first, canonical_first))
    questions = project.current_questions()
    assert questions is not None
    told = forecast(jury, questions, Selection())
    assert (told.n_items, told.n_calls, told.cost_usd) == (6, 0, Decimal(0))
    n_calls = Call.objects.count()
    decide(jury)
    assert Call.objects.count() == n_calls
    seat = access.seat(project.created_by, project.slug)
    with pytest.raises(ConflictError, match="not one that is asked"):
        request_check(seat=seat, machine=jury)


# --- members that a file brought ---


def bring(
    project: Project, name: str, rows: dict[tuple[int, ...], tuple[str, int]]
) -> MachineAnnotator:
    """Return a file's judge that says this in each order, of every item."""
    machine = MachineAnnotator.objects.create(project=project, name=name)
    version = project.current_questions()
    PreAnnotation.objects.bulk_create(
        PreAnnotation(
            project=project,
            item=item,
            machine=machine,
            questions_version=version,
            status=status,
            answers={"preference": {"value": value}} if status == "ok" else {},
            order=list(order),
        )
        for item in Item.objects.filter(project=project)
        for order, (status, value) in rows.items()
    )
    return machine


def test_files_are_heard_by_their_votes(project: Project) -> None:
    both = bring(project, "both", {(0, 1): ("ok", 1), (1, 0): ("ok", 1)})
    torn = bring(project, "torn", {(0, 1): ("ok", 1), (1, 0): ("ok", -1)})
    half = bring(project, "half", {(0, 1): ("ok", -1), (1, 0): ("unparsable", 0)})
    whole = bring(project, "whole", {(): ("ok", -1)})
    tie = bring(project, "tie", {(0, 1): ("ok", 0)})
    jury = weighted(make_jury(project, [both, torn, half, whole, tie]), *[1.0] * 5)
    decide(jury)
    told = said(jury)[0].metadata["members"]
    logits = [row.get("logit") for row in told]
    # A contradiction is evidence for nothing; one unread order is no verdict.
    assert logits == [
        pytest.approx(VOTE),
        pytest.approx(0),
        None,
        pytest.approx(-VOTE),
        pytest.approx(0),
    ]
    assert said(jury)[0].logit == pytest.approx(0, abs=1e-12)
    assert said(jury)[0].answers["preference"]["value"] == 0


def test_what_a_torn_member_tells_is_kept_as_nothing(project: Project) -> None:
    members = [bring(project, name, {(): ("ok", 0)}) for name in ("one", "two")]
    PreAnnotation.objects.filter(machine__in=members).update(
        logit=1.0, flags=["order_inconsistent"]
    )
    jury = make_jury(project, members)
    decide(jury)
    found = said(jury)[0]
    assert (found.logit, found.answers) == (0, {"preference": {"value": 0}})
    assert found.flags == ["order_inconsistent"]
    assert [row["logit"] for row in found.metadata["members"]] == [0, 0]


def test_answer_to_another_question_is_not_heard(project: Project) -> None:
    members = [bring(project, name, {(): ("ok", 1)}) for name in ("one", "two")]
    PreAnnotation.objects.filter(machine=members[1], item__number__lte=4).update(
        answers={"remark": "Nothing to compare."}
    )
    jury = make_jury(project, members)
    questions = project.current_questions()
    assert questions is not None
    told = lacking(jury, questions, Selection())
    assert (told.n, told.numbers) == (4, (1, 2, 3, 4))
    assert [(one.machine.name, one.n) for one in told.owing] == [("two", 4)]
    assert forecast(jury, questions, Selection()).n_items == 2
    decide(jury)
    assert len(said(jury)) == 2
    with pytest.raises(ConflictError, match=r"at least two|no item to decide"):
        decide(jury)


def test_choosing_among_many_files_takes_no_more_queries(project: Project) -> None:
    def n_queries(n_more: int) -> int:
        for number in range(n_more):
            bring(project, f"{n_more} files: {number}", {(): ("ok", 1)})
        with CaptureQueriesContext(connection) as seen:
            candidates(project)
        return len(seen)

    assert n_queries(2) == n_queries(5)


def test_file_that_compares_nothing_is_no_candidate(project: Project) -> None:
    bring(project, "compares", {(): ("ok", 1)})
    MachineAnnotator.objects.create(project=project, name="silent")
    assert {one.row.machine.name for one in candidates(project)} == {"compares"}
