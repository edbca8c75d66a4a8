"""Operators who are signed in, and Redis gone."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


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
