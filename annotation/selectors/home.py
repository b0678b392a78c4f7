"""What a person sees of each of their projects on the first page."""

from dataclasses import dataclass
from typing import Any

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


LEFT_BOUND = 1000
# The last number stands for the count of items: they are numbered without gaps.
FIGURES = """
SELECT p.id,
  (SELECT count(*) FROM (SELECT 1 FROM frontier f WHERE f.project_id = p.id
     AND f.n_taken < f.target LIMIT %(bound)s) free),
  (SELECT count(*) FROM frontier f WHERE f.project_id = p.id
     AND f.n_counted < f.target),
  COALESCE((SELECT max(i.number) FROM item i WHERE i.project_id = p.id), 0)
    - (SELECT count(*) FROM check_item c WHERE c.project_id = p.id
       AND NOT c.is_in_pool)
    - (SELECT count(*) FROM frontier f WHERE f.project_id = p.id AND f.is_excluded
       AND NOT EXISTS (SELECT 1 FROM check_item c WHERE c.item_id = f.item_id
         AND NOT c.is_in_pool)),
  COALESCE(m.is_ready, false), COALESCE(m.n_done, 0),
  (SELECT count(*) FROM thread t
    WHERE t.participant_id = m.id AND t.from_team > t.seen),
  (SELECT count(*) FROM thread t
    WHERE t.project_id = p.id AND t.from_annotator > t.settled),
  m.id IS NOT NULL,
  EXISTS (SELECT 1 FROM enrolment e WHERE e.participant_id = m.id
    AND e.state <> 'working')
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
        rows = {row[0]: row[1:] for row in db.fetchall()}
    return [_card(seat, rows[seat.project.pk]) for seat in own]


def _card(seat: Seat, row: tuple[Any, ...]) -> ProjectCard:
    (
        n_left,
        n_unfinished,
        n_items,
        is_ready,
        n_done,
        n_unread,
        n_waiting,
        has_data,
        is_over,
    ) = row
    return ProjectCard(
        seat=seat,
        is_ready=is_ready,
        has_data=has_data,
        is_over=is_over,
        n_done=n_done,
        n_left=n_left,
        n_finished=n_items - n_unfinished,
        n_items=n_items,
        n_unread=n_unread,
        n_waiting=n_waiting if seat.is_manager else 0,
    )
