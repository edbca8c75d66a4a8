"""The token endpoints of the REST API, and the list of mini-programs with the health of their tokens."""

import time
from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.parameters import OwnParametersOnly
from apps.clients.addresses import client_address
from apps.clients.caller import Caller
from apps.clients.grants import get_granted_miniprogram
from apps.miniprograms.models import MiniProgram
from apps.tokens.health import TokenHealth, find_health
from apps.tokens.local_memory import UsableToken
from apps.tokens.readings import note_reading
from apps.tokens.serializers import MiniProgramOutput, RefreshInput, TokenOutput
from apps.tokens.services import get_access_token, replace_rejected_token

DESCRIBED_FIELDS = ("appid", "name", "default_page", "env_version", "check_path", "token_mode", "is_sandbox")


class AccessTokenView(OwnParametersOnly):
    """`GET miniprograms/{appid}/access-token/`."""

    required_scopes = {"GET": "tokens:read"}

    @extend_schema(operation_id="get_access_token", responses=TokenOutput)
    def get(self, request: Request, appid: str) -> Response:
        """The current access token and the seconds for which it can be kept. It’s best to ask each time."""
        caller = cast(Caller, request.auth)
        miniprogram = get_granted_miniprogram(caller, appid)
        token = get_access_token(miniprogram, requested_by=caller.label)
        note_reading(appid, reader=caller.label, address=client_address(request.META))
        return token_response(miniprogram, token)


class AccessTokenRefreshView(OwnParametersOnly):
    """`POST miniprograms/{appid}/access-token/refresh/`."""

    required_scopes = {"POST": "tokens:refresh"}

    @extend_schema(operation_id="refresh_access_token", request=RefreshInput, responses=TokenOutput)
    def post(self, request: Request, appid: str) -> Response:
        """Report a rejected token: a new one is fetched only if that one is still current."""
        body = RefreshInput(data=request.data)
        body.is_valid(raise_exception=True)
        caller = cast(Caller, request.auth)
        miniprogram = get_granted_miniprogram(caller, appid)
        token = replace_rejected_token(miniprogram, rejected=body.validated_data["rejected"], requested_by=caller.label)
        note_reading(appid, reader=caller.label, address=client_address(request.META))
        return token_response(miniprogram, token)


class MiniProgramList(OwnParametersOnly):
    """`GET miniprograms/`."""

    required_scopes = {"GET": "codes:read"}

    @extend_schema(operation_id="list_miniprograms", responses=MiniProgramOutput(many=True))
    def get(self, request: Request) -> Response:
        """The mini-programs that this key may use, with their defaults and the health of their tokens."""
        caller = cast(Caller, request.auth)
        miniprograms = list(MiniProgram.objects.active().usable_by(caller.appids))
        health = find_health(miniprograms)
        return Response([describe(miniprogram, health[miniprogram.appid]) for miniprogram in miniprograms])


def token_response(miniprogram: MiniProgram, token: UsableToken) -> Response:
    """The answer of both token endpoints; nobody on the way may keep it."""
    body = {
        "access_token": token.value,
        "expires_in": token.expires_in(time.time()),
        "token_mode": miniprogram.token_mode,
    }
    return Response(body, headers={"Cache-Control": "no-store"})


def describe(miniprogram: MiniProgram, health: TokenHealth) -> dict[str, object]:
    """One row of the list."""
    facts = {name: getattr(miniprogram, name) for name in DESCRIBED_FIELDS}
    return facts | {"token_state": health.state.value, "token_expires_in": health.promised_seconds}
