"""The client of the small failing API, for what needs rows as well."""

from tests.unit.api.conftest import api as api
