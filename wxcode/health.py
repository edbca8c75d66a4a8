"""`/healthz` says that the process lives, `/readyz` whether database, Redis and beat do, each with its own line."""

import time

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.coordination.connection import CoordinationUnavailable, redis_errors
from apps.tokens.heartbeat import BEAT_LATE_SECONDS, find_beat_age


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if every part is well, 503 otherwise; one line per part."""
    parts = {"database": _database(), "redis": _redis(), "beat": _beat()}
    is_ready = all(line.startswith("ok") for line in parts.values())
    return JsonResponse({"ready": is_ready, **parts}, status=200 if is_ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"failed: {type(error).__name__}"
    return "ok"


def _redis() -> str:
    started = time.perf_counter()
    try:
        with redis_errors() as redis:
            redis.ping()
    except CoordinationUnavailable:
        return "failed: no answer"
    return f"ok, {(time.perf_counter() - started) * 1000:.1f} ms"


def _beat() -> str:
    try:
        age = find_beat_age(now=time.time())
    except CoordinationUnavailable:
        return "unknown: Redis does not answer"
    if age is None:
        return "failed: no refresh run yet (is beat running, and a worker?)"
    return f"{'ok' if age < BEAT_LATE_SECONDS else 'failed'}, last refresh run {age:.0f} s ago"
