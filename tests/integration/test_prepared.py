"""Statements composed once: they read and write what Django's own would, and read again what changed."""

import pytest
from django.db import IntegrityError, transaction

from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram
from apps.prepared import PreparedInsert, PreparedRow
from tests.integration.codes.rows import make_code, new_code

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def miniprogram():
    return MiniProgram.objects.create(appid="wx0123456789abcdef", name="Shop")


def facts(row):
    return {field.attname: (type(value := getattr(row, field.attname)), value) for field in row._meta.concrete_fields}


def test_a_row_is_read_as_django_reads_it(miniprogram):
    code = make_code(miniprogram, "table=7", label="窗 7", is_hyaline=True)
    found = PreparedRow(IssuedCode, "miniprogram", "digest").find(miniprogram.pk, code.digest)
    assert facts(found) == facts(IssuedCode.objects.get(pk=code.pk))
    assert not found._state.adding
    assert facts(PreparedRow(MiniProgram, "appid").find(miniprogram.appid)) == facts(MiniProgram.objects.get())


def test_a_row_that_is_not_there_is_none(db):
    assert PreparedRow(MiniProgram, "appid").find("wx0000000000000000") is None


def test_a_change_is_seen_by_the_next_question(miniprogram):
    by_appid = PreparedRow(MiniProgram, "appid")
    assert by_appid.find(miniprogram.appid).is_active
    MiniProgram.objects.update(is_active=False)
    assert not by_appid.find(miniprogram.appid).is_active


def test_a_row_is_written_as_django_writes_it(miniprogram):
    ours, djangos = (new_code(miniprogram, "table=7", label="Hall", page="pages/a", digest=mark * 64) for mark in "ab")
    djangos.issued_at = ours.issued_at
    PreparedInsert(IssuedCode).insert(ours)
    djangos.save(force_insert=True)
    written = [facts(IssuedCode.objects.get(pk=code.pk)) for code in (ours, djangos)]
    assert written[0]["search_grams"][1] and written[0]["page_key"][1]
    different = {name for name in written[0] if written[0][name] != written[1][name]}
    assert different == {"id", "digest"}
    ours.label = "Roof"
    ours.save()
    assert IssuedCode.objects.get(pk=ours.pk).label == "Roof"


def test_a_second_row_with_the_same_key_is_an_integrity_error(miniprogram):
    insert = PreparedInsert(IssuedCode).insert
    insert(new_code(miniprogram, "table=7"))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(new_code(miniprogram, "table=7"))
