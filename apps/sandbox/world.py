"""Everything that the simulated WeChat remembers, and the few ways in which it changes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from apps.sandbox.calls import CallLog
from apps.sandbox.clock import Clock
from apps.sandbox.faults import FaultBook
from apps.sandbox.inquiries import Journal
from apps.sandbox.refusals import Refusal
from apps.sandbox.registry import APPID, App, hash_secret
from apps.sandbox.tokens import WELL_FORMED, Token


@dataclass
class Options:
    """What the command line decides and the control door may change."""

    auto_register: bool = False
    skew_seconds: float = 0.0
    minute_limit_errcode: int = 45009


def _nothing() -> None:
    return None


class World:
    """`persist` is called when a change must be on disk before it is answered, `touch` when it may follow later."""

    def __init__(self, *, options: Options | None = None, clock: Clock | None = None) -> None:
        self.options = options or Options()
        self._first_options = replace(self.options)
        self.clock = clock or Clock()
        self.apps: dict[str, App] = {}
        self.faults = FaultBook()
        self.calls = CallLog()
        self.journal = Journal()
        self.latencies: dict[tuple[str | None, str | None], float] = {}
        self.persist: Callable[[], None] = _nothing
        self.touch: Callable[[], None] = _nothing
        self._owners: dict[str, tuple[App, str]] = {}

    def register(self, app: App) -> None:
        """Make an app known, or put it in the place of the one with the same appid."""
        self.apps[app.appid] = app
        self._index()

    def find_app(self, appid: str, secret: str) -> App | None:
        """The registered app; with auto_register the first well-formed appid with a secret becomes one."""
        app = self.apps.get(appid)
        if app is None and self.options.auto_register and secret and APPID.fullmatch(appid):
            app = App(appid, hash_secret(secret))
            self.register(app)
            self.persist()
        return app

    def mint(self, app: App, pool: str, reason: str) -> Token:
        """Rotate one pool of an app; the token two generations back is unknown from now on."""
        now = self.clock.now()
        tokens = app.pools[pool]
        for value in tokens.values():
            self._owners.pop(value, None)
        token = tokens.rotate(now, is_renewal=reason == "renewal")
        for value in tokens.values():
            self._owners[value] = (app, pool)
        self.calls.note_mint(at=now, appid=app.appid, pool=pool, reason=reason)
        self.persist()
        return token

    def find_owner(self, token: str) -> App | None:
        """Whose token this is, even if it is no longer taken."""
        owner = self._owners.get(token)
        return owner[0] if owner else None

    def authorise(self, token: str) -> App:
        """The app that this token speaks for. Raises Refusal 41001, 40014, 40001 or 42001."""
        if not token:
            raise Refusal(41001)
        owner = self._owners.get(token)
        if owner is None:
            raise Refusal(40001 if WELL_FORMED.fullmatch(token) else 40014)
        app, pool = owner
        skew = self.options.skew_seconds
        errcode = app.pools[pool].errcode_for(token, self.clock.now(), skew_seconds=skew)
        if errcode:
            raise Refusal(errcode)
        return app

    def latency(self, endpoint: str, appid: str) -> float:
        """Seconds; the most exact rule wins."""
        for key in ((endpoint, appid), (endpoint, None), (None, appid), (None, None)):
            if key in self.latencies:
                return self.latencies[key]
        return 0.0

    def reset(self) -> None:
        """Forget everything but the options of the command line."""
        self.options = replace(self._first_options)
        self.apps.clear()
        self._owners.clear()
        self.faults.clear()
        self.calls.clear()
        self.journal.clear()
        self.latencies.clear()
        self.clock.offset_seconds = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "clock_offset_seconds": self.clock.offset_seconds,
            "apps": [app.as_json() for app in self.apps.values()],
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take back what `as_json` gave. Raises KeyError, TypeError, ValueError, AttributeError for anything else."""
        self.clock.offset_seconds = float(data["clock_offset_seconds"])
        self.apps = {item["appid"]: App.from_json(item) for item in data["apps"]}
        self._index()

    def _index(self) -> None:
        self._owners = {
            value: (app, name)
            for app in self.apps.values()
            for name, pool in app.pools.items()
            for value in pool.values()
        }
