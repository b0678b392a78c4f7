"""What a person sees of each of their projects on the first page."""

from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from annotation.access import AnyUser, Seat, seats


@dataclass(frozen=True)
class ProjectCard:
    """A project as one of its members sees it.

    `is_over`: a recruited person's part has ended.

    `n_done`: own answers. `n_left`: items with a free place, at most LEFT_BOUND.
    `n_finished`, `n_items`: for managers, else 0. `n_unread`: threads in which the team
    wrote to this person; `n_waiting`: threads that wait for the team, for managers.
    """

    seat: Seat
    is_ready: bool
    has_data: bool
    n_done: int
    n_left: int
    n_finished: int
    n_items: int
    is_over: bool
    n_unread: int
    n_waiting: int

    @property
    def is_finished(self) -> bool:
        """Tell whether every item has all the answers it wants."""
        return self.n_items > 0 and self.n_finished == self.n_items

    @property
    def percent(self) -> int:
        """Return the finished share of the items, rounded down."""
        return 100 * self.n_finished // self.n_items if self.n_items else 0


class Figures(NamedTuple):
    """A row of FIGURES, by the names of its columns."""

    project_id: int
    n_left: int
    n_unfinished: int
    n_items: int
    is_ready: bool
    n_done: int
    n_unread: int
    n_waiting: int
    has_data: bool
    is_over: bool


LEFT_BOUND = 1000
# The last number stands for the count of items: they are numbered without gaps.
FIGURES = """
SELECT p.id AS project_id,
  (SELECT count(*) FROM (SELECT 1 FROM frontier f WHERE f.project_id = p.id
     AND f.n_taken < f.target LIMIT %(bound)s) free) AS n_left,
  (SELECT count(*) FROM frontier f WHERE f.project_id = p.id
     AND f.n_counted < f.target) AS n_unfinished,
  COALESCE((SELECT max(i.number) FROM item i WHERE i.project_id = p.id), 0)
    - (SELECT count(*) FROM check_item c WHERE c.project_id = p.id
       AND NOT c.is_in_pool)
    - (SELECT count(*) FROM frontier f WHERE f.project_id = p.id
       AND (f.is_excluded OR f.is_routed_away)
       AND NOT EXISTS (SELECT 1 FROM check_item c WHERE c.item_id = f.item_id
         AND NOT c.is_in_pool)) AS n_items,
  COALESCE(m.is_ready, false) AS is_ready, COALESCE(m.n_done, 0) AS n_done,
  (SELECT count(*) FROM thread t
    WHERE t.participant_id = m.id AND t.from_team > t.seen) AS n_unread,
  (SELECT count(*) FROM thread t
    WHERE t.project_id = p.id AND t.from_annotator > t.settled) AS n_waiting,
  m.id IS NOT NULL AS has_data,
  EXISTS (SELECT 1 FROM enrolment e WHERE e.participant_id = m.id
    AND e.state <> 'working') AS is_over
FROM project p LEFT JOIN participant m ON m.project_id = p.id AND m.user_id = %(user)s
WHERE p.id = ANY(%(projects)s)
"""


def project_cards(user: AnyUser) -> list[ProjectCard]:
    """Return a card for each of the user's projects, by name; two queries.

    Unfinished items are counted by their own partial index.
    """
    own = seats(user)
    if not own:
        return []
    with connection.cursor() as db:
        db.execute(
            FIGURES,
            {
                "bound": LEFT_BOUND,
                "user": user.pk,
                "projects": [seat.project.pk for seat in own],
            },
        )
        names = [column.name for column in db.description or ()]
        rows = [Figures(**dict(zip(names, row, strict=True))) for row in db.fetchall()]
    found = {row.project_id: row for row in rows}
    return [_card(seat, found[seat.project.pk]) for seat in own]


def _card(seat: Seat, found: Figures) -> ProjectCard:
    return ProjectCard(
        seat=seat,
        is_ready=found.is_ready,
        has_data=found.has_data,
        is_over=found.is_over,
        n_done=found.n_done,
        n_left=found.n_left,
        n_finished=found.n_items - found.n_unfinished,
        n_items=found.n_items,
        n_unread=found.n_unread,
        n_waiting=found.n_waiting if seat.is_manager else 0,
    )
