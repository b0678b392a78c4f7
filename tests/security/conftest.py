"""The callers and the pool of the REST tests."""

from tests.api.conftest import (
    annotator,
    client_of,
    make_annotator,
    make_pool,
    manager,
    outsider,
    pool,
    token_client,
)

__all__ = [
    "annotator",
    "client_of",
    "make_annotator",
    "make_pool",
    "manager",
    "outsider",
    "pool",
    "token_client",
]
