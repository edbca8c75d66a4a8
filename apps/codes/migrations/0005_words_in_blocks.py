"""The index of words on PostgreSQL knows the block of each id, so that a search ends with the page."""

from django.db import migrations

from apps.codes import search_index


def replace(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        search_index.replace_in_postgres(schema_editor.connection)


def put_back(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        search_index.replace_in_postgres(schema_editor.connection, is_back=True)


class Migration(migrations.Migration):

    # the index is built while codes are issued
    atomic = False

    dependencies = [("codes", "0004_codes_by_issuer")]

    operations = [migrations.RunPython(replace, put_back)]
