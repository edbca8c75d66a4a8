"""The way of existing codes into the present schema, and back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.codes.history import History, Wanted
from apps.codes.models import CodeTag, IssuedCode, LifetimePool, UncheckedPage
from tests.integration.codes.rows import make_code
from tests.parts import make_miniprogram

pytestmark = pytest.mark.both_databases
BEFORE = [("codes", "0002_kinds_and_doors")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    executor.loader.build_graph()
    return executor.loader.project_state(targets).apps


@pytest.fixture
def schema(transactional_db):
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield latest
    migrate(latest)


def test_codes_keep_everything_on_the_way_back_and_forth(schema):
    miniprogram = make_miniprogram()
    code = make_code(miniprogram, "table=7", label="大厅", tags=("hall", "2026"), page="pages/a", check_path=False)
    make_code(miniprogram, "table=8", page="pages/a", check_path=False)
    old = migrate(BEFORE)
    then = old.get_model("codes", "IssuedCode")
    assert {tag.name for tag in then.objects.get(pk=code.pk).tags.all()} == {"hall", "2026"}
    then.objects.filter(pk=code.pk).update(label="Roof")
    migrate(schema)
    now = IssuedCode.objects.get(pk=code.pk)
    assert (now.scene, now.label, {tag.name for tag in now.tags.all()}) == ("table=7", "Roof", {"hall", "2026"})
    assert set(CodeTag.objects.values_list("miniprogram_key", flat=True)) == {miniprogram.pk}
    for wanted in (Wanted(words="ROO"), Wanted(tag="hall"), Wanted(page="pages/a", words="=7")):
        assert [row.id for row in History(wanted)[:9]] == [code.pk]
    assert UncheckedPage.objects.count() == LifetimePool.objects.get().unchecked_pages == 1
    make_code(miniprogram, "after", label="cellar")
    assert len(History(Wanted(words="cellar"))[:9]) == 1


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own index")
def test_an_index_of_words_that_was_interrupted_is_built_anew(schema):
    make_code(make_miniprogram(), "after", label="cellar")
    migrate([("codes", "0004_codes_by_issuer")])
    with connection.cursor() as cursor:
        assert names_of_gin(cursor) == {"issuedcode_grams"}
        cursor.execute("CREATE INDEX issuedcode_words ON codes_issuedcode USING gin ((search_grams::tsvector))")
        # what PostgreSQL leaves when CREATE INDEX CONCURRENTLY dies
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'issuedcode_words'::regclass")
        migrate(schema)
        assert names_of_gin(cursor) == {"issuedcode_words"}
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'issuedcode_words'")
        assert "16384" in cursor.fetchone()[0]
    assert len(History(Wanted(words="cellar"))[:9]) == 1


def names_of_gin(cursor):
    cursor.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'codes_issuedcode' AND indexdef LIKE '%USING gin%'"
    )
    return {name for (name,) in cursor.fetchall()}
