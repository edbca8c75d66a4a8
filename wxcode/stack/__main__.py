"""`python -m wxcode.stack [--with-parent] [--reload]`: what `make run` executes, and `make dev` with `--reload`."""

import os
import signal
import sys

import environ
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.exceptions import RedisError

from wxcode import environment as env
from wxcode.postgresql.reachable import find_postgres_trouble
from wxcode.stack import lifeline, local_env
from wxcode.stack.preflight import StartRefused, not_written, prepare_data_dir, require_free_port, require_python
from wxcode.stack.supervisor import Plan, Supervisor, say


def make_plan(given: dict[str, str]) -> Plan:
    """Everything decided before anything starts; `given` is the environment without what `make run` made up.

    Raises StartRefused or ImproperlyConfigured.
    """
    data_dir = env.load_files().resolve()
    host = env.read("HOST", env.text, "127.0.0.1")
    port = env.read("PORT", env.port_number, 8000)
    threads = env.read("WEB_THREADS", env.whole_number, 32)
    workers = env.read("WEB_WORKERS", env.whole_number, 1)
    lock = prepare_data_dir(data_dir)
    require_free_port(host, port)
    if given.get("REDIS_URL") or given.get("REDIS_URL_FILE"):
        require_redis(env.read("REDIS_URL", env.redis_url))
    try:
        local = local_env.complete(data_dir, given)
    except OSError as error:
        raise not_written(data_dir, error) from None
    require_the_rest(local)
    return Plan(
        data_dir=data_dir,
        host=host,
        port=port,
        threads=threads,
        workers=workers,
        environment=given | local | {"WXCODE_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"},
        own_redis_url=local.get("REDIS_URL", ""),
        own_sandbox_url=local.get("SANDBOX_URL", ""),
        is_reloading="--reload" in sys.argv[1:],
        lock=lock,
    )


def require_the_rest(local: dict[str, str]) -> None:
    """Read every setting as the processes will, which get `local` as well.

    Raises ImproperlyConfigured, or StartRefused when the given PostgreSQL cannot be used.
    """
    os.environ.update(local, DJANGO_SETTINGS_MODULE="wxcode.settings")
    _ = settings.DATABASES
    trouble = find_postgres_trouble()
    if trouble:
        raise StartRefused(f"{trouble}.")


def require_redis(url: str) -> None:
    """Raises StartRefused, without repeating the password, when the given Redis does not answer."""
    try:
        with Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (TypeError, ValueError):
        raise StartRefused("REDIS_URL is malformed: an option behind its ? is not one of redis-py.") from None
    except RedisError as error:
        reason = type(error).__name__
        raise StartRefused(
            f"The Redis of REDIS_URL does not answer ({reason}): start it, correct REDIS_URL, "
            "or remove REDIS_URL and wxcode brings its own."
        ) from None


def main() -> int:
    """Answers the exit code: 0 after Ctrl-C or SIGTERM, 1 when something could not start or ended by itself."""
    # logs, pictures and the database are for this user alone
    os.umask(0o077)
    try:
        require_python()
        if "--with-parent" in sys.argv[1:]:
            lifeline.die_with_parent(os.getppid(), signal.SIGTERM)
        if (env.BASE_DIR / ".env").is_file():
            environ.Env.read_env(env.BASE_DIR / ".env")
        plan = make_plan(dict(os.environ))
    except (StartRefused, ImproperlyConfigured) as error:
        say(f"wxcode cannot start: {error}", error=True)
        return 1
    say("  Starting wxcode ...")
    return Supervisor(plan).serve()


if __name__ == "__main__":
    sys.exit(main())
