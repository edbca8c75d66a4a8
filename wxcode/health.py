"""`/healthz` says that the process lives, `/readyz` whether each part does; what is wrong, to operators only."""

import time

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.coordination.connection import CoordinationUnavailable, redis_errors
from apps.miniprograms.models import MiniProgram
from apps.monitoring.access import is_from_this_machine, is_named
from apps.monitoring.database import recall_write_trouble
from apps.monitoring.storage import recall_storage
from apps.monitoring.workers import WORKER_LATE_SECONDS, find_workers
from apps.tokens.health import TokenState, find_health
from apps.tokens.heartbeat import BEAT_LATE_SECONDS, find_beat_age
from apps.tokens.outgoing import find_left_alone
from wxcode.readiness import Readiness, is_well


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 if every part is well, 503 otherwise; one line per part.

    Operators are told everything as it is now: on this machine, in METRICS_NETWORKS, with METRICS_TOKEN. Everybody
    else hears which parts are well, as it was a few seconds ago, so that their questions cost nothing.
    """
    is_operator = is_from_this_machine(request) or is_named(request)
    found = readiness.look() if is_operator else readiness.recall()
    if is_operator:
        # the last two are no reason to take a server out of service: every other mini-program is served
        parts = found.parts | {"tokens": _tokens(), "wechat": _wechat()}
    else:
        parts = {name: "ok" if is_well(line) else "not ready" for name, line in found.parts.items()}
    answer = JsonResponse({"ready": not found.failing, **parts}, status=503 if found.failing else 200)
    answer["Cache-Control"] = "no-store"
    # `readiness` logs changes; Django would log an error for every 503
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _find_parts() -> dict[str, str]:
    return {
        "database": _database(),
        "redis": _redis(),
        "storage": _storage(),
        "beat": _beat(),
        "worker": _worker(),
    }


readiness = Readiness(_find_parts)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"failed: {type(error).__name__}"
    trouble = recall_write_trouble()
    return f"failed: {trouble}" if trouble else "ok"


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


def _storage() -> str:
    state = recall_storage()
    return f"failed: {state.trouble}" if state.trouble else f"ok, {state.took_seconds * 1000:.1f} ms"


def _worker() -> str:
    try:
        ages = find_workers(now=time.time())
    except CoordinationUnavailable:
        return "unknown: Redis does not answer"
    living = [age for age in ages.values() if age < WORKER_LATE_SECONDS]
    if not living:
        return "failed: no worker was heard for half a minute"
    return f"ok, {len(living)} alive, heard {min(living):.0f} s ago"


def _wechat() -> str:
    try:
        found = find_left_alone()
    except CoordinationUnavailable:
        return "unknown: Redis does not answer"
    if not found:
        return "ok"
    return f"{len(found)} endpoints left alone for {len({each.appid for each in found})} mini-programs (see /admin/)"


def _tokens() -> str:
    try:
        health = find_health(list(MiniProgram.objects.active()))
    except DatabaseError:
        return "unknown: the database does not answer"
    states = [each.state for each in health.values()]
    if TokenState.UNKNOWN in states:
        return "unknown: Redis does not answer"
    troubled = states.count(TokenState.TROUBLE)
    return f"{troubled} of {len(states)} in trouble (see /admin/tokens/)" if troubled else f"ok, {len(states)} well"
