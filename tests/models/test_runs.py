"""A run asks each call once, keeps every answer, and stops where it must."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from annotation import access
from annotation.errors import ConflictError
from annotation.models import (
    Annotation,
    Budget,
    Job,
    MachineAnnotator,
    PreAnnotation,
    Project,
    Reservation,
)
from annotation.services import jobs, ledger
from models_service.backends.base import Ask, Failure, Reply
from models_service.models import Call, Run
from models_service.selectors.wanted import Selection
from models_service.services import runs
from models_service.services.books import BILLED_TRIES
from models_service.services.calls import most_cost
from tests.models.judges import (
    Decide,
    Scripted,
    canonical_first,
    document_of,
    first_place,
    make_judge,
    says,
    texts_of,
    verdict,
)

pytestmark = pytest.mark.django_db(transaction=True)
PRICES: dict[str, Any] = {
    "usd_per_million_in": Decimal(10),
    "usd_per_million_out": Decimal(100),
}
# 100 tokens in at 10 dollars a million and 10 out at 100.
PRICE_OF_CALL = Decimal("0.002")
Start = Callable[..., Job]


@pytest.fixture
def project(make_pool: Callable[..., Project]) -> Project:
    return make_pool(6)


@pytest.fixture
def machine(project: Project) -> MachineAnnotator:
    return make_judge(project, **PRICES)


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Decide], Scripted]:
    """Let the next run ask a backend that answers by a rule."""

    def install(decide: Decide) -> Scripted:
        scripted = Scripted(decide)
        monkeypatch.setattr(runs, "open_generator", lambda machine: scripted)
        return scripted

    return install


def ask_for(
    machine: MachineAnnotator, cap_usd: Decimal | None = None, **chosen: Any
) -> Job:
    seat = access.seat(machine.project.created_by, machine.project.slug)
    return runs.request_run(
        seat=seat, machine=machine, selection=Selection(**chosen), cap_usd=cap_usd
    )


def go(job: Job) -> Job:
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, runs.run_pre_annotation)
    job.refresh_from_db()
    return job


def run_of(job: Job) -> Run:
    return Run.objects.get(job=job)


@pytest.fixture(autouse=True)
def owner(project: Project) -> None:
    project.memberships.create(user=project.created_by, role="owner")


def test_every_item_is_asked_in_both_orders_and_gets_one_verdict(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    asked = backend(canonical_first)
    job = go(ask_for(machine))
    assert job.state == Job.State.DONE, job.message
    assert (len(asked.asked), Call.objects.count()) == (12, 12)
    assert asked.is_closed
    found = PreAnnotation.objects.filter(machine=machine, order=[])
    assert found.count() == 6
    for one in found:
        assert one.status == "ok"
        assert one.answers["preference"]["value"] > 0
        assert one.bias == pytest.approx(0)
        assert one.flags == []
    run = run_of(job)
    assert (run.n_items, run.n_ok, run.n_calls, run.n_cached) == (6, 6, 12, 0)
    assert (run.tokens_in, run.tokens_out) == (1200, 120)
    assert run.cost_usd == 12 * PRICE_OF_CALL
    assert not Annotation.objects.exists(), "a machine's word is no person's"


def test_judge_of_the_first_place_ties_everywhere(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    backend(first_place)
    go(ask_for(machine))
    for one in PreAnnotation.objects.filter(machine=machine):
        assert one.answers["preference"]["value"] == 0
        assert one.flags == ["order_inconsistent"]
        assert one.status == "ok"
        assert one.bias is not None and one.bias > 0


def test_second_run_asks_only_what_is_missing(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    backend(canonical_first)
    go(ask_for(machine, n=4, seed=3))
    assert PreAnnotation.objects.count() == 4
    later = backend(canonical_first)
    go(ask_for(machine))
    assert len(later.asked) == 4
    with pytest.raises(ConflictError, match="answered them all"):
        ask_for(machine)


def test_sample_is_the_same_for_the_same_seed(
    project: Project, backend: Callable[[Decide], Scripted]
) -> None:
    drawn = []
    for name in ("one", "two"):
        backend(canonical_first)
        job = go(ask_for(make_judge(project, name=name), n=3, seed=11))
        drawn.append(run_of(job).drawn)
    assert drawn[0] == drawn[1]
    assert len(drawn[0] or []) == 3


def test_what_has_no_verdict_is_never_a_tie(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    def decide(ask: Ask) -> Reply | Failure:
        text = " ".join(texts_of(ask))
        if "to 1." in text:
            return says(ask, "Both are fine, I think it is a tie.")
        if "to 2." in text:
            return says(ask, "I'm sorry, I can't help with that.")
        if "to 3." in text:
            return Failure(ask.key, "failed", "timeout", "It took too long.")
        return canonical_first(ask)

    backend(decide)
    run = run_of(go(ask_for(machine)))
    assert (run.n_ok, run.n_unparsable, run.n_refused, run.n_failed) == (3, 1, 1, 1)
    bad = PreAnnotation.objects.exclude(status="ok")
    assert {one.status for one in bad} == {"unparsable", "refused", "failed"}
    assert all(one.answers == {} and one.probability is None for one in bad)


def test_what_failed_is_asked_again_and_the_rest_only_on_demand(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    def decide(ask: Ask) -> Reply | Failure:
        text = " ".join(texts_of(ask))
        if "to 1." in text:
            return Failure(ask.key, "failed", "timeout", "It took too long.")
        return says(ask, "?") if "to 2." in text else canonical_first(ask)

    backend(decide)
    go(ask_for(machine))
    later = backend(canonical_first)
    go(ask_for(machine))
    assert len(later.asked) == 2, "what failed, and nothing else"
    again = backend(canonical_first)
    go(ask_for(machine, again=True))
    assert len(again.asked) == 2
    assert PreAnnotation.objects.filter(status="ok").count() == 6


class Killed(BaseException):
    """What ends a worker."""


def test_killed_worker_pays_for_no_answer_twice(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    n_answered = 0

    def dies(ask: Ask) -> Reply:
        nonlocal n_answered
        if n_answered == 7:
            raise Killed
        n_answered += 1
        return canonical_first(ask)

    monkey = backend(dies)
    job = ask_for(machine)
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr("models_service.services.judging.FLUSH", 1)
        jobs.run_claimed(claimed, runs.run_pre_annotation)
    assert Call.objects.count() == 7
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    after = backend(canonical_first)
    assert go(job).state == Job.State.DONE
    assert len(after.asked) == 5
    assert not set(after.asked) & set(monkey.asked[:7])
    run = run_of(job)
    assert (run.n_calls, run.n_cached, run.n_ok) == (12, 7, 6)
    assert run.cost_usd == 12 * PRICE_OF_CALL


def test_paused_run_keeps_what_it_has(
    machine: MachineAnnotator,
    backend: Callable[[Decide], Scripted],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models_service.services.judging.FLUSH", 1)
    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL_S", 0)
    job = ask_for(machine)

    def pauses(ask: Ask) -> Reply:
        if Call.objects.count() == 4:
            jobs.pause_job(job=job)
        return canonical_first(ask)

    backend(pauses)
    assert go(job).state == Job.State.PAUSED
    assert Call.objects.count() == 5
    jobs.resume_job(job=job)
    rest = backend(canonical_first)
    assert go(job).state == Job.State.DONE
    assert len(rest.asked) == 7


def test_fatal_failure_pauses_with_what_to_mend(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    def refuses(ask: Ask) -> Failure:
        return Failure(
            ask.key, "failed", "http_401", "The key is wrong.", is_fatal=True
        )

    backend(refuses)
    job = go(ask_for(machine))
    assert (job.state, job.message) == (Job.State.PAUSED, "The key is wrong.")
    assert not PreAnnotation.objects.exists()


def test_cap_of_a_run_is_never_passed(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    """What the next item can cost at most must fit, so no cent is overspent."""
    other = backend(canonical_first)
    go(ask_for(make_judge(machine.project, name="other", **PRICES), n=1))
    most = BILLED_TRIES * sum(most_cost(machine, ask) for ask in other.calls)
    backend(canonical_first)
    job = go(ask_for(machine, cap_usd=most + 4 * PRICE_OF_CALL))
    run = run_of(job)
    assert (job.state, run.n_ok) == (Job.State.PAUSED, 3)
    assert "may cost" in job.message
    assert run.cost_usd == 6 * PRICE_OF_CALL


def test_each_step_of_a_protocol_is_held_for_what_it_can_cost(
    project: Project, backend: Callable[[Decide], Scripted]
) -> None:
    """The later steps hold the answers and all that was said before."""
    machine = make_judge(project, "self_reference", **PRICES)
    Budget.objects.create(project=project, cap_usd=Decimal("0.5"))

    def decide(ask: Ask) -> Reply:
        n_bytes = sum(len(one.content.encode()) for one in ask.messages)
        text = (
            canonical_first(ask).text
            if "answers" in document_of(ask)
            else "An own one."
        )
        if "critiques" in json.dumps(ask.schema or {}):
            text = json.dumps({"critiques": {"A": "Short.", "B": "Short."}})
        return Reply(ask.key, text, "stop", n_bytes, ask.max_tokens, 5)

    backend(decide)
    job = go(ask_for(machine, cap_usd=Decimal("0.4")))
    budget = Budget.objects.get(project=project)
    assert job.state == Job.State.PAUSED
    assert run_of(job).cost_usd == budget.spent_usd <= Decimal("0.4")
    assert not Reservation.objects.filter(project=project, owed_usd__gt=0).exists()
    assert budget.reserved_usd == 0


def test_reply_of_untold_tokens_is_booked_at_its_bound(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    asked = backend(
        lambda ask: Reply(ask.key, canonical_first(ask).text, "stop", 0, 0, 5)
    )
    job = go(ask_for(machine))
    most = sum(most_cost(machine, ask) for ask in asked.calls)
    assert run_of(job).cost_usd == most


def test_books_hold_what_each_attempt_paid(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    """What failed is asked again after a kill, in a batch that begins alike."""
    n_answered = 0

    def dies(ask: Ask) -> Reply | Failure:
        nonlocal n_answered
        n_answered += 1
        if n_answered == 4:
            raise Killed
        if n_answered == 1:
            return Failure(ask.key, "failed", "timeout", "Too long.", tokens_in=100)
        return canonical_first(ask)

    backend(dies)
    job = ask_for(machine)
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr("models_service.services.judging.FLUSH", 1)
        jobs.run_claimed(claimed, runs.run_pre_annotation)
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    backend(canonical_first)
    assert go(job).state == Job.State.DONE
    run = run_of(job)
    assert run.cost_usd == Decimal("0.001") + 12 * PRICE_OF_CALL
    assert Budget.objects.get(project=machine.project).spent_usd == run.cost_usd


def test_held_money_that_is_given_back_stops_the_run(
    machine: MachineAnnotator,
    backend: Callable[[Decide], Scripted],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models_service.services.judging.FLUSH", 1)

    def sleeps(ask: Ask) -> Reply:
        Reservation.objects.filter(lease_until__isnull=False).update(
            lease_until="2020-01-01T00:00:00Z"
        )
        ledger.expire_reservations()
        return canonical_first(ask)

    backend(sleeps)
    job = go(ask_for(machine))
    assert job.state == Job.State.PAUSED
    assert "was given back" in job.message
    assert Call.objects.count() == 1


def test_half_a_character_in_a_reply_loses_no_verdict(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    def broken(ask: Ask) -> Reply:
        text = canonical_first(ask).text
        return says(ask, text.replace("So it is.", "So \\ud83d it \\u0000 is."))

    backend(broken)
    job = go(ask_for(machine))
    assert job.state == Job.State.DONE, job.message
    assert run_of(job).n_ok == 6


def test_marks_are_asked_once_however_many_votes_are_wanted(
    project: Project, backend: Callable[[Decide], Scripted]
) -> None:
    machine = make_judge(project, "tagging", kind="tagger", parameters={"n_samples": 5})
    asked = backend(lambda ask: says(ask, "?"))
    go(ask_for(machine))
    assert len(asked.asked) == 6


def test_item_that_failed_and_succeeds_is_counted_once(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    n_asked = 0

    def fails(ask: Ask) -> Reply | Failure:
        nonlocal n_asked
        n_asked += 1
        if n_asked > 10:
            raise Killed
        if "to 1." in " ".join(texts_of(ask)):
            return Failure(ask.key, "failed", "timeout", "It took too long.")
        return canonical_first(ask)

    backend(fails)
    job = ask_for(machine)
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(runs, "BATCH", 2)
        jobs.run_claimed(claimed, runs.run_pre_annotation)
    assert run_of(job).n_failed == 1
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    backend(canonical_first)
    go(job)
    run = run_of(job)
    assert (run.n_ok, run.n_failed, job.n_done) == (6, 0, 6)


def test_budget_of_the_project_is_never_overspent(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    backend(canonical_first)
    Budget.objects.create(project=machine.project, cap_usd=Decimal("0.5"))
    job = go(ask_for(machine))
    budget = Budget.objects.get(project=machine.project)
    assert budget.spent_usd == run_of(job).cost_usd > 0
    assert budget.reserved_usd == 0


def test_only_one_run_at_a_time(machine: MachineAnnotator) -> None:
    ask_for(machine)
    with pytest.raises(ConflictError, match="has not ended"):
        ask_for(machine)


def test_letter_may_stand_for_either_answer(
    machine: MachineAnnotator, backend: Callable[[Decide], Scripted]
) -> None:
    """The judge names a place; what is stored names the completion."""
    backend(lambda ask: verdict(ask, "B" if "Answer 0" in texts_of(ask)[0] else "A"))
    go(ask_for(machine))
    values = {one.answers["preference"]["value"] for one in PreAnnotation.objects.all()}
    assert values == {-1}
