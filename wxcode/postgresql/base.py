"""The database backend: a connection found dead takes the idle ones of its age with it, so nobody waits for them."""

import select
from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg import Connection, Error
from psycopg_pool import ConnectionPool, PoolTimeout
from psycopg_pool.pool import AddConnection, MaintenanceTask

# A connection that answered so recently is trusted without a question, as long as nothing has come from the server:
# when one stops, even killed, its end closes, and that can be read. Two questions were a tenth of a code.
TRUSTED_SECONDS = 5.0
# Less than half of what a request waits for a connection.
RECONNECT_SECONDS = 1.0


class SteadyPool(ConnectionPool[Connection[Any]]):
    """Looks for a server that is away every second; psycopg's own doubles the distance, and slept on for 8 s."""

    def schedule_task(self, task: MaintenanceTask, delay: float) -> None:
        super().schedule_task(task, min(delay, RECONNECT_SECONDS) if isinstance(task, AddConnection) else delay)

    def fill(self, connections: int, *, seconds: float) -> int:
        """Open it and have so many connections in it, or as many as could be had in that time; say how many."""
        self.open()
        deadline = monotonic() + seconds
        held: list[Connection[Any]] = []
        try:
            # it grows while somebody waits, and shrinks again to `min_size` when nobody did for ten minutes
            while len(held) < min(connections, self.max_size):
                held.append(self.getconn(timeout=deadline - monotonic()))
        except PoolTimeout:
            pass
        finally:
            for connection in held:
                self.putconn(connection)
        return len(held)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, whose pool tests one idle connection a second after a restart: four dead ones were a 503."""

    # both are Django's own, which its types do not know
    _connection_pools: ClassVar[dict[str, Any]]
    _configure_connection: Callable[[Any], bool]

    @property
    def pool(self) -> Any:
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in self._connection_pools:
            # setdefault: of threads that race here one pool remains, and none was opened yet
            self._connection_pools.setdefault(self.alias, self._new_pool(options))
        return self._connection_pools[self.alias]

    def _new_pool(self, options: dict[str, Any]) -> SteadyPool:
        made_at: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()
        answered_at: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()
        drained_at = float("-inf")

        def configure(connection: Connection[Any]) -> None:
            made_at[connection] = answered_at[connection] = monotonic()
            self._configure_connection(connection)

        def check(connection: Connection[Any]) -> None:
            nonlocal drained_at
            if monotonic() - answered_at[connection] < TRUSTED_SECONDS and not _has_news(connection):
                return
            try:
                ConnectionPool.check_connection(connection)
                answered_at[connection] = monotonic()
            except Error:
                # several threads find out about one restart; what was made since the first did is good
                if made_at[connection] > drained_at:
                    drained_at = monotonic()
                    pool.drain()
                raise

        pool = SteadyPool(
            kwargs={**self.get_connection_params(), "autocommit": True},
            open=False,
            configure=configure,
            check=check,
            **options,
        )
        return pool


def _has_news(connection: Connection[Any]) -> bool:
    """Whether something can be read that nobody asked for: the end of the connection, or a notice."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
