"""From headers to a caller, without REST framework."""

import datetime as dt
import logging

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.clients import rate_limits
from apps.clients.credentials import authenticate_key
from apps.clients.errors import InvalidKey, NetworkNotAllowed, OriginNotAllowed, RateLimitExceeded, Unauthenticated
from apps.clients.keys import new_key
from apps.clients.models import ApiClient
from apps.clients.services import revoke_client
from apps.clients.usage import INTERVAL_SECONDS, forget_uses
from tests.integration.clients.conftest import ORIGIN


def enter(authorization=None, x_api_key=None, address="203.0.113.7", **options):
    return authenticate_key(authorization=authorization, x_api_key=x_api_key, address=address, **options)


def test_a_key_may_come_in_either_header(make):
    _client, key = make()
    assert enter(f"Bearer {key}").label == enter(x_api_key=key).label == "client:shop"


def test_the_scheme_is_not_case_sensitive(make):
    assert enter(f"bearer  {make()[1]} ")


def test_a_password_for_something_in_front_does_not_hide_the_key(make):
    assert enter("Basic YTpi", x_api_key=make()[1])


def test_no_key_at_all_is_told_how_to_send_one():
    for authorization in (None, "", "Basic YTpi", "Token x"):
        with pytest.raises(Unauthenticated, match="An API key is required") as caught:
            enter(authorization)
        assert caught.value.code == "not_authenticated"


def test_every_unusable_key_gets_the_same_answer(make):
    revoked, revoked_key = make()
    revoke_client(revoked)
    expired, expired_key = make(name="old")
    ApiClient.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    answers = []
    for key in (revoked_key, expired_key, new_key(), "nonsense", ""):
        with pytest.raises(InvalidKey) as caught:
            enter(f"Bearer {key}")
        answers.append(caught.value.as_problem())
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["status"] == 401


def test_a_remembered_key_expires_on_the_second(make):
    client, key = make()
    client.expires_at = timezone.now() + dt.timedelta(hours=1)
    client.save()
    caller = enter(x_api_key=key)
    assert caller.find_refusal(address="", at=client.expires_at - dt.timedelta(seconds=1)) is None
    assert caller.find_refusal(address="", at=client.expires_at).code == "invalid_key"


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"])
def test_a_key_works_inside_its_networks(make, address):
    _client, key = make(networks=["10.0.0.0/8", "2001:db8::/32"])
    assert enter(x_api_key=key, address=address)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db9::1", "", "unix:"])
def test_a_key_is_refused_outside_its_networks_naming_the_address(make, address):
    _client, key = make(networks=["10.0.0.0/8", "2001:db8::/32"])
    with pytest.raises(NetworkNotAllowed, match=f"allowed from {address}"):
        enter(x_api_key=key, address=address)


def test_a_page_of_another_origin_is_refused(make):
    _client, key = make(origins=[ORIGIN])
    assert enter(x_api_key=key, origin=ORIGIN) and enter(x_api_key=key)
    with pytest.raises(OriginNotAllowed, match=r"pages from https://evil\.example"):
        enter(x_api_key=key, origin="https://evil.example")


# --- last use --------------------------------------------------------------------------------------------------


def test_the_first_use_is_written_and_the_next_ones_are_not(make, django_assert_num_queries):
    client, key = make()
    with django_assert_num_queries(2):
        enter(x_api_key=key)
    with django_assert_num_queries(0):
        enter(x_api_key=key)
    client.refresh_from_db()
    assert timezone.now() - client.last_used_at < dt.timedelta(seconds=10)


def test_another_process_does_not_write_the_same_minute_again(make):
    client, key = make()
    enter(x_api_key=key)
    first = ApiClient.objects.get().last_used_at
    forget_uses()
    enter(x_api_key=key)
    assert ApiClient.objects.get().last_used_at == first


def test_a_use_after_a_minute_is_written(make):
    _client, key = make()
    ApiClient.objects.update(last_used_at=timezone.now() - dt.timedelta(seconds=INTERVAL_SECONDS + 1))
    enter(x_api_key=key)
    assert timezone.now() - ApiClient.objects.get().last_used_at < dt.timedelta(seconds=10)


def test_a_refused_use_is_not_one(make):
    _client, key = make(networks=["10.0.0.0/8"])
    with pytest.raises(NetworkNotAllowed):
        enter(x_api_key=key)
    assert ApiClient.objects.get().last_used_at is None


def test_a_database_that_cannot_write_turns_nobody_away(make, caplog):
    _client, key = make()

    def refuse_updates(execute, sql, params, many, context):
        if sql.startswith("UPDATE"):
            raise DatabaseError("read-only")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_updates):
        assert enter(x_api_key=key)
    assert "last use of API client" in caplog.text


def test_a_key_is_in_no_log_line_and_no_error(make, caplog):
    caplog.set_level(logging.DEBUG)
    _client, key = make(networks=["10.0.0.0/8"])
    stranger = new_key()
    for sent in (key, stranger):
        with pytest.raises((NetworkNotAllowed, InvalidKey)) as caught:
            enter(x_api_key=sent)
        assert sent not in repr(caught.value.as_problem())
    assert key not in caplog.text and stranger not in caplog.text


def test_wrong_keys_from_one_address_are_slowed_down_and_right_ones_are_not(make, monkeypatch):
    monkeypatch.setattr(rate_limits, "WRONG_KEYS", 3)
    for _ in range(3):
        with pytest.raises(InvalidKey):
            enter(f"Bearer {new_key()}")
    with pytest.raises(RateLimitExceeded) as caught:
        enter(f"Bearer {new_key()}")
    assert 0 < caught.value.retry_after <= 60
    assert enter(f"Bearer {make()[1]}")
    with pytest.raises(InvalidKey):
        enter(f"Bearer {new_key()}", address="203.0.113.8")
