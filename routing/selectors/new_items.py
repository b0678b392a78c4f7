"""Items that a policy cannot decide on yet: whether a verdict of its AI is on its way.

Without one an item is outside the policy. Where a run of the policy's AI annotator is
under way, or the policy has it judge new items, they wait for it; else people label
them as any other item.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotation.models import Job, MachineAnnotator
from models_service.models import Run
from models_service.selectors.wanted import Selection, count_wanted
from routing.models import RoutingPolicy

FILE = MachineAnnotator.Backend.FILE
UNENDED = (Job.State.WAITING, Job.State.RUNNING, Job.State.PAUSED)
# Those that people have not labelled; what they have needs no verdict to be spared.
NEW = Selection(which="unlabelled")

_OF_POLICY = """
    FROM item i
    JOIN frontier f ON f.item_id = i.id
    LEFT JOIN route r ON r.item_id = i.id
    WHERE i.project_id = %(project)s AND NOT f.is_excluded AND f.n_taken = 0
      AND i.n_completions = 2 AND (i.gold IS NULL OR i.gold = '{}')
      AND r.part IS DISTINCT FROM 'by_hand'
"""
_ASKED = """
    EXISTS (SELECT 1 FROM pre_annotation v WHERE v.item_id = i.id
      AND v.machine_id = %(machine)s AND v."order" = '{}')
"""
_JUDGED = """
    EXISTS (SELECT 1 FROM pre_annotation v WHERE v.item_id = i.id
      AND v.machine_id = %(machine)s AND v.status = 'ok')
"""
# What waits for the next run; an earlier policy's waits for this one's as well.
_WAITS = "r.source = 'waiting' AND r.policy IS DISTINCT FROM %(policy)s"
_COUNTS = f"""
    SELECT count(*) FILTER (WHERE {_WAITS}),
        count(*) FILTER (WHERE NOT f.is_routed_away)
    {_OF_POLICY} AND NOT {_JUDGED}
"""  # our own words
_TO_HOLD = f"""
    SELECT i.id {_OF_POLICY} AND NOT f.is_routed_away AND NOT {_ASKED}
      AND (%(category)s = '' OR i.category = %(category)s)
    ORDER BY i.id
"""  # our own words
_TO_LET_GO = f"""
    SELECT i.id {_OF_POLICY} AND {_WAITS}
      AND CASE WHEN {_JUDGED} THEN %(is_settled)s
          WHEN {_ASKED} THEN NOT %(is_at_work)s ELSE NOT %(is_coming)s END
    ORDER BY i.id
"""  # our own words


@dataclass(frozen=True)
class Verdicts:
    """Whether verdicts of a policy's AI annotator on new items are on their way.

    `run`: its newest run, if any. `is_at_work`: that has not ended and asks about new
    items, of `category` alone where that is set. `is_due`: the policy has it judge new
    items, and there are some. `is_stuck`: it would, but its newest run failed or was
    cancelled, and a person must begin another.
    """

    run: Run | None = None
    is_at_work: bool = False
    category: str = ""
    is_due: bool = False
    is_stuck: bool = False

    @property
    def is_coming(self) -> bool:
        """Tell whether new items wait for it."""
        return self.is_at_work or self.is_due or self.is_stuck

    @property
    def is_paused(self) -> bool:
        """Tell whether the run rests until somebody lets it go on."""
        return self.run is not None and self.run.job.state == Job.State.PAUSED


@dataclass(frozen=True)
class NewItems:
    """Items without a usable verdict: that wait for it, and that people label."""

    n_waiting: int
    n_with_people: int
    verdicts: Verdicts


def verdicts_coming(policy: RoutingPolicy) -> Verdicts:
    """Return whether verdicts on new items are on their way; one to three queries."""
    runs = Run.objects.select_related("job", "machine").filter(machine=policy.machine)
    run = runs.order_by("-job_id").first()
    if run is not None and run.job.state in UNENDED:
        chosen = run.selection
        asks_new = chosen.get("which") != "labelled" and not chosen.get("n")
        return Verdicts(run, asks_new, chosen.get("category", ""))
    if not policy.judge_new_items:
        return Verdicts(run)
    if run is not None and run.job.state != Job.State.DONE:
        return Verdicts(run, is_stuck=True)
    return Verdicts(run, is_due=_has_unasked(policy, run))


def _has_unasked(policy: RoutingPolicy, run: Run | None) -> bool:
    """Tell whether a run would ask about more than the last one could not answer."""
    questions = policy.project.current_questions()
    if questions is None:
        return False
    n_left = 0
    if run is not None:
        n_left = run.n_failed + int(run.job.result.get("n_misfits", 0))
    return count_wanted(policy.machine, questions, NEW, most=n_left + 1) > n_left


def new_items_of(policy: RoutingPolicy) -> NewItems:
    """Count the items without a usable verdict; two to four queries."""
    n_waiting, n_with_people = _rows(_COUNTS, policy)[0]
    return NewItems(n_waiting, n_with_people, verdicts_coming(policy))


def to_hold(policy: RoutingPolicy, category: str) -> list[int]:
    """Return the items with people about which the AI is to be asked; one query."""
    return [row[0] for row in _rows(_TO_HOLD, policy, category=category)]


def to_let_go(
    policy: RoutingPolicy, verdicts: Verdicts, *, is_settled: bool
) -> list[int]:
    """Return the items that wait in vain; one query.

    `is_settled`: no run of routing is due, so that what has a verdict and still waits
    can never be decided on, as where it says nothing of the two completions.
    """
    at_work, coming = verdicts.is_at_work, verdicts.is_coming
    more = {"is_settled": is_settled, "is_at_work": at_work, "is_coming": coming}
    return [row[0] for row in _rows(_TO_LET_GO, policy, **more)]


def _rows(statement: str, policy: RoutingPolicy, **more: bool | str) -> list[Any]:
    parameters: dict[str, bool | int | str] = {
        "project": policy.project_id,
        "machine": policy.machine_id,
        "policy": policy.number,
        **more,
    }
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
