"""The seed is drawn at random, comes first and blind; everything else waits."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from annotation.models import (
    Assignment,
    Exposure,
    FrontierEntry,
    Item,
    Job,
    MachineAnnotator,
    Participant,
    Project,
    Route,
)
from annotation.services import assignments, jobs, routes
from annotation.services.item_changes import run_item_change
from annotation.services.item_store import ItemStore
from annotation.services.suggestions import laid_out
from annotation.services.suggestions import set_policy as suggest
from routing.lots import chance_of_next, lots_of, lowest
from routing.models import Decision, RoutingRun
from routing.selectors.state import COLLECTING, FITTING, state_of
from routing.services import applying
from routing.services.requests import request_run
from tests.models.people import answer_items
from tests.pools import draft
from tests.routing.conftest import (
    answer,
    draft_of,
    judge,
    lend,
    make_machine,
    routes_of,
    run_newest,
    says_always,
    start,
    work,
)

pytestmark = pytest.mark.django_db(transaction=True)
MakePool = Callable[..., Project]


def parts_of(project: Project) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, route in sorted(routes_of(project).items()):
        found.setdefault(route.part, []).append(number)
    return found


def test_the_seed_is_drawn_at_random_and_everything_else_waits(
    pool: Project, machine: MachineAnnotator
) -> None:
    policy = start(pool, machine)
    parts = parts_of(pool)
    assert {part: len(items) for part, items in parts.items()} == {
        "seed": 30,
        "audit": 10,
        "rest": 60,
    }
    route = routes_of(pool)[parts["seed"][0]]
    assert (route.source, route.propensity, route.policy) == ("human", 0.4, 1)
    assert route.cost_usd == policy.label_usd
    assert {routes_of(pool)[n].source for n in parts["rest"]} == {"waiting"}
    targets = FrontierEntry.objects.filter(project=pool, target__gt=0)
    assert targets.count() == 40
    assert set(targets.values_list("rank", flat=True)) == {-1_000}


def test_the_same_seed_draws_the_same_items_and_another_one_others(
    make_pool: MakePool,
) -> None:
    drawn = []
    for seed in (5, 5, 6):
        project = make_pool(100)
        start(project, make_machine(project, "ai", says_always), seed=seed)
        drawn.append(parts_of(project))
    assert drawn[0] == drawn[1]
    assert drawn[0]["seed"] != drawn[2]["seed"]


def test_people_are_lent_the_seed_and_nothing_else(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    start(pool, machine)
    assert state_of(pool).state == COLLECTING
    answered = work(person, says_always)
    parts = parts_of(pool)
    assert sorted(answered) == sorted(parts["seed"] + parts["audit"])
    assert lend(person) is None
    told = state_of(pool)
    assert told.state == FITTING
    assert (told.seed.n_labelled, told.seed.is_full) == (40, True)
    assert told.spending is not None
    assert told.spending.n_labelled == 40
    assert told.spending.left == Decimal(10)


def test_what_is_drawn_at_random_is_blind_though_suggestions_are_shown(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    start(pool, machine)
    first, second = parts_of(pool)["rest"][:2]
    chosen = Item.objects.get(project=pool, number=first)
    reserve = Item.objects.get(project=pool, number=second)
    drafts = [
        routes.RouteDraft(chosen.pk, "human", "chosen", priority=2_000),
        routes.RouteDraft(reserve.pk, "human", "reserve", priority=2_000),
    ]
    routes.apply_routes(project=pool, policy=1, drafts=drafts)
    suggest(project=pool, by=pool.created_by, machine=machine, arms={"shown": 1})
    seen = {}
    for _ in range(5):
        lent = lend(person)
        assert lent is not None
        pool.refresh_from_db()
        seen[lent.item_id] = laid_out(lent, pool).suggestion
        answer(lent, 1)
    assert {chosen.pk, reserve.pk} <= set(seen)
    assert [item for item, told in seen.items() if told] == [chosen.pk]
    assert Exposure.objects.count() == 1


def seen_and_given_back(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> Item:
    """Return an item whose suggestion a person saw before they gave it back."""
    suggest(project=pool, by=pool.created_by, machine=machine, arms={"shown": 1})
    lent = lend(person)
    assert lent is not None
    pool.refresh_from_db()
    assert laid_out(lent, pool).suggestion
    assignments.release(assignment=lent)
    return lent.item


@pytest.mark.parametrize("part", ["seed", "audit", "reserve", "chosen"])
def test_what_is_drawn_at_random_reaches_nothing_whose_suggestion_was_seen(
    pool: Project, machine: MachineAnnotator, person: Participant, part: str
) -> None:
    item = seen_and_given_back(pool, machine, person)
    drafts = [routes.RouteDraft(item.pk, "human", part)]
    reached = routes.apply_routes(project=pool, policy=1, drafts=drafts)
    assert reached == ([item.pk] if part == "chosen" else [])


def test_the_seed_is_drawn_of_what_nobody_saw_a_suggestion_of(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    item = seen_and_given_back(pool, machine, person)
    start(pool, machine, n_seed=99, budget=Decimal(1))
    parts = parts_of(pool)
    assert parts["rest"] == [item.number]
    assert len(parts["seed"]) + len(parts["audit"]) == 99


def test_answers_from_before_count_where_they_came_by_lot(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    before = work(person, says_always, most=12)
    start(pool, machine)
    run = RoutingRun.objects.get()
    assert (run.figures["n_before"], run.figures["n_seed"]) == (12, 40)
    assert Route.objects.filter(part__in=("seed", "audit")).count() == 28
    drawn = Decision.objects.filter(run=run, part__in=("seed", "audit"))
    assert set(before) <= set(drawn.values_list("item__number", flat=True))
    assert state_of(pool).seed.n_labelled == 12


def test_answers_from_before_do_not_count_where_priorities_differed(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    FrontierEntry.objects.filter(item__number__lte=50, project=pool).update(rank=-1)
    work(person, says_always, most=12)
    start(pool, machine)
    run = RoutingRun.objects.get()
    assert (run.figures["n_before"], run.figures["is_even"]) == (0, False)
    assert Route.objects.filter(part__in=("seed", "audit")).count() == 40


def test_answers_from_before_do_not_count_where_items_came_since(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    """None of the later items could be among what people had answered."""
    work(person, says_always, most=60)
    ItemStore(pool).add([draft(number) for number in range(101, 301)])
    judge(machine, says_always, Item.objects.filter(project=pool, number__gt=100))
    start(pool, machine)
    run = RoutingRun.objects.get()
    assert (run.figures["n_before"], run.figures["is_even"]) == (0, False)
    assert run.figures["n_drawn_from"] == 240
    drawn = Decision.objects.filter(run=run, part__in=("seed", "audit"))
    assert drawn.filter(item__number__gt=100).count() > 20


def test_where_all_are_labelled_it_does_not_matter_when_they_came(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    answer_items(person, says_always)
    ItemStore(pool).add([draft(number) for number in range(101, 121)])
    new = Item.objects.filter(project=pool, number__gt=100)
    judge(machine, says_always, new)
    answer_items(person, lambda number: 1 if number > 100 else None)
    start(pool, machine)
    told = RoutingRun.objects.get().figures
    assert (told["n_before"], told["is_even"], told["n_labelled"]) == (40, True, 120)


def test_a_seed_of_nothing_is_told_and_not_waited_for(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    FrontierEntry.objects.filter(item__number__lte=50, project=pool).update(rank=-1)
    answer_items(person, says_always)
    start(pool, machine)
    job = Job.objects.filter(kind="route").latest("id")
    assert job.state == "failed"
    assert "No item can be drawn for the seed" in job.message
    assert "No item can be drawn" in state_of(pool).next_words
    assert not Route.objects.exists()


def test_items_without_a_label_or_decided_by_hand_stay_as_they_are(
    make_pool: MakePool,
) -> None:
    project = make_pool(100)
    machine = make_machine(project, "ai", None)
    judge(machine, says_always, Item.objects.filter(project=project, number__gt=10))
    by_hand = Item.objects.get(project=project, number=20)
    job = jobs.create_job(
        project=project,
        user=project.created_by,
        kind=Job.Kind.CHANGE,
        parameters={
            "action": "to_ai",
            "value": None,
            "reason": "Sure.",
            "filter": {},
            "ticked": [str(by_hand.public_id)],
        },
    )
    claimed = jobs.claim_job(job.pk)
    assert claimed is not None
    jobs.run_claimed(claimed, run_item_change)
    start(project, machine)
    found = routes_of(project)
    assert not any(number in found for number in range(1, 11))
    assert (found[20].part, found[20].source) == ("by_hand", "ai")
    assert len(found) == 90


def test_killed_between_two_chunks_and_resumed_is_as_if_never_killed(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = make_pool(100), make_pool(100)
    start(whole, make_machine(whole, "ai", says_always))
    monkeypatch.setattr(applying, "CHUNK", 25)
    calls = []

    def dies(**given: object) -> list[int]:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return routes.apply_routes(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "apply_routes", dies)
    with pytest.raises(KeyboardInterrupt):
        start(broken, make_machine(broken, "ai", says_always))
    assert 0 < len(routes_of(broken)) < 100
    Job.objects.filter(project=broken).update(lease_until="2020-01-01T00:00Z")
    assert run_newest(broken).state == "done"
    assert parts_of(broken) == parts_of(whole)


def test_cancelled_leaves_what_holds_and_is_started_again(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = make_pool(100), make_pool(100)
    start(whole, make_machine(whole, "ai", says_always))
    monkeypatch.setattr(applying, "CHUNK", 25)

    def cancels(**given: object) -> list[int]:
        job = Job.objects.filter(project=broken, kind="route")
        job.update(is_cancel_wanted=True)
        return routes.apply_routes(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr(applying, "apply_routes", cancels)
    policy = start(broken, make_machine(broken, "ai", says_always))
    assert Job.objects.get(project=broken, kind="route").state == "cancelled"
    assert len(routes_of(broken)) == 25
    assert "Start it again" in state_of(broken).next_words
    monkeypatch.setattr(applying, "apply_routes", routes.apply_routes)
    request_run(policy=policy, user=None, action="seed")
    assert run_newest(broken).state == "done"
    assert parts_of(broken) == parts_of(whole)


def test_what_a_person_takes_meanwhile_is_not_taken_away(
    pool: Project, machine: MachineAnnotator, person: Participant
) -> None:
    lent = lend(person)
    assert lent is not None
    start(pool, machine)
    assert not Route.objects.filter(item=lent.item_id).exists()
    assert Assignment.objects.get(pk=lent.pk).state == "open"


def test_lots_are_uniform_and_depend_on_seed_and_number_alone() -> None:
    numbers = np.arange(1, 20_001)
    lots = lots_of(numbers, 7, "seed")
    assert lots.min() >= 0
    assert lots.max() < 1
    counts = np.histogram(lots, bins=20, range=(0, 1))[0]
    # Chi-square with 19 degrees of freedom: 43.8 is its 99.9 % quantile.
    assert np.square(counts - 1_000).sum() / 1_000 < 43.8
    assert np.array_equal(lots_of(numbers[50:60], 7, "seed"), lots[50:60])
    other = lots_of(numbers, 8, "seed")
    assert abs(np.corrcoef(lots, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(lots, lots_of(numbers, 7, "audit"))[0, 1]) < 0.03
    assert lowest(lots, 500).sum() == 500
    assert lots[lowest(lots, 500)].max() <= lots[~lowest(lots, 500)].min()


@pytest.mark.parametrize(("n", "n_new"), [(10, 200), (80, 200), (30, 0)])
def test_the_chance_of_a_second_draw_is_that_of_the_lots(n: int, n_new: int) -> None:
    """Of 100 items the 20 lowest lots were drawn before; others came since."""
    rng = np.random.default_rng(5)
    lots = rng.random((4_000, 100 + n_new))
    first = np.argsort(np.argsort(lots[:, :100], axis=1), axis=1) < 20
    lots[:, :100][first] = 2.0
    drawn = np.argsort(np.argsort(lots, axis=1), axis=1) < n
    # By now: those of before among the first hundred, too.
    told = (drawn[:, :100] | first).mean() if not n_new else drawn[:, 100:].mean()
    assert chance_of_next(n, 80, n_new, 0.2) == pytest.approx(told, abs=0.005)
    assert chance_of_next(40, 0, 160, 1.0) == 0.25


def test_who_takes_the_place_of_a_seed_item_has_the_chance_of_the_seed(
    pool: Project, machine: MachineAnnotator
) -> None:
    policy = start(pool, machine)
    two = parts_of(pool)["seed"][:2]
    gone = FrontierEntry.objects.filter(project=pool, item__number__in=two)
    gone.update(is_excluded=True, target=0)
    request_run(policy=policy, user=None, action="seed")
    run_newest(pool)
    drawn = Decision.objects.filter(run=RoutingRun.objects.latest("job_id"))
    seed = drawn.filter(part__in=("seed", "audit"))
    assert seed.count() == 40
    chances = {round(p or 0.0, 6) for p in seed.values_list("propensity", flat=True)}
    # Not 2 of 60, by which each would weigh as much as a dozen of the others.
    assert chances == {0.4, 0.42}


def test_a_policy_of_money_promises_no_more_than_it_has(
    pool: Project, machine: MachineAnnotator
) -> None:
    policy = start(pool, machine, budget=Decimal("8.1"), budget_unit="money")
    spending = state_of(pool).spending
    assert spending is not None
    assert (spending.promised_usd, spending.left) == (Decimal(8), Decimal("0.1"))
    assert spending.n_left == 0
    assert draft_of(machine).n_seed * policy.label_usd == spending.promised_usd
