"""Through the whole main job, with every logger at DEBUG: no AppSecret, access token or API key is left anywhere."""

import secrets
import time
from itertools import chain, count

import pytest
from django.contrib.auth import get_user_model

from apps.clients.services import create_client
from apps.miniprograms.models import MiniProgram
from apps.tokens import store, trouble
from apps.tokens.tasks import refresh_after_change, refresh_due_tokens
from tests.drills.forked import ForkServer
from tests.drills.leak_watch import (
    RECORD,
    TOKEN,
    Monitor,
    Visitor,
    find_leaks,
    log_files,
    redis_keys,
    table_rows,
)
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import ENDPOINT
from tests.drills.web_server import start_web
from tests.integration.wechat.proxy_server import ProxyServer
from tests.parts import ALL_SCOPES, new_appid
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "/wxa/getwxacodeunlimit"
LOUD = {"LOG_LEVEL": "DEBUG", "WECHAT_TOKEN_TIMEOUT": "3", "WECHAT_CODE_TIMEOUT": "3"}
PATIENCE_SECONDS = 120
FAULTS = ["invalid_token", "expired_token", "hang", "reset", "http_500", "garbage", "html_page", "cut_connection"]
FAULTS_OF_TOKENS = ["reset", "cut_connection", "garbage", *SIZES.slow_token_faults]
BUTTONS = ["refresh_now", "verify_credentials", "pause_refresh", "resume_refresh", "clear_quota"]


class Story:
    """The main job, step by step, as several kinds of people do it."""

    def __init__(self, sandbox, loud, base):
        self.sandbox, self.loud = sandbox, loud
        self.client, key = create_client(name="drill", scopes=ALL_SCOPES)
        names = ("pasted", "piped", "wrong", "mistyped")
        self.credentials = {name: secrets.token_hex(16) for name in names} | {"key": key}
        # of proxies: one that works, one that is written into the address by mistake, one that the proxy refuses
        self.credentials |= {name: secrets.token_hex(16) for name in ("proxy", "proxy in address", "wrong proxy")}
        self.appids = {name: new_appid() for name in ("pasted", "piped")}
        for name, appid in self.appids.items():
            pages = ["pages/index/index"]
            sandbox.register(appid, self.credentials[name], released_pages=pages)
        get_user_model().objects.create_superuser("anna", password="correct horse battery")
        self.admin = Visitor(base)
        self.api = Visitor(base, Authorization=f"Bearer {key}")
        self.scene = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.admin.session.close()
        self.api.session.close()

    def code(self, name="pasted"):
        self.scene += 1
        body = {"appid": self.appids[name], "scene": f"drill={self.scene}"}
        return self.api.ask("POST", "/api/v1/codes/", json=body)

    def token(self, name="pasted"):
        path = f"/api/v1/miniprograms/{self.appids[name]}/access-token/"
        answer = self.api.ask("GET", path, shows_credential=True)
        if not answer.ok:
            # a refusal may not show what a success does
            self.api.kept[f"refused {len(self.api.kept)}"] = answer.text
        return answer

    def manage(self, *words, **options):
        (command,) = self.loud("django", *words, **options)
        command.wait(PATIENCE_SECONDS)

    def add_mini_programs(self):
        self.admin.submit("/admin/login/", username="anna", password="correct horse battery")
        add = "/admin/miniprograms/miniprogram/add/"
        fields = {"name": "Pasted", "is_sandbox": "on", "is_active": "on", "check_path": "on"}
        refused = self.admin.submit(add, appid="nonsense", app_secret=self.credentials["mistyped"], **fields)
        assert refused.status_code == 200
        self.admin.submit(add, appid=self.appids["pasted"], app_secret=self.credentials["pasted"], **fields)
        words = ("add_miniprogram", self.appids["piped"], "--name", "Piped", "--secret-stdin", "--sandbox")
        words += ("--token-mode", "classic")
        self.manage(*words, given=self.credentials["piped"] + "\n")
        assert MiniProgram.objects.count() == 2

    def work(self):
        for name in self.appids:
            token = self.token(name).json()["access_token"]
            assert self.code(name).status_code == 201
            path = f"/api/v1/miniprograms/{self.appids[name]}/access-token/refresh/"
            self.api.ask("POST", path, json={"rejected": token}, shows_credential=True)
            for wrong in ({"rejected": [token]}, {token: token}, token):
                assert self.api.ask("POST", path, json=wrong).status_code == 400
        key = self.credentials["key"]
        query = {"grant_type": "client_credential", "appid": self.appids["pasted"], "secret": key}
        self.api.ask("GET", "/wechat/cgi-bin/token", params=query, shows_credential=True)
        self.api.ask("GET", "/wechat/cgi-bin/token", params=query | {"appid": "nonsense"})
        self.api.ask("GET", f"/api/v1/codes/?key={key}")
        for path in ("codes/", "miniprograms/", "codes/999999/", "nothing/here/"):
            self.api.ask("GET", f"/api/v1/{path}")
        self.api.ask("GET", "/api/v1/codes/", headers={"Authorization": f"Bearer {key}x"})

    def suffer(self):
        for fault in FAULTS:
            self.sandbox.fault(fault, endpoint=CODE, times=1)
            self.code()
            self.sandbox.clear_faults()
        for fault in FAULTS_OF_TOKENS:
            for endpoint in ENDPOINT.values():
                self.sandbox.fault(fault, endpoint=endpoint, times=1)
            self.refresh_tokens(by_command=fault == FAULTS_OF_TOKENS[0])
            self.sandbox.clear_faults()
        self.sandbox.register(self.appids["piped"], self.credentials["wrong"])
        store.drop_record(self.appids["piped"])
        trouble.clear_trouble(self.appids["piped"])
        assert self.token("piped").json()["errcode"] == 40125
        self.code("piped")

    def refresh_tokens(self, *, by_command):
        if by_command:
            self.manage("refresh_tokens", "--force")
            return
        for miniprogram in MiniProgram.objects.all():
            self.admin.press(f"{place_of(miniprogram)}/actions/refresh_now/")

    def go_by_proxy(self):
        """A mini-program whose calls leave by a proxy with a login: entered wrong, entered right, refused, gone."""
        add, appid = "/admin/miniprograms/miniprogram/add/", new_appid()
        self.sandbox.register(appid, self.credentials["pasted"])
        self.appids["by proxy"] = appid
        fields = {"name": "By proxy", "appid": appid, "app_secret": self.credentials["pasted"], "is_active": "on"}
        with ProxyServer(login=f"shop:{self.credentials['proxy']}") as proxy:
            mistaken = f"http://shop:{self.credentials['proxy in address']}@{proxy.address}"
            assert self.admin.submit(add, proxy_url=mistaken, **fields).status_code == 200
            login = f"shop:{self.credentials['proxy']}"
            self.admin.submit(add, proxy_url=f"http://{proxy.address}", proxy_login=login, **fields)
            miniprogram = MiniProgram.objects.get(appid=appid)
            assert self.code("by proxy").status_code == 201
            assert proxy.passed()
            place = f"{place_of(miniprogram)}/change/"
            for kind in ("http", "socks5"):
                changes = {
                    "proxy_url": f"{kind}://{proxy.address}",
                    "proxy_login": f"shop:{self.credentials['wrong proxy']}",
                }
                self.admin.submit(place, **changes)
                assert self.code("by proxy").status_code >= 500
        assert self.code("by proxy").status_code >= 500

    def crash(self, redis_client):
        """A traceback of code that has the token in its hands."""
        record = f"wxcode:token:{self.appids['pasted']}"
        kept = redis_client.hgetall(record)
        redis_client.hset(record, "expires_at", "not a number")
        assert self.token().status_code == 500
        redis_client.hset(record, mapping=kept)

    def look_at_everything(self):
        for miniprogram in MiniProgram.objects.all():
            for button in BUTTONS:
                self.admin.press(f"{place_of(miniprogram)}/actions/{button}/")
            self.admin.submit(f"{place_of(miniprogram)}/change/", notes="seen")
        scopes = {"name": "second", "scopes": ["codes:read"]}
        self.admin.submit("/admin/clients/apiclient/add/", shows_credential=True, **scopes)
        for start, limit in (("/admin/", SIZES.admin_pages), ("/", SIZES.gallery_pages)):
            assert self.admin.walk(start, limit=limit) > limit // 3

    def wait_for_worker(self):
        refresh_due_tokens.delay()
        miniprogram = MiniProgram.objects.get(appid=self.appids["pasted"])
        seen = store.find_record(miniprogram.appid)
        store.set_due(miniprogram.appid, time.time() - 1)
        refresh_after_change.delay(miniprogram.appid)
        wait_until(lambda: store.find_record(miniprogram.appid).version != seen.version, PATIENCE_SECONDS)


