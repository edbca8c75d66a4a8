"""Every migration lets the code before it go on working, because in a rolling restart both run on the new schema."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.plugin import BASE_DIR


def labels_with_migrations() -> set[str]:
    """Every room that has tables."""
    return {path.parents[1].name for path in BASE_DIR.glob("apps/*/migrations/0001_*.py")}


OURS = labels_with_migrations()
# Made before the first version: no older code ever ran on their schema.
BEFORE_THE_FIRST_VERSION = {
    ("batches", "0001_codebatch"),
    ("batches", "0002_items_by_code"),
    ("clients", "0001_apiclient"),
    ("clients", "0002_key_limits"),
    ("codes", "0001_issuedcode"),
    ("codes", "0002_kinds_and_doors"),
    ("codes", "0003_history_of_a_million"),
    ("gateway", "0001_opendoor"),
    ("miniprograms", "0001_miniprogram"),
    ("miniprograms", "0002_default_miniprogram"),
    ("miniprograms", "0003_looks_of_codes"),
    ("tokens", "0001_tokenevent"),
}
# What was removed a version after the code stopped using it: (app, migration) -> why it is safe.
REMOVED_IN_TIME: dict[tuple[str, str], str] = {}
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def problems(operation, app_label: str, state: ProjectState) -> Iterator[str]:
    """What the code before `operation` could not live with; `state` is the schema that it knows."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from problems(inner, app_label, state)
    elif isinstance(operation, TAKES_AWAY):
        yield f"{operation.describe()}: older code still uses it"
    elif isinstance(operation, migrations.AddField):
        field = operation.field
        if not (field.null or field.many_to_many or has_database_value(field)):
            yield f"{operation.describe()}: older code inserts rows without it (use db_default or null=True)"
    elif isinstance(operation, migrations.AlterField):
        yield from alterations(operation, state.models[app_label, operation.model_name_lower].fields[operation.name])
    elif not operation.reversible:
        yield f"{operation.describe()}: cannot be taken back"


def alterations(operation, before: models.Field) -> Iterator[str]:
    after = operation.field
    if before.null and not after.null:
        yield f"{operation.describe()}: older code still writes NULL"
    if before.get_internal_type() != after.get_internal_type():
        yield f"{operation.describe()}: another type"
    if (after.max_length or 10**9) < (before.max_length or 10**9):
        yield f"{operation.describe()}: older code still writes longer texts"
    if after.unique and not before.unique:
        yield f"{operation.describe()}: older code still writes what is not unique"


def has_database_value(field: models.Field) -> bool:
    return field.db_default is not models.NOT_PROVIDED


def plan():
    loader = MigrationLoader(None)
    state, seen = ProjectState(), set()
    for leaf in loader.graph.leaf_nodes():
        for node in loader.graph.forwards_plan(leaf):
            if node in seen:
                continue
            seen.add(node)
            migration = loader.graph.nodes[node]
            if node[0] in OURS:
                yield node, migration, state.clone()
            migration.mutate_state(state, preserve=False)


def test_no_migration_breaks_the_code_before_it():
    found = []
    for node, migration, state in plan():
        if node in BEFORE_THE_FIRST_VERSION or node in REMOVED_IN_TIME:
            continue
        for operation in migration.operations:
            found += [f"{'.'.join(node)}: {words}" for words in problems(operation, node[0], state)]
            operation.state_forwards(node[0], state)
    assert found == []


def test_every_migration_can_be_taken_back():
    stuck = [node for node, migration, _state in plan() if not all(each.reversible for each in migration.operations)]
    assert stuck == []


def test_the_lists_name_migrations_that_exist():
    known = {node for node, _migration, _state in plan()}
    assert BEFORE_THE_FIRST_VERSION | set(REMOVED_IN_TIME) <= known


@pytest.fixture
def state():
    found = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=9, null=True))]
    found.add_model(ModelState("shop", "Code", fields))
    return found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("code", "width", models.IntegerField(default=1)),
        migrations.RemoveField("code", "name"),
        migrations.RenameField("code", "name", "title"),
        migrations.RenameModel("Code", "Picture"),
        migrations.DeleteModel("Code"),
        migrations.AlterField("code", "name", models.CharField(max_length=9)),
        migrations.AlterField("code", "name", models.CharField(max_length=5, null=True)),
        migrations.AlterField("code", "name", models.IntegerField(null=True)),
        migrations.AlterField("code", "name", models.CharField(max_length=9, null=True, unique=True)),
        migrations.RunSQL("SELECT 1"),
        migrations.RunPython(lambda apps, editor: None),
    ],
    ids=lambda operation: operation.describe(),
)
def test_the_guard_finds_what_would_break(operation, state):
    assert list(problems(operation, "shop", state))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("code", "width", models.IntegerField(db_default=1)),
        migrations.AddField("code", "width", models.IntegerField(null=True)),
        migrations.AlterField("code", "name", models.CharField(max_length=19, null=True)),
        migrations.AddIndex("code", models.Index(fields=["name"], name="code_name")),
    ],
    ids=lambda operation: operation.describe(),
)
def test_the_guard_lets_pass_what_would_not(operation, state):
    assert not list(problems(operation, "shop", state))
