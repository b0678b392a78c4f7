"""Step manage: change many items at once as a job, and undo it.

A job goes through the items by number, some thousand in a transaction, so that nobody
who annotates waits long. Each item changed is noted with how it was: that makes a job
that starts again go on where it was, and a cancelled one take back what it did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction

from annotation.access import Seat
from annotation.answers import Problem
from annotation.errors import ConflictError, InvalidError
from annotation.models import Item, ItemChange, Job
from annotation.selectors.choices import questions_of
from annotation.selectors.item_filters import Conditions, ItemFilter
from annotation.selectors.item_sets import (
    DIFFERS,
    STANDS,
    conditions_of,
    known_items,
)
from annotation.selectors.jobs import KEPT, is_forgotten
from annotation.services import pairings, routes
from annotation.services.assignments import give_slots_back, restart_walks
from annotation.services.events import record
from annotation.services.jobs import JobCancelled, JobFailed, Progress, create_job
from annotation.services.ledger import free
from annotation.services.races import retried
from annotation.words import gettext as _
from annotation.words import ngettext

WINDOW = 2_000
MAX_OVERLAP = 1_000
MAX_PRIORITY = 1_000_000
MAX_REASON = 500
UNDO = "undo"
# The new values of frontier entry `f` of project `p`; `c` is how it was before.
_NEW_TARGET = (
    "CASE WHEN f.is_excluded OR f.is_routed_away THEN 0"
    " ELSE COALESCE({overlap}, p.overlap) END"
)
_EXCLUDE = "is_excluded = true, target = 0"
_INCLUDE = (
    "is_excluded = false, target = CASE WHEN f.is_routed_away THEN 0"
    " ELSE COALESCE(f.overlap, p.overlap) END"
)
_TO_AI = "is_routed_away = true, target = 0"
# Back to how it was decided by hand.
_AS_DECIDED = (
    "is_routed_away = (c.route ->> 'source') <> 'human', target = CASE WHEN"
    " f.is_excluded OR (c.route ->> 'source') <> 'human' THEN 0"
    " ELSE COALESCE(f.overlap, p.overlap) END"
)
_TO_PEOPLE = (
    "is_routed_away = false, target = CASE WHEN f.is_excluded THEN 0"
    " ELSE COALESCE(f.overlap, p.overlap) END"
)
_SET = {
    "priority": "rank = 0 - %(value)s",
    "overlap": "overlap = %(value)s, target = "
    + _NEW_TARGET.format(overlap="%(value)s::smallint"),
    "exclude": _EXCLUDE,
    "include": _INCLUDE,
    "to_ai": _TO_AI,
    "to_people": _TO_PEOPLE,
    # It waits until the policy decides.
    "to_policy": _TO_AI,
}
_SET_BACK = {
    "priority": "rank = c.rank",
    "overlap": "overlap = c.overlap, target = "
    + _NEW_TARGET.format(overlap="c.overlap"),
    "exclude": _INCLUDE,
    "include": _EXCLUDE,
    "to_ai": _TO_PEOPLE,
    "to_people": _TO_AI,
    "to_policy": _AS_DECIDED,
}
_REVERSE = {
    "exclude": "include",
    "include": "exclude",
    "to_ai": "to_people",
    "to_people": "to_ai",
}
# Locked in one order, so that two who change the same items never wait in a ring; what
# was lent in the meantime is looked at again under the lock.
_CHANGE = """
    WITH wanted AS MATERIALIZED (
        SELECT f.item_id FROM item i JOIN frontier f ON f.item_id = i.id
        WHERE i.number BETWEEN %(low)s AND %(high)s AND {where} AND {differs}
          AND NOT EXISTS (SELECT 1 FROM item_change c
            WHERE c.job_id = %(job)s AND c.item_id = f.item_id))
    , locked AS MATERIALIZED (
        SELECT f.item_id, f.rank, f.overlap, f.is_excluded FROM frontier f
        JOIN wanted USING (item_id) WHERE {differs}
        ORDER BY f.item_id FOR NO KEY UPDATE OF f)
    , noted AS (
        INSERT INTO item_change (job_id, item_id, rank, overlap, is_excluded, route)
        SELECT %(job)s, item_id, rank, overlap, is_excluded, {route} FROM locked)
    UPDATE frontier f SET {new} FROM locked, project p
    WHERE f.item_id = locked.item_id AND p.id = f.project_id RETURNING f.item_id
"""
# What somebody changed again since then stays as it is.
_CHANGE_BACK = """
    WITH locked AS MATERIALIZED (
        SELECT f.item_id FROM item_change c JOIN frontier f USING (item_id)
        WHERE c.job_id = %(job)s AND NOT c.is_undone AND c.id > %(after)s
          AND c.id <= %(upto)s AND {stands}
        ORDER BY f.item_id FOR NO KEY UPDATE OF f)
    , noted AS (
        UPDATE item_change c SET is_undone = true FROM locked
        WHERE c.job_id = %(job)s AND c.item_id = locked.item_id
        RETURNING c.item_id, c.rank, c.overlap, c.route)
    UPDATE frontier f SET {back} FROM noted c, project p
    WHERE f.item_id = c.item_id AND p.id = f.project_id
    RETURNING f.item_id, f.is_routed_away
