"""Steps set-up and annotate: machine verdicts shown to people, when, and to whom.

A policy is set here. `laid_out` then draws the arm of an item as it first comes to its
person's page, and `reveal` tells what was hidden once the first answer is stored;
nothing else reads a verdict for who annotates. A project without a policy pays nothing.

Eligible is a main assignment without any answer, of an item without a known answer and
outside the second protocol, whose machine gave a usable verdict before the item was
lent. What routing drew at random (seed, audit, reserve) is never eligible: the labels
that all estimates rest on are blind. What comes later changes nothing: who saw an item
without a suggestion is not surprised by one. Eligibility never depends on the arm.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction

from annotation.answers import questions_from
from annotation.errors import InvalidError
from annotation.models import Assignment, MachineAnnotator, Project, SuggestionPolicy
from annotation.selectors.desk import Desk, desk
from annotation.selectors.suggestions import Suggestion
from annotation.services.events import record
from annotation.services.suggestion_rules import policy_problems
from annotation.suggested import Manner, Verdict, tell, usable
from annotation.suggestions import ARMS, BEFORE, draw_arm
from annotation.words import gettext as _

# --- the policy ---------------------------------------------------------------------


@transaction.atomic
def set_policy(
    *,
    project: Project,
    by: User,
    machine: MachineAnnotator | None,
    arms: Mapping[str, int],
    has_reason: bool = False,
    temperature: float | None = None,
) -> SuggestionPolicy | None:
    """Set when people see what `machine` says; None for the machine ends it.

    Items that people hold keep the policy they were drawn under. Once it has ended
    nothing more is revealed; what was seen stays stored. The same policy again makes
    no new version.

    Raises InvalidError with every fault named.
    """
    row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    policy = None
    if machine is not None:
        problems = policy_problems(row, machine, arms, temperature)
        if problems:
            said = _("The suggestions need mending.")
            raise InvalidError(said, problems=problems)
        policy = _policy(row, machine, arms, has_reason, temperature, by)
    if row.suggestion_policy_id != (policy and policy.pk):
        row.suggestion_policy = policy
        row.save(update_fields=["suggestion_policy"])
        record(
            project=row,
            user=by,
            kind="suggestions_changed",
            number=policy.number if policy else 0,
            machine=policy.machine_id if policy else None,
        )
    project.suggestion_policy = policy
    return policy


def _policy(
    project: Project,
    machine: MachineAnnotator,
    arms: Mapping[str, int],
    has_reason: bool,
    temperature: float | None,
    by: User,
) -> SuggestionPolicy:
    """Return the policy in force where it is this one, else the next."""
    weights = {arm: arms[arm] for arm in ARMS if arms.get(arm)}
    wanted = (machine.pk, weights, has_reason, temperature)
    now = project.suggestion_policy
    if now and wanted == (now.machine_id, now.arms, now.has_reason, now.temperature):
        return now
    newest = project.suggestion_policies.order_by("-number").first()
    return SuggestionPolicy.objects.create(
        project=project,
        number=newest.number + 1 if newest else 1,
        machine=machine,
        arms=weights,
        has_reason=has_reason,
        temperature=temperature,
        seed=secrets.randbits(62),
        created_by=by,
    )


# --- at the desk --------------------------------------------------------------------

# All that `next` asks for an item: what is stored, and where nothing is yet, what may
# be drawn of. Verdicts and policies that came after the item was lent do not count.
_LOOK = """
    SELECT e.visible_at, e.words, e.reason, e.assignment_id IS NOT NULL AS is_drawn,
        EXISTS (SELECT 1 FROM suggestion_policy o WHERE o.project_id = a.project_id
          AND (o.arms ->> 'revealed')::int > 0) AS may_reveal,
        q.questions::text AS questions, a.questions_version_id AS version,
        a.item_id AS item, a.participant_id AS participant, a."order" AS shown,
        p.id AS policy, p.arms::text AS arms, p.seed, p.has_reason, p.temperature,
        i.language,
        CASE WHEN e.assignment_id IS NULL AND a.purpose = 'main'
            AND a.state IN ('open', 'queued') AND p.created_at <= a.created_at
            AND (i.gold IS NULL OR i.gold = '{}')
            AND NOT EXISTS (SELECT 1 FROM annotation n WHERE n.assignment_id = a.id)
            AND NOT EXISTS (SELECT 1 FROM protocol_pair t
              WHERE t.item_id = a.item_id AND t.participant_id = a.participant_id)
            AND NOT EXISTS (SELECT 1 FROM route b WHERE b.item_id = a.item_id
              AND b.part IN ('seed', 'audit', 'reserve'))
          THEN (SELECT json_agg(json_build_object('id', v.id, 'answers', v.answers,
              'logit', v.logit, 'probability', v.probability, 'order', v."order",
              'version', v.questions_version_id, 'metadata', v.metadata))::text
            FROM pre_annotation v WHERE v.item_id = a.item_id
              AND v.machine_id = p.machine_id AND v.status = 'ok'
              AND NOT 'order_inconsistent' = ANY(v.flags)
              AND v.created_at <= a.created_at) END AS verdicts
    FROM assignment a
    JOIN project r ON r.id = a.project_id
    JOIN suggestion_policy p ON p.id = r.suggestion_policy_id
    JOIN item i ON i.id = a.item_id
    JOIN questions_version q ON q.id = a.questions_version_id
    LEFT JOIN exposure e ON e.assignment_id = a.id
    WHERE a.id = %s
