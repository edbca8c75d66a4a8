"""`GET miniprograms/`: the health of their tokens from the room of tokens, and what concerns their codes."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.codes.api import caller_of
from apps.codes.fields import LineColorField
from apps.codes.models import LifetimePool
from apps.miniprograms.models import MiniProgram
from apps.tokens import api as tokens_api
from apps.tokens.serializers import MINIPROGRAM_EXAMPLE, MiniProgramOutput
from apps.wechat.types import LIFETIME_CODES, UNCHECKED_PAGES


class PoolOutput(serializers.Serializer[Any]):
    """A lifetime quota of a mini-program, and how much of it is used."""

    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    uncertain = serializers.IntegerField(help_text="Calls without a response, which WeChat may have counted.")
    left = serializers.IntegerField()
    is_warning = serializers.BooleanField(help_text="At least 80 % are used.")


EXAMPLE: dict[str, Any] = MINIPROGRAM_EXAMPLE | {
    "width": 430,
    "auto_color": False,
    "line_color": {"r": 0, "g": 0, "b": 0},
    "is_hyaline": False,
    "limited_codes": {"limit": 100_000, "used": 812, "uncertain": 1, "left": 99_187, "is_warning": False},
    "unchecked_pages": {"limit": 60_000, "used": 14, "uncertain": 0, "left": 59_986, "is_warning": False},
}


@extend_schema_serializer(examples=[OpenApiExample("A mini-program", value=EXAMPLE, response_only=True)])
class MiniProgramWithPools(MiniProgramOutput):
    """A mini-program that the key can use: defaults, token state and lifetime quotas."""

    width = serializers.IntegerField()
    auto_color = serializers.BooleanField()
    line_color = LineColorField()
    is_hyaline = serializers.BooleanField()
    limited_codes = PoolOutput(help_text="Codes of the kinds limited and qrcode together.")
    unchecked_pages = PoolOutput(help_text="Different pages of codes with check_path off.")


class MiniProgramList(tokens_api.MiniProgramList):
    """`GET miniprograms/`."""

    @extend_schema(operation_id="list_miniprograms", responses=MiniProgramWithPools(many=True))
    def get(self, request: Request) -> Response:
        """List the mini-programs that this key can use, with their defaults, token state and lifetime quotas."""
        answer = super().get(request)
        usable = MiniProgram.objects.active().usable_by(caller_of(request).appids).select_related("lifetime_pool")
        known = {miniprogram.appid: miniprogram for miniprogram in usable}
        answer.data = [row | _describe(known[row["appid"]]) for row in answer.data if row["appid"] in known]
        return answer


def _describe(miniprogram: MiniProgram) -> dict[str, Any]:
    pool = getattr(miniprogram, "lifetime_pool", None) or LifetimePool()
    return {
        "width": miniprogram.width,
        "auto_color": miniprogram.auto_color,
        "line_color": LineColorField().to_representation(miniprogram.line_color),
        "is_hyaline": miniprogram.is_hyaline,
        "limited_codes": _pool(LIFETIME_CODES, pool.used, pool.uncertain, is_warning=pool.is_warning),
        "unchecked_pages": _pool(UNCHECKED_PAGES, pool.unchecked_pages, 0, is_warning=pool.is_page_warning),
    }


def _pool(limit: int, used: int, uncertain: int, *, is_warning: bool) -> dict[str, Any]:
    left = max(limit - used - uncertain, 0)
    return {"limit": limit, "used": used, "uncertain": uncertain, "left": left, "is_warning": is_warning}
