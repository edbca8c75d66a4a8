"""What the history is asked: every filter, search and depth, by name, and what a process finds out by asking."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from benchmarks.history.rows import FIRST_DAY, TWO_YEARS_SECONDS


def cases(count: int) -> dict[str, dict[str, Any]]:
    """What is asked for, by name; `position` begins a page below that id, as the cursor of a page does."""
    moment = FIRST_DAY + dt.timedelta(seconds=TWO_YEARS_SECONDS / 20)
    late = FIRST_DAY + dt.timedelta(seconds=TWO_YEARS_SECONDS * (1 - 100 / count))
    half = FIRST_DAY + dt.timedelta(seconds=TWO_YEARS_SECONDS / 2)
    old, common, rare = f"wx{8:016x}", f"wx{1:016x}", f"wx{7:016x}"
    return {
        "first page": {},
        f"page {min(1000, count // 100)} by cursor": {"position": count - 50 * min(1000, count // 100)},
        "last page": {"position": 40},
        "appid, common": {"appid": common},
        "appid, rare": {"appid": rare},
        "appid, only old codes": {"appid": old},
        "kind, common": {"kind": "unlimited"},
        "kind, rare": {"kind": "qrcode"},
        "kind, none": {"kind": "limited"},
        "scene, common": {"scene": "entrance"},
        "scene, one": {"scene": f"table={count // 2 + 1}"},
        "scene, none": {"scene": "nowhere"},
        "page, common": {"page": "pages/index/7"},
        "page, rare": {"page": "pages/rare/rare"},
        "env_version, common": {"env_version": "release"},
        "env_version, rare": {"env_version": "develop"},
        "tag, common": {"tag": "common"},
        "tag, rare": {"tag": "rare"},
        "tag, only old codes": {"tag": "campaign"},
        "batch, old": {"batch": 1},
        "client, common": {"client": "one"},
        "client, rare": {"client": "rarely"},
        "client, unknown": {"client": "nobody"},
        "issued_before, old": {"issued_before": moment.isoformat()},
        "issued_before, half": {"issued_before": half.isoformat()},
        "issued_after, new": {"issued_after": late.isoformat()},
        "issued between, old": {"issued_after": FIRST_DAY.isoformat(), "issued_before": moment.isoformat()},
        "issued between, nothing": {"issued_after": half.isoformat(), "issued_before": half.isoformat()},
        "external_id, one": {"external_id": f"order-{count // 2 + 5}"},
        "external_id, none": {"external_id": "order-none"},
        "archived": {"archived": "true"},
        "appid and page": {"appid": common, "page": "pages/shop/3"},
        "appid and page, nothing": {"appid": old, "page": "pages/none/none"},
        "appid and kind, rare": {"appid": rare, "kind": "qrcode"},
        "appid and tag, nothing": {"appid": old, "tag": "rare"},
        "search, every code": {"search": "pages"},
        "search, common": {"search": "WINDOW"},
        "search, 2 letters, common": {"search": "大厅"},
        "search, 1 letter, common": {"search": "7"},
        "search, 1 letter, one code": {"search": "象"},
        "search, 1 letter, none": {"search": "龘"},
        "search, 2 letters, none": {"search": "qq"},
        "search, one code": {"search": "elephant"},
        "search, one scene": {"search": f"table={count // 2 + 1}"},
        "search, two words": {"search": "terrace 777"},
        "search, none": {"search": "zeppelin"},
        "search, none of common parts": {"search": "table=pages"},
        "search, only old codes": {"search": "spring campaign"},
        "search and appid": {"search": "大厅", "appid": rare},
        "search and appid, nothing": {"search": "reception", "appid": old},
        "search and tag": {"search": "terrace", "tag": "common"},
        "search, deep": {"search": "terrace", "position": count * 3 // 4},
        "several mini-programs": {"as": "some"},
        "several mini-programs, kind": {"as": "some", "kind": "qrcode"},
        "several mini-programs, search": {"as": "some", "search": "terrace"},
        "gallery": {"gallery": ""},
        "gallery, search": {"gallery": "terrace 777"},
        "admin": {"admin": ""},
        "admin, search": {"admin": "terrace 777"},
        "admin, search, none": {"admin": "zeppelin"},
    }


class Asker:
    """Asks in this process, through every layer that a request from outside goes through."""

    def __init__(self, key: str) -> None:
        from django.contrib.auth.models import User

        from apps.clients.services import create_client

        # one that reads a page in pieces to its end
        from tests.reading import ReadingClient

        appids = [f"wx{number:016x}" for number in (2, 5, 8)]
        _client, some = create_client(name="some", scopes=["codes:read"], appids=appids)
        self.keys = {"one": key, "some": some}
        self.browser = ReadingClient()
        self.browser.force_login(User.objects.create_superuser("anna"))

    def call(self, case: dict[str, Any]) -> Callable[[], Any]:
        from django.test import Client
        from rest_framework.pagination import Cursor

        from apps.api.pagination import NewestFirst

        if "gallery" in case or "admin" in case:
            name = "gallery" if "gallery" in case else "admin"
            address = {"gallery": "/", "admin": "/admin/codes/issuedcode/"}[name]
            query = urlencode({"q": case[name]}) if case[name] else ""
            return lambda: self.browser.get(f"{address}?{query}")
        given = {name: value for name, value in case.items() if name not in ("position", "as")}
        if "position" in case:
            pages = NewestFirst()
            pages.base_url = "http://testserver/"
            made = pages.encode_cursor(Cursor(offset=0, reverse=False, position=str(max(case["position"], 1))))
            given["cursor"] = made.partition("cursor=")[2].replace("%3D", "=")
        headers = {"authorization": f"Bearer {self.keys[case.get('as', 'one')]}"}
        client, address = Client(), f"/api/v1/codes/?{urlencode(given)}"
        return lambda: client.get(address, headers=headers)


def ask(asker: Asker, case: dict[str, Any], *, runs: int, with_plans: bool) -> dict[str, Any]:
    """Milliseconds of each run, how many codes were answered, and the plans of the statements."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    call = asker.call(case)
    answer = call()
    assert answer.status_code == 200, (case, answer.content[:500])
    is_json = answer["Content-Type"] == "application/json"
    told: dict[str, Any] = {"rows": len(answer.json()["results"]) if is_json else None, "times": [], "plans": []}
    for _run in range(runs):
        began = time.perf_counter()
        call()
        told["times"].append((time.perf_counter() - began) * 1000)
    if with_plans:
        with CaptureQueriesContext(connection) as queries:
            call()
        told["plans"] = [plan(query["sql"]) for query in queries if "codes_issuedcode" in query["sql"]]
    return told


def plan(statement: str) -> str:
    from django.db import connection

    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}".replace("%", "%%"), [])
        lines = [str(row[-1]) for row in cursor.fetchall()]
    return "\n".join([f"    {statement[:1500]}", *(f"        {line}" for line in lines)])
