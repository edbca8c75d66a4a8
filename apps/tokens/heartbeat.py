"""When the refresher last ran, for those who watch over beat and worker."""

from apps.coordination.connection import key, redis_errors

# Beat comes every 60 s; two missed runs and some seconds of work are no longer an accident.
BEAT_LATE_SECONDS = 150.0
KEPT_SECONDS = 86_400


def note_run(*, now: float) -> None:
    """The refresher is running at `now` (Unix seconds)."""
    with redis_errors() as redis:
        redis.set(key("tokens", "last-run"), f"{now:.3f}", ex=KEPT_SECONDS)


def find_beat_age(*, now: float) -> float | None:
    """Seconds since the refresher last ran, None if it never did. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        last = redis.get(key("tokens", "last-run"))
    return None if last is None else max(now - float(last), 0.0)
