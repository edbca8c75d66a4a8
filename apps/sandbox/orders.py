"""Strict reading of what the control door is told: every mistake is named."""

import ipaddress
import json
import math
from typing import Any

from apps.sandbox.faults import NAMES, Fault
from apps.sandbox.registry import APPID, POOLS, App, hash_secret

PAGE_LISTS = {"released_pages": "release", "trial_pages": "trial", "develop_pages": "develop"}


class Mistake(Exception):
    """An order that cannot be followed; the text says what to change."""


class Order:
    """A JSON object whose members are taken one by one; what nobody took is a mistake."""

    def __init__(self, body: bytes) -> None:
        try:
            fields = json.loads(body or b"{}")
        except ValueError:
            raise Mistake("the body is not JSON") from None
        if not isinstance(fields, dict):
            raise Mistake("the body is not a JSON object")
        self.fields: dict[str, Any] = fields

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def text(self, name: str, default: str | None = None) -> str:
        value = self.fields.pop(name, default)
        if not isinstance(value, str):
            raise Mistake(f"{name} must be a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.fields.get(name) is not None else self.fields.pop(name, None)

    def number(self, name: str, default: float | None = None) -> float:
        value = self.fields.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Mistake(f"{name} must be a number")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.fields.pop(name, default)
        if type(value) is not int:
            raise Mistake(f"{name} must be a whole number")
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self.fields.pop(name, default)
        if type(value) is not bool:
            raise Mistake(f"{name} must be true or false")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of strings, or None if it is null."""
        value = self.fields.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Mistake(f"{name} must be a list of strings")
        return value

    def finish(self) -> None:
        if self.fields:
            raise Mistake(f"unknown: {', '.join(sorted(self.fields))}")


def read_appid(order: Order) -> str:
    appid = order.text("appid")
    if not APPID.fullmatch(appid):
        raise Mistake("appid must be wx and 16 of 0-9 a-f")
    return appid


def read_app(order: Order, *, known: dict[str, App]) -> App:
    """A new app, or the known one with the named fields changed."""
    appid = read_appid(order)
    app = known.get(appid) or App(appid, "")
    secret = order.text("secret") if "secret" in order or appid not in known else None
    if secret == "":
        raise Mistake("secret must not be empty")
    pages = {version: order.texts(name) for name, version in PAGE_LISTS.items() if name in order}
    allowed_ips = _networks(order.texts("allowed_ips")) if "allowed_ips" in order else app.allowed_ips
    frozen = order.boolean("frozen", app.frozen)
    token_errcode = order.integer("token_errcode", app.token_errcode)
    api_errcode = order.integer("api_errcode", app.api_errcode)
    per_minute = order.integer("code_calls_per_minute", app.code_calls_per_minute)
    limited_codes_used = order.integer("limited_codes_used", app.limited_codes_used)
    order.finish()
    # everything is read: from here on nothing fails, so an order is followed whole or not at all
    if secret is not None:
        app.secret_hash = hash_secret(secret)
    app.pages |= pages
    app.allowed_ips, app.frozen = allowed_ips, frozen
    app.token_errcode, app.api_errcode = token_errcode, api_errcode
    app.limited_codes_used = limited_codes_used
    app.limit_codes(per_minute)
    return app


def read_fault(order: Order, *, endpoints: frozenset[str]) -> Fault:
    name = order.text("name")
    if name not in NAMES:
        raise Mistake(f"no fault {name}; there are {', '.join(NAMES)}")
    fault = Fault(
        name=name,
        endpoint=read_endpoint(order, endpoints=endpoints),
        appid=order.optional_text("appid"),
        times=order.integer("times") if order.fields.get("times") is not None else None,
        seconds=order.number("seconds", Fault.seconds),
        errcode=order.integer("errcode", Fault.errcode),
        errmsg=order.text("errmsg", ""),
    )
    if fault.times is not None and fault.times < 1:
        raise Mistake("times must be 1 or more")
    if fault.seconds < 0:
        raise Mistake("seconds must be 0 or more")
    order.fields.pop("times", None)
    order.finish()
    return fault


def read_endpoint(order: Order, *, endpoints: frozenset[str]) -> str | None:
    endpoint = order.optional_text("endpoint")
    if endpoint is not None and endpoint not in endpoints:
        raise Mistake(f"no endpoint {endpoint}; there are {', '.join(sorted(endpoints))}")
    return endpoint


def read_pool(order: Order) -> str:
    pool = order.text("pool", POOLS[0])
    if pool not in POOLS:
        raise Mistake(f"pool must be {' or '.join(POOLS)}")
    return pool


def _networks(entries: list[str] | None) -> list[str] | None:
    for entry in entries or ():
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            raise Mistake(f"allowed_ips: {entry} is neither an address nor a network") from None
    return entries
