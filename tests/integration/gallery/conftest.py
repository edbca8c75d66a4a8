"""Staff with a session, and a mini-program that the sandbox knows."""

from typing import Any

import pytest
from django.test import Client

from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import PAGE, make_staff
from tests.parts import make_miniprogram


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """The client of anna, who may do everything."""
    client.force_login(make_staff())
    return client


@pytest.fixture
def miniprogram(sandbox: Any) -> MiniProgram:
    return make_miniprogram(sandbox, name="Lantern Tea House", default_page=PAGE)
