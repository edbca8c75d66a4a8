"""Staff who are signed in, and seal keys to swap."""

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User


@pytest.fixture
def operator(client, db):
    """A browser in which a superuser is signed in."""
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def new_key():
    return Fernet.generate_key().decode()
