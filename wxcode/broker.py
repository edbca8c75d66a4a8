"""kombu's Redis transport, without the crash of a worker whose Redis ends while tasks are unacknowledged.

kombu 5.7 closes a connection that was collected before, and to give its messages back it then asks a transport that has
no address any more: AttributeError, which ends the worker. They come back by themselves after the visibility timeout.
"""

import logging
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

logger = logging.getLogger(__name__)


class QoS(redis.QoS):
    """Knows when there is nobody to give messages back to."""

    def restore_unacked(self, client: Any = None) -> Any:
        if self.channel.connection.client is None:
            logger.warning("%d unacknowledged tasks are left to Redis", len(self._delivered))
            return None
        return super().restore_unacked(client)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel = Channel


def use_own_transport() -> None:
    """Have kombu take it for redis:// and rediss://."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
