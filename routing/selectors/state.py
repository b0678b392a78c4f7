"""Where a project stands with routing, and what to do next.

`none`: no policy is in force. `collecting`: the seed is drawn and people label it.
`fitting`: a job learns and routes. `routed`: decisions hold, and people work on what is
theirs. `exhausted`: nothing more is to be asked, or the budget is spent.
"""

from dataclasses import dataclass

from django.db import connection

from annotation.models import Job, Project
from annotation.words import gettext as _
from routing.models import RoutingPolicy, RoutingRun
from routing.selectors.embedded import embedding_job
from routing.selectors.spending import Spending, spending_of

NONE, COLLECTING, FITTING = "none", "collecting", "fitting"
ROUTED, EXHAUSTED = "routed", "exhausted"
STATES = (NONE, COLLECTING, FITTING, ROUTED, EXHAUSTED)

# What was drawn, with how far it is; what is out of the work or left to the AI by hand
# is waited for no longer.
_SEED = """
    SELECT count(*) FILTER (WHERE d.part = 'seed'),
        count(*) FILTER (WHERE d.part = 'audit'),
        count(*) FILTER (WHERE d.part = 'seed' AND d.is_labelled),
        count(*) FILTER (WHERE d.part = 'audit' AND d.is_labelled)
    FROM (
        SELECT d.part, f.n_counted >= COALESCE(f.overlap, p.overlap) AS is_labelled
        FROM routing_decision d
        JOIN frontier f ON f.item_id = d.item_id
        JOIN project p ON p.id = f.project_id
        LEFT JOIN route r ON r.item_id = d.item_id
        WHERE d.run_id = %(run)s AND d.part IN ('seed', 'audit')
          AND (f.n_counted >= COALESCE(f.overlap, p.overlap)
            OR NOT f.is_excluded AND r.part IS DISTINCT FROM 'by_hand')) d
"""
_ROUTES = """
    SELECT count(*) FILTER (WHERE r.source = 'ai'),
        count(*) FILTER (WHERE r.source = 'waiting'),
        count(*) FILTER (WHERE r.source = 'human' AND NOT f.is_excluded
          AND f.n_counted < COALESCE(f.overlap, p.overlap)),
        COALESCE(sum(f.n_counted) FILTER (WHERE r.source = 'human'
          AND NOT f.is_excluded AND f.n_counted < COALESCE(f.overlap, p.overlap)), 0)
    FROM route r JOIN frontier f ON f.item_id = r.item_id
    JOIN project p ON p.id = r.project_id
    WHERE r.project_id = %(project)s AND r.policy = %(policy)s
"""


@dataclass(frozen=True)
class SeedProgress:
    """Items drawn for the seed and the audit, and how many have all their answers."""

    n_seed: int = 0
    n_audit: int = 0
    n_seed_labelled: int = 0
    n_audit_labelled: int = 0

    @property
    def n_drawn(self) -> int:
        """Return how many items are drawn."""
        return self.n_seed + self.n_audit

    @property
    def n_labelled(self) -> int:
        """Return how many of them are labelled."""
        return self.n_seed_labelled + self.n_audit_labelled

    @property
    def is_full(self) -> bool:
        """Tell whether all are labelled; never before one is drawn."""
        return 0 < self.n_drawn <= self.n_labelled


@dataclass(frozen=True)
class RoutingState:
    """Everything that a page says of where routing stands.

    `words` say the state, `next_words` what to do; both are translated. `seed_run` and
    `fit_run`: the newest that hold. `job`: the one that is not ended, else the newest.
    `embedding`: the newest job that embeds the pool, while it is not superseded.
    `n_ai`, `n_waiting`, `n_asked`: items left to the AI, waiting, and with people now;
    `n_answered`: the answers that the last of these have already.
    """

    state: str
    words: str
    next_words: str
    policy: RoutingPolicy | None = None
    seed: SeedProgress = SeedProgress()
    spending: Spending | None = None
    seed_run: RoutingRun | None = None
    fit_run: RoutingRun | None = None
    job: Job | None = None
    embedding: Job | None = None
    n_ai: int = 0
    n_waiting: int = 0
    n_asked: int = 0
    n_answered: int = 0

    @property
    def n_to_come(self) -> int:
        """Return how many items people will still label: theirs, and what is paid for.

        Nothing beyond what there is to decide on.
        """
        if self.spending is None or self.state == EXHAUSTED:
            return self.n_asked
        n_left = self.spending.n_left
        return self.n_asked + min(n_left, self.n_ai + self.n_waiting)


def policy_of(project: Project) -> RoutingPolicy | None:
    """Return the policy in force, with its machine; one query."""
    return (
        RoutingPolicy.objects.select_related("project", "machine", "tagger")
        .filter(project=project, ended_at=None)
        .first()
    )


