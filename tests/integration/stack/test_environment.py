"""The test environment itself: fresh Redis, own data directory, processes on the test's own database."""

import os

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from tests.postgres import PostgresServer

CONNECT = "from django.db import connection; connection.ensure_connection()"
COUNT_USERS = "from django.contrib.auth.models import User; print(User.objects.count())"


def test_redis_is_a_real_server(redis_client):
    assert "valkey_version" in redis_client.info("server")
    redis_client.set("left", "behind")


def test_redis_is_empty_at_the_start_of_each_test(redis_client):
    assert redis_client.dbsize() == 0


def test_redis_refuses_to_talk_without_the_password(redis_client):
    assert redis_client.config_get("requirepass")["requirepass"]


def test_pictures_go_to_a_directory_of_this_run():
    assert str(settings.MEDIA_ROOT).startswith(os.environ["WXCODE_DATA_DIR"])


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgres", reason="only when PostgreSQL was asked for")
def test_postgres_is_used_when_it_was_asked_for():
    assert connection.vendor == "postgresql"


@pytest.mark.drill
def test_another_process_sees_what_the_test_wrote(run_manage):
    User.objects.create_user("anna")
    assert run_manage("shell", "--no-imports", "-c", COUNT_USERS).stdout.strip() == "1"


@pytest.mark.drill
def test_a_real_celery_worker_answers(celery_worker):
    assert celery_worker.poll() is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to encrypt")
def test_what_the_address_of_the_database_demands_is_demanded(run_manage, process_environment):
    """The server of the tests has no TLS."""
    with PostgresServer() as server:

        def connect(query: str = "") -> str:
            environment = process_environment | {"DATABASE_URL": f"{server.url}{query}"}
            return run_manage("shell", "--no-imports", "-c", CONNECT, env=environment).stderr

        assert connect() == ""
        assert "server does not support SSL" in connect("?sslmode=require")
