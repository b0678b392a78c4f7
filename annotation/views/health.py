"""Whether this web process reaches its servers; for load balancers and people."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from annotation.selectors.workers import models_device, workers_alive


def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 with what is reached, or 503 where the database is not."""
    try:
        with connection.cursor() as db:
            db.execute("SELECT 1")
        has_database = True
    except DatabaseError:
        has_database = False
    try:
        cache.set("health", 1, 10)
        workers = workers_alive()
        device = models_device()
        has_cache = True
    except RedisError:
        workers, device, has_cache = {}, None, False
    body = {
        "database": has_database,
        "cache": has_cache,
        "workers": workers,
        "models_device": device,
    }
    is_well = has_database and has_cache
    return JsonResponse(body, status=200 if is_well else 503)
