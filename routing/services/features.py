"""Step route: what the texts of a pool measure, each text read and measured once.

Measures are kept by item, embeddings by the hash of their text: a job of the queue
`models` makes both (services.embedding), and a fit reads numbers alone. Nothing here
loads a model.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from annotation.services.jobs import JobFailed
from annotation.words import gettext as _
from models_service.models import EncoderIdentity
from routing.features.space import Space, fallback_space
from routing.features.text import (
    FORM,
    MATCH,
    MEASURES,
    compare_form,
    measure_pairs,
)
from routing.models import EmbeddingRun, ItemMatch, ItemMeasures
from routing.pairs import Floats, Ints, Pairs
from routing.selectors.embedded import MOST_BY_WORDS, vectors_of
from routing.selectors.pairs import LivePairs, texts_of

# Another recipe of measures makes another version, and every text is measured anew.
MEASURES_VERSION = 1
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Features:
    """What is known of the texts of a pool. `note`: what to know of the encoder."""

    figures: dict[str, Floats]
    form: Floats
    space: Space
    encoder: str
    note: str


def features_of(
    live: LivePairs, run: EmbeddingRun | None, tell: Tell
) -> tuple[LivePairs, Features]:
    """Read what the texts of a pool measure; items that are not embedded are left out.

    `run`: the newest that embedded the pool. Without an encoder the words of the pool
    say where its completions lie, and all texts are held at once.

    Raises JobFailed where nothing is embedded.
    """
    if run is None or (run.encoder is None and live.n > MOST_BY_WORDS):
        raise JobFailed(_not_embedded())
    if run.encoder is None:
        space = fallback_space(_all_texts(live))
    else:
        found = vectors_of(live.ids, run.encoder)
        is_there = found.is_there
        if not is_there.any():
            raise JobFailed(_not_embedded())
        name = run.encoder.name
        space = Space(found.difference, found.cosine, name, found.place)
        if not is_there.all():
            live = live.take(is_there)
            space = Space(
                found.difference[is_there],
                found.cosine[is_there],
                name,
                found.place[is_there],
            )
    measured = measures_of(live.ids, tell)
    figures = dict(zip(MEASURES, measured[:, : len(MEASURES)].T, strict=True))
    figures["cosine"] = space.cosine
    if run.encoder is not None:
        matched = matches_of(live.ids, run.encoder)
        if np.isfinite(matched).any():
            figures[MATCH] = matched
    form = measured[:, len(MEASURES) :]
    return live, Features(figures, form, space, space.name, run.note)


def _not_embedded() -> str:
    return _(
        "The texts of the items are not embedded yet. Let the worker for models embed "
        "them first; what is learned follows by itself."
    )


def measures_of(ids: Ints, tell: Tell) -> Floats:
    """Return measures and form: float64 [n, 13]; what is new is measured and stored."""
    width = len(MEASURES) + len(FORM)
    found = np.full((len(ids), width), np.nan)
    kept = ItemMeasures.objects.filter(version=MEASURES_VERSION)
    for start in range(0, len(ids), 10_000):
        part = ids[start : start + 10_000]
        rows = dict(kept.filter(item__in=part.tolist()).values_list("item", "values"))
        for at, item in enumerate(part.tolist(), start):
            if item in rows:
                found[at] = rows[item]
    new = np.flatnonzero(np.isnan(found[:, 0]))
    done = 0
    for texts in texts_of(ids[new]):
        rows_now = new[done : done + texts.n]
        found[rows_now] = measure(texts)
        store_measures(ids[rows_now], found[rows_now])
        done += texts.n
        tell(done)
    return found


def matches_of(ids: Ints, encoder: EncoderIdentity) -> Floats:
    """Return how alike the tokens of the completions are: float64 [n], NaN unknown."""
    found = np.full(len(ids), np.nan)
    kept = ItemMatch.objects.filter(encoder=encoder)
    for start in range(0, len(ids), 10_000):
        part = ids[start : start + 10_000].tolist()
        rows = dict(kept.filter(item__in=part).values_list("item", "value"))
        found[start : start + len(part)] = [rows.get(item, np.nan) for item in part]
    return found


def store_matches(ids: list[int], encoder: EncoderIdentity, values: Floats) -> None:
    """Keep how alike the tokens of the completions of items are."""
    ItemMatch.objects.bulk_create(
        (
            ItemMatch(item_id=item, encoder=encoder, value=value)
            for item, value in zip(ids, values.tolist(), strict=True)
        ),
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["encoder", "value"],
    )


def measure(texts: Pairs) -> Floats:
    """Return measures and form of texts: float64 [n, 13]."""
    return np.column_stack([measure_pairs(texts), compare_form(texts)])


def store_measures(ids: Ints, values: Floats) -> None:
    """Keep what the texts of items measure."""
    ItemMeasures.objects.bulk_create(
        (
            ItemMeasures(item_id=item, version=MEASURES_VERSION, values=row.tolist())
            for item, row in zip(ids.tolist(), values, strict=True)
        ),
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["version", "values"],
    )


def _all_texts(live: LivePairs) -> Pairs:
    batches = list(texts_of(live.ids))
    return Pairs(
        tuple(prompt for batch in batches for prompt in batch.prompts),
        tuple(text for batch in batches for text in batch.completions_a),
        tuple(text for batch in batches for text in batch.completions_b),
        live.pairs.ai,
        live.pairs.people,
        live.pairs.group,
    )
