"""The history with a million codes: every filter, search and depth at the API, and how it grew from ten thousand.

    .venv/bin/python -m benchmarks.history [--postgres] [--sizes 10000 1000000] [--runs 40] [--plans] [--only WORDS]

Fills a database for each size with rows like those of eight mini-programs over two years (no pictures), and asks the
API inside a process for each, with an API key, ten times the one and ten times the other by turns. Prints the least,
the median and the p95 in milliseconds for both sizes, the ratios of the least and of the p95, and how many codes were
answered, twice where the sizes differ in that. On a machine that does other things only the least can be compared.
With --plans the statements of each case follow with the plans of the database. Ends with status 1 if a p95 reaches
100 ms. PostgreSQL is a throwaway server with its defaults, without fsync: state the machine with the numbers.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from cryptography.fernet import Fernet

from wxcode.stack import redis_server

BASE_DIR = Path(__file__).resolve().parents[1]
LIMIT_MS = 100.0
# calls at one size before those at the other
TURN = 10
CHUNK = 5000
MINIPROGRAMS = 8
FIRST_DAY = dt.datetime(2024, 11, 1, tzinfo=dt.UTC)
TWO_YEARS_SECONDS = 2 * 365 * 86_400
PLACES = ("大厅", "门店", "窗边 window", "展位 stand", "包厢", "Terrace", "reception", "停车场")


# --- filling -------------------------------------------------------------------------------------------------


def code_rows(count: int) -> Iterator[dict[str, Any]]:
    """The columns of `count` codes, oldest first, always the same ones."""
    from apps.codes.derived import text_key
    from apps.codes.grams import gram_text

    dice = random.Random(7)
    # what is rare is on some hundred codes whatever the size, so that both sizes answer as many rows
    step = count // 130
    for pk in range(1, count + 1):
        # the last mini-program stopped in its first months, the others share what follows unequally
        is_old = pk <= count // 20
        miniprogram_id = 8 if is_old and pk % 10 == 0 else 1 + min(int(dice.expovariate(0.6)), 6)
        page = (
            f"pages/{dice.choice(('index', 'detail', 'shop'))}/{dice.randrange(60)}"
            if pk % step != 7
            else "pages/rare/rare"
        )
        scene = f"table={pk}" if pk % 20 else "entrance"
        label = f"{dice.choice(PLACES)} {dice.randrange(10_000)}" if pk % 3 else ""
        if is_old:
            label = f"spring campaign {pk}"
        if pk == count // 2 + 1:
            label = "the one elephant 象"
        external_id = f"order-{pk}" if pk % 5 == 0 else ""
        search_text = "\n".join((scene, label, page, external_id)).lower()
        yield {
            "id": pk,
            "miniprogram_id": miniprogram_id,
            "kind": "unlimited" if pk % step != 5 else "qrcode",
            "scene": scene,
            "page": page,
            "page_key": text_key(page),
            "env_version": ("release", "trial")[pk % 10 == 0] if pk % step != 3 else "develop",
            "check_path": True,
            "width": 430,
            "auto_color": False,
            "line_color": "#000000",
            "is_hyaline": False,
            "digest": f"{pk:064x}",
            "label": label,
            "external_id": external_id,
            "search_text": search_text,
            "search_grams": gram_text(search_text, miniprogram_id=miniprogram_id),
            "image": "codes/00/00/none.jpg",
            "image_sha256": "0" * 64,
            "image_size": 40_000,
            "image_width": 430,
            "media_type": "image/jpeg",
            "reissues": 0,
            "num_used": None,
            "client_id": 3 if pk % step == 13 else 1 + (pk % 3 == 0),
            "issued_by": "client:one",
            "door": "api",
            "issued_at": FIRST_DAY + dt.timedelta(seconds=TWO_YEARS_SECONDS * pk / count),
            "archived_at": FIRST_DAY if count // 20 < pk <= count // 10 or pk % 51 == 0 else None,
        }


def tag_rows(count: int) -> Iterator[dict[str, Any]]:
    """Tag 1 is on every fourth code, tag 2 on some hundred, tag 3 on those of the oldest twentieth."""
    miniprograms = ((row["id"], row["miniprogram_id"]) for row in code_rows(count))
    for pk, miniprogram_id in miniprograms:
        for tag_id, is_on in ((1, pk % 4 == 0), (2, pk % (count // 130) == 11), (3, pk <= count // 20)):
            if is_on:
                yield {"issuedcode_id": pk, "tag_id": tag_id, "miniprogram_key": miniprogram_id}


def item_rows(count: int) -> Iterator[dict[str, Any]]:
    """One batch, whose codes lie in the oldest tenth."""
    empty = {
        "page": "",
        "label": "",
        "external_id": "",
        "claim": "",
        "error": "",
        "rid": "",
        "detail": "",
        "advice": "",
    }
    for row in range(1, min(count // 10, 20_000) + 1):
        yield empty | {
            "batch_id": 1,
            "row": row,
            "scene": "a",
            "env_version": "release",
            "check_path": True,
            "width": 430,
            "tags": "[]",
            "extra": "{}",
            "digest": "0" * 64,
            "state": "issued",
            "attempts": 1,
            "code_id": row,
            "is_reused": False,
        }


def fill(count: int) -> str:
    """Everything; answers an API key."""
    from django.db import connection

    from apps.batches.models import CodeBatch
    from apps.clients.models import ApiClient
    from apps.clients.services import create_client
    from apps.codes.models import Tag
    from apps.miniprograms.models import MiniProgram

    for number in range(1, MINIPROGRAMS + 1):
        MiniProgram.objects.create(appid=f"wx{number:016x}", name=f"Shop {number}", secret_ref="env:NONE")
    client, key = create_client(name="one", scopes=["codes:read"])
    # ids of an empty database: what the rows above count on
    assert client.pk == 1
    for name in ("two", "rarely"):
        ApiClient.objects.create(name=name, key_hash=name, scopes=["codes:read"])
    for name in ("common", "rare", "campaign"):
        Tag.objects.create(name=name)
    CodeBatch.objects.create(miniprogram_id=1, name="old", state="done", issued_by="client:one", door="api")
    with connection.cursor() as cursor:
        insert(cursor, "codes_issuedcode", code_rows(count))
        insert(cursor, "codes_issuedcode_tags", tag_rows(count))
        insert(cursor, "batches_batchitem", item_rows(count))
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
    return key


def insert(cursor: Any, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """COPY on PostgreSQL; on SQLite one transaction, with the index of words built at its end."""
    from django.db import connection, transaction

    from apps.codes import search_index

    first = next(rows)
    columns = ", ".join(f'"{name}"' for name in first)
    if connection.vendor == "postgresql":
        with search_left_out(cursor, table), cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write_row(tuple(first.values()))
            for row in rows:
                copy.write_row(tuple(row.values()))
        return
    marks = ", ".join("?" for _name in first)
    with transaction.atomic():
        if table == "codes_issuedcode":
            search_index.remove(connection)
        raw = connection.connection
        adapt = connection.ops.adapt_datetimefield_value
        values = (
            tuple(adapt(value) if isinstance(value, dt.datetime) else value for value in row.values())
            for row in (first, *rows)
        )
        while chunk := list(islice(values, CHUNK)):
            raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", chunk)
        if table == "codes_issuedcode":
            search_index.install(connection)


@contextlib.contextmanager
def search_left_out(cursor: Any, table: str) -> Iterator[None]:
    """The index of words is made after the rows, several times as fast."""
    from django.db import connection

    from apps.codes import search_index

    if table == "codes_issuedcode":
        search_index.remove(connection)
        cursor.execute("SET maintenance_work_mem = '512MB'")
    yield
    if table == "codes_issuedcode":
        search_index.install(connection)


# --- asking --------------------------------------------------------------------------------------------------


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


# --- taking turns --------------------------------------------------------------------------------------------


class History:
    """A process with a database of `size` codes, which asks when it is told to; `with` ends it."""

    def __init__(self, size: int, *, is_postgres: bool) -> None:
        self.size, self.is_postgres = size, is_postgres

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as cleanup:
            directory = Path(tempfile.mkdtemp(prefix="wxcode-benchmark-"))
            cleanup.callback(shutil.rmtree, directory, ignore_errors=True)
            redis_url = redis_server.new_url(password=secrets.token_urlsafe(16), port=redis_server.free_port())
            redis = redis_server.start(url=redis_url, directory=directory / "redis", output=subprocess.DEVNULL)
            cleanup.callback(redis.terminate)
            redis_server.wait_until_ready(redis, redis_url)
            database = f"sqlite:///{directory}/history.sqlite3"
            if self.is_postgres:
                from tests.postgres import PostgresServer

                database = cleanup.enter_context(PostgresServer()).url
            environment = os.environ | {
                "DATABASE_URL": database,
                "REDIS_URL": redis_url,
                "WXCODE_DATA_DIR": str(directory),
                "SECRET_KEY": secrets.token_urlsafe(50),
                "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
                "HTTPS_ONLY": "false",
                "ALLOWED_HOSTS": "testserver",
                "DEBUG": "false",
                "LOG_LEVEL": "WARNING",
            }
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.history", "--child", str(self.size)],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            cleanup.callback(self.process.wait)
            cleanup.callback(self.process.terminate)
            self.cleanup = cleanup.pop_all()
        return self

    def wait(self) -> None:
        """Until the database is filled."""
        self._read()

    def ask(self, case: str, *, runs: int, with_plans: bool = False) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"case": case, "runs": runs, "with_plans": with_plans}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process with {self.size:,} rows has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __exit__(self, *_error: object) -> None:
        self.cleanup.close()


def child(size: int) -> None:
    import django
    from django.core.management import call_command

    os.environ["DJANGO_SETTINGS_MODULE"] = "wxcode.settings"
    django.setup()
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    asker, known = Asker(fill(size)), cases(size)
    print(f"{size:,} rows in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        told = ask(asker, known[order["case"]], runs=order["runs"], with_plans=order["with_plans"])
        print(json.dumps(told), flush=True)


def measure(histories: list[History], *, runs: int, with_plans: bool, only: str) -> bool:
    """Print the table and, after it, the plans at the larger size; answer whether every p95 is below the limit."""
    small, large = histories
    print(f"{'':34}{small.size:>22,} rows{large.size:>24,} rows   ratios: least, p95")
    is_good, plans = True, []
    # its name says how deep a page is
    for names in zip(cases(small.size), cases(large.size), strict=True):
        if not re.search(only, names[1]):
            continue
        times: list[list[float]] = [[], []]
        rows = []
        for _turn in range(max(runs // TURN, 1)):
            for place, history in enumerate(histories):
                times[place] += history.ask(names[place], runs=min(runs, TURN))["times"]
        for place, history in enumerate(histories):
            told = history.ask(names[place], runs=0, with_plans=with_plans and history is large)
            rows.append(told["rows"])
        plans += [names[1], *told["plans"], ""]
        (least, _median, p95), (least_after, _median_after, p95_after) = facts = [summary(each) for each in times]
        is_good &= p95_after < LIMIT_MS
        shown = "".join("{:10.1f}{:8.1f}{:8.1f} ms ".format(*each) for each in facts)
        answered = (
            "" if rows[1] is None else f"{rows[1]:4} codes" if rows[0] == rows[1] else f"{rows[0]}, {rows[1]} codes"
        )
        print(f"{names[1]:34}{shown}{least_after / least:8.2f}{p95_after / p95:8.2f}  {answered}", flush=True)
    if with_plans:
        print("", *plans, sep="\n")
    return is_good


def summary(times: list[float]) -> tuple[float, float, float]:
    """Least, median and p95."""
    ordered = sorted(times)
    return ordered[0], statistics.median(ordered), ordered[max(int(len(ordered) * 0.95) - 1, 0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--sizes", type=int, nargs=2, default=[10_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name this regular expression finds")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    with contextlib.ExitStack() as cleanup:
        histories = [cleanup.enter_context(History(size, is_postgres=options.postgres)) for size in options.sizes]
        for history in histories:
            history.wait()
        print("PostgreSQL" if options.postgres else "SQLite")
        if not measure(histories, runs=options.runs, with_plans=options.plans, only=options.only):
            sys.exit(1)


if __name__ == "__main__":
    main()
