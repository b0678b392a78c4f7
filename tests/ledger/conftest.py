"""The shared pool of items and annotators."""

from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
