"""How REST framework learns who is calling: an API key, or the session of a member of staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from apps.clients.addresses import client_address
from apps.clients.caller import Caller
from apps.clients.credentials import authenticate_key, find_key
from apps.clients.errors import CsrfFailed
from apps.clients.rate_limits import count_request
from apps.clients.staff import staff_caller
from apps.errors import NULL_ORIGIN, NULL_ORIGIN_ADVICE, NULL_ORIGIN_SENT

# where every mini-program's requests come from, as WeChat's clients say
WECHAT_PAGES = "https://servicewechat.com"


@dataclass(frozen=True)
class KeyHolder:
    """`request.user` of a request with an API key: authenticated, and no row of the user table."""

    username: str
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False
    pk: None = None

    def __str__(self) -> str:
        return self.username


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>` or `X-API-Key: <key>`; `request.auth` becomes the Caller."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, Caller] | None:
        sent = {"authorization": request.headers.get("Authorization"), "x_api_key": request.headers.get("X-API-Key")}
        if find_key(**sent) is None:
            return None
        caller = authenticate_key(**sent, address=client_address(request.META), origin=page_origin(request.headers))
        count_request(request._request, caller)
        return KeyHolder(caller.name), caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def page_origin(headers: Mapping[str, str]) -> str | None:
    """The origin of the page that asks, None for a server.

    A mini-program's wx.request sends no Origin but always `Referer: https://servicewechat.com/{appid}/…`, which it
    cannot change (https://developers.weixin.qq.com/miniprogram/dev/framework/ability/network.html).
    """
    origin = headers.get("Origin")
    if origin is None and headers.get("Referer", "").startswith(f"{WECHAT_PAGES}/"):
        return WECHAT_PAGES
    return origin


class StaffSessionAuthentication(SessionAuthentication):
    """The session of a member of staff, with the CSRF token for unsafe methods."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        user = getattr(request._request, "user", None)
        if user is None or not (user.is_authenticated and user.is_active and user.is_staff):
            return None
        self.enforce_csrf(request)
        return user, staff_caller(user)

    def enforce_csrf(self, request: HttpRequest | Request) -> None:
        try:
            super().enforce_csrf(request)  # type: ignore[arg-type]
        except exceptions.PermissionDenied as exc:
            if request.headers.get("Origin") == NULL_ORIGIN:
                raise CsrfFailed(NULL_ORIGIN_SENT, advice=NULL_ORIGIN_ADVICE) from exc
            raise CsrfFailed(str(exc.detail)) from exc
