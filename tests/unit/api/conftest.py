"""A client of the small failing API, and the document of the real one."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture
def api(settings: Any) -> Client:
    """Answers 500 instead of raising, as a real server does."""
    settings.ROOT_URLCONF = "tests.unit.api.urls"
    settings.CSRF_FAILURE_VIEW = "apps.api.problems.csrf_failure"
    settings.WHITENOISE_AUTOREFRESH = True
    return Client(raise_request_exception=False)


@pytest.fixture(scope="package")
def document() -> Any:
    """The OpenAPI document of the whole service."""
    return SchemaGenerator().get_schema(public=True)
