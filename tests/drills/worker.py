"""A process of a drill's fleet: many threads that begin together at a sign in Redis; results as JSON.

Started by tests/drills/fleet.py as `python -m tests.drills.worker PLAN`, the plan being JSON.
"""

import itertools
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection
from redis import Redis

from apps.codes.requests import Issuer, code_request
from apps.codes.services import issue_code
from apps.coordination import connection as redis_waits
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.tokens import services
from apps.tokens.models import Trigger
from apps.wechat.connection import wechat_client
from apps.wechat.types import UnlimitedCode

LOOP_PAUSE_SECONDS = 0.05
Held = dict[str, str]
turns = itertools.count()


def read(miniprogram: MiniProgram, held: Held) -> str:
    return services.get_access_token(miniprogram, requested_by="drill").value


def replace(miniprogram: MiniProgram, held: Held) -> str:
    rejected = held[miniprogram.appid]
    return services.replace_rejected_token(miniprogram, rejected=rejected, requested_by="drill").value


def refresh(miniprogram: MiniProgram, held: Held) -> str:
    return services.refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="drill").value


def probe(miniprogram: MiniProgram, held: Held) -> str:
    client = wechat_client(is_sandbox=True)
    return call(miniprogram, lambda access_token: client.api_domain_ips(access_token=access_token))


def draw(miniprogram: MiniProgram, held: Held) -> str:
    client, code = wechat_client(is_sandbox=True), UnlimitedCode(scene="drill")
    return call(miniprogram, lambda access_token: client.unlimited_code(access_token=access_token, code=code))


def issue(miniprogram: MiniProgram, held: Held, **given: Any) -> str:
    request = code_request(miniprogram, **{"scene": "drill", **given})
    return str(issue_code(miniprogram=miniprogram, request=request, issuer=Issuer(label="drill")).code.pk)


def issue_limited(miniprogram: MiniProgram, held: Held) -> str:
    return issue(miniprogram, held, kind="limited", path="pages/index/index?a=1")


def issue_qrcode(miniprogram: MiniProgram, held: Held) -> str:
    return issue(miniprogram, held, kind="qrcode", path="pages/index/index?a=1")


def issue_one_of_two(miniprogram: MiniProgram, held: Held) -> str:
    """Every second thread of a process wants the other code."""
    return issue(miniprogram, held, scene=f"drill={next(turns) % 2}")


def call(miniprogram: MiniProgram, ask: Callable[[str], object]) -> str:
    """The token with which WeChat answered in the end."""
    tried: list[str] = []

    def note_and_ask(access_token: str) -> object:
        tried.append(access_token)
        return ask(access_token)

    services.call_with_token(miniprogram, note_and_ask, acquire=lambda: None, requested_by="drill")
    return tried[-1]


ACTIONS = {action.__name__: action for action in (read, replace, refresh, probe, draw, issue, issue_limited)}
ACTIONS |= {action.__name__: action for action in (issue_qrcode, issue_one_of_two)}


class Process:
    """One process of the fleet."""

    def __init__(self, plan: dict[str, Any], board: Redis) -> None:
        self.plan, self.board = plan, board
        self.act = ACTIONS[plan["action"]]
        self.miniprograms = [MiniProgram.objects.get(appid=appid) for appid in plan["appids"]]
        self.held: Held = {}
        self.attempts: list[dict[str, Any]] = []
        self.sign, self.is_over = threading.Event(), threading.Event()
        if not plan["repeats"]:
            self.is_over.set()

    def work(self) -> None:
        for miniprogram in self.miniprograms:
            token = services.find_usable_token(miniprogram.appid)
            self.held[miniprogram.appid] = token.value if token else ""
        connection.close()
        threads = [threading.Thread(target=self.follow_plan, args=(n,)) for n in range(self.plan["threads"])]
        for thread in threads:
            thread.start()
        self.board.rpush(self.key("ready"), os.getpid())
        self.started_at = self.wait_for_sign()
        self.sign.set()
        while not self.is_over.is_set():
            time.sleep(0.02)
            if self.board.exists(self.key("over")):
                self.is_over.set()
        for thread in threads:
            thread.join()
        self.board.rpush(self.key("results"), json.dumps(self.attempts))

    def wait_for_sign(self) -> float:
        """Everybody begins at the same moment of the machine's clock."""
        while (at := self.board.get(self.key("go"))) is None:
            time.sleep(0.01)
        time.sleep(max(0.0, float(at) - time.time()))
        return time.monotonic()

    def follow_plan(self, number: int) -> None:
        miniprogram = self.miniprograms[number % len(self.miniprograms)]
        self.sign.wait()
        outcome = self.attempt(miniprogram)
        while not self.is_over.is_set():
            thread = f"{os.getpid()}:{number}"
            self.board.hset(self.key("latest"), thread, outcome)
            self.board.hincrby(self.key("counts"), thread, 1)
            time.sleep(LOOP_PAUSE_SECONDS)
            outcome = self.attempt(miniprogram)

    def attempt(self, miniprogram: MiniProgram) -> str:
        """What came of it."""
        started = time.monotonic()
        facts: dict[str, Any] = {"appid": miniprogram.appid, "pid": os.getpid()}
        try:
            token = self.act(miniprogram, self.held)
        except WxcodeError as error:
            facts |= {"outcome": error.code, "status": error.http_status, "retry_after": error.retry_after}
        except Exception as error:  # noqa: BLE001  (a thread that dies silently would look like success)
            traceback.print_exc()
            facts |= {"outcome": f"crashed: {type(error).__name__}"}
        else:
            facts |= {"outcome": "token", "token": sha256(token.encode()).hexdigest()}
        finally:
            connection.close()
        self.attempts.append(facts | {"at": started - self.started_at, "seconds": time.monotonic() - started})
        return str(facts["outcome"])

    def key(self, name: str) -> str:
        return f"drill:{self.plan['name']}:{name}"


def main() -> None:
    plan = json.loads(sys.argv[1])
    # the processes meet on the Redis of the test, whichever they work on
    with Redis.from_url(settings.REDIS_URL) as board:
        if plan["redis_url"]:
            settings.REDIS_URL = plan["redis_url"]
        if plan["patience"]:
            redis_waits.CONNECT_TIMEOUT_SECONDS = redis_waits.SOCKET_TIMEOUT_SECONDS = plan["patience"]
            services.WAIT_SECONDS = plan["patience"]
        Process(plan, board).work()


if __name__ == "__main__":
    main()
