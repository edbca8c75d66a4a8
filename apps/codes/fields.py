"""Serializer fields that take JSON's own types and nothing that merely looks like them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.wechat.types import LineColor


class StrictBooleanField(serializers.BooleanField):
    """true or false; WeChat answers 47001 to 0, 1 and strings."""

    default_error_messages = {"invalid": _("Use true or false, without quotes.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictCharField(serializers.CharField):
    """A JSON string; a number is not taken for its digits."""

    default_error_messages = {"invalid": _("Use a string, in quotes.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction."""

    default_error_messages = {"invalid": _("Use a whole number, without quotes.")}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


COLOR_PART = {
    "oneOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "string", "pattern": "^[0-9]{1,3}$"}]
}


@extend_schema_field(
    {
        "type": "object",
        "properties": dict.fromkeys("rgb", COLOR_PART),
        "required": ["r", "g", "b"],
        "additionalProperties": False,
    }
)
class LineColorField(serializers.Field):  # type: ignore[type-arg]
    """`{"r": 0, "g": 0, "b": 0}`, each part 0 to 255, as a number or as digits in a string like WeChat's documents."""

    default_error_messages = {
        "invalid": _('Use an object like {{"r": 0, "g": 110, "b": 255}}.'),
        "part": _("{part}: use a number from 0 to 255."),
        "unknown": _("Remove {names}: a colour has r, g and b."),
    }

    def to_internal_value(self, data: Any) -> LineColor:
        if not isinstance(data, dict):
            self.fail("invalid")
        unknown = sorted(set(data) - set("rgb"))
        if unknown:
            self.fail("unknown", names=", ".join(map(str, unknown)))
        return LineColor(**{part: self._part(part, data.get(part)) for part in "rgb"})

    def _part(self, name: str, value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 3:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 255:
            self.fail("part", part=name)
        return int(value)

    def to_representation(self, value: str) -> dict[str, int]:
        return {part: int(value[1 + 2 * i : 3 + 2 * i], 16) for i, part in enumerate("rgb")}
