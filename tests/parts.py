"""Things that many tests need: a mini-program that the sandbox knows, an API key, a caller for it."""

import secrets
from typing import Any

from rest_framework.test import APIClient

from apps.clients.services import create_client
from apps.codes.requests import Issuer
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.services import add_miniprogram

ALL_SCOPES = ["codes:create", "codes:read", "tokens:read", "tokens:refresh"]
ISSUER = Issuer(label="client:test")
SECRET_BYTES = 16


def new_appid() -> str:
    return f"wx{secrets.token_hex(8)}"


def make_miniprogram(sandbox: Any = None, **fields: Any) -> MiniProgram:
    """A mini-program; with `sandbox`, one that the sandbox WeChat knows by the same AppSecret."""
    appid, secret = fields.pop("appid", new_appid()), fields.pop("secret", secrets.token_hex(SECRET_BYTES))
    if sandbox is not None:
        sandbox.register(appid, secret, released_pages=["pages/index/index", "pages/detail/detail"])
    return add_miniprogram(
        **{"appid": appid, "name": f"Shop {appid[-4:]}", "secret": secret, "is_sandbox": True, **fields}
    )


def make_api(*, scopes: list[str] = ALL_SCOPES, appids: tuple[str, ...] = (), name: str = "shop") -> APIClient:
    """A test client that sends an API key of its own."""
    _client, key = create_client(name=name, scopes=scopes, appids=appids)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return api
