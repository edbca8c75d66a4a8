"""Columns that are made of other columns whenever a row is written, in bulk as well."""

from hashlib import sha256
from typing import Any

from django.db import models


class Derived:
    """Mixin for a field: asks `make_<name>()` of the row before every INSERT and UPDATE of the column."""

    name: str
    attname: str

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        # a migration's model has columns and no methods: what it was given is written
        make = getattr(model_instance, f"make_{self.name}", None)
        if make is None:
            return getattr(model_instance, self.attname)
        value = make()
        setattr(model_instance, self.attname, value)
        return value


class DerivedTextField(Derived, models.TextField):  # type: ignore[type-arg]
    """A text made of other columns."""


class DerivedBigIntegerField(Derived, models.BigIntegerField):  # type: ignore[type-arg]
    """A number made of other columns."""


def text_key(text: str) -> int:
    """A number of 63 bits for a text that is too long for an index; texts with the same number are compared whole."""
    return int.from_bytes(sha256(text.encode("utf-8", "replace")).digest()[:8]) >> 1
