"""The test environment itself: a fresh Redis, a data directory of its own, the database that was asked for."""

import os
import re

import pytest
from django.conf import settings
from django.db import connection


def test_redis_is_a_real_server(redis_client):
    assert "valkey_version" in redis_client.info("server")
    redis_client.set("left", "behind")


def test_redis_is_empty_at_the_start_of_each_test(redis_client):
    assert redis_client.dbsize() == 0


def test_redis_refuses_to_talk_without_the_password(redis_client):
    assert redis_client.config_get("requirepass")["requirepass"]


def test_pictures_go_to_a_directory_of_this_run():
    assert str(settings.MEDIA_ROOT).startswith(os.environ["WXCODE_DATA_DIR"])


@pytest.mark.both_databases
@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgres", reason="only when PostgreSQL was asked for")
def test_postgres_is_used_when_it_was_asked_for():
    assert connection.vendor == "postgresql"


@pytest.mark.both_databases
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to encrypt")
def test_what_the_address_of_the_database_demands_is_demanded(run_manage, process_environment):
    """No server of tests has a certificate that this one could check."""
    demanding = f"{process_environment['DATABASE_URL']}?sslmode=verify-full&sslrootcert=/nowhere"
    code = "from django.db import connection; connection.ensure_connection()"
    finished = run_manage("shell", "--no-imports", "-c", code, env=process_environment | {"DATABASE_URL": demanding})
    assert re.search('server does not support SSL|root certificate file "/nowhere"', finished.stderr), finished.stderr
