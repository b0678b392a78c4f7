"""Embed texts, each only once: what was encoded is kept by its content hash.

Called by the reward model, and by the jobs that embed the texts of items.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from django.db import connection

from models_service.backends.embeddings import Encoder, Vectors
from models_service.heads.features import TEXT_VERSION
from models_service.models import EncoderIdentity, ItemEmbedding

# Texts that are looked up, encoded and stored together.
BATCH = 1024
STORED = np.dtype("<f2")
# Texts that are encoded and stored before it is told how far it is.
STEP = 128

_KNOWN = """
    SELECT sha256, vector FROM embedding WHERE encoder_id = %s AND sha256 = ANY(%s)
"""
_IDS = """
    SELECT sha256, id FROM embedding WHERE encoder_id = %s AND sha256 = ANY(%s)
"""
# Two workers with the same new text: the second finds it there, and the vectors are
# the same. In the order of the hashes, so that neither waits for the other in a ring.
_STORE = """
    INSERT INTO embedding (encoder_id, sha256, vector)
    SELECT %s, new.sha256, new.vector
    FROM unnest(%s::bytea[], %s::bytea[]) AS new(sha256, vector) ORDER BY new.sha256
    ON CONFLICT DO NOTHING
"""


def identify(encoder: Encoder) -> EncoderIdentity:
    """Return the row of these weights; made if it is new."""
    row, _made = EncoderIdentity.objects.get_or_create(
        name=encoder.name,
        revision=encoder.revision,
        defaults={"n_dims": encoder.n_dims},
    )
    if row.n_dims != encoder.n_dims:
        raise ValueError(
            f"{row} gave vectors of {row.n_dims} numbers, and now {encoder.n_dims}."
        )
    return row


def embed_texts(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Return a vector for each text, in their order: float32 [n, n_dims].

    Encodes what is new and stores it batch by batch, so that what is done stays done.
    Vectors are rounded to 16 bits whether or not they were stored before, so that the
    same texts give the same numbers each time.
    """
    vectors: Vectors = np.empty((len(texts), encoder.n_dims), dtype=np.float32)
    start = 0
    for part in embed_stream(encoder, texts):
        vectors[start : start + len(part)] = part
        start += len(part)
    return vectors


def embed_stream(encoder: Encoder, texts: Iterable[str]) -> Iterator[Vectors]:
    """Yield the vectors of texts in batches, in their order and in constant memory."""
    identity = identify(encoder)
    rest = iter(texts)
    while part := list(islice(rest, BATCH)):
        yield _embed(encoder, identity, part)


def _embed(
    encoder: Encoder, identity: EncoderIdentity, texts: Sequence[str]
) -> Vectors:
    keys = [_key(text) for text in texts]
    known = _known(identity, set(keys))
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    known |= _encode(encoder, identity, new)
    joined = b"".join(known[key] for key in keys)
    return np.frombuffer(joined, STORED).reshape(len(keys), -1).astype(np.float32)


def _known(identity: EncoderIdentity, keys: set[bytes]) -> dict[bytes, bytes]:
    with connection.cursor() as db:
        db.execute(_KNOWN, [identity.pk, list(keys)])
        return {bytes(key): bytes(vector) for key, vector in db.fetchall()}


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _encode(
    encoder: Encoder, identity: EncoderIdentity, new: Mapping[bytes, str]
) -> dict[bytes, bytes]:
    """Encode and store texts by their hashes; return their vectors."""
    if not new:
        return {}
    encoded = encoder.encode(list(new.values())).astype(STORED)
    if not np.isfinite(encoded).all():
        raise ValueError(f"{identity} gave a number that cannot be kept.")
    made = dict(zip(new, (row.tobytes() for row in encoded), strict=True))
    with connection.cursor() as db:
        db.execute(_STORE, [identity.pk, list(made), list(made.values())])
    return made


# --- of items -----------------------------------------------------------------------


def embed_items(
    encoder: Encoder,
    texts: Mapping[int, Sequence[str]],
    tell: Callable[[int], None] = lambda n_encoded: None,
) -> int:
    """Embed the texts of items, in the order of their completions, and say so.

    Returns how many texts were new. They are encoded by their length, a step at a time,
    and `tell` hears after each how many that were; where it raises, what was encoded is
    kept. An item is marked as embedded once all its texts are.
    """
    identity = identify(encoder)
    keys = {item: [_key(text) for text in some] for item, some in texts.items()}
    known = _ids(identity, {key for some in keys.values() for key in some})
    new = {
        key: text
        for item, some in texts.items()
        for key, text in zip(keys[item], some, strict=True)
        if key not in known
    }
    waiting = sorted(new, key=lambda key: len(new[key]))
    for start in range(0, len(waiting), STEP):
        part = waiting[start : start + STEP]
        _encode(encoder, identity, {key: new[key] for key in part})
        tell(start + len(part))
    known = _ids(identity, {key for some in keys.values() for key in some})
    ItemEmbedding.objects.bulk_create(
        (
            ItemEmbedding(
                item_id=item,
                encoder=identity,
                version=TEXT_VERSION,
                embeddings=[known[key] for key in some],
            )
            for item, some in keys.items()
        ),
        update_conflicts=True,
        unique_fields=["encoder", "item"],
        update_fields=["version", "embeddings"],
    )
    return len(new)


def _ids(identity: EncoderIdentity, keys: set[bytes]) -> dict[bytes, int]:
    with connection.cursor() as db:
        db.execute(_IDS, [identity.pk, list(keys)])
        return {bytes(key): number for key, number in db.fetchall()}
