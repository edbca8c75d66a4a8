"""Serializer fields that take JSON's own types and nothing that merely looks like them, and say what they want."""

import difflib
import json
from typing import Any, ClassVar, NoReturn

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.wechat.types import LineColor

SHOWN_LENGTH = 40


def shown(value: Any) -> str:
    """A value of the caller as JSON writes it, as much of it as helps to recognize it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


class Shorter(MaxLengthValidator):
    """Says how long the text is."""

    message = _("%(show_value)d characters; the limit is %(limit_value)d.")


class Teaching(serializers.Field):  # type: ignore[type-arg]
    """Written before a field: a refusal shows the value and says what to send instead."""

    wanted: Any = ""
    default_error_messages: ClassVar[Any] = {"null": _("Send a value or omit the field; null is not allowed.")}

    def refuse(self, value: Any) -> NoReturn:
        """Raises ValidationError."""
        raise serializers.ValidationError(
            _("%(value)s is not valid: %(wanted)s") % {"value": shown(value), "wanted": self.wanted}
        )


class StrictBooleanField(Teaching, serializers.BooleanField):
    """true or false; WeChat answers 47001 to 0, 1 and strings."""

    wanted = _("Use true or false, without quotes.")

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.refuse(data)
        return data


class StrictCharField(Teaching, serializers.CharField):
    """A JSON string; a number is not taken for its digits."""

    wanted = _("Use a string, in quotes.")

    def __init__(self, *, max_length: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        if max_length is not None:
            self.validators.append(Shorter(max_length))

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.refuse(data)
        if "\0" in data:
            raise serializers.ValidationError(
                _("%(value)s contains the invisible character U+0000. Remove it.") % {"value": shown(data)}
            )
        return str(super().to_internal_value(data))


class LineField(StrictCharField):
    """A string for people on one line."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            raise serializers.ValidationError(_("Remove the line breaks and invisible characters."))
        return text


class StrictIntegerField(Teaching, serializers.IntegerField):
    """A JSON number without a fraction; JSON's 430.0 is 430."""

    wanted = _("Use a whole number, without quotes.")

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.refuse(data)
        return int(super().to_internal_value(data))


class KnownChoiceField(Teaching, serializers.ChoiceField):
    """One of some words; the refusal lists them, the nearest one first where there is one."""

    def to_internal_value(self, data: Any) -> str:
        known = [str(choice) for choice in self.choices]
        if isinstance(data, str) and data in known:
            return data
        nearest = difflib.get_close_matches(str(data)[:SHOWN_LENGTH].lower(), known, n=1)
        listed = ", ".join([*nearest, *(word for word in known if word not in nearest)])
        raise serializers.ValidationError(
            _("%(value)s is not a valid choice. Use one of %(known)s.") % {"value": shown(data), "known": listed}
        )


class TagsField(Teaching, serializers.ListField):
    """A list of strings, each once."""

    wanted = _('Use a list of strings, for example ["hall", "2026"].')

    def __init__(self, *, max_length: int, longest: int, **options: Any) -> None:
        child = LineField(max_length=longest, error_messages={"blank": _("Remove the empty tag.")})
        messages: Any = {"max_length": _("At most {max_length} tags.")}
        super().__init__(child=child, max_length=max_length, error_messages=messages, **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, list):
            self.refuse(data)
        return tuple(dict.fromkeys(super().to_internal_value(data)))


COLOR_PART = {
    "oneOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "string", "pattern": "^[0-9]{0,3}$"}]
}


@extend_schema_field(
    {
        "type": "object",
        "properties": dict.fromkeys("rgb", COLOR_PART),
        "required": ["r", "g", "b"],
        "additionalProperties": False,
    }
)
class LineColorField(Teaching):
    """`{"r": 0, "g": 0, "b": 0}`, each part 0 to 255, as a number or as digits in a string like WeChat's documents.

    A part that is "" is 0; a colour of which every part is, is left out: SDKs send it so where no colour was set.
    """

    wanted = _('Use an object, for example {"r": 0, "g": 110, "b": 255}.')

    def to_internal_value(self, data: Any) -> LineColor:
        if not isinstance(data, dict):
            self.refuse(data)
        if set(data) == {*"rgb"} and all(value in (None, "") for value in data.values()):
            raise serializers.SkipField
        parts = {part: self._read(data.get(part)) for part in "rgb"}
        problems = [
            _("%(part)s: use a number from 0 to 255, not %(value)s.") % {"part": part, "value": shown(data.get(part))}
            for part, value in parts.items()
            if value is None
        ]
        unknown = sorted(str(name)[:SHOWN_LENGTH] for name in data if name not in parts)
        if unknown:
            problems.append(_("Remove %(names)s: a colour has r, g and b.") % {"names": ", ".join(unknown)})
        if problems:
            raise serializers.ValidationError(problems)
        return LineColor(**{part: value or 0 for part, value in parts.items()})

    @staticmethod
    def _read(value: Any) -> int | None:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 3:
            value = int(value)
        if value == "":
            return 0
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        is_part = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
        return int(value) if is_part else None

    def to_representation(self, value: str) -> dict[str, int]:
        return {part: int(value[1 + 2 * i : 3 + 2 * i], 16) for i, part in enumerate("rgb")}