"""


@dataclass(frozen=True)
class ItemSet:
    """Which items: those of a filter, or those ticked, by public id."""

    wanted: ItemFilter
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What is to be changed.

    `value`: the priority, or the overlap, None = the project's. `reason`: why items
    are left to the AI, returned to people, or given back to the routing policy.
    """

    action: str
    value: int | None = None
    reason: str = ""


def read_change(action: str, value: str, reason: str = "") -> Change:
    """Read a change from a form or an address.

    Raises InvalidError with the field to mend.
    """
    if action not in _SET:
        known = ", ".join(_SET)
        raise _invalid(
            "action",
            _("There is no change {action!r}. Choose of {known}.").format(
                action=action, known=known
            ),
        )
    if action in routes.SOURCES:
        return Change(action, reason=reason.replace("\x00", "").strip())
    if action in ("exclude", "include") or (action == "overlap" and not value):
        return Change(action)
    low, high = (1, MAX_OVERLAP)
    if action == "priority":
        low, high = -MAX_PRIORITY, MAX_PRIORITY
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 9):
        raise _invalid(
            "value",
            _("Write a whole number from {low:,} to {high:,}.").format(
                low=low, high=high
            ),
        )
    if not low <= int(value) <= high:
        raise _invalid(
            "value",
            _("The number must lie between {low:,} and {high:,}.").format(
                low=low, high=high
            ),
        )
    return Change(action, int(value))


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(message, problems=[Problem(field, message)])


def request_change(*, seat: Seat, change: Change, items: ItemSet) -> Job:
    """Make the job that changes items.

    Raises InvalidError where a ticked item is not one of the project's, or where the
    change of a route has no reason; ConflictError where items are given back to a
    policy and none is in force.
    """
    if change.action in routes.SOURCES:
        _check_reason(change.reason)
    if change.action == "to_policy" and seat.project.routing_policy is None:
        raise ConflictError(_no_policy())
    if items.ticked:
        n_known = len(known_items(seat.project, items.ticked))
        if n_known != len(set(items.ticked)):
            raise _invalid(
                "ticked", _("An item that you ticked is not there. Tick them again.")
            )
    parameters = {
        "action": change.action,
        "value": change.value,
        "filter": items.wanted.parts,
        "ticked": list(items.ticked),
    }
    if change.reason:
        parameters["reason"] = change.reason
    return _create(seat, parameters)


def _no_policy() -> str:
    return _(
        "No routing policy is in force. Return the items to people, leave them to the "
        "AI, or set a policy first."
    )


def _check_reason(reason: str) -> None:
    if not reason:
        raise _invalid("reason", _("Write why, for who reads the labels later."))
    if len(reason) > MAX_REASON:
        text = _("A reason has {n:,} characters at most.").format(n=MAX_REASON)
        raise _invalid("reason", text)


@transaction.atomic
def request_undo(*, seat: Seat, job: Job) -> Job:
    """Make the job that takes a change back, or return the one that is there.

    Raises ConflictError where nothing can be undone, or no longer.
    """
    # Two who press the button at once must get the same job.
    done = Job.objects.select_for_update().get(pk=job.pk)
    is_change = done.kind == Job.Kind.CHANGE and done.parameters["action"] != UNDO
    if not is_change or done.state != Job.State.DONE:
        raise ConflictError(_("Only a change of items that is done can be undone."))
    if is_forgotten(done):
        text = _(
            "This change is older than {n} days, and how the items were before is no"
            " longer kept. Change them anew instead."
        )
        raise ConflictError(text.format(n=KEPT.days))
    known = Job.objects.filter(
        project=seat.project, kind=Job.Kind.CHANGE, parameters__undoes=done.pk
    ).exclude(state__in=(Job.State.FAILED, Job.State.CANCELLED))
    return known.first() or _create(seat, {"action": UNDO, "undoes": done.pk})


def _create(seat: Seat, parameters: Mapping[str, Any]) -> Job:
    user = User.objects.get(pk=seat.user_id)
    job = create_job(
        project=seat.project,
        user=user,
        kind=Job.Kind.CHANGE,
        parameters=parameters,
    )
    record(
        project=seat.project,
        user=user,
        kind="items_change",
        job=job.pk,
        action=str(parameters["action"]),
        value=parameters.get("value"),
    )
    return job


def run_item_change(job: Job, progress: Progress) -> dict[str, Any]:
    """Run a job that changes items, or one that undoes another's changes.

    A cancelled change is taken back, and so is one that a policy's end stops; a
    cancelled undo stays where it is and can be asked for again.
    """
    if job.parameters["action"] == UNDO:
        done = Job.objects.get(pk=job.parameters["undoes"], project=job.project)
        return _undo(done, progress)
    try:
        _change(job, progress)
    except (JobCancelled, JobFailed):
        _change_back(job, None)
        raise
    finally:
        restart_walks(project=job.project)
    n_changed = job.item_changes.count()
    return {
        "message": ngettext(
            "{n:,} item was changed.", "{n:,} items were changed.", n_changed
        ).format(n=n_changed),
        "n_changed": n_changed,
    }


