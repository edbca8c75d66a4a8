"""Settings that are addresses: mistakes that once started, and failed on every request, end with the right form."""

from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.clients.addresses import network_of
from wxcode import environment as env

PERCENT, HOST = "percent-encode the special characters in its password", "it names no host"
REFUSED = {
    "REDIS_URL": {
        "redis://:p#ss@10.0.0.9:6379/0": PERCENT,
        "redis://:p/ss@10.0.0.9:6379/0": PERCENT,
        "redis://:p?ss@10.0.0.9:6379/0": PERCENT,
        "redis://:p[ss@10.0.0.9:6379/0": PERCENT,
        "redis://:12/ss@10.0.0.9:6379/0": PERCENT,
        "redis://wx:12#ss@10.0.0.9:6379/0": PERCENT,
        "redis://:p@a/ss@10.0.0.9:6379/0": PERCENT,
        "redis://:pss@10.0.0.9:6379/0#main": PERCENT,
        "redis://:pss@:6379/0": HOST,
        "redis://:pss@/0": HOST,
        "redis:///0": HOST,
        "redis://:pss@10.0.0.9:66666/0": "its port is no number",
        "redis://:pss@10.0.0.9:port/0": "its port is no number",
        "redis://:pss@10.0.0.9:0/0": "its port is no number",
        "redis://:pss@10.0.0.9：6379/0": PERCENT,
        "redis://10.0.0.9:6379/main": "its database is not a number",
        "redis://:p ss@10.0.0.9:6379/0": "it contains a space",
        "10.0.0.9:6379": "use an address like",
        "http://10.0.0.9:6379": "use an address like",
        "unix://": "it names no socket",
        "unix://run/redis.sock": "it names no socket",
    },
    "DATABASE_URL": {
        "postgres://wx:p/ss@127.0.0.1:5432/wx": PERCENT,
        "postgres://wx:p?ss@127.0.0.1:5432/wx": PERCENT,
        "postgres://wx:12/ss@127.0.0.1:5432/wx": PERCENT,
        "postgres://wx:12?ss@127.0.0.1:5432/wx": PERCENT,
        "postgres://wx:pss@:5432/wx": HOST,
        "postgres://wx:pss@/wx": HOST,
        "postgres://wx:pss@127.0.0.1:5432/": "it names no database",
        "postgres://wx:pss@127.0.0.1:5432": "it names no database",
        "postgres://127.0.0.1:port/wx": "use sqlite:////absolute/path or postgres://user:password@host:5432/name",
        "postgres://wx:p ss@127.0.0.1/wx": "it contains a space",
        "mysql://wx:pss@127.0.0.1/wx": "use sqlite:////absolute/path or postgres://user:password@host:5432/name",
        "sqlite://data/wx.sqlite3": "it names no file",
        "sqlite:///": "it names no file",
        "sqlite:////data/wx#1.sqlite3": "percent-encode #",
    },
    "ALLOWED_HOSTS": {
        "https://codes.example.com": "a name comes with a scheme",
        "codes.example.com/": "a name comes with a slash",
        "codes.example.com:8443": "a name comes with a port",
        "[::1]:8000": "a name comes with a port",
        "codes.example.com，b.example.com": "an ordinary comma",
        "codes.example.com; b.example.com": "an ordinary comma",
        "codes.example.com b.example.com": "an ordinary comma",
        "*.example.com": "like .example.com",
        "::1": "needs brackets",
        "codes_1.example.com": "characters that no host name has",
        "codes.example.com.": "characters that no host name has",
        "['codes.example.com']": "characters that no host name has",
        "小程序.example.com": "xn--",
        ",": "write names alone",
    },
    "CSRF_TRUSTED_ORIGINS": {
        "codes.example.com:8443": "an origin has no scheme",
        "codes.example.com": "an origin has no scheme",
        "null": "an origin has no scheme",
        "https://codes.example.com/login": "an origin has no path",
        "https://codes.example.com，https://b.example.com": "an ordinary comma",
        "https://codes.example.com:port": "use origins with their scheme",
        "https://wx:pss@codes.example.com": "use origins with their scheme",
        "ftp://codes.example.com": "an origin has no scheme",
    },
    "WECHAT_API_BASE": {
        "api.weixin.qq.com": "use an address like https://host",
        "https://api.weixin.qq.com:port": "its port is no number",
        "https://api.weixin.qq.com?x=1": "use an address like https://host",
        "https://[api.weixin.qq.com": "use an address like https://host",
    },
    "METRICS_NETWORKS": {"10.0.0.0/8，172.16.0.0/12": "use networks like", "10.0.0.1/8": "use networks like"},
    "TIME_ZONE": {"Shanghai": "like Asia/Shanghai", "/etc/passwd": "like Asia/Shanghai", "Asia": "like Asia/Shanghai"},
    "SENTRY_DSN": {"sentry.example.com": "https://key@host/1", "https://host/1": "https://key@host/1"},
}
READERS = {
    "REDIS_URL": env.redis_url,
    "DATABASE_URL": env.database_url,
    "ALLOWED_HOSTS": env.host_names,
    "CSRF_TRUSTED_ORIGINS": env.origins,
    "WECHAT_API_BASE": env.http_url,
    "METRICS_NETWORKS": env.networks,
    "TIME_ZONE": env.time_zone,
    "SENTRY_DSN": env.report_address,
}
SECRET = "ss"


