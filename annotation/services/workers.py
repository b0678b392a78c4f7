"""What workers tell about themselves; short-lived marks in the cache."""

from django.core.cache import cache

from annotation.selectors.workers import DEVICE_KEY

DEVICE_S = 900


def note_device(*, kind: str, name: str, version: str) -> None:
    """Keep on what the worker of the queue `models` runs."""
    told = {"kind": kind, "name": name, "torch": version}
    cache.set(DEVICE_KEY, told, DEVICE_S)