def _change(job: Job, progress: Progress) -> None:
    change = Change(job.parameters["action"], job.parameters["value"])
    wanted = ItemFilter.from_parts(job.parameters["filter"])
    filtered = conditions_of(
        job.project, wanted, job.parameters["ticked"], questions_of(job.project)
    )
    last = (
        Item.objects.filter(project=job.project)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    ) or 0
    for low in range(1, last + 1, WINDOW):
        progress.set(low - 1, last)
        _change_window(job, change, filtered, (low, low + WINDOW - 1))
    progress.set(last, last, _("Telling the annotators."))


@retried
def _change_window(
    job: Job, change: Change, filtered: Conditions, bounds: tuple[int, int]
) -> None:
    statement = _CHANGE.format(
        where=filtered.sql,
        differs=DIFFERS[change.action],
        new=_SET[change.action],
        route=routes.BEFORE if change.action in routes.SOURCES else "NULL",
    )
    parameters = {
        **filtered.parameters,
        "job": job.pk,
        "value": change.value,
        "low": bounds[0],
        "high": bounds[1],
    }
    if change.action in routes.SOURCES:
        number = routes.policy_in_force(job.project)
        if change.action == "to_policy" and number is None:
            raise JobFailed(_no_policy())
    with connection.cursor() as db:
        db.execute(statement, parameters)
        changed = [row[0] for row in db.fetchall()]
    if change.action in routes.SOURCES:
        routes.decide(job, changed)
    _follow(change.action, changed)


def _follow(action: str, item_ids: Sequence[int]) -> None:
    """End or take up what hangs on items that were taken out or in."""
    if action in ("exclude", "to_ai", "to_policy") and item_ids:
        _end_queued(item_ids)
        pairings.settle_items(item_ids)
    elif action in ("include", "to_people") and item_ids:
        waiting = set(routes.ask_policy(item_ids))
        pairings.ask_items_again([one for one in item_ids if one not in waiting])


def _end_queued(item_ids: Sequence[int]) -> None:
    """End what was lent ahead of need; what is on somebody's screen may be finished.

    So ends what is reserved for somebody who answered another protocol first.
    """
    with connection.cursor() as db:
        db.execute(
            "UPDATE assignment SET state = 'expired', lease_until = NULL,"
            " finished_at = now() WHERE item_id = ANY(%s)"
            " AND state IN ('queued', 'reserved') AND purpose = 'main' RETURNING id",
            [list(item_ids)],
        )
        ids = [row[0] for row in db.fetchall()]
    if ids:
        free(give_slots_back(ids))


def _undo(done: Job, progress: Progress) -> dict[str, Any]:
    try:
        _change_back(done, progress)
    finally:
        restart_walks(project=done.project)
    n_undone = done.item_changes.filter(is_undone=True).count()
    n_kept = done.item_changes.filter(is_undone=False).count()
    message = ngettext(
        "{n:,} item is as before.", "{n:,} items are as before.", n_undone
    ).format(n=n_undone)
    if n_kept:
        kept = ngettext(
            "{n:,} was changed again since then and stays as it is.",
            "{n:,} were changed again since then and stay as they are.",
            n_kept,
        )
        message += " " + kept.format(n=n_kept)
    return {"message": message, "n_changed": n_undone}


def _change_back(done: Job, progress: Progress | None) -> None:
    keys = ItemChange.objects.filter(job=done, is_undone=False)
    n_total, n_done, after = keys.count(), 0, 0
    while True:
        batch = list(
            keys.filter(pk__gt=after)
            .order_by("pk")
            .values_list("pk", flat=True)[:WINDOW]
        )
        if not batch:
            return
        if progress is not None:
            progress.set(n_done, n_total)
        _window_back(done, after, batch[-1])
        after = batch[-1]
        n_done += len(batch)


@retried
def _window_back(done: Job, after: int, upto: int) -> None:
    action = done.parameters["action"]
    statement = _CHANGE_BACK.format(stands=STANDS[action], back=_SET_BACK[action])
    parameters = {
        "job": done.pk,
        "value": done.parameters["value"],
        "after": after,
        "upto": upto,
    }
    if action in routes.SOURCES:
        routes.policy_in_force(done.project)
    with connection.cursor() as db:
        db.execute(statement, parameters)
        changed = dict(db.fetchall())
    if action in routes.SOURCES:
        routes.restore(done, list(changed))
    if action == "to_policy":
        for back, is_away in (("to_ai", True), ("to_people", False)):
            _follow(back, [item for item, away in changed.items() if away is is_away])
    else:
        _follow(_REVERSE.get(action, ""), list(changed))
