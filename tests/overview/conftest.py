"""Operators who are signed in, and Redis gone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.coordination import connection
from apps.coordination.connection import redis_connection


@pytest.fixture(autouse=True)
def _quiet_static_files(settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def visitor(db: None) -> Callable[..., Client]:
    """`visitor("view_miniprogram")`: a browser of staff who see every mini-program and have these permissions."""

    def enter(*permissions: str) -> Client:
        vera = User.objects.create(username="vera", is_staff=True)
        vera.user_permissions.add(*Permission.objects.filter(codename__in=[*permissions, "see_every_miniprogram"]))
        browser = Client()
        browser.force_login(vera)
        return browser

    return enter


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