def read(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    return env.read(name, READERS[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_is_one_sentence_that_shows_the_right_form_and_never_the_password(name, monkeypatch):
    offenders = {}
    for value, reason in REFUSED[name].items():
        try:
            offenders[value] = read(name, value, monkeypatch)
        except ImproperlyConfigured as refused:
            told = str(refused)
            is_said = told.startswith(f"{name} is malformed: ") and reason in told and "\n" not in told
            if not is_said or SECRET in told.replace("password", "").replace("address", ""):
                offenders[value] = told
    assert offenders == {}


REDIS = [
    "redis://10.0.0.9",
    "redis://:p%23s%2Fs@10.0.0.9:6379/0",
    "redis://:p@s@10.0.0.9:6379/0",
    "redis://wx:p:s@[::1]:6379/3",
    "rediss://wx:pw@redis.example.com:6380/1?ssl_cert_reqs=none",
    "unix:///run/redis/redis.sock?db=1",
]


def test_addresses_of_redis_that_work_stay_as_they_are(monkeypatch):
    assert [read("REDIS_URL", url, monkeypatch) for url in REDIS] == REDIS
    assert read("REDIS_URL", "REDIS://:Pw@10.0.0.9:6379/0", monkeypatch) == "redis://:Pw@10.0.0.9:6379/0"


DATABASES = {
    "postgres://wx:pw@127.0.0.1:5432/wx": ("127.0.0.1", 5432, "pw", "wx"),
    "postgres://wx:p%2Fs%3Fs@db.example.com/wx?sslmode=verify-full": ("db.example.com", "", "p/s?s", "wx"),
    # both worked before, and go on working
    "postgres://wx:p#s@127.0.0.1:5432/wx": ("127.0.0.1", 5432, "p#s", "wx"),
    "postgres://wx:p[s@127.0.0.1:5432/wx": ("127.0.0.1", 5432, "p[s", "wx"),
    "postgres://wx:p@s@127.0.0.1:5432/wx": ("127.0.0.1", 5432, "p@s", "wx"),
    # the server's socket on this machine
    "postgres:///wx": ("", "", "", "wx"),
    "postgres://wx:pw@/wx?host=/var/run/postgresql": ("", "", "pw", "wx"),
    "postgres://wx:pw@a.example.com:5432,b.example.com:5433/wx": (
        "a.example.com,b.example.com",
        "5432,5433",
        "pw",
        "wx",
    ),
    "sqlite:////data/wx.sqlite3": ("", "", "", "/data/wx.sqlite3"),
    "sqlite:///wx%23.sqlite3": ("", "", "", "wx#.sqlite3"),
}


def test_addresses_of_databases_that_work_are_taken(monkeypatch):
    configs = {url: read("DATABASE_URL", url, monkeypatch) for url in DATABASES}
    parts = ("HOST", "PORT", "PASSWORD", "NAME")
    assert {url: tuple(config[part] for part in parts) for url, config in configs.items()} == DATABASES


def test_host_names_that_django_compares_are_taken(monkeypatch):
    names = ["codes.example.com", "LOCALHOST", "127.0.0.1", "[::1]", ".example.com", "*", "xn--fiq228c.example.com"]
    assert read("ALLOWED_HOSTS", " , ".join(names), monkeypatch) == names


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://codes.example.com:8443/", "https://codes.example.com:8443"),
        ("HTTPS://CODES.example.com:8443", "https://codes.example.com:8443"),
        ("https://codes.example.com:443", "https://codes.example.com"),
        ("http://codes.example.com:80/", "http://codes.example.com"),
        ("https://*.example.com", "https://*.example.com"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_becomes_what_browsers_send(given, taken, monkeypatch):
    assert read("CSRF_TRUSTED_ORIGINS", given, monkeypatch) == [taken]


def test_networks_behind_ipv6_are_those_of_ipv4(monkeypatch):
    given = "::ffff:10.0.0.0/104,::ffff:192.0.2.7,2001:db8::/32,10.1.0.0/16,::/0"
    taken = ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32", "10.1.0.0/16", "::/0"]
    assert read("METRICS_NETWORKS", given, monkeypatch) == taken
    assert network_of("::ffff:0:0/96") == ip_network("0.0.0.0/0")
