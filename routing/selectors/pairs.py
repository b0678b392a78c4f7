"""The one bridge from a project to the arrays that routing learns from.

What people say is their blind answers to items that have all they want, as wherever
machines are measured by people; see models_service.selectors.arrays. Texts are read in
batches and never kept: a pool of any size needs the memory of its arrays alone.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from django.db import connection

from annotation.models import MachineAnnotator, Route
from models_service.answers_table import AnswersTable
from models_service.selectors.arrays import (
    Drawn,
    ItemRow,
    Questions,
    choices_of,
    compared_questions,
    labels_of,
    verdicts_of,
)
from models_service.selectors.labelled_pairs import prompt_as_read
from models_service.selectors.verdict_rows import Verdict
from routing.features.signals import EXCHANGED
from routing.models import RoutingPolicy
from routing.pairs import Bools, Described, Floats, Ints, Pairs
from routing.selectors.described import DescribedReader
from routing.selectors.pool import Place, Window, windows_of
from routing.selectors.seed_parts import drawn_parts

BATCH = 500
MOST_VOTES = 50

_TEXTS = """
    SELECT i.id, i.messages::text, a.text, b.text
    FROM item i
    JOIN completion a ON a.item_id = i.id AND a."index" = 0
    JOIN completion b ON b.item_id = i.id AND b."index" = 1
    WHERE i.id = ANY(%s)
