"""Which items a person looks for, as conditions that the database can keep cheap."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from django.db import connection

from annotation.answers import Question
from annotation.models import Item, Project
from annotation.selectors.choices import choice_sql

State = Literal[
    "",
    "unfinished",
    "finished",
    "disagreement",
    "needs_adjudication",
    "adjudicated",
    "flagged",
    "skipped",
    "excluded",
    "ai",
    "waiting",
    "checks",
    "seed",
    "audit",
    "reserve",
    "chosen",
    "by_hand",
]
STATES: tuple[State, ...] = get_args(State)
PARTS: tuple[State, ...] = ("seed", "audit", "reserve", "chosen")
# A filter is followed through its own index while it names at most so many items.
INDEX_BOUND = 20_000
MAX_CHARS = 200


@dataclass(frozen=True)
class ItemFilter:
    """What a person looks for; empty parts do not narrow the list."""

    state: State = ""
    annotator: str = ""
    category: str = ""
    search: str = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether every item is shown."""
        return not self.parts

    @property
    def parts(self) -> dict[str, str]:
        """Return the parts that narrow the list, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> "ItemFilter":
        """Read what `parts` wrote, or an address; what is unknown narrows nothing."""
        texts = {
            name: parts.get(name, "").replace("\x00", "").strip()[:MAX_CHARS]
            for name in ("annotator", "category", "search")
        }
        state = parts.get("state", "")
        known: tuple[State, ...] = tuple(name for name in STATES if name == state)
        return cls(state=known[0] if known else "", **texts)


@dataclass(frozen=True)
class Conditions:
    """A filter as SQL over item `i` and frontier `f`.

    `is_indexed`: an index leads to all matches, so that no window is needed.
    """

    sql: str
    parameters: Mapping[str, Any]
    is_indexed: bool


_FLAGGED = (
    "SELECT item_id FROM flag WHERE project_id = %(project)s AND resolved_at IS NULL"
)
_UNFINISHED = (
    "SELECT item_id FROM frontier WHERE project_id = %(project)s AND n_counted < target"
)
_EXCLUDED = (
    "SELECT item_id FROM frontier WHERE project_id = %(project)s AND is_excluded"
)
_LEFT_TO = (
    "SELECT item_id FROM route WHERE project_id = %(project)s AND source = '{source}'"
)
# What a policy gave to people, by the part of its decision.
_PART = (
    "SELECT item_id FROM route WHERE project_id = %(project)s AND source = 'human'"
    " AND part = '{part}'"
)
_PARTS: dict[str, str] = {part: _PART.format(part=part) for part in PARTS}
_PARTS["by_hand"] = (
    "SELECT item_id FROM route WHERE project_id = %(project)s AND part = 'by_hand'"
)
_AI, _WAITING = _LEFT_TO.format(source="ai"), _LEFT_TO.format(source="waiting")
_CHECKS = (
    "SELECT item_id FROM check_item WHERE project_id = %(project)s AND NOT is_retired"
)
# Only these can be finished, skipped or disagreed about.
_ASSIGNED = (
    "SELECT item_id FROM assignment WHERE project_id = %(project)s"
    " AND finished_at IS NOT NULL"
)
_SKIPPED = (
    "SELECT item_id FROM assignment WHERE project_id = %(project)s"
    " AND state = 'skipped'"
)
# The last decision on an item holds, and a reopening is none.
_ADJUDICATED = (
    "SELECT z.item_id FROM adjudication z WHERE z.project_id = %(project)s"
    " AND NOT z.is_reopening AND NOT EXISTS (SELECT 1 FROM adjudication later"
    " WHERE later.item_id = z.item_id AND later.number > z.number)"
)
# As a worker has measured it, see services.disagreements.
_TO_SETTLE = (
    "SELECT d.item_id FROM item_disagreement d"  # noqa: S608 - our own words
    " WHERE d.project_id = %(project)s"
    f" AND d.item_id NOT IN ({_ADJUDICATED}) AND d.item_id NOT IN ({_EXCLUDED})"
)
_STATES: dict[str, str] = {
    "adjudicated": f"i.id IN ({_ADJUDICATED})",
    "needs_adjudication": f"i.id IN ({_TO_SETTLE})",
    "unfinished": "f.n_counted < f.target",
    # What is a check alone wants no answers, and is never finished.
    "finished": (
        "f.n_counted >= f.target AND NOT f.is_excluded AND NOT f.is_routed_away"
        " AND NOT EXISTS ("
        "SELECT 1 FROM check_item c WHERE c.item_id = i.id AND NOT c.is_in_pool)"
    ),
    "excluded": "f.is_excluded",
    "ai": f"i.id IN ({_AI})",
    "waiting": f"i.id IN ({_WAITING})",
    "checks": f"i.id IN ({_CHECKS})",
    **{part: f"i.id IN ({found})" for part, found in _PARTS.items()},
    "flagged": f"i.id IN ({_FLAGGED})",
    "skipped": (
        "EXISTS (SELECT 1 FROM assignment a WHERE a.item_id = i.id"
        " AND a.state = 'skipped')"
    ),
}
_DRIVERS: dict[str, str] = {
    "unfinished": _UNFINISHED,
    "finished": _ASSIGNED,
    "skipped": _SKIPPED,
    "excluded": _EXCLUDED,
    "ai": _AI,
    "waiting": _WAITING,
    "disagreement": _ASSIGNED,
    "adjudicated": _ADJUDICATED,
    "needs_adjudication": _TO_SETTLE,
    **_PARTS,
}
_ANNOTATOR = (
    "i.id IN (SELECT a.item_id FROM assignment a JOIN participant p"
    " ON p.id = a.participant_id WHERE p.project_id = %(project)s"
    " AND p.pseudonym = %(annotator)s AND a.annotation_id IS NOT NULL"
    " AND a.state <> 'withdrawn')"
)
# Looked up item by item: that costs less than to gather everything the annotator has
# ever answered, which is what the planner does without the OFFSET.
_OF_ANNOTATOR = (
    "EXISTS (SELECT 1 FROM assignment own WHERE own.item_id = i.id"
    " AND own.annotation_id IS NOT NULL AND own.participant_id = (SELECT p.id"
    " FROM participant p WHERE p.project_id = %(project)s"
    " AND p.pseudonym = %(annotator)s) OFFSET 0)"
)
_DISAGREEMENT = (
    "EXISTS (SELECT 1 FROM assignment a JOIN annotation n ON n.id = a.annotation_id"
    " WHERE a.item_id = i.id AND a.state = 'submitted'"
    " AND a.purpose IN ('main', 'imported')"
    " GROUP BY a.questions_version_id HAVING count(DISTINCT {choice}) > 1)"
)
_SEARCH = (
    "(starts_with(i.external_id, %(search)s)"
    " OR strpos(lower(i.messages -> -1 ->> 'content'), lower(%(search)s)) > 0)"
)


def conditions(
    project: Project, wanted: ItemFilter, questions: Mapping[int, tuple[Question, ...]]
) -> Conditions:
    """Return the filter as SQL; at most two queries.

    One looks for an item of that very id, which then stands alone; the other counts
    what the filter can name, up to INDEX_BOUND.
    """
    parts = ["i.project_id = %(project)s"]
    parameters: dict[str, Any] = {"project": project.pk}
    if wanted.state == "disagreement":
        disagreed = _disagreement(questions, parameters)
        # In a CASE, since the planner would compare the answers to every item first.
        parts.append(
            f"CASE WHEN {_OF_ANNOTATOR} THEN {disagreed} ELSE false END"
            if wanted.annotator
            else disagreed
        )
    elif wanted.state:
        parts.append(_STATES[wanted.state])
    if wanted.annotator:
        parameters["annotator"] = wanted.annotator
        if wanted.state != "disagreement":
            parts.append(_ANNOTATOR)
    if wanted.category:
        parts.append("i.category = %(category)s")
        parameters["category"] = wanted.category
    has_id = bool(wanted.search) and _has_id(project, wanted.search)
    if wanted.search:
        parts.append("i.external_id = %(search)s" if has_id else _SEARCH)
        parameters["search"] = wanted.search
    is_indexed = wanted.is_empty or wanted.state in ("flagged", "checks") or has_id
    # An annotator's items are few, but to compare all their answers would take long.
    is_indexed |= bool(wanted.annotator) and wanted.state != "disagreement"
    driver = _DRIVERS.get(wanted.state)
    if not is_indexed and driver and _is_few(driver, project):
        parts.append(f"i.id IN ({driver})")
        is_indexed = True
    return Conditions(" AND ".join(parts), parameters, is_indexed)


def _disagreement(
    questions: Mapping[int, tuple[Question, ...]], parameters: dict[str, Any]
) -> str:
    chosen, names = choice_sql(questions)
    parameters.update(names)
    return _DISAGREEMENT.format(choice=chosen)


def _has_id(project: Project, external_id: str) -> bool:
    return Item.objects.filter(project=project, external_id=external_id).exists()


def _is_few(driver: str, project: Project) -> bool:
    counted = f"SELECT count(*) FROM ({driver} LIMIT %(bound)s) few"  # noqa: S608 - ours
    with connection.cursor() as db:
        db.execute(counted, {"project": project.pk, "bound": INDEX_BOUND + 1})
        return bool(db.fetchone()[0] <= INDEX_BOUND)
