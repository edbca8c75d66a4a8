"""The index over the grams of all codes, in the database's own way, kept in step by the database itself.

PostgreSQL: a GIN index. SQLite: an FTS5 table with triggers, which ends as soon as enough of the newest are found.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

from apps.codes.grams import BLOCK_MARK

# A GIN index has no order. With the block of the id among the grams it can be asked block by block, newest first.
SEARCH_BLOCK = 16_384
INDEX = "issuedcode_words"
VECTOR = f"((search_grams || ' {BLOCK_MARK}' || (id / {SEARCH_BLOCK})::text)::tsvector)"
# nothing waits for its turn in a list that every search would have to read
GIN = "{name} ON codes_issuedcode USING gin ({vector}) WITH (fastupdate = off)"
# what it was until migration 0005
FORMER_INDEX, FORMER_VECTOR = "issuedcode_grams", "(search_grams::tsvector)"
TABLE = """
CREATE VIRTUAL TABLE codes_search USING fts5(
    search_grams, content='codes_issuedcode', content_rowid='id', detail=none, columnsize=0, prefix='1 2',
    tokenize="unicode61 remove_diacritics 0"
)
"""
REBUILD = "INSERT INTO codes_search(codes_search) VALUES ('rebuild')"
INSERT_NEW = "INSERT INTO codes_search(rowid, search_grams) VALUES (new.id, new.search_grams);"
DELETE_OLD = "INSERT INTO codes_search(codes_search, rowid, search_grams) VALUES ('delete', old.id, old.search_grams);"
TRIGGERS = {
    "codes_search_insert": f"AFTER INSERT ON codes_issuedcode BEGIN {INSERT_NEW} END",
    "codes_search_delete": f"AFTER DELETE ON codes_issuedcode BEGIN {DELETE_OLD} END",
    "codes_search_update": "AFTER UPDATE OF id, search_grams ON codes_issuedcode "
    f"WHEN old.search_grams <> new.search_grams BEGIN {DELETE_OLD} {INSERT_NEW} END",
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing. On SQLite a migration that rebuilds the table drops its triggers: run it after each."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {GIN.format(name=INDEX, vector=VECTOR)}")
            return
        cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'codes_search'")
        if cursor.fetchone() is None:
            cursor.execute(TABLE)
            cursor.execute(REBUILD)
        for name, rest in TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {rest}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Undo `install`."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP INDEX IF EXISTS {INDEX}, {FORMER_INDEX}")
            return
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute("DROP TABLE IF EXISTS codes_search")


def replace_in_postgres(connection: BaseDatabaseWrapper, *, is_back: bool = False) -> None:
    """The former index by the present one, or back, while codes are issued: outside a transaction."""
    present, former = (INDEX, VECTOR), (FORMER_INDEX, FORMER_VECTOR)
    (name, vector), (gone, _vector) = (former, present) if is_back else (present, former)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [name])
        if cursor.fetchone():
            # an attempt was interrupted: PostgreSQL keeps what it had built, and never uses it
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
        cursor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {GIN.format(name=name, vector=vector)}")
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {gone}")
        # how common each gram is, which decides what the index is asked for
        cursor.execute("ANALYZE codes_issuedcode")
