"""An operator who is signed in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client
