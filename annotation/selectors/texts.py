"""Rendered text by content hash: one request to the cache, rendering what is new."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from django.core.cache import cache

from annotation.rendering import (
    RENDERER_VERSION,
    Block,
    align,
    align_raw,
    render,
    text_key,
)

DAY_S = 24 * 3600
Triples = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Alignment:
    """Where what a page shows of a text stands in its source.

    Each triple is (place shown, place in the source, length) in characters; an empty
    `raw` says that the raw view is the source.
    """

    rendered: Triples
    raw: Triples


def rendered(texts: Sequence[str]) -> list[str]:
    """Return safe HTML for each text, in order; no query, at most two cache requests.

    Rendering a long answer takes milliseconds, so equal texts are rendered once for
    all annotators; the key holds the renderer's version.
    """
    keys = [f"html:{RENDERER_VERSION}:{text_key(text)}" for text in texts]
    known = cache.get_many(keys)
    new = {
        key: render(text)
        for key, text in zip(keys, texts, strict=True)
        if key not in known
    }
    if new:
        cache.set_many(new, DAY_S)
    return [known[key] if key in known else new[key] for key in keys]


def alignments(texts: Sequence[str], html: Sequence[str]) -> list[Alignment]:
    """Return the alignment of each text with its HTML; at most two cache requests."""
    keys = [f"align:{RENDERER_VERSION}:{text_key(text)}" for text in texts]
    known = cache.get_many(keys)
    new = {
        key: Alignment(_triples(align(text, shown)), _triples(align_raw(text)))
        for key, text, shown in zip(keys, texts, html, strict=True)
        if key not in known
    }
    if new:
        cache.set_many({key: astuple(found) for key, found in new.items()}, DAY_S)
    return [new[key] if key in new else Alignment(*known[key]) for key in keys]


def _triples(blocks: Sequence[Block]) -> Triples:
    return [(block.shown, block.source, block.length) for block in blocks]
