"""Step assign: put checks and repeats between a person's items, unseen by them.

Called by services.assignments inside a claim that holds the participant's lock, and
only where the project has rules. An insertion is an assignment with a purpose of its
own; it never touches the frontier, and its answer never counts towards an overlap.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from annotation.allocation.insertion import (
    SILENT,
    CheckRules,
    Silent,
    next_place,
    read_rules,
    retry_place,
    shown_order,
)
from annotation.models import (
    Assignment,
    CheckItem,
    CheckPlan,
    Participant,
    Project,
    QuestionsVersion,
)
from annotation.services import gates
from annotation.services.claim_sql import LEND_APART

Purpose = Assignment.Purpose
N_WINDOW = 50

# A check this person has not met; one whose lease ran out comes before a new one.
_CHECK = """
    SELECT c.item_id, i.n_completions FROM check_item c JOIN item i ON i.id = c.item_id
    LEFT JOIN LATERAL (
        SELECT bool_or(a.purpose = %(purpose)s AND a.round = %(round)s
                AND a.state IN ('expired', 'released')) AS is_lost,
            bool_or(a.purpose = %(purpose)s AND a.round < %(round)s) AS is_earlier,
            bool_or(a.state NOT IN ('expired', 'released')
                AND NOT (a.purpose = %(purpose)s AND a.round < %(round)s)) AS is_met
        FROM assignment a
        WHERE a.item_id = c.item_id AND a.participant_id = %(participant)s) met ON true
    WHERE c.project_id = %(project)s AND c.use = %(use)s
      AND NOT c.is_retired AND NOT c.is_in_pool AND met.is_met IS NOT TRUE
    ORDER BY met.is_lost IS NOT TRUE, met.is_earlier IS TRUE,
        md5(c.item_id::text || %(seed)s)
    LIMIT 1
"""

# An own answer to two completions or more, old enough, not repeated yet. A repeat comes
# without a suggestion: of an item where one was seen, it would be known for what it is.
_REPEAT = """
    SELECT old.item_id, old."order" FROM (
        SELECT a.id, a.item_id, a."order", a.finished_at FROM assignment a
        WHERE a.participant_id = %(participant)s AND a.state IN ('submitted', 'surplus')
          AND a.purpose = 'main' AND a.finished_at IS NOT NULL
        ORDER BY a.finished_at DESC, a.id DESC OFFSET %(after)s LIMIT %(window)s) old
    WHERE old.finished_at <= now() - %(age)s AND array_length(old."order", 1) >= 2
      AND NOT EXISTS (SELECT 1 FROM exposure e
        WHERE e.assignment_id = old.id AND e.visible_at IS NOT NULL)
      AND NOT EXISTS (
        SELECT 1 FROM assignment m
        WHERE m.item_id = old.item_id AND m.participant_id = %(participant)s
          AND m.purpose = 'mirror' AND m.state NOT IN ('expired', 'released'))
    ORDER BY md5(old.item_id::text || %(seed)s) LIMIT 1
"""


@dataclass(frozen=True)
class Turn:
    """What comes next instead of an item of the pool: an assignment, or nothing yet.

    Neither: the pool is asked as ever.
    """

    assignment: int | None = None
    is_held_back: bool = False


@dataclass(frozen=True)
class Lender:
    """Lends checks and repeats to one person, in one claim.

    `state`: of the assignment made, open or queued.
    """

    participant: Participant
    project: Project
    rules: CheckRules
    state: str

    def lend_check(self, purpose: str, round_: int = 1) -> int | None:
        """Lend a check of that use which the person has not met; None = none is left.

        Items of earlier rounds come again once there are no others.
        """
        seed = self._seed(purpose)
        values = {"purpose": purpose, "use": purpose, "round": round_, "seed": seed}
        row = self._one(_CHECK, values)
        if row is None:
            return None
        item_id, n_completions = row
        order = shown_order(
            n_completions,
            f"{seed}:{item_id}:{round_}",
            is_fixed=purpose == CheckItem.Use.ATTENTION,
        )
        return self._lend(item_id, purpose, order, round_)

    def lend_repeat(self) -> int | None:
        """Lend an earlier pair once more with its sides swapped; None = none yet."""
        values = {
            "after": self.rules.mirror_after_items,
            "age": timedelta(minutes=self.rules.mirror_after_min),
            "window": N_WINDOW,
            "seed": self._seed(Purpose.MIRROR),
        }
        row = self._one(_REPEAT, values)
        if row is None:
            return None
        return self._lend(row[0], Purpose.MIRROR, list(reversed(row[1])), 1)

    def place_after(self, kind: Silent, place: int) -> int | None:
        """Return the next place of a kind of check; None where it is off."""
        every = self.rules.every(kind)
        return next_place(place, every, self._seed(kind)) if every else None

    def _lend(
        self, item_id: int, purpose: str, order: list[int], round_: int
    ) -> int | None:
        row = self._one(
            LEND_APART,
            {
                "item": item_id,
                "purpose": str(purpose),
                "asked": str(QuestionsVersion.Purpose.PROJECT),
                "round": round_,
                "state": str(self.state),
                "order": order,
                "lease": timedelta(seconds=self.project.lease_s),
            },
        )
        return None if row is None else int(row[0])

    def _seed(self, kind: str) -> str:
        return f"{self.project.seed}:{self.participant.pk}:{kind!s}"

    def _one(self, statement: str, values: dict[str, Any]) -> Any:
        owner = {"project": self.project.pk, "participant": self.participant.pk}
        with connection.cursor() as db:
            db.execute(statement, owner | values)
            return db.fetchone()


def take_turn(
    participant: Participant, project: Project, state: str, *, n_held: int
) -> Turn:
    """Decide what comes next, and lend it; the participant must be locked.

    `n_held`: assignments in hand, whose answers come before what is asked for now.
    Costs one statement where nothing is due.
    """
    lender = Lender(participant, project, read_rules(project.check_rules), state)
    plan, n_done = _plan(participant)
    place = n_done + n_held
    if lender.rules.has_gate and plan.stage != CheckPlan.Stage.OPEN:
        found = gates.pass_gate(lender, plan)
        if found is not None or plan.stage != CheckPlan.Stage.OPEN:
            return Turn(found, is_held_back=found is None)
    return Turn(_silent(lender, plan, place))


def _plan(participant: Participant) -> tuple[CheckPlan, int]:
    """Return the person's plan, made at the first call, and their answers so far."""
    found = Participant.objects.select_related("check_plan").get(pk=participant.pk)
    try:
        plan = found.check_plan
    except CheckPlan.DoesNotExist:
        plan = CheckPlan.objects.create(participant=found)
    return plan, found.n_done


def _silent(lender: Lender, plan: CheckPlan, place: int) -> int | None:
    """Lend the silent check that is due, if any; at most one at a place."""
    changed: list[str] = []
    found = None
    for kind in SILENT:
        name = f"next_{kind}"
        due = getattr(plan, name)
        if due is None:
            due = lender.place_after(kind, place - 1)
        if due is not None and found is None and place >= due:
            found, due = _take(lender, kind, place)
        if due != getattr(plan, name):
            setattr(plan, name, due)
            changed.append(name)
    if changed:
        plan.save(update_fields=changed)
    return found


def _take(lender: Lender, kind: Silent, place: int) -> tuple[int | None, int | None]:
    """Lend one of a kind; return it and the next place of the kind."""
    following = lender.place_after(kind, place)
    if following is None:
        return None, None
    if kind != "mirror":
        return lender.lend_check(kind), following
    found = lender.lend_repeat()
    if found is None:
        following = retry_place(place, lender.rules.mirror_every)
    return found, following