def place_of(miniprogram):
    return f"/admin/miniprograms/miniprogram/{miniprogram.pk}"


@pytest.fixture
def loud(sandbox, shared_environment, transactional_db, tmp_path):
    """Like `fork`: processes that say all they know, with their logs in tmp_path."""
    # the sandbox plays WeChat itself, too: it alone is reached by proxy
    environment = shared_environment | LOUD | {"WECHAT_API_BASE": sandbox.url}
    numbers = count()
    with ForkServer(environment, tmp_path) as server:
        yield lambda *words, **options: server.fork(*words, log=tmp_path / f"loud-{next(numbers)}.log", **options)


@pytest.fixture
def base(loud):
    """The address of a web server, beside which a worker works."""
    loud("celery", "-A", "wxcode", "worker", "--pool", "threads", "-c", "2", "-l", "debug")
    return start_web(loud, threads=4, options=("--log-level", "debug", "--access-log"))


def test_no_credential_is_left_anywhere(sandbox, base, loud, redis_client, redis_url, tmp_path, measured):
    with Monitor(redis_url) as monitor, Story(sandbox, loud, base) as story:
        story.add_mini_programs()
        story.work()
        story.suffer()
        story.go_by_proxy()
        story.crash(redis_client)
        story.look_at_everything()
        story.wait_for_worker()
    commands = monitor.commands()
    answers = story.admin.kept | story.api.kept
    allowed = [line for line in commands if TOKEN.search(line) and RECORD in line]
    measured(commands=len(commands), answers=len(answers), tokens=len(set(TOKEN.findall("\n".join(allowed)))))

    assert len(set(TOKEN.findall("\n".join(allowed)))) > 2, "the search must know what a token looks like"
    assert "Traceback" in "".join(text for _place, text in log_files(tmp_path))
    places = chain(
        log_files(tmp_path),
        answers.items(),
        table_rows(),
        redis_keys(redis_client),
        (("redis command", TOKEN.sub("", line) if RECORD in line else line) for line in commands),
    )
    assert find_leaks(places, story.credentials) == []


def test_the_search_finds_what_it_looks_for():
    token = "9_" + "a" * 134
    places = [("a", f"x={'0123456789abcdef' * 2}"), ("b", f"'12{token}'"), ("c", "nothing")]
    assert [leak.partition(":")[0] for leak in find_leaks(iter(places), {"secret": "0123456789abcdef" * 2})] == [
        "a",
        "b",
    ]
