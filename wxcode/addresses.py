"""Settings that are addresses: URLs of servers, host names, origins, networks. Each error shows the right form."""

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ

from apps.clients.addresses import network_of
from wxcode.malformed import Malformed

HTTP_FORM = "use an address like https://host or http://host:port"
PATH_FORM = "use a path like /wxcode"
REDIS_FORM = "use an address like redis://:password@host:6379/0"
DATABASE_FORM = "use sqlite:////absolute/path or postgres://user:password@host:5432/name"
HOSTS_FORM = "names alone, separated by commas: codes.example.com,localhost"
ORIGINS_FORM = (
    "use origins with their scheme, separated by commas: https://codes.example.com,https://b.example.com:8443"
)
PERCENT = (
    "percent-encode the special characters in its password (# as %23, / as %2F, ? as %3F, @ as %40, [ as %5B, "
    "] as %5D), as in {example}"
)
REDIS_PERCENT = PERCENT.format(example="redis://:my%23word@host:6379/0")
DATABASE_PERCENT = PERCENT.format(example="postgres://user:my%2Fword@host:5432/name")

# Django compares the Host header with these; its header may have no other characters
HOST = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)
ORIGIN_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]")
WITH_PORT = re.compile(r"[^:]+:\d*|\[.*\]:\d*")
OTHER_SEPARATORS = re.compile(r"[;，；、\s]")
DEFAULT_PORTS = {"http": 80, "https": 443}


def words(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def http_url(raw: str) -> str:
    parts = _split(raw, form=HTTP_FORM, percent=HTTP_FORM)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise Malformed(HTTP_FORM)
    return raw.rstrip("/")


def url_path(raw: str) -> str:
    """`/wxcode`; a single slash is the same as none."""
    path = raw.rstrip("/")
    if path and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", path):
        raise Malformed(PATH_FORM)
    return path


def redis_url(raw: str) -> str:
    parts = _split(raw, form=REDIS_FORM, percent=REDIS_PERCENT)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise Malformed(REDIS_FORM)
    if parts.fragment or "@" in parts.path:
        raise Malformed(REDIS_PERCENT)
    if parts.scheme == "unix":
        if parts.hostname or len(parts.path) < 2:
            raise Malformed("it names no socket; use unix:///absolute/path")
    elif not parts.hostname:
        raise Malformed(f"it names no host; {REDIS_FORM}")
    elif not re.fullmatch(r"(/\d*/?)?", parts.path, re.ASCII):
        raise Malformed(f"its database is not a number; {REDIS_FORM}")
    # redis-py takes the scheme in lower case alone
    return f"{parts.scheme}{raw[len(parts.scheme) :]}"


def database_url(raw: str) -> dict[str, Any]:
    if raw.startswith("sqlite:") and raw != "sqlite://:memory:":
        return _sqlite(raw)
    if re.search(r"\s", raw):
        raise Malformed(f"it contains a space; {DATABASE_FORM}")
    try:
        config: dict[str, Any] = environ.Env.db_url_config(raw)
    except ValueError:
        # what follows the password was taken for a port
        raise Malformed(DATABASE_PERCENT if "@" in raw else DATABASE_FORM) from None
    if config.get("ENGINE") == "django.db.backends.sqlite3":
        return config
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise Malformed(DATABASE_FORM)
    # the last "@" stands in front of the host, unless a part of the password was taken for something else
    authority, _, rest = raw.partition("://")[2].partition("/")
    if "@" in config["NAME"] or "@" in authority.partition("?")[2] or ("@" in rest and "@" not in authority):
        raise Malformed(DATABASE_PERCENT)
    if not config["NAME"]:
        raise Malformed(f"it names no database; {DATABASE_FORM}")
    is_local = "host" in config.get("OPTIONS", {}) or not (config["PORT"] or config["PASSWORD"])
    if not config["HOST"] and not is_local:
        raise Malformed(f"it names no host; {DATABASE_FORM}")
    return config


def _sqlite(raw: str) -> dict[str, Any]:
    parts = _split(raw, form=DATABASE_FORM, percent=DATABASE_FORM)
    if parts.netloc or len(parts.path) < 2:
        raise Malformed("it names no file; use sqlite:////absolute/path, with four slashes")
    if parts.query or parts.fragment:
        raise Malformed("percent-encode # as %23 and ? as %3F in the path of the file")
    config: dict[str, Any] = environ.Env.db_url_config(raw)
    return config


def _split(raw: str, *, form: str, percent: str) -> SplitResult:
    """The parts of an address whose password, if there is one, is percent-encoded where it has to be."""
    if re.search(r"\s", raw):
        raise Malformed(f"it contains a space; {form}")
    try:
        parts = urlsplit(raw)
    except ValueError:
        # a bracket, or a full-width character
        raise Malformed(percent if "@" in raw else form) from None
    behind = parts.path + parts.query + parts.fragment
    if "@" in behind and "@" not in parts.netloc:
        raise Malformed(percent)
    try:
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        is_port = False
    if not is_port:
        raise Malformed(f"its port is no number from 1 to 65535; {form}")
    return parts


def host_names(raw: str) -> list[str]:
    """Names as Django compares them with the Host header."""
    names = _separated(raw, form=f"write {HOSTS_FORM}")
    for name in names:
        reason = _why_no_host(name)
        if reason:
            raise Malformed(f"{reason}; write {HOSTS_FORM}")
    return names


def _why_no_host(name: str) -> str:
    if "://" in name:
        return "a name comes with a scheme (https://)"
    if "/" in name:
        return "a name comes with a slash"
    if WITH_PORT.fullmatch(name):
        return "a name comes with a port"
    if name.count(":") > 1 and not name.startswith("["):
        return "an IPv6 address needs brackets, like [::1]"
    if name.startswith("*."):
        return "every name below a domain is written with a dot in front, like .example.com"
    if not name.isascii():
        return "a name has characters other than ASCII (use its xn-- form)"
    return "" if HOST.fullmatch(name) else "a name has characters that no host name has"


def origins(raw: str) -> list[str]:
    """Origins as browsers send them: lower case, without a slash at the end or a port that the scheme implies."""
    return list(dict.fromkeys(_origin(word) for word in _separated(raw, form=ORIGINS_FORM)))


def _origin(word: str) -> str:
    try:
        parts = urlsplit(word.lower())
        port = parts.port
    except ValueError:
        raise Malformed(ORIGINS_FORM) from None
    if parts.scheme not in DEFAULT_PORTS or "://" not in word:
        raise Malformed(f"an origin has no scheme; {ORIGINS_FORM}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise Malformed(f"an origin has no path; {ORIGINS_FORM}")
    host = parts.netloc.removesuffix("" if port is None else f":{port}").removesuffix(":")
    if not ORIGIN_HOST.fullmatch(host):
        raise Malformed(ORIGINS_FORM)
    needs_port = port is not None and port != DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}:{port}" if needs_port else f"{parts.scheme}://{host}"


def _separated(raw: str, *, form: str) -> list[str]:
    if OTHER_SEPARATORS.search(re.sub(r"\s*,\s*", ",", raw)):
        raise Malformed(f"the separator is an ordinary comma; {form}")
    found = words(raw)
    if not found:
        raise Malformed(form)
    return found


def networks(raw: str) -> list[str]:
    try:
        return [str(network_of(word)) for word in words(raw)]
    except ValueError:
        raise Malformed("use networks like 10.0.0.0/8, separated by commas") from None
