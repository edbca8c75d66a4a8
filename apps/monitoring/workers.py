"""Which Celery workers live, for those who watch; a worker writes it every ten seconds."""

from apps.coordination.connection import key, redis_errors

WORKERS = key("workers")
# Three heartbeats of ten seconds missed.
WORKER_LATE_SECONDS = 35.0
FORGOTTEN_SECONDS = 3600.0


def note_worker(name: str, *, now: float) -> None:
    """The worker `name` lives at `now` (Unix seconds). Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        pipeline = redis.pipeline(transaction=False)
        pipeline.zadd(WORKERS, {name: now})
        pipeline.zremrangebyscore(WORKERS, "-inf", now - FORGOTTEN_SECONDS)
        pipeline.execute()


def find_workers(*, now: float) -> dict[str, float]:
    """Seconds since each worker of the last hour was heard. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        found = redis.zrangebyscore(WORKERS, now - FORGOTTEN_SECONDS, "+inf", withscores=True)
    return {name.decode(): max(now - score, 0.0) for name, score in found}
