"""Step route: what the texts of a pool measure, each text read and measured once.

Measures are kept by item, embeddings by the hash of their text: a second run on the
same items reads numbers alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models_service.backends.embeddings import HashingEncoder, load_encoder
from models_service.services.embeddings import embed_texts
from routing.features.space import Space, fallback_space, space_of, texts_to_embed
from routing.features.text import FORM, MEASURES, compare_form, measure_pairs
from routing.models import ItemMeasures
from routing.pairs import Floats, Ints, Pairs
from routing.selectors.pairs import LivePairs, texts_of

# Another recipe of measures makes another version, and every text is measured anew.
MEASURES_VERSION = 1
# Above so many items words are hashed: the fallback would hold all texts in memory.
MOST_FALLBACK = 20_000
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Features:
    """What is known of the texts of a pool. `note`: what to know of the encoder."""

    figures: dict[str, Floats]
    form: Floats
    space: Space
    encoder: str
    note: str


def features_of(live: LivePairs, tell: Tell) -> Features:
    """Measure a pool; texts are held one batch at a time, but by the small fallback."""
    measured = _measures(live.ids, tell)
    space, note = _space(live, tell)
    figures = dict(zip(MEASURES, measured[:, : len(MEASURES)].T, strict=True))
    figures["cosine"] = space.cosine
    form = measured[:, len(MEASURES) :]
    return Features(figures, form, space, space.name, note)


def _measures(ids: Ints, tell: Tell) -> Floats:
    """Return measures and form: float64 [n, 13]; what is new is stored."""
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
        found[rows_now] = np.column_stack([measure_pairs(texts), compare_form(texts)])
        _store(ids[rows_now], found[rows_now])
        done += texts.n
        tell(done)
    return found


def _store(ids: Ints, values: Floats) -> None:
    ItemMeasures.objects.bulk_create(
        (
            ItemMeasures(item_id=item, version=MEASURES_VERSION, values=row.tolist())
            for item, row in zip(ids.tolist(), values, strict=True)
        ),
        update_conflicts=True,
        unique_fields=["item"],
        update_fields=["version", "values"],
    )


def _space(live: LivePairs, tell: Tell) -> tuple[Space, str]:
    """Return where the completions lie: by a sentence model, or by their words."""
    chosen = load_encoder()
    is_hashing = isinstance(chosen.encoder, HashingEncoder)
    if is_hashing and live.n <= MOST_FALLBACK:
        return fallback_space(_all_texts(live)), chosen.note
    parts = []
    n_done = 0
    for texts in texts_of(live.ids):
        vectors = embed_texts(chosen.encoder, texts_to_embed(texts))
        parts.append(space_of(vectors, chosen.encoder.name))
        n_done += texts.n
        tell(n_done)
    difference = np.concatenate([part.difference for part in parts])
    cosine = np.concatenate([part.cosine for part in parts])
    together = np.concatenate([part.place for part in parts if part.place is not None])
    return Space(difference, cosine, chosen.encoder.name, together), chosen.note


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
