"""Named faults: what goes wrong, for which calls, how many times."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from apps.sandbox.refusals import Refusal
from apps.sandbox.wire import HTML_TYPE, JSON_TYPE, Delivery, Reply, gateway_page

TOKEN_CALLS = frozenset({"/cgi-bin/token", "/cgi-bin/stable_token"})
SECRET_CALLS = TOKEN_CALLS | {"/cgi-bin/clear_quota/v2"}
CODE_CALL = frozenset({"/wxa/getwxacodeunlimit"})
LIFETIME_CALLS = frozenset({"/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"})
PICTURE_CALLS = CODE_CALL | LIFETIME_CALLS
CALLS_WITH_TOKEN = PICTURE_CALLS | {"/cgi-bin/get_api_domain_ip"}
ALL_CALLS = SECRET_CALLS | CALLS_WITH_TOKEN
SLOW_SECONDS = 5.0
GARBAGE = bytes(range(128, 256)) * 8

# name -> errcode, and the calls that it strikes unless an endpoint is named
REFUSALS = {
    "busy": (-1, ALL_CALLS),
    "expired_token": (42001, CALLS_WITH_TOKEN),
    "invalid_token": (40001, CALLS_WITH_TOKEN),
    "quota": (45009, ALL_CALLS),
    "minute_quota": (45011, CODE_CALL),
    "wrong_secret": (40125, SECRET_CALLS),
    "ip_not_allowed": (40164, TOKEN_CALLS),
    "unpublished_page": (41030, CODE_CALL),
    "errcode": (0, ALL_CALLS),
}
REPLIES = {
    "hang": Reply(b"", delivery=Delivery.HANG),
    "reset": Reply(b"", delivery=Delivery.RESET),
    "http_500": gateway_page(500),
    "http_502": gateway_page(502),
    "html_page": Reply(b"<!DOCTYPE html><html><body>Welcome to the hotel wifi</body></html>", HTML_TYPE),
    "garbage": Reply(GARBAGE, "application/octet-stream"),
    "empty_body": Reply(b""),
}
ALTERATIONS = {
    "slow": ALL_CALLS,
    "truncated_picture": PICTURE_CALLS,
    "cut_connection": ALL_CALLS,
    "json_as_picture": PICTURE_CALLS,
    "mislabelled": PICTURE_CALLS,
    "drip": ALL_CALLS,
}
STOLEN_TOKEN = "stolen_token"  # noqa: S105 the name of a fault
NAMES = (*REFUSALS, *REPLIES, *ALTERATIONS, STOLEN_TOKEN)


@dataclass
class Fault:
    """`times` None: until removed.

    `seconds` belongs to slow and drip, `errcode` and `errmsg` to errcode and json_as_picture.
    """

    name: str
    endpoint: str | None = None
    appid: str | None = None
    times: int | None = None
    seconds: float = SLOW_SECONDS
    errcode: int = -1
    errmsg: str = ""

    def strikes(self, endpoint: str, appid: str) -> bool:
        if self.endpoint is None:
            return endpoint in self._default_calls() and self.appid in (None, appid)
        return endpoint == self.endpoint and self.appid in (None, appid)

    def refusal(self) -> Refusal | None:
        """The refusal that stands in for the answer, if this fault is one."""
        if self.name not in REFUSALS:
            return None
        return Refusal(REFUSALS[self.name][0] or self.errcode, self.errmsg)

    def alter(self, reply: Reply) -> Reply:
        """The damaged reply; the same object if there is nothing to damage."""
        is_picture = reply.content_type.startswith("image/")
        if self.name == "slow":
            return replace(reply, delay_seconds=reply.delay_seconds + self.seconds)
        if self.name == "cut_connection" and reply.body:
            return replace(reply, delivery=Delivery.CUT, is_success=False)
        if self.name == "truncated_picture" and is_picture:
            return replace(reply, body=reply.body[: len(reply.body) // 2], is_success=False)
        if self.name == "mislabelled" and is_picture:
            return replace(reply, content_type=JSON_TYPE)
        if self.name == "drip" and reply.body:
            return replace(reply, delivery=Delivery.DRIP, drip_seconds=self.seconds)
        return reply

    def _default_calls(self) -> frozenset[str]:
        if self.name in REFUSALS:
            return REFUSALS[self.name][1]
        if self.name == STOLEN_TOKEN:
            return PICTURE_CALLS
        return ALTERATIONS.get(self.name, ALL_CALLS)


class FaultBook:
    """The faults in force, in the order in which they were ordered."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clear(self) -> None:
        self.faults.clear()

    def striking(self, endpoint: str, appid: str) -> Iterator[Fault]:
        for fault in list(self.faults):
            if fault.strikes(endpoint, appid):
                yield fault

    def use(self, fault: Fault) -> None:
        """Count one strike; a fault that has used up its times is gone."""
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self.faults.remove(fault)
