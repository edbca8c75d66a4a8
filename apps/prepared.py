"""Single rows, read by a unique key or inserted, as every request does: the statement is composed once per process.

Django composes each query anew, which takes it several times longer than a database takes to answer such a one.
"""

from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


class PreparedRow(Generic[M]):
    """The row of `model` that has given values in the fields `names`, which together are unique.

    Values are bound as they are: text, whole numbers, primary keys.
    """

    def __init__(self, model: type[M], *names: str) -> None:
        self.model, self.names = model, names

    def find(self, *values: str | int) -> M | None:
        """The row, as `filter(...).first()` would give it; None where there is none."""
        statement, read = self._composed
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
        return None if row is None else read(row)

    @cached_property
    def _composed(self) -> tuple[str, Any]:
        fields = self.model._meta.concrete_fields
        quote = connection.ops.quote_name
        columns = {field.name: quote(str(field.column)) for field in fields}
        wanted = " AND ".join(f"{columns[name]} = %s" for name in self.names)
        table = self.model._meta.db_table
        compiler = self.model._default_manager.all().query.get_compiler(DEFAULT_DB_ALIAS)
        # SQLite knows neither booleans nor moments: the same converters that Django's own reading would use
        converters = compiler.get_converters([field.get_col(table) for field in fields])
        attributes = [field.attname for field in fields]

        def read(row: tuple[Any, ...]) -> M:
            converted = next(iter(compiler.apply_converters([row], converters))) if converters else row
            return self.model.from_db(DEFAULT_DB_ALIAS, attributes, converted)

        return f"SELECT {', '.join(columns.values())} FROM {quote(table)} WHERE {wanted}", read  # noqa: S608  (names of columns) # nosec B608


class PreparedInsert(Generic[M]):
    """A new row of `model`, without the signals of `save()` and in no transaction of its own."""

    def __init__(self, model: type[M]) -> None:
        self.model = model

    def insert(self, row: M) -> None:
        """Write `row`, which has its key afterwards. Raises IntegrityError."""
        statement, fields = self._composed
        values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            row.pk = cursor.fetchone()[0]
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    @cached_property
    def _composed(self) -> tuple[str, list[Any]]:
        quote, options = connection.ops.quote_name, self.model._meta
        fields = [field for field in options.concrete_fields if not field.primary_key]
        columns = ", ".join(quote(str(field.column)) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        key = quote(str(options.pk.column))
        return f"INSERT INTO {quote(options.db_table)} ({columns}) VALUES ({marks}) RETURNING {key}", fields  # noqa: S608 # nosec B608
