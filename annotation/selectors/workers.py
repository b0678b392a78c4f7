"""Which queues have a living worker, as told by marks in the cache."""

from django.core.cache import cache

QUEUES = ("default", "models")
DEVICE_KEY = "models-device"


def beat_key(queue: str) -> str:
    """Return the cache key under which a worker of `queue` leaves its mark."""
    return f"worker-alive:{queue}"


def workers_alive() -> dict[str, bool]:
    """Tell for each queue whether a worker reads it; no query, one cache request."""
    marks = cache.get_many([beat_key(queue) for queue in QUEUES])
    return {queue: beat_key(queue) in marks for queue in QUEUES}


def models_device() -> dict[str, str] | None:
    """Return on what the queue `models` runs, or None while nobody has told."""
    told: dict[str, str] | None = cache.get(DEVICE_KEY)
    return told
