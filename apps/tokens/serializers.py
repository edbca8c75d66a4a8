"""What the token endpoints take and answer."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from apps.miniprograms.models import TokenMode


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A token",
            value={"access_token": "85_mU3x…", "expires_in": 6840, "token_mode": "stable"},
            response_only=True,
        )
    ]
)
class TokenOutput(serializers.Serializer[Any]):
    """The current token: `expires_in` is the whole seconds for which it can be kept.

    WeChat ends a classic token five minutes after the next refresh, so that it is promised for an hour at most.
    """

    access_token = serializers.CharField()
    expires_in = serializers.IntegerField()
    token_mode = serializers.ChoiceField(choices=TokenMode.choices)


class TextField(serializers.CharField):
    """A JSON string; a number is not taken for its digits."""

    default_error_messages = {"invalid": _("Use a string, in quotes.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_serializer(
    examples=[OpenApiExample("The token that failed", value={"rejected": "85_mU3x…"}, request_only=True)]
)
class RefreshInput(serializers.Serializer[Any]):
    """The token that WeChat rejected; only if it is still the current one is a new one fetched."""

    rejected = TextField(max_length=1024)


MINIPROGRAM_EXAMPLE: dict[str, Any] = {
    "appid": "wx0123456789abcdef",
    "name": "Restaurant",
    "default_page": "pages/index/index",
    "env_version": "release",
    "check_path": True,
    "token_mode": "stable",
    "is_sandbox": False,
    "token_state": "fresh",
    "token_expires_in": 6840,
}


@extend_schema_serializer(
    examples=[OpenApiExample("A mini-program", value=MINIPROGRAM_EXAMPLE, response_only=True)],
)
class MiniProgramOutput(serializers.Serializer[Any]):
    """A mini-program that the key may use, with its defaults and the health of its token; never a secret."""

    appid = serializers.CharField()
    name = serializers.CharField()
    default_page = serializers.CharField()
    env_version = serializers.CharField()
    check_path = serializers.BooleanField()
    token_mode = serializers.CharField()
    is_sandbox = serializers.BooleanField()
    token_state = serializers.CharField(help_text="fresh, missing, trouble, paused, inactive or unknown.")
    token_expires_in = serializers.IntegerField(allow_null=True)
