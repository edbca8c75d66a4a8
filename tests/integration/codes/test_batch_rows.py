"""The codes of a batch by its rows: each once, page by page, filtered, from the index that has them in order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.batches.models import BatchItem, CodeBatch, ItemState
from apps.codes.batch_rows import ISSUED, BatchRows
from apps.codes.history import Wanted
from apps.codes.models import IssuedCode
from tests.integration.codes.rows import make_code
from tests.integration.codes.test_indexes import UNWANTED, plan_of
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
# by the moment of issue; the rows of the batch have them in another order, and row 4 asks for the code of row 1
ISSUED_IN_ORDER, ROWS = [4, 1, 3, 2, 5], [1, 2, 3, 1, 4, 5]


@pytest.fixture
def miniprogram(db):
    return make_miniprogram()


@pytest.fixture
def codes(miniprogram):
    return {number: make_code(miniprogram, f"t={number}") for number in ISSUED_IN_ORDER}


@pytest.fixture
def batch(miniprogram, codes):
    batches = [
        CodeBatch.objects.create(miniprogram=miniprogram, name=name, issued_by="staff:anna", door="gallery")
        for name in ("Other", "Hall")
    ]
    for batch in batches:
        add_rows(batch, [codes[number] for number in (reversed(ROWS) if batch.name == "Other" else ROWS)])
    # one that has failed
    BatchItem.objects.create(
        batch=batch, row=7, scene="x", env_version="release", check_path=True, width=430, digest="x", state="failed"
    )
    return batch


def add_rows(batch, codes):
    look = {"env_version": "release", "check_path": True, "width": 430, "state": ItemState.ISSUED}
    BatchItem.objects.bulk_create(
        BatchItem(batch=batch, row=row, scene=code.scene, digest=str(row), code=code, **look)
        for row, code in enumerate(codes, start=1)
    )


def scenes(page):
    return [int(code.scene.removeprefix("t=")) for code in page[0]], page[1]


def test_issued_is_what_the_rows_say():
    assert ItemState.ISSUED.value == ISSUED


def test_each_code_is_there_once_at_its_first_row_page_by_page(batch, codes):
    rows = BatchRows(Wanted(batch=batch.pk))
    assert scenes(rows.page(3, behind=None)) == ([1, 2, 3], True)
    assert scenes(rows.page(3, behind=codes[3].pk)) == ([4, 5], False)
    # a code that the batch does not have
    assert scenes(rows.page(9, behind=10**9)) == ([1, 2, 3, 4, 5], False)


def test_neighbours_are_those_of_the_rows(batch, codes):
    rows = BatchRows(Wanted(batch=batch.pk))
    assert rows.neighbours(codes[1]) == (None, codes[2].pk)
    assert rows.neighbours(codes[4]) == (codes[3].pk, codes[5].pk)
    assert rows.neighbours(codes[5]) == (codes[4].pk, None)


def test_filters_and_grants_leave_codes_out(batch, codes, miniprogram):
    IssuedCode.objects.filter(scene__in=["t=2", "t=4"]).update(archived_at="2026-05-01T00:00:00Z")
    assert scenes(BatchRows(Wanted(batch=batch.pk)).page(9, behind=None))[0] == [1, 3, 5]
    assert scenes(BatchRows(Wanted(batch=batch.pk, is_archived=True)).page(9, behind=None))[0] == [2, 4]
    assert scenes(BatchRows(Wanted(batch=batch.pk, scene="t=3")).page(9, behind=codes[1].pk))[0] == [3]
    for nobody in (Wanted(batch=batch.pk, appids=frozenset({"wxother"})), Wanted(batch=batch.pk, tag="none")):
        assert scenes(BatchRows(nobody).page(9, behind=None)) == ([], False)
        assert BatchRows(nobody).neighbours(codes[1]) == (None, None)


def test_a_page_comes_from_the_index_of_rows_in_its_order(batch, codes, miniprogram):
    wanted = Wanted(batch=batch.pk, appids=frozenset({miniprogram.appid}))
    with CaptureQueriesContext(connection) as queries:
        BatchRows(wanted).page(2, behind=codes[1].pk)
    [statement] = [each["sql"] for each in queries if "LIMIT 3" in each["sql"]]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for way in UNWANTED:
                cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = plan_of(statement)
    assert "OFFSET" not in statement and "COUNT(" not in statement
    if connection.vendor == "sqlite":
        assert "batchitem_work" in plan and "TEMP B-TREE" not in plan and "SCAN batches" not in plan, plan
    else:
        assert "batchitem_work" in plan and "Seq Scan" not in plan and "Sort" not in plan, plan