def state_of(project: Project) -> RoutingState:
    """Return where a project stands; one query without a policy, else 7 or 8."""
    policy = policy_of(project)
    if policy is None:
        return RoutingState(NONE, *_said(NONE))
    seed_run = newest_run(policy, RoutingRun.Kind.SEED)
    fit_run = newest_run(policy, RoutingRun.Kind.FIT)
    job = newest_job(policy)
    embedding = _matters(embedding_job(policy), fit_run)
    seed = seed_progress(policy)
    held = fit_run or seed_run
    n_pool = int(held.figures["n_pool"]) if held else 0
    spending = spending_of(policy, n_pool)
    n_ai, n_waiting, n_asked, n_answered = _row(
        _ROUTES, {"project": project.pk, "policy": policy.number}
    )
    name = _state(job, seed, fit_run, spending, n_asked)
    title, todo = _said(name)
    trouble = _after(job)
    if trouble and name == FITTING:
        title = _("The seed is labelled, and nothing is learned from it yet.")
    return RoutingState(
        name,
        title,
        trouble or _of_embedding(name, embedding) or todo,
        policy,
        seed,
        spending,
        seed_run,
        fit_run,
        job,
        embedding,
        n_ai,
        n_waiting,
        n_asked,
        n_answered,
    )


def _state(
    job: Job | None,
    seed: SeedProgress,
    fit_run: RoutingRun | None,
    spending: Spending,
    n_asked: int,
) -> str:
    if is_unended(job) and job is not None and job.parameters["action"] == "fit":
        return FITTING
    if fit_run is None:
        return FITTING if seed.is_full else COLLECTING
    return ROUTED if n_asked else EXHAUSTED


def is_unended(job: Job | None) -> bool:
    """Tell whether a job waits, runs or rests."""
    states = (Job.State.WAITING, Job.State.RUNNING, Job.State.PAUSED)
    return job is not None and job.state in states


def newest_run(policy: RoutingPolicy, kind: str) -> RoutingRun | None:
    """Return the newest run of a kind whose decisions hold; one query."""
    found = RoutingRun.objects.filter(policy=policy, kind=kind)
    return found.exclude(applied_at=None).order_by("-job_id").first()


def newest_fit(project: Project) -> RoutingRun | None:
    """Return the newest fit that held, also of a policy that has ended; one query."""
    found = RoutingRun.objects.select_related("policy").filter(
        policy__project=project, kind=RoutingRun.Kind.FIT
    )
    return found.exclude(applied_at=None).order_by("-job_id").first()


def newest_job(policy: RoutingPolicy) -> Job | None:
    """Return the newest job of a policy; one query."""
    found = Job.objects.filter(
        project=policy.project_id,
        kind=Job.Kind.ROUTE,
        parameters__policy=policy.number,
    )
    return found.order_by("-id").first()


def seed_progress(policy: RoutingPolicy) -> SeedProgress:
    """Return how far the seed is that was drawn last; two queries."""
    run = (
        RoutingRun.objects.filter(policy=policy, kind=RoutingRun.Kind.SEED)
        .exclude(planned_at=None)
        .order_by("-job_id")
        .first()
    )
    if run is None:
        return SeedProgress()
    return SeedProgress(*_row(_SEED, {"run": run.pk}))


def _row(statement: str, parameters: dict[str, int]) -> list[int]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return [int(value) for value in db.fetchone()]


def _said(state: str) -> tuple[str, str]:
    """Return what a state means, and what to do in it."""
    return {
        NONE: (
            _("No routing policy is in force: people label all but what the AI has."),
            _(
                "Set a policy: whose label is taken, how many items people label first,"
                " and the budget."
            ),
        ),
        COLLECTING: (
            _("People label the seed; all other items wait."),
            _("Let people answer until the seed is full. The rest follows by itself."),
        ),
        FITTING: (
            _("It is learned from the seed which items people should label."),
            _("Wait for the job. It takes seconds to minutes."),
        ),
        ROUTED: (
            _(
                "Every item has its route: people label some, and the others take the"
                " AI's label."
            ),
            _("Let people answer what is theirs. It is learned anew as labels arrive."),
        ),
        EXHAUSTED: (
            _(
                "People have labelled all that was theirs: the budget is spent, or no"
                " other item is expected to gain."
            ),
            _("Export the labels, or set a policy with a larger budget."),
        ),
    }[state]


def _matters(embedding: Job | None, fit_run: RoutingRun | None) -> Job | None:
    """Return a job that embeds, or did not end well and no later fit made up for it."""
    if embedding is None or embedding.state == Job.State.DONE:
        return None
    is_past = fit_run is not None and fit_run.job_id > embedding.pk
    return None if is_past and not is_unended(embedding) else embedding


def _of_embedding(state: str, embedding: Job | None) -> str:
    """Return what to do while texts are embedded, or where that did not end well."""
    if embedding is None:
        return ""
    if embedding.state == Job.State.FAILED:
        return _("The texts could not be embedded: {why}").format(why=embedding.message)
    if embedding.state == Job.State.CANCELLED:
        return _("The embedding of texts was cancelled. Start it again to go on.")
    if embedding.state == Job.State.PAUSED:
        return _("The embedding of texts rests. Let it go on, or nothing is learned.")
    if state == COLLECTING:
        return _(
            "Let people answer until the seed is full. Meanwhile the worker for models"
            " embeds the texts. The rest follows by itself."
        )
    return _("The worker for models embeds texts first. The rest follows by itself.")


def _after(job: Job | None) -> str:
    """Return what to do after a job that did not end well; empty where it did."""
    if job is None or job.state not in (Job.State.CANCELLED, Job.State.FAILED):
        return ""
    if job.state == Job.State.CANCELLED:
        return _("The last routing job was cancelled. Start it again to go on.")
    return _("The last routing job failed: {why}").format(why=job.message)
