"""A client of the small failing API."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def api(settings: Any) -> Client:
    """Answers 500 instead of raising, as a real server does."""
    settings.ROOT_URLCONF = "tests.unit.api.urls"
    settings.CSRF_FAILURE_VIEW = "apps.api.problems.csrf_failure"
    settings.WHITENOISE_AUTOREFRESH = True
    return Client(raise_request_exception=False)
