"""Embed texts, each only once: what was encoded is kept by its content hash.

Called by the reward model, and by whatever else compares texts.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from django.db import connection

from models_service.backends.embeddings import Encoder, Vectors
from models_service.models import EncoderIdentity

# Texts that are looked up, encoded and stored together.
BATCH = 1024
STORED = np.dtype("<f2")

_KNOWN = """
    SELECT sha256, vector FROM embedding WHERE encoder_id = %s AND sha256 = ANY(%s)
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
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    known = _known(identity, set(keys))
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if new:
        encoded = encoder.encode(list(new.values())).astype(STORED)
        if not np.isfinite(encoded).all():
            raise ValueError(f"{identity} gave a number that cannot be kept.")
        made = dict(zip(new, (row.tobytes() for row in encoded), strict=True))
        with connection.cursor() as db:
            db.execute(_STORE, [identity.pk, list(made), list(made.values())])
        known |= made
    joined = b"".join(known[key] for key in keys)
    return np.frombuffer(joined, STORED).reshape(len(keys), -1).astype(np.float32)


def _known(identity: EncoderIdentity, keys: set[bytes]) -> dict[bytes, bytes]:
    with connection.cursor() as db:
        db.execute(_KNOWN, [identity.pk, list(keys)])
        return {bytes(key): bytes(vector) for key, vector in db.fetchall()}
