"""The last cent of a policy: fifty annotators at work while two workers route anew.

Everything goes through the services, on real connections. A reader looks at the books
all the time, each time in one snapshot: what is spent and promised never passes the
policy's budget, nor what the ledger spends and reserves the project's caps.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from annotation.errors import ConflictError
from annotation.models import (
    Assignment,
    Budget,
    Item,
    Job,
    Participant,
    Project,
)
from annotation.services import assignments, submissions
from annotation.services.budgets import Terms, set_budget
from annotation.services.jobs import claim_job, run_claimed
from routing.models import RoutingPolicy
from routing.selectors.spending import Spending, spending_of
from routing.services import applying
from routing.services.due import refresh_due
from routing.services.requests import request_run
from routing.services.runs import run_routing
from tests.counts import n_runs
from tests.ledger.books import books_hold
from tests.models.people import answer_items
from tests.routing.conftest import (
    MakeAnnotator,
    MakePool,
    answer,
    lend,
    routes_of,
    start,
    work,
)
from tests.routing.live_worlds import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = Decimal("0.01")
LONG_AGO = "2020-01-01T00:00Z"
N_PEOPLE, N_WORKERS = 50, 2


def n_items() -> int:
    return n_runs(140, 600)


class Books:
    """Reads the books again and again, each time in one snapshot of the database."""

    def __init__(self, policy: RoutingPolicy, n_pool: int) -> None:
        self.policy, self.n_pool = policy, n_pool
        self.ended = threading.Event()
        self.n_looks = 0

    def look(self) -> Spending:
        with transaction.atomic():
            with connection.cursor() as db:
                db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            money = spending_of(self.policy, self.n_pool)
            kept = Budget.objects.get(project=self.policy.project)
        assert money.spent_usd + money.promised_usd <= money.budget, money
        assert money.spent_usd >= money.booked_usd
        taken = kept.spent_usd + kept.reserved_usd
        assert kept.cap_usd is None or taken <= kept.cap_usd
        today = kept.day_spent_usd + kept.reserved_usd
        assert kept.day_cap_usd is None or today <= kept.day_cap_usd
        self.n_looks += 1
        return money

    def watch(self) -> None:
        while not self.ended.wait(0):
            self.look()


def in_threads(work: Callable[[int], object], n: int, books: Books) -> Counter[object]:
    """Do the work n times at once while the books are watched; count what came."""

    def closed(call: Callable[[], object]) -> object:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(n + 1) as pool:
        watching = pool.submit(closed, books.watch)
        with ExitStack() as stack:
            stack.callback(books.ended.set)
            done = [pool.submit(closed, partial(work, at)) for at in range(n)]
            found = Counter(one.result() for one in done)
        watching.result()
    return found


def people_work(person: Participant, world: World) -> str:
    """Answer, skip, give back, take back and answer too late by turns, to the end."""
    for turn in range(200):
        lent = lend(person)
        if lent is None:
            return "through"
        kind = (turn + person.pk) % 7
        # Another has the place by now, or no money is left to promise it again.
        with suppress(ConflictError):
            one_turn(lent, kind, world)
    return "turns"


def one_turn(lent: Assignment, kind: int, world: World) -> None:
    if kind == 1:
        assignments.release(assignment=lent)
        return
    if kind == 2:
        Assignment.objects.filter(pk=lent.pk).update(lease_until=LONG_AGO)
        assignments.expire_leases(project=world.project)
    side = world.says(Item.objects.get(pk=lent.item_id).number)
    answer(lent, side)
    if kind == 3:
        fresh = Assignment.objects.get(pk=lent.pk)
        submissions.take_back(assignment=fresh)


def workers_route(policy: RoutingPolicy, n_fits: int, at: int) -> str:
    """Route anew again and again; where the other is at work, take its job over."""
    for turn in range(n_fits):
        try:
            job = request_run(policy=policy, user=None, action="fit")
        except ConflictError:
            job = Job.objects.filter(project=policy.project, kind="route").latest("id")
            if (turn + at) % 2:
                # As a worker that was silent for longer than its lease.
                running = Job.objects.filter(pk=job.pk, state="running")
                running.update(lease_until=LONG_AGO)
        claimed = claim_job(job.pk)
        if claimed is not None:
            run_claimed(claimed, run_routing)
    return "routed"


def make(
    make_pool: MakePool,
    make_annotator: MakeAnnotator,
    caps: tuple[str | None, str | None],
    budget: str,
) -> tuple[World, RoutingPolicy, list[Participant]]:
    """Return a project whose seed is labelled and whose money ends amid the work."""
    project = make_pool(n_items(), overlap=2)
    world = make_world(project, make_annotator(project))
    Item.objects.filter(project=project, number__in=range(0, 999, 3)).update(
        category="medicine"
    )
    cap, day = (None if one is None else Decimal(one) for one in caps)
    terms = Terms(cap_usd=cap, day_cap_usd=day, price_usd=ANSWER)
    set_budget(project=project, user=project.created_by, terms=terms)
    policy = start(
        project,
        world.machine,
        budget=Decimal(budget),
        budget_unit="money",
        label_usd=Decimal("0.03"),
        surcharges={"category=medicine": 2.0},
        length_share=0.5,
        refit_every=5,
    )
    drawn = {n for n, r in routes_of(project).items() if r.source == "human"}
    for person in (world.person, make_annotator(project)):
        answer_items(person, lambda n: world.truth[n] if n in drawn else None)
    refresh_due()
    run_it(project)
    policy = RoutingPolicy.objects.select_related("project").get(pk=policy.pk)
    return world, policy, [make_annotator(project) for _ in range(N_PEOPLE)]


def run_it(project: Project) -> None:
    job = Job.objects.filter(project=project, kind="route").latest("id")
    claimed = claim_job(job.pk)
    assert claimed is not None
    run_claimed(claimed, run_routing)


def finish(world: World, policy: RoutingPolicy, people: Sequence[Participant]) -> None:
    """Let people answer and workers route by turns, until nothing is left to do."""
    for _ in range(20):
        n_answers = sum(len(work(person, world.says)) for person in people[:4])
        with suppress(ConflictError):
            request_run(policy=policy, user=None, action="fit")
        run_it(world.project)
        if not n_answers:
            return


@pytest.mark.parametrize(
    ("caps", "budget"),
    [
        # The policy's budget ends first; the day's cap; the project's.
        (("9", "9"), "4.0"),
        (("9", "0.40"), "4.0"),
        (("0.30", None), "4.0"),
    ][: n_runs(1, 3)],
)
def test_fifty_annotators_and_two_workers_never_pass_a_budget(
    make_pool: MakePool,
    make_annotator: MakeAnnotator,
    monkeypatch: pytest.MonkeyPatch,
    caps: tuple[str | None, str | None],
    budget: str,
) -> None:
    monkeypatch.setattr(applying, "CHUNK", 20)
    world, policy, people = make(make_pool, make_annotator, caps, budget)
    books = Books(policy, n_items())

    def one(at: int) -> str:
        if at < N_WORKERS:
            return workers_route(policy, n_runs(2, 20), at)
        return people_work(people[at - N_WORKERS], world)

    done = in_threads(one, N_PEOPLE + N_WORKERS, books)
    assert done["through"] + done["turns"] == N_PEOPLE
    assert done["routed"] == N_WORKERS
    assert books.n_looks > 0
    assert not Job.objects.filter(project=world.project, state="failed").exists()
    assert books_hold(world.project)
    money = books.look()
    assert money.booked_usd > 0
    if caps == ("9", "9"):
        finish(world, policy, people)
        # Choice and lot each leave less than the dearest costs, six cents and more.
        assert books.look().left < 2 * Decimal("0.07")
