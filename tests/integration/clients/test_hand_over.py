"""During a hand-over two keys of a client work, then the old one ends; the operator sees which one is still used."""

import datetime as dt
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from apps.clients import usage
from apps.clients.facts import TTL_SECONDS, find_caller, forget_everything
from apps.clients.models import ApiClient
from apps.clients.services import end_hand_over, revoke_client, rotate_key
from tests.integration.clients.conftest import bearer

LISTED = "/api/v1/codes/"
KEY = re.compile(r"wxc_[A-Za-z0-9]{52}")
DAY = dt.timedelta(days=1)


def status(client, key):
    return client.get(LISTED, headers=bearer(key)).status_code


def tool(client, name):
    return f"/admin/clients/apiclient/{client.pk}/actions/{name}/"


def test_both_keys_work_for_the_same_client_until_the_old_one_ends(client, make, clock):
    clock.stop()
    api_client, old = make()
    new = rotate_key(api_client, hand_over=dt.timedelta(seconds=TTL_SECONDS - 1))
    assert (status(client, old), status(client, new)) == (200, 200)
    assert find_caller(old).client_id == find_caller(new).client_id
    # remembered keys end at their moment, not three seconds later
    clock.advance(TTL_SECONDS - 1)
    assert (status(client, old), status(client, new)) == (401, 200)
    forget_everything()
    assert (status(client, old), status(client, new)) == (401, 200)


def test_without_a_hand_over_the_old_key_ends_at_once(client, make):
    api_client, old = make()
    new = rotate_key(api_client)
    assert (status(client, old), status(client, new)) == (401, 200)


def test_a_second_rotation_ends_the_first_key(client, make):
    api_client, first = make()
    second = rotate_key(api_client, hand_over=DAY)
    third = rotate_key(api_client, hand_over=DAY)
    assert [status(client, key) for key in (first, second, third)] == [401, 200, 200]


def test_the_old_key_ends_no_later_than_the_client(client, make):
    api_client, old = make(expires_at=timezone.now() + dt.timedelta(hours=1))
    rotate_key(api_client, hand_over=DAY)
    assert find_caller(old).expires_at == api_client.expires_at


def test_revoking_ends_both(client, make):
    api_client, old = make()
    new = rotate_key(api_client, hand_over=DAY)
    revoke_client(api_client)
    assert (status(client, old), status(client, new)) == (401, 401)


def test_both_keys_share_one_limit(client, make):
    api_client, old = make(rate_limit=2)
    new = rotate_key(api_client, hand_over=DAY)
    assert [status(client, key) for key in (old, new, old)] == [200, 200, 429]


def test_the_last_use_of_each_key_is_told_apart(client, make):
    api_client, old = make()
    new = rotate_key(api_client, hand_over=DAY)
    status(client, old)
    api_client.refresh_from_db()
    assert api_client.previous_key_used_at is not None and api_client.last_used_at is None
    status(client, new)
    api_client.refresh_from_db()
    assert api_client.last_used_at is not None


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_use_is_written_once_a_minute_at_most(client, make, which, django_assert_num_queries):
    api_client, old = make()
    key = {"old": old, "new": rotate_key(api_client, hand_over=DAY)}[which]
    status(client, key)
    ApiClient.objects.update(last_used_at=None, previous_key_used_at=None)
    with django_assert_num_queries(0):
        assert find_caller(key)
        status(client, key)
    usage.forget_uses()
    status(client, key)
    api_client.refresh_from_db()
    assert (api_client.previous_key_used_at or api_client.last_used_at) is not None


def test_the_admin_asks_how_long_and_shows_the_new_key_once(operator, make):
    client, old = make()
    question = operator.post(tool(client, "rotate_key")).text
    assert "7 days" in question and find_caller(old)
    page = operator.post(tool(client, "rotate_key"), {"confirmed": "yes", "hand_over": "168"})
    (new,) = set(KEY.findall(page.text))
    assert f"The previous key ({old[:12]}…) keeps working until" in page.text
    assert find_caller(old) and find_caller(new)
    client.refresh_from_db()
    assert client.previous_key_ends_at - timezone.now() > dt.timedelta(days=6, hours=23)
    assert old[:12] in operator.get(f"/admin/clients/apiclient/{client.pk}/change/").text


def test_an_end_that_was_not_offered_changes_nothing(operator, make):
    client, old = make()
    answer = operator.post(tool(client, "rotate_key"), {"confirmed": "yes", "hand_over": "99999999"})
    assert "Select a valid choice" in answer.text
    assert find_caller(old) and not LogEntry.objects.exists()


def test_the_admin_ends_the_hand_over_and_the_history_says_so(operator, make):
    client, old = make()
    new = rotate_key(client, hand_over=DAY)
    assert find_caller(old)
    assert "Revoke the previous key of “shop”?" in operator.post(tool(client, "end_hand_over")).text
    assert find_caller(old)
    operator.post(tool(client, "end_hand_over"), {"confirmed": "yes"})
    assert find_caller(old) is None and find_caller(new)
    assert LogEntry.objects.get().change_message == "Revoked the previous key."
    assert "Revoke previous key" not in operator.get(f"/admin/clients/apiclient/{client.pk}/change/").text


def test_the_history_tells_a_keys_life(operator, make):
    client, _key = make()
    operator.post(tool(client, "rotate_key"), {"confirmed": "yes", "hand_over": "24"})
    operator.post(tool(client, "revoke"), {"confirmed": "yes"})
    history = operator.get(f"/admin/clients/apiclient/{client.pk}/history/").text
    assert "Created a new key; the previous one works until" in history and "Revoked the key." in history


def test_ending_a_hand_over_leaves_nothing_of_the_old_key(make):
    client, old = make()
    rotate_key(client, hand_over=DAY)
    end_hand_over(client)
    client.refresh_from_db()
    assert (client.previous_key_prefix, client.previous_key_hash, client.previous_key_used_at) == ("", None, None)
