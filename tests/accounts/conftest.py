"""Accounts with a password, and the ways in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.coordination import connection
from apps.coordination.connection import redis_connection
from tests.gallery.staff import PASSWORD, make_staff


@pytest.fixture
def anna(db: None) -> User:
    return make_staff(password=PASSWORD)


@pytest.fixture
def knock() -> Callable[..., Any]:
    """`knock("anna", "wrong", address="192.0.2.9")`: one attempt to log in; the answer."""

    def attempt(username: str, password: str, *, address: str = "192.0.2.1", client: Any = None, **given: Any) -> Any:
        facts = {"username": username, "password": password, "next": given.pop("next", "/")}
        path = given.pop("path", "/login/")
        return (client or Client()).post(path, facts, REMOTE_ADDR=address, **given)

    return attempt


@pytest.fixture
def dead_redis(settings: Any) -> Iterator[Callable[[], None]]:
    """Call it, and REDIS_URL points where nobody listens; afterwards everything is as before."""

    def forget() -> None:
        redis_connection.cache_clear()
        connection.forget_trouble()

    def die() -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        forget()

    yield die
    forget()
