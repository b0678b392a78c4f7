"""Step assign: which cells people and items belong to, and how much of each is taken.

A claim in a project with quotas asks `room` (which lets one claim at a time go on),
then takes a slot, then calls `take`; whoever gives a slot back calls `give_back`. So no
cell is ever overshot, and no dead lease starves one. A project without quotas never
comes here on its way to an item.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from annotation.allocation.quotas import (
    InvalidQuotasError,
    Quota,
    bound_of,
    cells_of,
    keys_of,
    parse_quotas,
)
from annotation.errors import InvalidError
from annotation.models import Participant, Project, QuotaCell, QuotaVersion
from annotation.selectors.strata import profiles, quotas_in_force, stratum_values
from annotation.services import quota_sql as sql
from annotation.services.events import record
from annotation.services.races import retried
from annotation.words import gettext as _


@dataclass(frozen=True)
class Room:
    """What a participant may still take: own cells, and what is full around them."""

    cells: list[int]
    item_cells: list[int]
    full_categories: list[str]
    is_new: bool

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what the statements of a claim need."""
        return {
            "item_cells": self.item_cells,
            "full_categories": self.full_categories,
        }


# --- around a claim ------------------------------------------------------------------


def room(*, participant_id: int, project_id: int) -> Room | None:
    """Return what the participant may still take, or None where a cell is full.

    Holds the project's turn until the end of the transaction: what is read here stays
    true, save that others may give back.
    """
    take_turn(project_id)
    with connection.cursor() as db:
        db.execute(sql.OWN, {"participant": participant_id})
        rows = db.fetchall()
        is_new = bool(rows) and rows[0][-1]
    own, item_cells, full = [], [], []
    for cell_id, kind, key, n_limit, n_taken, _is_new in rows:
        is_full = n_limit is not None and n_taken >= n_limit
        if kind == "per_item":
            item_cells.append(cell_id)
        elif kind == "category":
            full += [key] if is_full else []
            continue
        elif kind == "category_each":
            full += _used_up(participant_id, n_limit)
            continue
        elif is_full and (kind != "people" or is_new):
            return None
        own.append(cell_id)
    return Room(own, item_cells, full, is_new)


def take(*, assignment_id: int, room: Room) -> None:
    """Count a slot that was just taken in the cells of its person and item."""
    with connection.cursor() as db:
        db.execute(
            sql.TAKE,
            {
                "assignment": assignment_id,
                "cells": room.cells,
                "is_new": room.is_new,
            },
        )


def give_back(assignment_ids: Sequence[int]) -> None:
    """Free the places in quotas that these assignments hold, if they hold any."""
    ids = list(assignment_ids)
    with connection.cursor() as db:
        db.execute(
            "SELECT DISTINCT a.project_id FROM assignment a"
            " JOIN quota_hold h ON h.assignment_id = a.id"
            " WHERE a.id = ANY(%s) ORDER BY 1",
            [ids],
        )
        project_ids = [row[0] for row in db.fetchall()]
        for project_id in project_ids:
            take_turn(project_id)
        if project_ids:
            db.execute(sql.GIVE_BACK, {"assignments": ids})


def take_turn(project_id: int) -> None:
    """Wait until nobody else changes the counts of this project's quotas."""
    with connection.cursor() as db:
        db.execute("SELECT pg_advisory_xact_lock(%s, %s)", [7202, project_id])


def _used_up(participant_id: int, n_each: int) -> list[str]:
    with connection.cursor() as db:
        db.execute(
            "SELECT category FROM quota_hold WHERE participant_id = %s"
            " AND category <> '' GROUP BY category HAVING count(*) >= %s",
            [participant_id, n_each],
        )
        return [row[0] for row in db.fetchall()]


# --- who belongs where ---------------------------------------------------------------


@retried
def place(*, participant: Participant) -> None:
    """Sort one participant into the cells of the quotas, by the profile as it is now.

    Whoever has been given items keeps the place among the people of a cell.
    """
    quotas = quotas_in_force(participant.project)
    if not quotas and not participant.quota_cells:
        return
    # The person before the turn, as a claim takes them.
    Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    take_turn(participant.project_id)
    _place(quotas, [participant], participant.project)


@retried
def place_again(*, project: Project, people: Collection[int]) -> None:
    """Sort participants into the cells anew, since researchers categorised them."""
    quotas = quotas_in_force(project)
    if not quotas:
        return
    locked = Participant.objects.select_for_update(no_key=True).filter(
        project=project, pk__in=people
    )
    found = list(locked.order_by("pk"))
    take_turn(project.pk)
    _place(quotas, found, project)


