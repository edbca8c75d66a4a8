"""From a request to a reply: routing, counting, faults and latency around WeChat's endpoints."""

from dataclasses import replace

from apps.sandbox.control import control
from apps.sandbox.endpoints import ENDPOINTS, Endpoint
from apps.sandbox.faults import REPLIES, STOLEN_TOKEN, Fault
from apps.sandbox.refusals import Refusal, ip_not_allowed, refusal_body
from apps.sandbox.registry import APPID
from apps.sandbox.validation import parse_object
from apps.sandbox.wire import Reply, Request, gateway_page
from apps.sandbox.world import World

CONTROL_PREFIX = "/_sandbox/"


def answer(world: World, request: Request) -> Reply:
    """The reply to any request. Like WeChat's: HTTP 200 for every refusal, 404 only for a path nobody serves."""
    if request.path.startswith(CONTROL_PREFIX):
        return control(world, request)
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is None:
        return gateway_page(404)
    appid = _appid_of(world, endpoint, request)
    world.calls.count(request.path, appid)
    reply = _with_faults(world, endpoint, request, appid)
    if reply.is_success:
        # auto-registration may have made the app known during the call
        world.calls.count_success(request.path, appid)
    latency = reply.delay_seconds + world.latency(request.path, appid)
    world.journal.note(request, reply, appid=appid, now=world.clock.now(), cost_ms=int(latency * 1000))
    return replace(reply, delay_seconds=latency)


def _with_faults(world: World, endpoint: Endpoint, request: Request, appid: str) -> Reply:
    faults = list(world.faults.striking(request.path, appid))
    reply: Reply | None = None
    for fault in faults:
        if reply is None and (stand_in := _stand_in(world, fault, request)):
            world.faults.use(fault)
            reply = stand_in
        elif fault.name == STOLEN_TOKEN and appid in world.apps:
            world.faults.use(fault)
            world.mint(world.apps[appid], "classic", "stolen")
    reply = reply or _plain_answer(world, endpoint, request)
    for fault in faults:
        altered = fault.alter(reply)
        if altered is not reply:
            world.faults.use(fault)
            reply = altered
    return reply


def _stand_in(world: World, fault: Fault, request: Request) -> Reply | None:
    """The reply that this fault gives instead of WeChat's own."""
    if fault.name in REPLIES:
        return REPLIES[fault.name]
    if fault.name == "json_as_picture":
        refusal = Refusal(fault.errcode, fault.errmsg)
        return Reply(refusal_body(refusal, world.clock.now()), "image/jpeg")
    if fault.name == "ip_not_allowed":
        return Reply(refusal_body(ip_not_allowed(request.ip), world.clock.now()))
    found = fault.refusal()
    return Reply(refusal_body(found, world.clock.now())) if found else None


def _plain_answer(world: World, endpoint: Endpoint, request: Request) -> Reply:
    try:
        if request.method != endpoint.method:
            raise Refusal(43002 if endpoint.method == "POST" else 43001)
        return endpoint.answer(world, request)
    except Refusal as refusal:
        return Reply(refusal_body(refusal, world.clock.now()))


def _appid_of(world: World, endpoint: Endpoint, request: Request) -> str:
    """Who is asking, for counts and faults: an appid, or empty if nobody can tell."""
    if endpoint.has_token:
        app = world.find_owner(request.query.get("access_token", ""))
        return app.appid if app else ""
    appid = request.query.get("appid")
    if appid is None and request.body:
        try:
            appid = parse_object(request.body).get("appid")
        except Refusal:
            return ""
    return appid if isinstance(appid, str) and APPID.fullmatch(appid) else ""
