"""OPTIONS names the methods that an address has, and nothing that it has not."""

import pytest

from tests.parts import make_api

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("codes/", ["GET", "POST", "HEAD"]),
        ("codes/1/archive", ["POST"]),
        ("miniprograms/", ["GET", "HEAD"]),
    ],
)
def test_options_names_the_methods_and_the_description(path, methods):
    answer = make_api().options(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (200, {"methods": methods, "schema": "/api/schema/"})
    assert answer["Allow"].split(", ") == [*methods, "OPTIONS"]
