"""Clients, keys and signed-in staff, with nothing remembered from earlier tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.clients.facts import forget_everything
from apps.clients.models import ApiClient
from apps.clients.services import create_client
from apps.clients.usage import forget_uses
from apps.miniprograms.models import MiniProgram

APPID = "wx0123456789abcdef"
OTHER_APPID = "wxfedcba9876543210"
ORIGIN = "https://shop.example.com"
Make = Callable[..., tuple[ApiClient, str]]


@pytest.fixture(autouse=True)
def _fresh_memory(db: None, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.integration.clients.urls"
    settings.WHITENOISE_AUTOREFRESH = True
    forget_everything()
    forget_uses()


@pytest.fixture
def make() -> Make:
    """`client, key = make(scopes=[...])`: a client named shop that may read and create codes unless told."""

    def create(**options: Any) -> tuple[ApiClient, str]:
        return create_client(**({"name": "shop", "scopes": ["codes:create", "codes:read"]} | options))

    return create


@pytest.fixture
def miniprogram() -> MiniProgram:
    return MiniProgram.objects.create(appid=APPID, name="Shop", secret_ref="env:SECRET")


@pytest.fixture
def other_miniprogram() -> MiniProgram:
    return MiniProgram.objects.create(appid=OTHER_APPID, name="Other", secret_ref="env:SECRET")


@pytest.fixture
def operator(client: Client) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