def _place(
    quotas: Sequence[Quota], people: Sequence[Participant], project: Project
) -> None:
    told = profiles(project, people)
    ids = {(c.place, c.key): c for c in QuotaCell.objects.filter(project=project)}
    for person in people:
        kept = _kept_places(person, ids.values())
        cells = [0] if quotas else []
        for at, quota in enumerate(quotas):
            if quota.kind == "people" and kept:
                continue
            for key in keys_of(quota, told.get(person.pk, {})):
                if (at, key) not in ids:
                    ids[at, key] = _open_cell(project, at, key, quota)
                cells.append(ids[at, key].pk)
        Participant.objects.filter(pk=person.pk).update(quota_cells=cells + kept)


def _kept_places(person: Participant, cells: Any) -> list[int]:
    """Return the cells of people that count this person, who has been given items."""
    people = {cell.pk for cell in cells if cell.kind == "people"}
    with connection.cursor() as db:
        db.execute(
            "SELECT DISTINCT unnest(cells) FROM quota_hold WHERE participant_id = %s",
            [person.pk],
        )
        return sorted(people & {row[0] for row in db.fetchall()})


def _open_cell(project: Project, at: int, key: str, quota: Quota) -> QuotaCell:
    found, _made = QuotaCell.objects.get_or_create(
        project=project,
        place=at,
        key=key,
        defaults={"kind": quota.kind, "n_limit": bound_of(quota)},
    )
    return found


# --- what is in force ----------------------------------------------------------------


@retried
def publish_quotas(*, project: Project, user: User, raw: object) -> QuotaVersion | None:
    """Put quotas in force as a new version, and count what there is in their cells.

    Gives None where nothing has changed. Raises InvalidError with every fault.
    """
    try:
        quotas = parse_quotas(raw, stratum_values(project))
    except InvalidQuotasError as error:
        raise InvalidError(
            _("The quotas need mending."), problems=error.problems
        ) from error
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    # Every claim locks its participant first: one that began without quotas ends
    # before they are counted, and the next one finds them.
    people = list(
        Participant.objects.select_for_update(no_key=True)
        .filter(project=project)
        .order_by("pk")
    )
    take_turn(project.pk)
    newest = project.quota_versions.order_by("-number").first()
    if (newest.quotas if newest else []) == raw:
        return None
    version = QuotaVersion.objects.create(
        project=project,
        number=newest.number + 1 if newest else 1,
        quotas=raw,
        created_by=user,
    )
    QuotaCell.objects.filter(project=project).delete()
    _delete_holds(project)
    Project.objects.filter(pk=project.pk).update(has_quotas=bool(quotas))
    project.has_quotas = bool(quotas)
    _open_cells(project, quotas)
    _place(quotas, people, project)
    recount(project=project)
    record(project=project, user=user, kind="quotas_published", number=version.number)
    return version


def _delete_holds(project: Project) -> None:
    with connection.cursor() as db:
        db.execute(
            "DELETE FROM quota_hold h USING assignment a"
            " WHERE a.id = h.assignment_id AND a.project_id = %s",
            [project.pk],
        )


def n_wanted(project: Project) -> int:
    """Return how many answers the project wants in all; one query."""
    with connection.cursor() as db:
        db.execute(
            "SELECT COALESCE(sum(target), 0) FROM frontier WHERE project_id = %s",
            [project.pk],
        )
        return int(db.fetchone()[0])


def _open_cells(project: Project, quotas: Sequence[Quota]) -> None:
    wanted = n_wanted(project)
    rows = [
        QuotaCell(
            project=project,
            place=at,
            kind=quota.kind,
            key=cell.key,
            n_limit=cell.n_limit,
            n_least=cell.n_least,
            is_rest=cell.is_rest,
        )
        for at, quota in enumerate(quotas)
        for cell in cells_of(quota, wanted)
    ]
    rows += [
        QuotaCell(project=project, place=at, kind=quota.kind, key="", n_limit=quota.n)
        for at, quota in enumerate(quotas)
        if quota.kind == "category_each"
    ]
    QuotaCell.objects.bulk_create(rows)


@retried
def refresh_limits(*, project: Project) -> None:
    """Compute the bounds anew after items came or their overlap changed."""
    quotas = quotas_in_force(project)
    if not quotas:
        return
    take_turn(project.pk)
    wanted = n_wanted(project)
    stored = {(c.place, c.key): c for c in QuotaCell.objects.filter(project=project)}
    changed = []
    for at, quota in enumerate(quotas):
        for cell in cells_of(quota, wanted):
            row = stored[at, cell.key]
            row.n_limit, row.n_least = cell.n_limit, cell.n_least
            changed.append(row)
    QuotaCell.objects.bulk_update(changed, ["n_limit", "n_least"])


@retried
def recount(*, project: Project) -> int:
    """Compute the counts of all cells anew; return how many rows were wrong."""
    if not quotas_in_force(project) and not _has_cells(project):
        return 0
    take_turn(project.pk)
    n_mended = 0
    with connection.cursor() as db:
        for statement in sql.RECOUNT:
            db.execute(statement, {"project": project.pk})
            n_mended += int(db.rowcount)
    return n_mended


def _has_cells(project: Project) -> bool:
    return QuotaCell.objects.filter(project=project).exists()
