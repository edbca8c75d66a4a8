"""A worker whose Redis ends while it holds unacknowledged tasks."""

from kombu import Connection, Queue

from wxcode.broker import Transport
from wxcode.celery import app


def test_the_application_uses_the_mended_transport():
    with app.connection_for_read() as connection:
        assert isinstance(connection.transport, Transport)


def test_closing_an_abandoned_channel_leaves_its_messages_to_redis(redis_url, redis_client):
    connection = Connection(redis_url)
    queue = Queue("drill")
    with connection.SimpleQueue(queue.name) as simple:
        simple.put({"a": 1})
    channel = connection.default_channel
    message = queue.bind(channel).get()
    assert message.payload == {"a": 1}
    # as a worker leaves it that has lost Redis and failed to connect anew
    channel.connection.client = None
    channel.close()
    assert redis_client.hlen("unacked") == 1