"""
_DRAW = """
    WITH drawn AS (
        INSERT INTO exposure (assignment_id, policy_id, pre_annotation_id, arm,
            propensity, drawn_at, visible_at, words, reason)
        VALUES (%(assignment)s, %(policy)s, %(verdict)s, %(arm)s, %(propensity)s,
            now(), CASE WHEN %(is_before)s THEN now() END, %(words)s, %(reason)s)
        ON CONFLICT (assignment_id) DO NOTHING RETURNING visible_at)
    , marked AS (
        UPDATE assignment SET is_suggestion_visible = true
        WHERE id = %(assignment)s AND %(is_before)s AND EXISTS (SELECT 1 FROM drawn))
    SELECT visible_at FROM drawn
"""
_STORED = """
    SELECT visible_at, words, reason FROM exposure
    WHERE assignment_id = %s AND visible_at IS NOT NULL
"""


def laid_out(assignment: Assignment, project: Project) -> Desk:
    """Return the desk with what may be seen of a verdict now.

    Where the project has a policy, one statement more, and another one when the arm is
    drawn; else none.
    """
    shown = desk(assignment, project)
    if project.suggestion_policy_id is None:
        return shown
    row = _look(assignment)
    if row is None:
        return shown
    told = _seen(row, assignment)
    return replace(shown, suggestion=told, may_reveal=row["may_reveal"])


def shown_with(assignment: Assignment, project: Project) -> Suggestion | None:
    """Draw the arm of an item that comes to its page; return what may be seen now.

    A second call, as from another tab, draws nothing and returns the same.
    """
    if project.suggestion_policy_id is None:
        return None
    row = _look(assignment)
    return None if row is None else _seen(row, assignment)


def _look(assignment: Assignment) -> dict[str, Any] | None:
    """Read what there is; None where the policy has ended since the request began."""
    with connection.cursor() as db:
        db.execute(_LOOK, [assignment.pk])
        names = [column.name for column in db.description or ()]
        found = db.fetchone()
    return None if found is None else dict(zip(names, found, strict=True))


def _seen(row: dict[str, Any], assignment: Assignment) -> Suggestion | None:
    if row["is_drawn"]:
        return _told(row["visible_at"], row["words"], row["reason"])
    if row["verdicts"] is None:
        return None
    verdict = usable(
        json.loads(row["verdicts"]),
        questions_from(row["questions"]),
        row["version"],
        len(row["shown"] or ()),
    )
    return None if verdict is None else _draw(row, assignment, verdict)


def _told(at: datetime | None, words: str, reason: str) -> Suggestion | None:
    return None if at is None else Suggestion(words, reason, at)


def _manner(row: dict[str, Any], *, is_hedged: bool) -> Manner:
    return Manner(
        shown=row["shown"],
        is_hedged=is_hedged,
        has_reason=row["has_reason"],
        temperature=row["temperature"],
        language=row["language"],
    )


def _draw(
    row: dict[str, Any], assignment: Assignment, verdict: Verdict
) -> Suggestion | None:
    weights = json.loads(row["arms"])
    arm, propensity = draw_arm(weights, row["seed"], row["item"], row["participant"])
    is_before = arm in BEFORE
    manner = _manner(row, is_hedged=arm == "hedged")
    # What is hidden is not put into words before its time.
    words, reason = tell(verdict, manner) if is_before else ("", "")
    with connection.cursor() as db:
        db.execute(
            _DRAW,
            {
                "assignment": assignment.pk,
                "policy": row["policy"],
                "verdict": verdict.id,
                "arm": arm,
                "propensity": propensity,
                "is_before": is_before,
                "words": words,
                "reason": reason,
            },
        )
        drawn = db.fetchone()
        if drawn is not None:
            return _told(drawn[0], words, reason)
        # Another tab was first.
        db.execute(_STORED, [assignment.pk])
        stored = db.fetchone()
    return None if stored is None else Suggestion(stored[1], stored[2], stored[0])


# --- after the first answer ---------------------------------------------------------

_HIDDEN = """
    SELECT v.id, v.answers::text AS answers, v.logit, v.probability, v."order",
        v.questions_version_id AS version, v.metadata::text AS metadata,
        q.questions::text AS questions, a.questions_version_id AS asked,
        a."order" AS shown, p.has_reason, p.temperature, i.language
    FROM exposure e
    JOIN assignment a ON a.id = e.assignment_id
    JOIN item i ON i.id = a.item_id
    JOIN project r ON r.id = a.project_id AND r.suggestion_policy_id IS NOT NULL
    JOIN suggestion_policy p ON p.id = e.policy_id
    JOIN pre_annotation v ON v.id = e.pre_annotation_id
    JOIN questions_version q ON q.id = a.questions_version_id
    WHERE e.assignment_id = %s AND e.arm = 'revealed' AND e.visible_at IS NULL
      AND a.annotation_id IS NOT NULL
