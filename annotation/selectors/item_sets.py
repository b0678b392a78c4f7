"""Which items a change would touch, counted at a bounded cost beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Max

from annotation.answers import Question
from annotation.models import Item, Project
from annotation.selectors.choices import questions_of
from annotation.selectors.item_filters import Conditions, ItemFilter, conditions

# So many matches are counted, and so many items looked at where no index leads there.
COUNT_BOUND = 10_000
LOOK_BOUND = 20_000
# Whether a change would change frontier entry `f`, by the name of the change.
DIFFERS: Mapping[str, str] = {
    "priority": "f.rank <> 0 - %(value)s",
    "overlap": "f.overlap IS DISTINCT FROM %(value)s::smallint",
    "exclude": "NOT f.is_excluded",
    "include": "f.is_excluded",
    # What people have answered, or have in hand, stays theirs.
    "to_ai": "NOT f.is_routed_away AND f.n_taken = 0",
    "to_people": "f.is_routed_away",
    "to_policy": (
        "f.n_taken = 0 AND EXISTS (SELECT 1 FROM route r"
        " WHERE r.item_id = f.item_id AND r.part = 'by_hand')"
    ),
}
# Whether entry `f` is as change `c` has left it, so that it can be undone.
STANDS: Mapping[str, str] = {
    **{name: f"NOT ({differs})" for name, differs in DIFFERS.items()},
    "to_ai": "f.is_routed_away",
    # What waited for a policy that has ended would wait for ever.
    "to_people": (
        "NOT f.is_routed_away AND f.n_taken = 0 AND (c.route ->> 'source' <> 'waiting'"
        " OR EXISTS (SELECT 1 FROM project p WHERE p.id = f.project_id"
        " AND p.routing_policy IS NOT NULL))"
    ),
    # Until the policy has decided.
    "to_policy": (
        "f.is_routed_away AND EXISTS (SELECT 1 FROM route r"
        " WHERE r.item_id = f.item_id AND r.source = 'waiting' AND r.policy IS NULL)"
    ),
}
# A check lent apart from the items is no work to be changed.
_NO_CHECK = (
    "NOT EXISTS (SELECT 1 FROM check_item k WHERE k.item_id = i.id"
    " AND NOT k.is_in_pool)"
)


@dataclass(frozen=True)
class Touched:
    """How many items a change touches: at least `n`, or just `n` where `is_exact`.

    `n_looked`: so many items of the project were looked at, `n_items` there are.
    """

    n: int
    is_exact: bool
    n_looked: int
    n_items: int


def known_items(project: Project, ticked: Sequence[str]) -> list[int]:
    """Return the keys of the ticked items that the project has; one query."""
    found = Item.objects.filter(project=project, public_id__in=ticked)
    return list(found.values_list("pk", flat=True))


def conditions_of(
    project: Project,
    wanted: ItemFilter,
    ticked: Sequence[str],
    questions: Mapping[int, tuple[Question, ...]],
) -> Conditions:
    """Return which items are meant as SQL; ticked ones stand for themselves."""
    own = conditions(project, ItemFilter() if ticked else wanted, questions)
    both = f"{own.sql} AND {_NO_CHECK}"
    if not ticked:
        return replace(own, sql=both)
    return replace(
        own,
        sql=f"{both} AND i.public_id = ANY(%(ticked)s::uuid[])",
        parameters={**own.parameters, "ticked": list(ticked)},
    )


def touched(
    project: Project,
    wanted: ItemFilter,
    ticked: Sequence[str],
    action: str,
    value: int | None,
) -> Touched:
    """Count what a change would touch; at most five queries, each bounded."""
    filtered = conditions_of(project, wanted, ticked, questions_of(project))
    n_items = Item.objects.filter(project=project).aggregate(n=Max("number"))["n"] or 0
    is_all = filtered.is_indexed and not wanted.is_empty
    n_looked = n_items if is_all or ticked else min(n_items, LOOK_BOUND)
    parameters = {
        **filtered.parameters,
        "value": value,
        "high": n_looked,
        "bound": COUNT_BOUND + 1,
    }
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM item i JOIN frontier f"  # noqa: S608 - our own words
            f" ON f.item_id = i.id WHERE {filtered.sql} AND i.number <= %(high)s"
            f" AND {DIFFERS[action]} LIMIT %(bound)s) few",
            parameters,
        )
        n = int(db.fetchone()[0])
    is_exact = n <= COUNT_BOUND and n_looked == n_items
    return Touched(min(n, COUNT_BOUND), is_exact, n_looked, n_items)
