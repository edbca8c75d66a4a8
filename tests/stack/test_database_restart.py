"""PostgreSQL restarted under a running wxcode: dead connections in the pool cost no request."""

import psycopg
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)
DROP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose")
def test_a_pooled_connection_that_died_is_replaced_before_a_request_gets_it(client):
    # what earlier tests left: the pool tries one dead connection a second
    connection.close()
    connection.close_pool()
    assert client.get("/readyz").json()["database"] == "ok"
    name = connection.settings_dict["NAME"]
    facts = connection.get_connection_params()
    # back into the pool, where it dies
    connection.close()
    address = {word: facts[word] for word in ("host", "port", "user", "password")}
    with psycopg.connect(**address, dbname="postgres", autocommit=True) as other:
        assert other.execute(DROP, [name]).fetchall() != []
    assert client.get("/readyz").json()["database"] == "ok"
