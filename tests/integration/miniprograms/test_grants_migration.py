"""Staff of an installation that knew no grants lose nothing by the upgrade."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.gallery import rights
from apps.miniprograms.grants import sees_every
from tests.parts import make_miniprogram

BEFORE = [("miniprograms", "0003_looks_of_codes")]
GROUP = "Gallery: every mini-program"


def migrate(targets: Any) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


@pytest.fixture
def upgrade(transactional_db: None) -> Any:
    """Back to before the grants at once; `upgrade()` comes to the present schema."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    migrate(BEFORE)
    yield lambda: migrate(latest)
    migrate(latest)


@pytest.mark.both_databases
def test_staff_keep_what_they_saw_and_did(upgrade):
    vera = User.objects.create_user("vera", is_staff=True)
    User.objects.create_user("robot")
    User.objects.create_user("anna", is_staff=True, is_superuser=True)
    upgrade()
    make_miniprogram()
    assert [user.username for user in Group.objects.get(name=GROUP).user_set.all()] == ["vera"]
    vera = User.objects.get(pk=vera.pk)
    assert sees_every(vera)
    assert vera.has_perms(rights.REFUSALS)
    assert not vera.has_perm("codes.view_issuedcode")


def test_without_such_staff_no_group_is_made(db):
    User.objects.create_user("anna", is_staff=True, is_superuser=True)
    migration = import_module("apps.miniprograms.migrations.0004_granted_to_groups")
    migration.keep_what_staff_can(apps, connection.schema_editor())
    assert not Group.objects.exists()
