"""Calls to a simulated WeChat: by value to a world of our own, or over HTTP to a process."""

import json
from typing import Any

import requests

from apps.sandbox.answers import answer
from apps.sandbox.clock import Clock
from apps.sandbox.orders import Order, read_app
from apps.sandbox.wire import Reply, Request
from apps.sandbox.world import Options, World

APPID = "wx0123456789abcdef"
SECRET = "0123456789abcdef0123456789abcdef"
CREDENTIALS = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
# 2026-11-21 12:00:00 in Shanghai
NOON = 1_795_233_600.0
CODE = "/wxa/getwxacodeunlimit"
TOKEN = "/cgi-bin/token"
STABLE = "/cgi-bin/stable_token"
CLEAR = "/cgi-bin/clear_quota/v2"
PROBE = "/cgi-bin/get_api_domain_ip"


def make_world(**options: Any) -> World:
    """A world whose clock stands still at noon and moves only when it is told to."""
    return World(options=Options(**options), clock=Clock(source=lambda: NOON))


def register(world: World, appid: str = APPID, secret: str = SECRET, **fields: Any) -> None:
    order = Order(json.dumps({"appid": appid, "secret": secret, **fields}).encode())
    world.register(read_app(order, known=world.apps))


def ask(world: World, path: str, query: dict[str, str] | None = None, body: Any = None, **request: Any) -> Reply:
    """One call to a world; POST if there is a body. `method` and `ip` may be given."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    query_string = requests.models.RequestEncodingMixin._encode_params(query or {})
    fields = {"method": "GET" if body is None else "POST"} | request
    return answer(world, Request(path=path, query_string=query_string, body=raw, **fields))


def said(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200
    return json.loads(reply.body)


def errcode(reply: Reply) -> int:
    """0 for success."""
    return 0 if reply.is_success else said(reply)["errcode"]


def fetch(world: World) -> str:
    """A classic token."""
    return said(ask(world, TOKEN, CREDENTIALS))["access_token"]


def stable(world: World, **fields: Any) -> dict[str, Any]:
    return said(ask(world, STABLE, body=CREDENTIALS | fields))


def probe(world: World, token: str) -> int:
    """The errcode with which WeChat takes this token; 0 if it does."""
    return errcode(ask(world, PROBE, {"access_token": token}))


def code(world: World, token: str, **fields: Any) -> Reply:
    return ask(world, CODE, {"access_token": token}, {"scene": "a=1"} | fields)


class Caller:
    """WeChat over real HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, **({"timeout": 60} | options))

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, **({"timeout": 60} | options))

    def token(self) -> str:
        return self.get(TOKEN, params=CREDENTIALS).json()["access_token"]

    def code(self, token: str, **fields: Any) -> requests.Response:
        return self.post(CODE, params={"access_token": token}, json={"scene": "a=1"} | fields)
