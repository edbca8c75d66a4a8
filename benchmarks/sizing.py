"""What one process takes and what one code leaves behind: the numbers of docs/sizing.md.

    .venv/bin/python -m benchmarks.sizing [--seconds 20] [--rows 3000] [--miniprograms 200]

The cluster of benchmarks.cluster at rest, with as many codes as it makes, and with a batch: memory of a process (shared
pages shared out), connections to PostgreSQL and Redis, bytes in the database and in S3 per code, bytes in Redis per
mini-program. Everything shares this machine, WeChat and S3 too: rates are lower bounds.
"""

import argparse
import itertools
import json
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from benchmarks.cluster.installation import BUCKET, Cluster, wait_until
from benchmarks.cluster.traffic import Traffic
from benchmarks.nodes import Node

CLIENTS = 32
SHOPS = 24
MEBIBYTE = 1 << 20


class Measures:
    """Rows of tables about the nodes of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.postgres_port = cluster.postgres.port
        self.redis_port = urlsplit(cluster.redis_url).port or 0
        self.nodes: list[Node] = [*cluster.webs, *cluster.workers, *cluster.beats, cluster.sandbox]

    def tell(self, moment: str) -> None:
        print(f"\n{moment}: MiB by process, connections to PostgreSQL and Redis, open files")
        for node in self.nodes:
            sizes = [f"{size / MEBIBYTE:.0f}" for size in node.memory().values()]
            print(
                f"  {node.name:<8} {' + '.join(sizes):<18} {node.connections(self.postgres_port):>3} "
                f"{node.connections(self.redis_port):>3} {node.open_files():>4}",
                flush=True,
            )


def redis_bytes(cluster: Cluster) -> int:
    from redis import Redis

    with Redis.from_url(cluster.redis_url) as client:
        return int(client.info("memory")["used_memory"])


def per_second(call: Callable[[], str], seconds: float) -> float:
    """Calls a second with CLIENTS at once; SystemExit if one fails."""
    deadline = time.monotonic() + seconds

    def work(_client: int) -> int:
        count = 0
        while time.monotonic() < deadline:
            failure = call()
            if failure:
                raise SystemExit(f"a request failed: {failure}")
            count += 1
        return count

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = sum(pool.map(work, range(CLIENTS)))
    return done / (time.monotonic() - began)


def database_bytes() -> dict[str, tuple[int, int]]:
    """Heap with its long values, and indexes, of the tables that grow with codes."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in ("codes_issuedcode", "batches_batchitem"):
            cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table])
            found[table] = cursor.fetchone()
    return found


def picture_bytes() -> tuple[int, int]:
    """How many pictures are in S3, and their bytes."""
    from django.core.files.storage import default_storage

    pages = default_storage.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="codes/")  # type: ignore[attr-defined]
    sizes = [entry["Size"] for page in pages for entry in page.get("Contents", [])]
    return len(sizes), sum(sizes)


def run(options: argparse.Namespace) -> None:
    with Cluster() as cluster:
        import django

        django.setup()
        from apps.batches.models import BatchItem
        from apps.codes.models import IssuedCode

        measures = Measures(cluster)
        time.sleep(5)
        measures.tell("at rest")
        before = redis_bytes(cluster)
        programs = [cluster.add_miniprogram(number, latency=0.1) for number in range(1, options.miniprograms + 1)]
        api_key = cluster.manage(
            "create_client", "sizing", "--scope", "codes:create", "--scope", "codes:read", "--scope", "tokens:read"
        ).strip()
        nginx = cluster.nginx
        traffic = Traffic(nginx.url, str(nginx.certificate), api_key, programs[0].appid)
        for program in programs:
            path = f"/api/v1/miniprograms/{program.appid}/access-token/"
            status, _headers, _body = traffic.ask("GET", path, uuid.uuid4().hex)
            assert status == 200, status
        grown = redis_bytes(cluster) - before
        print(f"\nRedis: {grown / len(programs):.0f} bytes for each of {len(programs)} mini-programs with a token")
        numbers = itertools.count()

        def fresh() -> str:
            number = next(numbers)
            body = json.dumps({"appid": programs[number % SHOPS].appid, "scene": f"table={number}"})
            status, _headers, content = traffic.ask("POST", "/api/v1/codes/", uuid.uuid4().hex, body)
            return "" if status == 201 else f"{status} {content[:200]!r}"

        rate = per_second(fresh, options.seconds)
        print(f"\n{rate:.0f} fresh codes a second, {CLIENTS} clients, two web processes, load {os.getloadavg()[0]:.1f}")
        measures.tell("after single codes")
        codes = IssuedCode.objects.count()
        heap, indexes = database_bytes()["codes_issuedcode"]
        print(f"\n{codes} codes: {heap / codes:.0f} bytes of rows and {indexes / codes:.0f} of indexes each")
        batch = order_batch(programs[0], options.rows)
        wait_until(lambda: refreshed(batch).issued > options.rows / 2, seconds=300, what="half of the batch")
        measures.tell("in the middle of a batch")
        wait_until(lambda: not refreshed(batch).is_open, seconds=300, what="the batch")
        heap, indexes = database_bytes()["batches_batchitem"]
        rows = BatchItem.objects.count()
        print(f"\n{rows} rows of batches: {heap / rows:.0f} bytes of rows and {indexes / rows:.0f} of indexes each")
        pictures, size = picture_bytes()
        print(f"{pictures} pictures, {size / pictures / 1024:.0f} KiB each")


def refreshed(batch: Any) -> Any:
    batch.refresh_from_db()
    return batch


def order_batch(miniprogram: Any, rows: int) -> Any:
    from apps.batches.ordering import BatchOrder, create_batch
    from apps.batches.reading.pattern import NumberRange, pattern_source
    from apps.codes.requests import Issuer

    source = pattern_source({"scene": "row={n}", "label": "Table {n}"}, {"n": NumberRange(1, rows)})
    return create_batch(BatchOrder(miniprogram, "sizing", source, Issuer(label="sizing")))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--miniprograms", type=int, default=200)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
