"""Which form an answer has: what `Accept` asks for, where there is a choice."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Negotiation(DefaultContentNegotiation):
    """REST framework's own; an empty `Accept` asks for nothing, as if it were not there (RFC 9110, 12.5.1)."""

    def get_accept_list(self, request: Request) -> list[str]:
        accepted: list[str] = super().get_accept_list(request)
        return accepted if any(accepted) else ["*/*"]


class AnyRenderer(BaseRenderer):
    """Whatever `Accept` says, a file is the file."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data
