"""A project to run jobs in."""

from tests.pools import make_annotator, make_pool

__all__ = ["make_annotator", "make_pool"]
