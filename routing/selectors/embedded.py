"""What of a policy's pool is embedded, and the numbers themselves; no text is read.

Jobs of the queue `models` embed (services.embedding); a fit reads what is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotation.models import Job
from models_service.heads.features import TEXT_VERSION
from models_service.models import EncoderIdentity
from models_service.selectors.arrays import compared_questions
from routing.features.similar import unit
from routing.models import EmbeddingRun, RoutingPolicy
from routing.pairs import Bools, Floats, Ints

# Above so many items the words of a pool are not learned from: it holds all its texts.
MOST_BY_WORDS = 20_000
STORED = np.dtype("<f2")
Singles = NDArray[np.float32]
READ = 2_000

# The items of the pool, as selectors.pool reads it.
_POOL = """
    FROM item i JOIN frontier f ON f.item_id = i.id
    WHERE i.project_id = %(project)s AND i.n_completions = 2 AND NOT f.is_excluded
      AND (i.gold IS NULL OR i.gold = '{}')
      AND EXISTS (SELECT 1 FROM pre_annotation v WHERE v.item_id = i.id
        AND v.machine_id = %(machine)s AND v.status = 'ok'
        AND v.questions_version_id = ANY(%(versions)s))
"""
_NOT_EMBEDDED = """
    NOT EXISTS (SELECT 1 FROM item_embedding e WHERE e.item_id = i.id
      AND e.encoder_id = %(encoder)s AND e.version = %(version)s)
"""
_NOT_MEASURED = """
    NOT EXISTS (SELECT 1 FROM item_measures m WHERE m.item_id = i.id
      AND m.version = %(measures)s)
"""
_NOT_MATCHED = """
    NOT EXISTS (SELECT 1 FROM item_match t WHERE t.item_id = i.id
      AND t.encoder_id = %(encoder)s)
"""
_VECTORS = """
    SELECT e.item_id, a.vector, b.vector FROM item_embedding e
    JOIN embedding a ON a.id = e.embeddings[1]
    JOIN embedding b ON b.id = e.embeddings[2]
    WHERE e.encoder_id = %s AND e.version = %s AND e.item_id = ANY(%s)
"""


@dataclass(frozen=True)
class Vectors:
    """The vectors of pairs, as a fit needs them.

    `difference`: float32 [n, n_dims], that of A minus that of B; `cosine`: float64 [n];
    `place`: float32 [n, n_dims], where the two lie together, of length 1; `is_there`:
    bool [n], which items are embedded; the others are zeros.
    """

    difference: Singles
    cosine: Floats
    place: Singles
    is_there: Bools


def newest_embedding(policy: RoutingPolicy) -> EmbeddingRun | None:
    """Return the newest run that made the whole pool ready; one query."""
    found = EmbeddingRun.objects.select_related("encoder").filter(policy=policy)
    return found.exclude(ended_at=None).order_by("-job_id").first()


def embedding_job(policy: RoutingPolicy) -> Job | None:
    """Return the newest job that embeds for a policy; one query."""
    found = Job.objects.filter(
        project=policy.project_id,
        kind=Job.Kind.EMBED,
        parameters__policy=policy.number,
    )
    return found.order_by("-id").first()


def is_embedded(policy: RoutingPolicy) -> bool:
    """Tell whether a fit finds all that it reads; three queries."""
    run = newest_embedding(policy)
    if run is None:
        return False
    if run.encoder is None:
        return n_pool(policy) <= MOST_BY_WORDS
    return n_not_embedded(policy, run.encoder) == 0


def n_pool(policy: RoutingPolicy) -> int:
    """Return the items on which the policy's machine has a verdict; two queries."""
    return int(_fetch(f"SELECT count(*) {_POOL}", _given(policy))[0][0])


def n_not_embedded(policy: RoutingPolicy, encoder: EncoderIdentity) -> int:
    """Return how many items of the pool an encoder has not embedded; two queries."""
    statement = f"SELECT count(*) {_POOL} AND {_NOT_EMBEDDED}"
    return int(_fetch(statement, _given(policy, encoder))[0][0])


@dataclass(frozen=True)
class Wanted:
    """What the items of a pool are to have: measures of that version, and vectors.

    `encoder` None: no vectors. `is_matched`: how alike their tokens are, too.
    """

    measures: int
    encoder: EncoderIdentity | None = None
    is_matched: bool = False

    @property
    def lacks(self) -> str:
        """Return the condition of an item that lacks something."""
        lacks = [_NOT_MEASURED]
        if self.encoder is not None:
            lacks.append(_NOT_EMBEDDED)
        if self.is_matched:
            lacks.append(_NOT_MATCHED)
        return f"({' OR '.join(lacks)})"


def unread_items(policy: RoutingPolicy, wanted: Wanted, n: int) -> Iterator[list[int]]:
    """Yield the items that lack something, `n` at a time, by number."""
    statement = (
        f"SELECT i.id, i.number {_POOL} AND {wanted.lacks}"
        " AND i.number > %(after)s ORDER BY i.number LIMIT %(n)s"
    )
    given = _given(policy, wanted.encoder)
    given |= {"measures": wanted.measures, "n": n, "after": 0}
    while rows := _fetch(statement, given):
        yield [row[0] for row in rows]
        given["after"] = rows[-1][1]


def n_unread(policy: RoutingPolicy, wanted: Wanted) -> int:
    """Return how many items `unread_items` would yield; two queries."""
    statement = f"SELECT count(*) {_POOL} AND {wanted.lacks}"
    given = _given(policy, wanted.encoder) | {"measures": wanted.measures}
    return int(_fetch(statement, given)[0][0])


def vectors_of(ids: Ints, encoder: EncoderIdentity) -> Vectors:
    """Read the vectors of items, in their order; a query for each 2,000."""
    n = len(ids)
    difference = np.zeros((n, encoder.n_dims), dtype=np.float32)
    together = np.zeros_like(difference)
    cosine, is_there = np.zeros(n), np.zeros(n, dtype=bool)
    for start in range(0, n, READ):
        part = ids[start : start + READ]
        rows = _fetch(_VECTORS, [encoder.pk, TEXT_VERSION, part.tolist()])
        place = {item: start + at for at, item in enumerate(part.tolist())}
        at = [place[row[0]] for row in rows]
        a, b = (_array([row[side] for row in rows], encoder) for side in (1, 2))
        difference[at], together[at] = a - b, unit(a + b)
        size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        dot = np.einsum("ij,ij->i", a, b)
        cosine[at] = np.divide(dot, size, out=np.zeros(len(at)), where=size > 0)
        is_there[at] = True
    return Vectors(difference, cosine, together, is_there)


def _array(stored: list[Any], encoder: EncoderIdentity) -> Any:
    joined = b"".join(bytes(one) for one in stored)
    return np.frombuffer(joined, STORED).reshape(-1, encoder.n_dims).astype(np.float32)


def _given(
    policy: RoutingPolicy, encoder: EncoderIdentity | None = None
) -> dict[str, Any]:
    return {
        "project": policy.project_id,
        "machine": policy.machine_id,
        "versions": list(compared_questions(policy.project)),
        "encoder": encoder.pk if encoder else None,
        "version": TEXT_VERSION,
    }


def _fetch(statement: str, parameters: dict[str, Any] | list[Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, parameters)
        return list(db.fetchall())
