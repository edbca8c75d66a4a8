"""Typed reads of the environment: a missing or malformed value stops the start with a sentence that names it."""

import json
import os
import ssl
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from wxcode import data_dir as data_dirs
from wxcode.addresses import database_url, host_names, http_url, networks, origins, redis_url, url_path, words
from wxcode.malformed import Malformed
from wxcode.renamed_settings import old_name_of

__all__ = ["database_url", "host_names", "http_url", "networks", "origins", "redis_url", "url_path"]

T = TypeVar("T")
BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_ENV_NAME = "local.env"


def load_files() -> Path:
    """Fill gaps in the environment from `.env`, then from what `make run` wrote; answer the data directory.

    Raises ImproperlyConfigured when that belongs to another user, who may have run `make run` before.
    """
    if (BASE_DIR / ".env").is_file():
        environ.Env.read_env(BASE_DIR / ".env")
    data_dir = Path(os.environ.get("WXCODE_DATA_DIR") or ".data")
    data_dir = data_dir if data_dir.is_absolute() else BASE_DIR / data_dir
    if data_dirs.is_there(data_dir, LOCAL_ENV_NAME):
        # a file that an operator named goes before what `make run` made up
        in_files = [
            name.removesuffix("_FILE") for name, place in os.environ.items() if name.endswith("_FILE") and place
        ]
        unset = [name for name in in_files if name not in os.environ]
        environ.Env.read_env(data_dir / LOCAL_ENV_NAME)
        for name in unset:
            os.environ.pop(name, None)
    return data_dir


def read(name: str, parse: Callable[[str], T], default: T | None = None) -> T:
    """The parsed value of `name`, of the file that `name`_FILE names, or `default`; empty counts as not set.

    A name of the last version counts, too (renamed_settings.py).
    Raises ImproperlyConfigured, naming the variable and the rule that it breaks, never its value.
    """
    name = old_name_of(name) or name
    raw = os.environ.get(name, "").strip() or _from_file(name)
    if not raw:
        if default is None:
            raise ImproperlyConfigured(
                f"{name} is not set. Set it in the environment or in .env (see .env.example), "
                "or start with `make run`, which makes its own."
            )
        return default
    try:
        return parse(raw)
    except (ValueError, TypeError, KeyError) as error:
        # from None: the original text of the error may repeat a secret value
        reason = str(error) if isinstance(error, Malformed) else parse.__name__.replace("_", " ") + " expected"
        raise ImproperlyConfigured(f"{name} is malformed: {reason}.") from None


def _from_file(name: str) -> str:
    """What the file in `name`_FILE holds: a secret that is mounted is in no process's environment."""
    place = os.environ.get(f"{name}_FILE", "").strip()
    if not place:
        return ""
    try:
        return Path(place).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise ImproperlyConfigured(f"{name}_FILE names {place}, which cannot be read ({reason}).") from None


def text(raw: str) -> str:
    return raw


def boolean(raw: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if raw.lower() not in known:
        raise Malformed("use true or false")
    return known[raw.lower()]


def port_number(raw: str) -> int:
    if not raw.isdigit() or not 0 < int(raw) < 65536:
        raise Malformed("use a port number from 1 to 65535")
    return int(raw)


def positive_number(raw: str) -> float:
    try:
        number = float(raw)
    except ValueError:
        number = 0
    if not 0 < number < 1e9:
        raise Malformed("use a number greater than 0")
    return number


def whole_number(raw: str) -> int:
    if not raw.isdigit():
        raise Malformed("use a whole number, 0 or more")
    return int(raw)


def positive_count(raw: str) -> int:
    if not raw.isdigit() or int(raw) == 0:
        raise Malformed("use a whole number greater than 0")
    return int(raw)


def certificates(raw: str) -> str:
    """The PEM text of `raw`, or of the file that it names."""
    try:
        pem = raw if raw.startswith("-----BEGIN") else Path(raw).read_text(encoding="ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (OSError, ValueError):
        raise Malformed("use the path of a readable file with certificates in PEM") from None
    return pem


def seal_keys(raw: str) -> list[str]:
    keys = words(raw)
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise Malformed(
                f"key {position} is not a Fernet key (32 random bytes, url-safe base64, 44 characters)"
            ) from None
    return keys


def storage_class(raw: str) -> str:
    return "apps.codes.object_storage.ObjectStorage" if raw.lower() == "s3" else raw


def json_object(raw: str) -> dict[str, Any]:
    value = json.loads(raw)
    if not isinstance(value, dict):
        raise Malformed("use a JSON object")
    return value


def time_zone(raw: str) -> str:
    try:
        zoneinfo.ZoneInfo(raw)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise Malformed("use the name of a time zone, like Asia/Shanghai") from None
    return raw


def report_address(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.username or not parts.path.strip("/"):
        raise Malformed("use the DSN as Sentry shows it, like https://key@host/1")
    return raw


def log_format(raw: str) -> str:
    if raw.lower() not in ("line", "json"):
        raise Malformed("use line or json")
    return raw.lower()


def second_factor(raw: str) -> str:
    if raw.lower() not in ("off", "admin", "staff"):
        raise Malformed("use off, admin or staff")
    return raw.lower()


def log_level(raw: str) -> str:
    if raw.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise Malformed("use DEBUG, INFO, WARNING or ERROR")
    return raw.upper()
