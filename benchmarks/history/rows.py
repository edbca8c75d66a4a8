"""Rows like those of eight mini-programs over two years, and how they get into an empty database; no pictures."""

import contextlib
import datetime as dt
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

CHUNK = 5000
MINIPROGRAMS = 8
FIRST_DAY = dt.datetime(2024, 11, 1, tzinfo=dt.UTC)
TWO_YEARS_SECONDS = 2 * 365 * 86_400
PLACES = ("大厅", "门店", "窗边 window", "展位 stand", "包厢", "Terrace", "reception", "停车场")


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
