"""The control door below /_sandbox/: JSON orders from tests and demonstrations on the same machine."""

import ipaddress
from collections.abc import Callable
from typing import Any

from apps.sandbox.endpoints import ENDPOINTS
from apps.sandbox.faults import Fault
from apps.sandbox.orders import PAGE_LISTS, Mistake, Order, read_app, read_endpoint, read_fault, read_pool
from apps.sandbox.registry import POOLS, App
from apps.sandbox.wire import Reply, Request, gateway_page, json_reply
from apps.sandbox.world import World

PATHS = frozenset(ENDPOINTS)
APP_PREFIX = "/_sandbox/apps/"
Door = Callable[[World, Order], Any]


def control(world: World, request: Request) -> Reply:
    """The JSON answer to an order; 400 with `error` for one that cannot be followed, 404 for strangers."""
    if not ipaddress.ip_address(request.ip).is_loopback:
        return gateway_page(404)
    if "origin" in request.headers:
        # a web page in the developer's browser has no business here
        return json_reply({"error": "not for browsers"}, status=403)
    door = _find_door(request)
    if door is None:
        return json_reply({"error": f"no {request.method} {request.path}"}, status=404)
    try:
        return json_reply(door(world, Order(request.body)))
    except Mistake as mistake:
        return json_reply({"error": str(mistake)}, status=400)


def _find_door(request: Request) -> Door | None:
    if request.method == "GET" and request.path.startswith(APP_PREFIX):
        appid = request.path.removeprefix(APP_PREFIX)
        return lambda world, order: _app_state(world, _known(world, appid))
    return DOORS.get((request.method, request.path))


def _overview(world: World, order: Order) -> dict[str, Any]:
    return {
        "name": "sandbox WeChat",
        "now": world.clock.now(),
        "clock_offset_seconds": world.clock.offset_seconds,
        "apps": sorted(world.apps),
        "faults": _faults(world, order),
        "settings": vars(world.options),
    }


def _put_app(world: World, order: Order) -> dict[str, Any]:
    app = read_app(order, known=world.apps)
    world.register(app)
    world.persist()
    return _app_state(world, app)


def _move_clock(world: World, order: Order) -> dict[str, Any]:
    if "offset" in order:
        offset = order.number("offset")
        order.finish()
        world.clock.offset_seconds = offset
    else:
        seconds = order.number("advance")
        order.finish()
        world.clock.advance(seconds)
    world.persist()
    return {"now": world.clock.now(), "offset": world.clock.offset_seconds}


def _set_latency(world: World, order: Order) -> dict[str, Any]:
    seconds = order.number("seconds")
    key = (read_endpoint(order, endpoints=PATHS), order.optional_text("appid"))
    order.finish()
    if seconds < 0:
        raise Mistake("seconds must be 0 or more")
    world.latencies[key] = seconds
    return {"seconds": seconds, "endpoint": key[0], "appid": key[1]}


def _add_fault(world: World, order: Order) -> dict[str, Any]:
    fault = read_fault(order, endpoints=PATHS)
    world.faults.add(fault)
    return {"faults": _faults(world, order)}


def _list_faults(world: World, order: Order) -> dict[str, Any]:
    return {"faults": _faults(world, order)}


def _clear_faults(world: World, order: Order) -> dict[str, Any]:
    world.faults.clear()
    return {"faults": []}


def _list_calls(world: World, order: Order) -> dict[str, Any]:
    return world.calls.as_json()


def _clear_calls(world: World, order: Order) -> dict[str, Any]:
    world.calls.clear()
    return world.calls.as_json()


def _steal(world: World, order: Order) -> dict[str, Any]:
    app = _known(world, order.text("appid"))
    pool = read_pool(order)
    order.finish()
    world.mint(app, pool, "stolen")
    return _app_state(world, app)


def _change_settings(world: World, order: Order) -> dict[str, Any]:
    options = world.options
    auto_register = order.boolean("auto_register", options.auto_register)
    skew_seconds = order.number("skew_seconds", options.skew_seconds)
    errcode = order.integer("minute_limit_errcode", options.minute_limit_errcode)
    order.finish()
    options.auto_register, options.skew_seconds = auto_register, skew_seconds
    options.minute_limit_errcode = errcode
    return vars(options)


def _reset(world: World, order: Order) -> dict[str, Any]:
    world.reset()
    world.persist()
    return {"ok": True}


DOORS: dict[tuple[str, str], Door] = {
    ("GET", "/_sandbox/"): _overview,
    ("POST", "/_sandbox/apps"): _put_app,
    ("POST", "/_sandbox/clock"): _move_clock,
    ("POST", "/_sandbox/latency"): _set_latency,
    ("POST", "/_sandbox/faults"): _add_fault,
    ("GET", "/_sandbox/faults"): _list_faults,
    ("DELETE", "/_sandbox/faults"): _clear_faults,
    ("GET", "/_sandbox/calls"): _list_calls,
    ("DELETE", "/_sandbox/calls"): _clear_calls,
    ("POST", "/_sandbox/steal"): _steal,
    ("POST", "/_sandbox/settings"): _change_settings,
    ("POST", "/_sandbox/reset"): _reset,
}


def _known(world: World, appid: str) -> App:
    if appid not in world.apps:
        raise Mistake(f"no app {appid}")
    return world.apps[appid]


def _faults(world: World, order: Order) -> list[dict[str, Any]]:
    return [_fault_state(fault) for fault in world.faults.faults]


def _fault_state(fault: Fault) -> dict[str, Any]:
    return vars(fault)


def _app_state(world: World, app: App) -> dict[str, Any]:
    """Everything about an app but its secret and its token values."""
    now = world.clock.now()
    pages = {name: app.pages[version] for name, version in PAGE_LISTS.items()}
    tokens = {
        name: {
            "expires_in": app.pools[name].remaining(now),
            "has_current": app.pools[name].current is not None,
            "has_previous": app.pools[name].previous is not None,
        }
        for name in POOLS
    }
    return {
        "appid": app.appid,
        **pages,
        "allowed_ips": app.allowed_ips,
        "frozen": app.frozen,
        "token_errcode": app.token_errcode,
        "api_errcode": app.api_errcode,
        "code_calls_per_minute": app.code_calls_per_minute,
        "limited_codes_used": app.limited_codes_used,
        "unchecked_pages": len(app.unchecked_pages),
        "token_fetches_today": app.fetches.used,
        "forced_refreshes_today": app.forced_refreshes.used,
        "tokens": tokens,
    }
