"""Calls to WeChat's paths here, as an SDK makes them."""

import json
import re
import time
from typing import Any

from django.test import Client

TOKEN, STABLE = "/wechat/cgi-bin/token", "/wechat/cgi-bin/stable_token"
UNLIMITED, LIMITED, SQUARE = (
    "/wechat/wxa/getwxacodeunlimit",
    "/wechat/wxa/getwxacode",
    "/wechat/cgi-bin/wxaapp/createwxaqrcode",
)
RID = re.compile(r" rid: ([0-9a-f]{8})-[0-9a-f]{8}-[0-9a-f]{8}$")


class Door:
    """One SDK: an appid, a key in the place of the AppSecret, and a way to send."""

    def __init__(self, client: Client, *, appid: str, key: str) -> None:
        self.client = client
        self.appid = appid
        self.key = key

    @property
    def credentials(self) -> dict[str, Any]:
        return {"grant_type": "client_credential", "appid": self.appid, "secret": self.key}

    def ask_token(self, **changes: Any) -> Any:
        return self.client.get(TOKEN, changed(self.credentials, changes))

    def ask_stable(self, **changes: Any) -> Any:
        return self.client.post(STABLE, json.dumps(changed(self.credentials, changes)), content_type="text/plain")

    def token(self) -> str:
        answer = self.ask_token()
        assert "access_token" in answer.json(), answer.content
        return str(answer.json()["access_token"])

    def ask_code(self, path: str, token: str, body: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return self.client.generic("POST", f"{path}?access_token={token}", raw, content_type="")


def changed(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`fields` with `changes`; None takes one away."""
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def errcode(answer: Any) -> int:
    """The errcode of a refusal that has WeChat's shape in every respect."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("application/json")
    said = json.loads(answer.content)
    assert set(said) == {"errcode", "errmsg"}, said
    rid = RID.search(said["errmsg"])
    assert rid is not None, said
    assert abs(int(rid[1], 16) - time.time()) < 600
    return int(said["errcode"])