"""


@dataclass(frozen=True)
class LivePairs:
    """The items of a policy's pool, by number, with what is known of each.

    Attributes
    ----------
    pairs : Pairs
        Without texts. `people`: float64 [n, n_votes], NaN in rows without labels.
    ids, numbers, n_wanted : int64 [n]
    is_open : bool [n]
        A policy may decide: nobody has it, no person decided, it is not of the seed.
    is_labelled : bool [n]
        People have given blind answers, and all that were wanted.
    is_seed, is_audit : bool [n]
        Drawn at random by this policy; `is_audit` are those that only measure.
    propensity : float64 [n]
        The chance with which an item was drawn for the seed; NaN for all others.
    is_bought : bool [n]
        Came to people by this policy, for its gain or by lot, and somebody has it.
    is_before : bool [n]
        People labelled it, and neither the seed nor this policy asked them to.
    is_seen : bool [n]
        Somebody has seen a suggestion there, so that it can never be drawn as blind.
    """

    pairs: Pairs
    ids: Ints
    numbers: Ints
    n_wanted: Ints
    is_open: Bools
    is_labelled: Bools
    is_seed: Bools
    is_audit: Bools
    propensity: Floats
    is_bought: Bools
    is_before: Bools
    is_seen: Bools

    @property
    def n(self) -> int:
        """Return the number of items."""
        return len(self.ids)

    def take(self, rows: Bools) -> "LivePairs":
        """Return what is known of some of the items."""
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        del columns["pairs"]
        some = {name: column[rows] for name, column in columns.items()}
        return LivePairs(self.pairs.take(rows), **some)


def pairs_of(
    policy: RoutingPolicy, tell: Callable[[int], None] = lambda n_read: None
) -> LivePairs:
    """Read the pool of a policy; about 6 queries a window and one a judge."""
    questions = compared_questions(policy.project)
    judges = named_judges(policy)
    items: list[ItemRow] = []
    places: list[Place] = []
    verdicts: list[Verdict] = []
    people: list[tuple[Floats, Floats]] = []
    said: dict[str, list[Floats]] = {name: [] for name in judges}
    described = DescribedReader(policy)
    for window in windows_of(policy, questions):
        items += window.items
        places += window.places
        verdicts += window.verdicts
        people.append(_people(window, questions))
        described.read(window.items)
        for name, judge in judges.items():
            told = verdicts_of(judge, window.drawn, questions)
            said[name].append(choices_of(told))
        tell(len(items))
    tags = described.gathered()
    return _gathered(policy, items, places, verdicts, people, said, tags)


def named_judges(policy: RoutingPolicy) -> dict[str, MachineAnnotator]:
    """Return the judges by a name that is theirs alone; one query."""
    found = list(policy.judges.order_by("name", "number", "id"))
    counts = Counter(judge.name for judge in found)
    return {
        judge.name if counts[judge.name] == 1 else f"{judge.name} {judge.number}": judge
        for judge in found
    }


def _people(window: Window, questions: Questions) -> tuple[Floats, Floats]:
    """Return what people say of the items of a window, and how strongly.

    Both are float64 [n, n_votes].
    """
    labelled = [at for at, one in enumerate(window.places) if one.is_labelled]
    if not labelled:
        none = np.full((len(window.items), 1), np.nan)
        return none, none
    drawn = Drawn(tuple(window.items[at] for at in labelled), len(labelled))
    labels = labels_of(drawn, questions)
    both = []
    for values in (labels.table.choices, labels.grades):
        votes = votes_of(labels.table, values)
        people = np.full((len(window.items), votes.shape[1]), np.nan)
        people[labelled] = votes
        both.append(people)
    return both[0], both[1]


def votes_of(table: AnswersTable, values: Floats) -> Floats:
    """Return a value of each answer, by item side by side: float64 [n_items, n_votes].

    `values`: float64 [n_answers], in the order of the table.
    """
    counts = np.bincount(table.items, minlength=table.n_items)
    width = max(1, min(int(counts.max(initial=0)), MOST_VOTES))
    votes = np.full((table.n_items, width), np.nan)
    place = np.arange(len(table.items)) - (np.cumsum(counts) - counts)[table.items]
    kept = place < width
    votes[table.items[kept], place[kept]] = values[kept]
    return votes


def _gathered(
    policy: RoutingPolicy,
    items: Sequence[ItemRow],
    places: Sequence[Place],
    verdicts: Sequence[Verdict],
    people: Sequence[tuple[Floats, Floats]],
    said: dict[str, list[Floats]],
    tags: dict[str, Described],
) -> LivePairs:
    ids = np.array([item.id for item in items], dtype=np.int64)
    parts = drawn_parts(policy)
    drawn = [parts.get(item.id) for item in items]
    is_seed = np.array([one is not None for one in drawn], dtype=bool)
    votes = _padded([choices for choices, _grades in people])
    is_open = np.array([place.is_open for place in places], dtype=bool)
    is_labelled = np.asarray(np.isfinite(votes).any(axis=1))
    is_ours = np.array([one.policy == policy.number for one in places], dtype=bool)
    taken = np.array([one.n_taken > 0 for one in places], dtype=bool)
    groups = {prompt: at for at, prompt in enumerate({i.prompt: 0 for i in items})}
    pairs = Pairs(
        (),
        (),
        (),
        choices_of(verdicts),
        votes,
        np.array([groups[item.prompt] for item in items], dtype=np.int64),
        _useful({name: np.concatenate(parts) for name, parts in said.items() if parts}),
        _useful({EXCHANGED: _exchanged(verdicts)}),
        _useful({"confidence": _confidence(verdicts)}),
        tags,
        _padded([grades for _choices, grades in people]),
    )
    return LivePairs(
        pairs,
        ids,
        np.array([item.number for item in items], dtype=np.int64),
        np.array([place.n_wanted for place in places], dtype=np.int64),
        is_open & ~(is_seed & ~_is_back(places)),
        is_labelled,
        is_seed,
        np.array([one is not None and one.is_audit for one in drawn], dtype=bool),
        np.array([one.propensity if one else np.nan for one in drawn], dtype=float),
        is_ours & ~is_seed & taken,
        is_labelled & ~is_seed & ~is_ours,
        np.array([place.is_seen for place in places], dtype=bool),
    )


def _is_back(places: Sequence[Place]) -> Bools:
    """Tell which items came back to the policy: drawn or not, it decides on them."""
    waiting = [place.source == Route.Source.WAITING for place in places]
    is_free = [place.policy is None for place in places]
    return np.asarray(np.array(waiting, dtype=bool) & np.array(is_free, dtype=bool))


def _padded(parts: Sequence[Floats]) -> Floats:
    width = max((part.shape[1] for part in parts), default=1)
    return np.concatenate(
        [
            np.zeros((0, width)),
            *(
                np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=np.nan)
                for p in parts
            ),
        ]
    )


def _useful(columns: dict[str, Floats]) -> dict[str, Floats]:
    """Leave out what says nothing of any item."""
    return {name: v for name, v in columns.items() if np.isfinite(v).any()}


def _exchanged(verdicts: Sequence[Verdict]) -> Floats:
    """Return what the AI says with the completions exchanged, where both were asked."""
    ai = choices_of(verdicts)
    asked = np.array([one.bias is not None for one in verdicts], dtype=bool)
    flipped = np.array([one.is_flipped for one in verdicts], dtype=bool)
    other = np.where(ai == 0, 1.0, -ai)
    return np.where(asked, np.where(flipped, other, ai), np.nan)


def _confidence(verdicts: Sequence[Verdict]) -> Floats:
    """Return the size of the log-odds, where they vary: else they tell nothing."""
    found = np.array(
        [np.nan if one.logit is None else abs(one.logit) for one in verdicts], float
    )
    known = found[np.isfinite(found)]
    if not known.size or np.ptp(known) < 1e-9:
        return np.full(len(found), np.nan)
    return found


def texts_of(ids: Ints) -> Iterator[Pairs]:
    """Yield the texts of these items, in their order, a batch at a time; one query."""
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH].tolist()
        with connection.cursor() as db:
            db.execute(_TEXTS, [part])
            rows = {row[0]: row[1:] for row in db.fetchall()}
        yield _with_texts([rows[item] for item in part])


def _with_texts(rows: Sequence[tuple[str, str, str]]) -> Pairs:
    n = len(rows)
    return Pairs(
        tuple(prompt_as_read(json.loads(messages)) for messages, _, _ in rows),
        tuple(row[1] for row in rows),
        tuple(row[2] for row in rows),
        np.zeros(n),
        np.full((n, 1), np.nan),
        np.arange(n),
    )
