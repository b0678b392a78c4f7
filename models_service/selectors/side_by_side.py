"""Two machine annotators side by side: where they say the same, and where not."""

import uuid
from dataclasses import dataclass

import numpy as np
from django.db.models import Exists, OuterRef

from annotation.models import Item, MachineAnnotator, PreAnnotation, Project
from models_service.comparing import counts_of, majority_of
from models_service.selectors.arrays import (
    choices_of,
    compared_questions,
    drawn_items,
    labels_of,
    verdicts_of,
)
from models_service.versus import Versus, versus

# A page is made while somebody waits: so many items, drawn at random, tell enough.
MOST_ITEMS = 5_000
MOST_SHOWN = 60
SEED = 1
# Rows and columns: completion A is better, a tie, completion B is better.
PLACES = (1.0, 0.0, -1.0)


@dataclass(frozen=True)
class Differing:
    """An item on which the two say different things; `first`, `second`: -1, 0 or 1."""

    public_id: uuid.UUID
    number: int
    gist: str
    first: int
    second: int


@dataclass(frozen=True)
class SideBySide:
    """Two machine annotators on the items that the first has answered.

    `table[i][j]`: on so many items the first says i and the second says j, in the order
    of PLACES. `differing`: the flattest contradictions first, then by number.
    `n_drawn` of `n_all` items were looked at.
    """

    table: tuple[tuple[int, ...], ...]
    figures: Versus
    differing: tuple[Differing, ...]
    n_differing: int
    n_drawn: int
    n_all: int


def newest_with_verdicts(
    project: Project,
) -> tuple[MachineAnnotator | None, MachineAnnotator | None]:
    """Return the two newest in use that have a verdict; None where there are fewer.

    One query.
    """
    verdicts = PreAnnotation.objects.filter(machine=OuterRef("pk"), status="ok")
    found = MachineAnnotator.objects.filter(
        Exists(verdicts), project=project, archived_at=None
    ).exclude(kind=MachineAnnotator.Kind.TAGGER)
    first, second = [*found.order_by("-pk")[:2], None, None][:2]
    return first, second


def side_by_side(first: MachineAnnotator, second: MachineAnnotator) -> SideBySide:
    """Hold two machine annotators of a project against each other; seven queries."""
    questions = compared_questions(first.project)
    drawn = drawn_items(first, questions, is_labelled=False, most=MOST_ITEMS)
    one = choices_of(verdicts_of(first, drawn, questions))
    other = choices_of(verdicts_of(second, drawn, questions))
    people = labels_of(drawn, questions).table.packed()
    majority = majority_of(counts_of(people))
    differs = np.flatnonzero(~np.isnan(one) & ~np.isnan(other) & (one != other))
    # Opposite sides before a side and a tie.
    order = sorted(differs, key=lambda at: (-abs(one[at] - other[at]), at))
    shown = {
        drawn.items[at].id: (int(one[at]), int(other[at])) for at in order[:MOST_SHOWN]
    }
    return SideBySide(
        table=tuple(
            tuple(int(((one == a) & (other == b)).sum()) for b in PLACES)
            for a in PLACES
        ),
        figures=versus(one, other, majority, np.random.default_rng(SEED)),
        differing=_differing(shown),
        n_differing=len(differs),
        n_drawn=len(drawn.items),
        n_all=drawn.n_all,
    )


def _differing(shown: dict[int, tuple[int, int]]) -> tuple[Differing, ...]:
    items = Item.objects.in_bulk(shown)
    return tuple(
        Differing(items[pk].public_id, items[pk].number, _gist(items[pk]), *said)
        for pk, said in shown.items()
    )


def _gist(item: Item) -> str:
    text = " ".join(item.messages[-1]["content"].split()) if item.messages else ""
    return text if len(text) <= 90 else f"{text[:89].rstrip()}…"
