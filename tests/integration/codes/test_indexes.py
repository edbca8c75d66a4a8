"""Every filter of the history has an index that holds the newest first: no sort, no scan, no count, no offset."""

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.codes.history import History, Wanted, find_block
from apps.codes.models import BLOCK_SIZE, IssuedCode
from tests.integration.codes.rows import make_code, new_code
from tests.parts import make_api, make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MOMENT = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
FILTERS = [
    "",
    "appid=APPID",
    "kind=limited",
    "scene=n%3D1",
    "page=pages/a",
    "env_version=trial",
    "external_id=x",
    "client=shop",
    "tag=hall",
    "batch=1",
    "issued_after=2026-01-01T00:00:00Z",
    "issued_before=2026-12-01T00:00:00Z",
    "archived=true",
    "appid=APPID&archived=true",
    "appid=APPID&kind=limited",
    "appid=APPID&page=pages/a",
    "appid=APPID&env_version=trial",
    "appid=APPID&client=shop",
    "appid=APPID&tag=hall",
    "search=table",
    "search=t",
    "search=table&appid=APPID&kind=limited",
]


@pytest.fixture
def miniprogram(db):
    miniprogram = make_miniprogram()
    for number in range(30):
        make_code(miniprogram, f"n={number}", label="table", issued_at=MOMENT, tags=("hall",), page="pages/a")
    return miniprogram


# With thirty rows every way is fast: what is asked of PostgreSQL is whether there is one without these.
UNWANTED = ("seqscan", "sort", "bitmapscan", "hashjoin", "hashagg", "mergejoin")


def plan_of(statement):
    with connection.cursor() as cursor:
        words = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{words} {statement}".replace("%", "%%"), [])
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def statements_of(api, address):
    """What the history is asked with."""
    with CaptureQueriesContext(connection) as queries:
        assert api.get(address).status_code == 200
    found = [each["sql"] for each in queries if "codes_issuedcode" in each["sql"] and "LIMIT" in each["sql"]]
    assert found, address
    return found


def test_every_filter_comes_from_an_index_in_its_order(miniprogram):
    api = make_api()
    statements = [
        (query, statement)
        for query in FILTERS
        for statement in statements_of(api, f"/api/v1/codes/?{query}".replace("APPID", miniprogram.appid))
    ]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in UNWANTED:
                cursor.execute(f"SET LOCAL enable_{way} = off")
    for query, statement in statements:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # the only way into the index of words
                cursor.execute(f"SET LOCAL enable_bitmapscan = {'on' if '@@' in statement else 'off'}")
        plan = f"{query}: {plan_of(statement)}"
        # OFFSET 0 skips nothing, it keeps PostgreSQL's planner from choosing another index than that of the words
        plain = statement.upper().replace(" OFFSET 0)", ")")
        assert "COUNT(" not in plain and "OFFSET" not in plain, statement
        if connection.vendor == "sqlite":
            assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
            scanned = [line for line in plan.splitlines() if "SCAN" in line and "INDEX" not in line]
            assert all("codes_search" in line or query in ("", "archived=true") for line in scanned), plan
        elif "@@" in statement:
            # asked only when the newest thousands did not fill the page: what its index finds is few, and is sorted
            assert "Bitmap Index Scan on issuedcode_words" in plan and "Seq Scan" not in plan, plan
        else:
            assert "Seq Scan" not in plan and "Sort" not in plan.replace("Sort Key", ""), plan


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_postgres_asks_its_index_for_rare_words(miniprogram):
    rows = [new_code(miniprogram, f"row={number}", label="hall") for number in range(6000)]
    rows[7].label = "elephant 象"
    IssuedCode.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE codes_issuedcode")
    for words, count in (("elephant", 1), ("象", 1), ("zz", 0)):
        with CaptureQueriesContext(connection) as queries:
            assert len(History(Wanted(words=words))[:50]) == count
        assert "Bitmap Index Scan on issuedcode_words" in plan_of(queries[-1]["sql"]), words


def test_a_time_range_finds_exactly_its_codes_however_ids_and_times_are_mixed(db):
    miniprogram = make_miniprogram()
    dice = random.Random(3)
    for number in range(60):
        make_code(
            miniprogram,
            f"n={number}",
            id=1 + number * (BLOCK_SIZE // 5) + (10 * BLOCK_SIZE if number > 40 else 0),
            issued_at=MOMENT + dt.timedelta(hours=number + (dice.randrange(-40, 40) if number % 7 == 0 else 0)),
        )
    for hours in (-60, 0, 7, 20, 33, 41, 59, 99, 200):
        moment = MOMENT + dt.timedelta(hours=hours, microseconds=dice.choice((0, 1)))
        later = moment + dt.timedelta(hours=9)
        for wanted, condition in (
            (Wanted(issued_after=moment), {"issued_at__gte": moment}),
            (Wanted(issued_before=moment), {"issued_at__lt": moment}),
            (Wanted(issued_after=moment, issued_before=later), {"issued_at__gte": moment, "issued_at__lt": later}),
        ):
            right = list(IssuedCode.objects.filter(**condition).order_by("-pk").values_list("pk", flat=True))
            assert [row.id for row in History(wanted)[:100]] == right
            assert [row.id for row in History(wanted).order_by("id")[:100]] == right[::-1]


def test_an_empty_history_has_no_block(db):
    assert find_block(MOMENT, is_lower_end=True) is find_block(MOMENT, is_lower_end=False) is None


def test_the_codes_of_several_mini_programs_come_in_one_order(db):
    several = [make_miniprogram() for _ in range(3)]
    dice = random.Random(1)
    made = [make_code(dice.choice(several), f"n={number}") for number in range(40)]
    mine = frozenset(each.appid for each in several[:2])
    right = [code.pk for code in reversed(made) if code.miniprogram.appid in mine]
    assert [row.id for row in History(Wanted(appids=mine))[:100]] == right
    assert [row.id for row in History(Wanted(appids=mine))[5:9]] == right[5:9]
    below = History(Wanted(appids=mine)).filter(id__lt=right[3])
    assert [row.id for row in below[:4]] == right[4:8]


def test_two_filters_must_both_hold(miniprogram):
    make_code(miniprogram, "other", tags=("roof",), page="pages/b")
    api = make_api()
    for query, count in (("tag=roof&page=pages/b", 1), ("tag=roof&page=pages/a", 0), ("tag=roof&search=other", 1)):
        assert len(api.get(f"/api/v1/codes/?{query}").json()["results"]) == count


def test_the_admin_lists_and_finds_codes_without_counting_them(admin_client, miniprogram):
    make_code(miniprogram, "elephant")
    with CaptureQueriesContext(connection) as queries:
        text = admin_client.get("/admin/codes/issuedcode/?q=ELEPH").text
    assert "elephant" in text and "n=1<" not in text
    assert not [each for each in queries if "COUNT(" in each["sql"] and "codes_issuedcode" in each["sql"]]
    assert "elephant" in admin_client.get("/admin/codes/issuedcode/").text
