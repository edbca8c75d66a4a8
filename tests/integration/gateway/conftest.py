"""The service on a real port, and the SDK that knocks on it."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from apps.clients.services import create_client
from apps.gateway.access import remembered
from tests.integration.gateway.knocking import Door
from tests.parts import ALL_SCOPES, make_miniprogram


@pytest.fixture(autouse=True)
def forgotten_choices() -> None:
    """A test's rows vanish without a signal."""
    remembered.forget()


@pytest.fixture
def miniprogram(sandbox: Any) -> Any:
    return make_miniprogram(sandbox)


@pytest.fixture
def door(client: Any, miniprogram: Any) -> Door:
    """WeChat's paths here, for the mini-program, with a key that may do everything."""
    _client, key = create_client(name="old shop", scopes=ALL_SCOPES)
    return Door(client, appid=miniprogram.appid, key=key)


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session
