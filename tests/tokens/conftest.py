"""Staff who are signed in, Redis gone, and WeChat's clock and ours moved together."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from redis import Redis


@pytest.fixture
def operator(client: Client, db: None, settings: Any) -> Client:
    """A browser in which a superuser is signed in."""
    settings.WHITENOISE_AUTOREFRESH = True
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def wait_for(sandbox: Any, redis_client: Redis) -> Iterator[Callable[[float], None]]:
    """`wait_for(seconds)`: so much time goes by, for WeChat, for us and for what expires in Redis, at once."""
    with ExitStack() as travels:

        def pass_time(seconds: float) -> None:
            sandbox.advance(seconds)
            travels.enter_context(time_machine.travel(time.time() + seconds, tick=True))
            for name in redis_client.scan_iter("wxcode:*"):
                left = redis_client.pttl(name)
                if left > 0:
                    # zero or less expires it now
                    redis_client.pexpire(name, int(left - seconds * 1000))

        yield pass_time
