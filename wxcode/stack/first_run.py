"""Brings the database up to date and gives an empty one a login, a sandbox mini-program and an API key.

`python -m wxcode.stack.first_run` prints these as one JSON object, for the supervisor alone.
"""

import json
import os
import secrets
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from wxcode.starting import require_settings

require_settings()
django.setup()

from django.contrib.auth.models import User  # noqa: E402

from apps.clients.models import ApiClient  # noqa: E402
from apps.clients.services import create_client  # noqa: E402
from apps.clients.validation import Scope  # noqa: E402
from apps.gateway.models import OlderDoor, OpenDoor  # noqa: E402
from apps.miniprograms.history import record_addition  # noqa: E402
from apps.miniprograms.models import MiniProgram  # noqa: E402
from apps.miniprograms.secrets import assign_secret  # noqa: E402

FACTS_NAME = "first-run.json"
USERNAME = "admin"
CLIENT_NAME = "first-run"
LOOPBACK = ["127.0.0.0/8", "::1/128"]
LOOPBACK_PAGES = ["http://localhost:*", "http://127.0.0.1:*"]


def prepare(facts_path: Path) -> dict[str, str]:
    """`username`, `password`, `api_key` and `appid`; a value that cannot be known any more is empty.

    What was made stays in `facts_path`, so that the next run can show it again.
    """
    known: dict[str, str] = json.loads(facts_path.read_text("utf-8")) if facts_path.exists() else {}
    facts = {
        **_login(known),
        "appid": _sandbox_appid(known),
        "api_key": _api_key(known),
        "open_doors": _open_doors(known),
    }
    if facts != known:
        _write(facts_path, facts)
    return facts


def _login(known: dict[str, str]) -> dict[str, str]:
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is None:
        password = secrets.token_urlsafe(12)
        user = User.objects.create_superuser(USERNAME, password=password)
        record_addition(user, command="make run")
        return {"username": user.username, "password": password, "password_hash": user.password}
    # comparing the stored hashes tells a changed password without half a second of hashing
    is_unchanged = user.password == known.get("password_hash")
    return {
        "username": user.username,
        "password": known["password"] if is_unchanged else "",
        "password_hash": user.password if is_unchanged else "",
    }


def _sandbox_appid(known: dict[str, str]) -> str:
    if not MiniProgram.objects.exists():
        miniprogram = MiniProgram(
            appid="wx" + secrets.token_hex(8),
            name="Sandbox",
            default_page="pages/index/index",
            is_sandbox=True,
            is_default=True,
            notes="Made by the first `make run`. Its WeChat is the simulated one.",
        )
        assign_secret(miniprogram, secret=secrets.token_hex(16))
        miniprogram.full_clean()
        miniprogram.save()
        record_addition(miniprogram, command="make run")
        return miniprogram.appid
    usable = MiniProgram.objects.active().filter(is_sandbox=True)
    found = usable.filter(appid=known.get("appid", "")).first() or usable.order_by("pk").first()
    return found.appid if found else ""


def _api_key(known: dict[str, str]) -> str:
    if not ApiClient.objects.exists():
        client, key = create_client(name=CLIENT_NAME, scopes=Scope.values)
        record_addition(client, command="make run")
        return key
    key = known.get("api_key", "")
    return key if ApiClient.objects.active().with_key(key).exists() else ""


def _open_doors(known: dict[str, str]) -> str:
    """Older services' doors are open to this machine until an operator decides otherwise."""
    if "open_doors" not in known and not OpenDoor.objects.exclude(networks=[]).exists():
        for door in OlderDoor.values:
            facts = {"networks": LOOPBACK, "origins": LOOPBACK_PAGES, "notes": "Made by the first `make run`."}
            OpenDoor.objects.update_or_create(door=door, defaults=facts)
    return "loopback"


def _write(path: Path, facts: dict[str, str]) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    temporary.replace(path)


def main() -> None:
    # standard output belongs to the answer
    call_command("migrate", interactive=False, verbosity=1, stdout=sys.stderr)
    print(json.dumps(prepare(settings.DATA_DIR / FACTS_NAME)))


if __name__ == "__main__":
    main()
