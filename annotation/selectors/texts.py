"""Rendered text by content hash: one request to the cache, rendering what is new."""

from collections.abc import Sequence

from django.core.cache import cache

from annotation.rendering import RENDERER_VERSION, render, text_key

DAY_S = 24 * 3600


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
