"""Serializers that tell a caller about a field they do not know, instead of ignoring it."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.settings import api_settings

# of a name that the caller made up, as much as helps to recognize it
SHOWN_NAME_LENGTH = 100


KINDS = (
    (str, gettext_lazy("a string")),
    (bool, gettext_lazy("true or false")),
    ((int, float), gettext_lazy("a number")),
    (list, gettext_lazy("an array")),
)


def json_kind(value: Any) -> str:
    """What JSON calls `value`."""
    return str(next((kind for types, kind in KINDS if isinstance(value, types)), "null"))


class UnknownFieldsRefused(serializers.Serializer[Any]):
    """Mixin: a field that the serializer does not have is an error that names the nearest one it has.

    null, and an empty word where one of several is wanted, are as if the field were left out: programs send every
    field of a body.

    Written before the other base: `class NewCode(UnknownFieldsRefused, ModelSerializer)`. Read-only fields
    may come back unchanged from an earlier answer and are ignored, as REST framework does.
    """

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """For the OpenAPI document; `to_internal_value` has left null and "" out by then."""
        return allow_empty(super().get_fields())

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            told = _("Send a JSON object such as {…}, not %(kind)s.") % {"kind": json_kind(data)}
            raise serializers.ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [told]})
        unknown = self._unknown_fields(data)
        try:
            value = super().to_internal_value(self._given(data))
        except serializers.ValidationError as exc:
            if unknown and isinstance(exc.detail, dict):
                raise serializers.ValidationError({**exc.detail, **unknown}) from exc
            raise
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _given(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if not is_empty(value, self.fields.get(name))}

    def _unknown_fields(self, data: Any) -> dict[str, list[str]]:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        strangers = [str(name) for name in data if name not in self.fields]
        # an empty name is shown as such, or the message would belong to no field
        return {name[:SHOWN_NAME_LENGTH] or '""': [unknown_field(name, known=writable)] for name in strangers}


def allow_empty(
    fields: dict[str, serializers.Field[Any, Any, Any, Any]],
) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    for field in fields.values():
        if not field.required and not field.read_only:
            field.allow_null = True
            if isinstance(field, serializers.ChoiceField):
                field.allow_blank = True
    return fields


def is_empty(value: Any, field: Any) -> bool:
    """Whether `value` says nothing about `field`."""
    return value is None or (value == "" and isinstance(field, serializers.ChoiceField))


def find_nearest(name: str, *, known: Iterable[str]) -> str | None:
    """The one of `known` that the caller may have meant by `name`."""
    return next(iter(difflib.get_close_matches(name[:SHOWN_NAME_LENGTH].lower(), list(known), n=1, cutoff=0.6)), None)


def unknown_field(name: str, *, known: Iterable[str]) -> str:
    """What to tell about the field `name`, which is none of `known`."""
    known = list(known)
    nearest = find_nearest(name, known=known)
    if nearest:
        return _("Unknown field. Did you mean “%(nearest)s”?") % {"nearest": nearest}
    return _("Unknown field. Available: %(known)s.") % {"known": ", ".join(known)}
