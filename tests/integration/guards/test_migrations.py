"""What code before a migration writes into the schema behind it."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.miniprograms.models import MiniProgram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_the_code_of_the_version_before_inserts_into_the_new_schema():
    loader = MigrationLoader(connection)
    before = loader.project_state([("miniprograms", "0003_looks_of_codes")]).apps
    row = before.get_model("miniprograms", "MiniProgram").objects.create(appid="wx0123456789abcdef", name="Shop")
    now = MiniProgram.objects.get(pk=row.pk)
    assert (now.proxy_url, now.proxy_login_ref) == ("", "")
