"""Logs that a machine can search: one object per line, the request's id in it and in the answer, and no credential."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from apps.tokens.front import TokenFront
from tests.integration.tokens import front_parts
from tests.parts import make_api, make_miniprogram
from tests.plugin import BASE_DIR
from tests.waiting import wait_until
from wxcode.json_logs import RedactingJsonFormatter
from wxcode.request_ids import RequestIdFilter, RequestIds, request_id
from wxcode.stack.redis_server import free_port

pytestmark = pytest.mark.django_db
SERVICES = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]
KEY = "wxc_" + "a" * 52


@pytest.fixture
def lines():
    """What a JSON handler on the root logger wrote, parsed."""
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Kept()
    handler.setFormatter(RedactingJsonFormatter())
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in written]
    root.removeHandler(handler)
    request_id.set("")


def ask(application, rf, path, **headers):
    """Status and headers of a GET through a WSGI application."""
    answered = {}

    def start(status, given, *rest):
        answered.update(status=status, headers=dict(given))

    environ = rf.get(path, headers=headers).environ
    b"".join(application(environ, start))
    return answered


@pytest.fixture
def django_application():
    """Django as it is served; the end of a request leaves the test's connection open."""
    from wxcode.wsgi import django_application

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield django_application
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_id_in_the_answer_is_the_one_in_the_log(rf, django_application, lines):
    answered = ask(RequestIds(django_application), rf, "/api/v1/codes/?access_token=secret-in-query")
    (line,) = [each for each in lines() if each["logger"] == "wxcode.requests"]
    assert answered["headers"]["X-Request-Id"] == line["request_id"]
    assert re.fullmatch(r"[0-9a-f]{24}", line["request_id"])
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/codes/", 401)
    assert line["duration_ms"] >= 0
    assert "secret-in-query" not in json.dumps(lines())


def test_a_plain_id_of_the_proxy_is_taken_over_and_anything_else_is_not(rf, django_application):
    application = RequestIds(django_application)
    for given, is_kept in [("proxy-0123456789", True), ("short", False), ("x" * 65, False), ("a b\tc,d;e=f", False)]:
        answered = ask(application, rf, "/healthz", **{"x-request-id": given})
        assert (answered["headers"]["X-Request-Id"] == given) is is_kept


def test_two_requests_have_two_ids(rf, django_application):
    application = RequestIds(django_application)
    first, second = (ask(application, rf, "/healthz")["headers"]["X-Request-Id"] for _ in range(2))
    assert first != second


def test_health_checks_leave_no_line(rf, django_application, lines):
    ask(RequestIds(django_application), rf, "/healthz")
    assert [each for each in lines() if each["logger"] == "wxcode.requests"] == []


def test_the_answers_in_front_of_django_never_repeat_somebody_elses_id(django_application):
    front_parts.make_miniprogram()
    front_parts.store_token("token-" + "t" * 130)
    key = front_parts.make_key()
    application = TokenFront(RequestIds(django_application))
    answers = [front_parts.ask(application, HTTP_AUTHORIZATION=f"Bearer {key}") for _ in range(4)]
    assert {answer.status for answer in answers} == {"200 OK"}
    ids = [dict(answer.headers).get("X-Request-Id") for answer in answers]
    assert ids[0] is not None, "the first is Django's"
    assert ids[-1] is None, "later ones come from the front"
    assert len(set(filter(None, ids))) == len(list(filter(None, ids)))


def test_a_refused_code_says_for_whom_and_what_wechat_said(sandbox, lines):
    miniprogram = make_miniprogram(sandbox)
    api = make_api()
    sandbox.fault("busy")
    body = {"appid": miniprogram.appid, "scene": "table=7"}
    assert api.post("/api/v1/codes/", body, format="json").status_code >= 500
    (line,) = [each for each in lines() if each["message"].startswith("no code for")]
    assert line["appid"] == miniprogram.appid
    assert line["errcode"] == -1
    assert line["rid"]
    assert line["duration_ms"] >= 0
    assert [each for each in lines() if each.get("endpoint") and each["appid"] == miniprogram.appid]


def test_credentials_in_texts_and_tracebacks_are_replaced(lines):
    try:
        raise ValueError(f"secret={'s' * 32} key {KEY}")
    except ValueError:
        logging.getLogger("x").exception("access_token=%s", "t" * 40, extra={"appid": "wx1", "path": f"/{KEY}"})
    (line,) = lines()
    text = json.dumps(line)
    assert line["exc_info"].startswith("Traceback")
    assert [value for value in ("s" * 32, "t" * 40, KEY) if value in text] == []
    assert line["appid"] == "wx1"


def test_attributes_that_nobody_named_are_left_out(lines):
    logging.getLogger("x").warning("w", extra={"token": "t" * 40, "anything": object()})
    (line,) = lines()
    assert set(line) == {"time", "level", "logger", "message"}


def test_line_breaks_stay_inside_their_line(lines):
    logging.getLogger("x").warning('two\nlines {"level": "ERROR"}')
    (line,) = lines()
    assert line["message"] == 'two\nlines {"level": "ERROR"}'


def test_the_time_says_its_zone(lines, settings, clock):
    settings.TIME_ZONE = "Asia/Shanghai"
    clock.stop()
    now = datetime.now(UTC)
    logging.getLogger("x").warning("now")
    (line,) = lines()
    assert line["time"].endswith("+00:00")
    assert abs(datetime.fromisoformat(line["time"]) - now) < timedelta(seconds=1)


def test_an_errcode_is_a_number_on_every_line(sandbox, lines):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("busy")
    make_api().post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "table=8"}, format="json")
    errcodes = [each["errcode"] for each in lines() if "errcode" in each]
    assert len(errcodes) > 1 and set(errcodes) == {-1}


def test_an_error_without_errcode_is_named_by_its_code(sandbox, lines):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("reset", endpoint="/wxa/getwxacodeunlimit")
    make_api().post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "table=9"}, format="json")
    (line,) = [each for each in lines() if each["logger"] == "apps.wechat.calls" and "errcode" not in each]
    assert line["error"] == "wechat_unreachable"


def test_every_line_of_every_process_is_an_object(spawn, tmp_path):
    web = ("-m", "wxcode.serve", "--interface", "wsgi", "--port", str(free_port()), "wxcode.wsgi:application")
    words = {name: SERVICES[name]["command"] for name in ("worker", "beat")}
    filled = {name: [re.sub(r"\$\{[A-Z_]+:-(.*?)\}", r"\1", word) for word in given] for name, given in words.items()}
    filled["beat"][filled["beat"].index("--schedule") + 1] = str(tmp_path / "schedule")
    # Celery warns of root, in containers nobody is
    quiet = {"LOG_FORMAT": "json", "PYTHONWARNINGS": "ignore"}
    ready = {"Started worker-1": web, "ready.": ("-m", *filled["worker"]), "Starting...": ("-m", *filled["beat"])}
    for command in ready.values():
        spawn(*command, env=quiet)
    for number, sign in enumerate(ready):
        log = tmp_path / f"process-{number}.log"
        wait_until(lambda log=log, sign=sign: sign in log.read_text(), seconds=60)
        for line in filter(None, log.read_text().splitlines()):
            assert {"time", "level", "logger", "message"} <= set(json.loads(line))
