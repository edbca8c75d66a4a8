"""Giving a pooled database connection back while a thread waits: for WeChat, or for somebody else's answer."""

from django.db import connection


def release_database() -> None:
    """Let another request use this thread's pooled connection; the next query takes one again.

    WeChat takes seconds and there are more threads than connections, so a thread that waits must not hold one:
    fifty followers would leave none for the leader that they wait for.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()
