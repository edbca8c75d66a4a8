"""Accounts with a password, and the ways in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.integration.gallery.staff import PASSWORD, make_staff


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