"""
# Later than the answer, which has the time at which its transaction began. That is the
# first one only where none was taken back before a policy could reveal anything.
_REVEAL = """
    UPDATE exposure SET visible_at = clock_timestamp(), words = %(words)s,
        reason = %(reason)s, first_answer_id = (SELECT annotation_id FROM assignment
          WHERE id = %(assignment)s)
    WHERE assignment_id = %(assignment)s AND visible_at IS NULL
    RETURNING visible_at
"""


def reveal(assignment: Assignment, project: Project) -> Suggestion | None:
    """Tell what was hidden until the first answer, which is stored now; once.

    Called in the transaction of the answer and under its lock on the assignment, so
    that of two answers at once the first is told, and a killed server leaves an answer
    with its suggestion or neither. None where nothing is to be told: in other arms,
    the second time, and once the policy has ended.
    """
    if project.suggestion_policy_id is None:
        return None
    with connection.cursor() as db:
        db.execute(_HIDDEN, [assignment.pk])
        names = [column.name for column in db.description or ()]
        found = db.fetchone()
        if found is None:
            return None
        row = dict(zip(names, found, strict=True))
        said = row | {name: json.loads(row[name]) for name in ("answers", "metadata")}
        questions = questions_from(row["questions"])
        verdict = usable([said], questions, row["asked"], len(row["shown"] or ()))
        if verdict is None:
            return None
        words, reason = tell(verdict, _manner(row, is_hedged=False))
        db.execute(
            _REVEAL, {"assignment": assignment.pk, "words": words, "reason": reason}
        )
        done = db.fetchone()
    return None if done is None else Suggestion(words, reason, done[0])


_TOLD = """
    SELECT e.words, e.reason, e.visible_at FROM exposure e
    JOIN annotation f ON f.id = e.first_answer_id
    WHERE e.assignment_id = %s AND f.submission_id = %s AND e.visible_at IS NOT NULL
"""


def told_before(
    assignment: Assignment, project: Project, submission_id: UUID
) -> Suggestion | None:
    """Return what the response to this submission told, for one that was lost."""
    if project.suggestion_policy_id is None:
        return None
    with connection.cursor() as db:
        db.execute(_TOLD, [assignment.pk, submission_id])
        found = db.fetchone()
    return None if found is None else Suggestion(*found)
