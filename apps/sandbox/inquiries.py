"""What WeChat tells about itself: the quota of an endpoint, and what became of the request with a rid."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from apps.sandbox.limits import MINUTE_SECONDS, PeriodQuota
from apps.sandbox.refusals import Refusal
from apps.sandbox.registry import App
from apps.sandbox.validation import parse_object
from apps.sandbox.wire import Reply, Request, json_reply

RID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{8}-[0-9a-f]{8}")
RID_AT_END = re.compile(rb"rid: ([0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8})\"\}$")
KEPT_SECONDS = 7 * 86_400
# the oldest are forgotten before their time rather than fill the memory
KEPT = 5_000
SHOWN_BYTES = 2_000


@dataclass(frozen=True)
class Incident:
    """One request that was answered with a rid."""

    appid: str
    request: dict[str, Any]


class Journal:
    """What WeChat remembers of the requests that it refused, newest last; not beyond a restart."""

    def __init__(self) -> None:
        self._incidents: OrderedDict[str, Incident] = OrderedDict()

    def note(self, request: Request, reply: Reply, *, appid: str, now: float, cost_ms: int) -> None:
        """Remembers a refusal; an answer without a rid is nothing to ask about."""
        found = RID_AT_END.search(reply.body)
        if found is None:
            return
        facts = {
            "invoke_time": int(now),
            "cost_in_ms": cost_ms,
            # WeChat shows the query alone, with the token in it
            "request_url": request.query_string[:SHOWN_BYTES],
            "request_body": request.body[:SHOWN_BYTES].decode("utf-8", "replace"),
            "response_body": reply.body[:SHOWN_BYTES].decode("utf-8", "replace"),
            "client_ip": request.ip,
        }
        self._incidents[found[1].decode()] = Incident(appid, facts)
        if len(self._incidents) > KEPT:
            self._incidents.popitem(last=False)

    def find(self, rid: str, *, appid: str, now: float) -> dict[str, Any]:
        """Raises Refusal 76002 (malformed), 76004 (its time), 76001 (unknown) or 76003 (another account's)."""
        parts = RID.fullmatch(rid)
        if parts is None:
            raise Refusal(76002)
        if not -KEPT_SECONDS <= int(parts[1], 16) - now <= 60:
            raise Refusal(76004)
        incident = self._incidents.get(rid)
        if incident is None:
            raise Refusal(76001)
        if incident.appid != appid:
            raise Refusal(76003)
        return incident.request

    def clear(self) -> None:
        self._incidents.clear()


def rid_reply(journal: Journal, app: App, request: Request, *, now: float) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getRidInfo.html"""
    found = journal.find(_text(request, "rid"), appid=app.appid, now=now)
    return json_reply({"errcode": 0, "errmsg": "ok", "request": found})


def quota_reply(app: App, request: Request, *, day: int, known_paths: frozenset[str]) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getApiQuota.html"""
    path = _text(request, "cgi_path")
    if path not in known_paths:
        raise Refusal(76021)
    daily: dict[str, PeriodQuota] = {"/cgi-bin/token": app.fetches, "/cgi-bin/stable_token": app.stable_calls}
    a_minute = {
        "/wxa/getwxacodeunlimit": app.code_calls_per_minute,
        "/cgi-bin/stable_token": app.stable_minute.limit,
    }
    quota = daily.get(path)
    limit, used = (quota.limit, quota.used_in(day)) if quota else (0, 0)
    answer: dict[str, Any] = {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": limit - used},
    }
    if path in a_minute:
        answer["rate_limit"] = {"call_count": a_minute[path], "refresh_second": MINUTE_SECONDS}
    return json_reply(answer)


def _text(request: Request, name: str) -> str:
    value = parse_object(request.body).get(name, "")
    if not isinstance(value, str):
        raise Refusal(47001)
    return value
