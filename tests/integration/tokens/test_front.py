"""The layer in front answers plain reads itself, and nobody can tell it from Django."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.clients import usage
from apps.clients.facts import TTL_SECONDS, forget_everything
from apps.clients.models import ApiClient
from apps.clients.rate_limits import HEADERS
from apps.coordination.connection import forget_trouble, redis_connection
from apps.miniprograms.models import MiniProgram
from apps.tokens import front
from tests.integration.tokens.front_parts import (
    APPID,
    OTHER_APPID,
    PATH,
    House,
    ask,
    make_key,
    make_miniprogram,
    store_token,
)

pytestmark = pytest.mark.django_db

TOKEN = "token-" + "t" * 130
PLAIN = {
    "bearer": {},
    "x-api-key": {"HTTP_AUTHORIZATION": None, "HTTP_X_API_KEY": "{key}"},
    "basic and x-api-key": {"HTTP_AUTHORIZATION": "Basic eDp5", "HTTP_X_API_KEY": "{key}"},
    "any": {"HTTP_ACCEPT": "*/*"},
    "json": {"HTTP_ACCEPT": "application/json"},
    "axios": {"HTTP_ACCEPT": "application/json, text/plain, */*"},
    "java": {"HTTP_ACCEPT": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
    "chinese": {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9"},
    "any language": {"HTTP_ACCEPT_LANGUAGE": "*"},
    "other host": {"HTTP_HOST": "localhost:8000"},
    "no host": {"HTTP_HOST": None, "SERVER_NAME": "localhost"},
    "https": {"wsgi.url_scheme": "https"},
    "compressing": {"HTTP_ACCEPT_ENCODING": "gzip, br"},
}
DJANGOS = {
    "indented": {"HTTP_ACCEPT": "application/json; indent=4"},
    "not acceptable": {"HTTP_ACCEPT": "image/png"},
    "no key": {"HTTP_AUTHORIZATION": None},
    "malformed key": {"HTTP_AUTHORIZATION": "Bearer secret"},
    "unknown key": {"HTTP_AUTHORIZATION": f"Bearer wxc_{'x' * 52}"},
    "no key, chinese": {"HTTP_AUTHORIZATION": None, "HTTP_ACCEPT_LANGUAGE": "zh-CN"},
    "cookie": {"HTTP_COOKIE": "sessionid=x; django_language=zh-hans"},
    "origin": {"HTTP_ORIGIN": "https://shop.example.com"},
    "mini-program": {"HTTP_REFERER": "https://servicewechat.com/wx0123456789abcdef/1/page-frame.html"},
    "preflight": {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ORIGIN": "https://shop.example.com",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
    },
    "head": {"REQUEST_METHOD": "HEAD"},
    "options": {"REQUEST_METHOD": "OPTIONS"},
    "post": {"REQUEST_METHOD": "POST"},
    "delete": {"REQUEST_METHOD": "DELETE"},
    "body": {"CONTENT_LENGTH": "2", "CONTENT_TYPE": "application/json", "body": b"{}"},
    "format": {"QUERY_STRING": "format=xml"},
    "foreign host": {"HTTP_HOST": "evil.example.com"},
    "no slash": {"PATH_INFO": PATH.rstrip("/")},
    "unknown appid": {"PATH_INFO": PATH.replace(APPID, OTHER_APPID)},
    "malformed appid": {"PATH_INFO": PATH.replace(APPID, "wx1")},
    "upper case": {"PATH_INFO": PATH.replace(APPID, APPID.upper())},
    "newline": {"PATH_INFO": f"{PATH}\n"},
}


@pytest.fixture(autouse=True)
def _fresh_memory(settings, clock):
    """Time stands still: the seconds of a token count down, and what is remembered ends, when a test says so."""
    clock.stop()
    settings.WHITENOISE_AUTOREFRESH = True
    forget_everything()
    usage.forget_uses()
    front.examples.forget()
    forget_trouble()
    # as Django's own test client does: the test's transaction outlives the requests
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def house():
    return House()


@pytest.fixture
def miniprogram():
    miniprogram = make_miniprogram()
    store_token(TOKEN)
    return miniprogram


@pytest.fixture
def key(miniprogram):
    return make_key()


@pytest.fixture
def read(house, key):
    """`read()` asks the layer in front with the key and answers the body as text."""
    return lambda **environ: ask(house.front, HTTP_AUTHORIZATION=f"Bearer {key}", **environ).body.decode()


def spelled(variables, key):
    filled = {name: value.format(key=key) if isinstance(value, str) else value for name, value in variables.items()}
    return {"HTTP_AUTHORIZATION": f"Bearer {key}", **filled}


def same_three_times(house, request):
    """Answers of Django, and of the front cold, warm and warm again."""
    return [ask(house.django, **request), *(ask(house.front, **request) for _ in range(3))]


def test_a_plain_read_is_answered_in_front_exactly_as_by_django(house, key):
    offenders = {}
    for name, variables in PLAIN.items():
        request = spelled(variables, key)
        by_django, *by_front = same_three_times(house, request)
        if by_front != [by_django] * 3 or by_django.status != "200 OK" or not house.is_answered_in_front(**request):
            offenders[name] = by_django, by_front
    assert offenders == {}


def test_everything_else_is_left_to_django(house, key):
    # what Django answers to a plain read is remembered, and must not serve these
    ask(house.front, **spelled({}, key))
    offenders = {}
    for name, variables in DJANGOS.items():
        request = spelled(variables, key)
        by_django, *by_front = same_three_times(house, request)
        before = house.django.calls
        ask(house.front, **request)
        if by_front != [by_django] * 3 or house.django.calls != before + 1:
            offenders[name] = by_django, by_front
    assert offenders == {}
    assert house.is_answered_in_front(**spelled({}, key)), "it is remembered, or this shows nothing"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_https_only_redirects_and_sends_hsts_in_front_as_well(settings, key, scheme):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    request = {"HTTP_AUTHORIZATION": f"Bearer {key}", "wsgi.url_scheme": scheme}
    by_django, *by_front = same_three_times(House(), request)
    assert by_front == [by_django] * 3
    assert ("Strict-Transport-Security" in dict(by_front[2].headers)) == (scheme == "https")


def test_a_proxy_may_say_that_the_request_came_over_https(settings, key):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    house, plain = House(), {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    assert [ask(house.front, **plain, HTTP_X_FORWARDED_PROTO="https").status for _ in range(2)] == ["200 OK"] * 2
    assert ask(house.front, **plain, HTTP_X_FORWARDED_PROTO="http").status.startswith("301")


def test_a_member_of_staff_without_a_key_is_answered_by_django(house, miniprogram):
    browser = Client()
    browser.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    request = {"HTTP_COOKIE": f"sessionid={browser.cookies['sessionid'].value}"}
    by_django, *by_front = same_three_times(house, request)
    assert by_front == [by_django] * 3
    assert by_django.status == "200 OK"


def test_the_path_is_the_one_of_the_view():
    assert front.PLAIN_PATH.fullmatch(reverse("access-token", args=[APPID]))[1] == APPID


def test_a_warm_read_costs_no_query(read, django_assert_num_queries):
    read()
    with django_assert_num_queries(0):
        assert TOKEN in read()


def test_a_replaced_token_is_served_at_once(read):
    read()
    store_token("another token")
    assert "another token" in read()


def test_the_remaining_seconds_are_those_of_now(read, clock):
    read()
    store_token(TOKEN, seconds=1234)
    assert '"expires_in":1234' in read()
    clock.advance(2)
    assert '"expires_in":1232' in read()


def test_the_previous_token_is_served_within_its_window_as_by_django(house, read, redis_client):
    read()
    now = time.time()
    fields = {"expires_at": now, "previous_value": "the one before", "previous_until": now + 60}
    redis_client.hset(f"wxcode:token:{APPID}", mapping=fields)
    calls = house.django.calls
    assert "the one before" in read()
    assert house.django.calls == calls


def test_a_missing_token_is_djangos_work(house, read, redis_client):
    read()
    redis_client.flushall()
    assert "secret_unavailable" in read()


def test_each_caller_is_looked_at_anew(house, read):
    read()
    limited, unscoped = make_key(name="limited", appids=[]), make_key(name="unscoped", scopes=["codes:read"])
    ApiClient.objects.filter(name="limited").update(is_limited=True)
    for key, code in ((limited, b"miniprogram_not_granted"), (unscoped, b"missing_scope")):
        assert [code in ask(house.front, HTTP_X_API_KEY=key).body for _ in range(3)] == [True] * 3


def test_networks_hold_in_front(house, miniprogram):
    key = make_key(networks=["10.0.0.0/8"])
    inside, outside = ({"HTTP_X_API_KEY": key, "REMOTE_ADDR": address} for address in ("10.1.2.3", "192.0.2.1"))
    ask(house.front, **inside)
    assert house.is_answered_in_front(**inside)
    assert b"network_not_allowed" in ask(house.front, **outside).body


def test_a_revoked_key_is_refused_at_once_in_its_process(read):
    read()
    client = ApiClient.objects.get()
    client.is_active = False
    client.save()
    assert "invalid_key" in read()


def test_what_another_process_changes_counts_when_the_memory_has_ended(read, clock):
    read()
    MiniProgram.objects.update(token_mode="classic")
    assert '"token_mode":"stable"' in read(), "remembered, or this shows nothing"
    clock.advance(TTL_SECONDS)
    assert '"token_mode":"classic"' in read()
    ApiClient.objects.update(is_active=False)
    assert TOKEN in read()
    clock.advance(TTL_SECONDS)
    assert "invalid_key" in read()


def test_a_key_expires_while_it_is_remembered(house, read, clock):
    ApiClient.objects.update(expires_at=timezone.now() + timedelta(seconds=TTL_SECONDS - 1))
    read()
    clock.advance(TTL_SECONDS - 1)
    assert "invalid_key" in read()


def test_the_last_use_is_noted_as_by_django(read):
    read()
    ApiClient.objects.update(last_used_at=None)
    read()
    assert ApiClient.objects.get().last_used_at is None
    usage.forget_uses()
    read()
    assert ApiClient.objects.get().last_used_at is not None


def test_a_changed_mode_counts_at_once_in_its_process(read, miniprogram):
    assert '"token_mode":"stable"' in read()
    miniprogram.token_mode = "classic"
    miniprogram.save()
    assert '"token_mode":"classic"' in read()


def test_a_change_during_an_answer_is_not_overlooked(house, read, miniprogram):
    miniprogram.token_mode = "classic"
    house.django.meanwhile = miniprogram.save
    assert '"token_mode":"stable"' in read()
    house.django.meanwhile = lambda: None
    assert '"token_mode":"classic"' in read()


def test_an_answer_that_had_to_wait_is_not_an_example(house, read, clock):
    house.django.meanwhile = lambda: clock.advance(front.QUICK_SECONDS)
    read()
    read()
    assert house.django.calls == 2


def test_a_deleted_mini_program_is_unknown_at_once(read):
    read()
    MiniProgram.objects.all().delete()
    assert "miniprogram_unknown" in read()


def test_without_redis_django_serves_the_last_known_token(house, read, settings, redis_url):
    read()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_connection.cache_clear()
    try:
        calls = house.django.calls
        assert TOKEN in read()
        assert house.django.calls == calls + 1
    finally:
        settings.REDIS_URL = redis_url
        redis_connection.cache_clear()
        forget_trouble()
    assert TOKEN in read()
    assert house.django.calls == calls + 1


def test_a_connection_that_redis_closed_is_opened_anew(house, read, redis_client):
    read()
    redis_client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    calls = house.django.calls
    assert TOKEN in read()
    assert house.django.calls == calls


def test_nothing_remembered_or_logged_holds_the_token(read, caplog):
    caplog.set_level("DEBUG")
    read()
    read()
    assert TOKEN not in repr(front.examples._entries)
    assert TOKEN not in caplog.text


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_threads_get_the_token_of_the_mini_program_that_they_ask_for(house, key):
    make_miniprogram(OTHER_APPID)
    store_token("another token", appid=OTHER_APPID)
    wanted = {PATH: TOKEN, PATH.replace(APPID, OTHER_APPID): "another token"}

    def read_many(path):
        return {ask(house.front, HTTP_X_API_KEY=key, PATH_INFO=path).body.split(b'"')[3] for _ in range(200)}

    for path in wanted:
        ask(house.front, HTTP_X_API_KEY=key, PATH_INFO=path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read_many, [*wanted] * 4))
    assert found == [{value.encode()} for value in wanted.values()] * 4


def without_what_counts_down(answer):
    """The answer without what differs between two answers to the same limited key."""
    headers = [(name, "…" if name in HEADERS[1:] else value) for name, value in answer.headers]
    return answer.status, headers, re.sub(rb'"expires_in":\d+', b"", answer.body)


def test_a_limited_key_is_counted_in_front_exactly_as_by_django(house, miniprogram):
    request = {"HTTP_X_API_KEY": make_key(rate_limit=5)}
    answers = [ask(application, **request) for application in (house.django, *[house.front] * 4)]
    assert [dict(answer.headers)["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0"]
    assert len({repr(without_what_counts_down(answer)) for answer in answers}) == 1
    assert house.django.calls == 2
    refused = [ask(application, **request) for application in (house.django, house.front)]
    assert refused[0] == refused[1]
    assert refused[0].status == "429 Too Many Requests"


def test_what_one_caller_is_told_of_its_limit_is_not_told_to_another(house, miniprogram):
    limited, unlimited = make_key(rate_limit=5), make_key(name="unlimited")
    for key, told in ((limited, "4"), (unlimited, None), (limited, "3"), (unlimited, None), (limited, "2")):
        assert dict(ask(house.front, HTTP_X_API_KEY=key).headers).get("X-RateLimit-Remaining") == told


def test_a_warm_read_without_a_limit_is_one_command_to_redis(read, redis_client):
    read()
    before = redis_client.info("stats")["total_commands_processed"]
    read()
    # one of them is this test's own question
    assert redis_client.info("stats")["total_commands_processed"] - before == 2


def test_pages_of_mini_programs_are_held_to_the_origins_of_the_key(house, miniprogram):
    request = {"HTTP_X_API_KEY": make_key(origins=["https://shop.example.com"])}
    ask(house.front, **request)
    assert house.is_answered_in_front(**request)
    page = {"HTTP_REFERER": "https://servicewechat.com/wx0123456789abcdef/1/page-frame.html"}
    assert b"origin_not_allowed" in ask(house.front, **request, **page).body
