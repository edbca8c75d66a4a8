"""Whether the PostgreSQL of DATABASE_URL can be used: what is wrong with it, as one sentence without its password."""

from typing import Any

from django.db import connections

PATIENCE_SECONDS = 5


def find_postgres_trouble() -> str:
    """Connects once, without the pool, which would tell only that it waited. Empty for another database."""
    connection: Any = connections["default"]
    if connection.vendor != "postgresql":
        return ""
    parameters = {"connect_timeout": PATIENCE_SECONDS} | connection.get_connection_params()
    try:
        # psycopg, which an installation with SQLite never loads
        connection.Database.connect(**parameters).close()
    except (connection.Database.Error, UnicodeError) as error:
        return _describe(error, password=str(parameters.get("password", "")))
    return ""


def _describe(error: Exception, *, password: str) -> str:
    # 'connection to server at "127.0.0.1", port 1 failed: Connection refused', then advice on lines of its own
    first = str(error).strip().partition("\n")[0] or type(error).__name__
    reason = first.rpartition("failed: ")[2].strip()
    if password:
        reason = reason.replace(password, "…")
    verb = "refuses the connection" if "FATAL" in reason else "does not answer"
    return f"The PostgreSQL of DATABASE_URL {verb} ({reason}): start it, or correct DATABASE_URL"
