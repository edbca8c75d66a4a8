"""A key is looked up once in three seconds, and a change is seen here at once and elsewhere by then."""

import threading

import pytest
from django.db import connection, transaction

from apps.clients.facts import (
    KNOWN_KEYS,
    TTL_SECONDS,
    UNKNOWN_KEYS,
    ShortMemory,
    find_caller,
    known_callers,
    known_origins,
    unknown_keys,
)
from apps.clients.keys import hash_key, new_key
from apps.clients.models import ApiClient
from tests.integration.clients.conftest import APPID, ORIGIN


def change_as_another_process_does(**fields):
    ApiClient.objects.update(**fields)


def test_a_key_costs_one_query_and_then_none(make, miniprogram, other_miniprogram, django_assert_num_queries):
    _client, key = make(appids=[APPID, other_miniprogram.appid])
    with django_assert_num_queries(1):
        assert len(find_caller(key).appids) == 2
    with django_assert_num_queries(0):
        assert find_caller(key).name == "shop"


def test_an_unknown_key_costs_one_query_and_then_none(django_assert_num_queries):
    key = new_key()
    with django_assert_num_queries(1):
        assert find_caller(key) is None
    with django_assert_num_queries(0):
        assert find_caller(key) is None


@pytest.mark.parametrize("key", ["", "wxc_", "wxc_short", "é" * 56, "wxc_" + "x" * 53, "\ud800", "x" * 1_000_000])
def test_what_cannot_be_a_key_costs_no_query(key, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert find_caller(key) is None


def test_a_revocation_elsewhere_is_seen_within_three_seconds(make, clock):
    clock.stop()
    _client, key = make()
    assert find_caller(key)
    change_as_another_process_does(is_active=False)
    assert find_caller(key), "remembered, or this test shows nothing"
    clock.advance(3)
    assert not find_caller(key)


def test_a_new_key_is_known_at_once_though_it_was_asked_for_before(make):
    client, _key = make()
    key = new_key()
    assert find_caller(key) is None
    client.key_hash = hash_key(key)
    client.save()
    assert find_caller(key)


@pytest.mark.parametrize("change", ["save", "delete", "miniprograms", "rename"])
def test_a_change_here_is_seen_at_once(make, miniprogram, change):
    client, key = make(appids=[APPID])
    before = find_caller(key)
    if change == "save":
        client.scopes = ["tokens:read"]
        client.save()
    elif change == "delete":
        client.delete()
    elif change == "miniprograms":
        client.miniprograms.clear()
    else:
        miniprogram.appid = "wx1111111111111111"
        miniprogram.save()
    assert find_caller(key) != before


def test_origins_of_active_clients_are_known_for_one_query(make, django_assert_num_queries):
    make(origins=[ORIGIN])
    make(name="servers")
    with django_assert_num_queries(1):
        assert known_origins() == {ORIGIN}
    with django_assert_num_queries(0):
        assert known_origins() == {ORIGIN}


def test_origins_of_a_revoked_client_are_not_known(make):
    client, _key = make(origins=[ORIGIN])
    client.is_active = False
    client.save()
    assert known_origins() == frozenset()


# --- the memory itself -----------------------------------------------------------------------------------------


def test_memory_is_bounded_and_drops_the_oldest():
    memory = ShortMemory(size=2)
    for name in ("a", "b", "c"):
        memory.keep(name, name, generation=0)
    assert (len(memory), memory.find("a"), memory.find("c")) == (2, None, "c")


def test_memory_lasts_three_seconds():
    now = [0.0]
    memory = ShortMemory(size=2, clock=lambda: now[0])
    memory.keep("a", 1, generation=0)
    now[0] = TTL_SECONDS - 0.001
    assert memory.find("a") == 1
    now[0] = TTL_SECONDS
    assert memory.find("a") is None


def test_an_answer_read_before_a_change_is_not_kept_after_it():
    memory = ShortMemory(size=2)
    generation = memory.generation
    memory.forget()
    memory.keep("a", "old", generation=generation)
    assert memory.find("a") is None


def test_a_flood_of_invented_keys_neither_grows_nor_forgets_the_known(make, django_assert_num_queries):
    _client, key = make()
    find_caller(key)
    for number in range(UNKNOWN_KEYS + 50):
        unknown_keys.keep(str(number), True, generation=unknown_keys.generation)
    assert len(unknown_keys) == UNKNOWN_KEYS < KNOWN_KEYS
    with django_assert_num_queries(0):
        assert find_caller(key)


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_revocation_is_seen_even_if_the_key_was_read_before_the_commit(make):
    client, key = make()
    with transaction.atomic():
        client.is_active = False
        client.save()
        stale = find_caller_in_another_thread(key) if connection.vendor == "postgresql" else None
        if stale is None:
            # SQLite's writer keeps others out, so the old answer is put there by hand
            known_callers.keep(client.key_hash, "stale", generation=known_callers.generation)
    assert find_caller(key) is None


def find_caller_in_another_thread(key):
    found = []

    def look():
        found.append(find_caller(key))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]
