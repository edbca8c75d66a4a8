"""Making, renewing and revoking keys."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.clients import services
from apps.clients.facts import find_caller
from apps.clients.keys import hash_key, new_key
from apps.clients.models import ApiClient
from tests.integration.clients.conftest import APPID, OTHER_APPID


def test_a_key_is_recognizable_and_never_the_same():
    assert new_key() != new_key()
    assert new_key().startswith("wxc_")
    assert new_key()[4:].isalnum()


def test_only_the_hash_and_the_prefix_of_a_key_are_stored(make):
    client, key = make()
    assert (client.key_hash, client.key_prefix) == (hash_key(key), key[:12])
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clients_apiclient")
        assert key not in repr(cursor.fetchall())
    assert key not in repr(vars(client))


def test_lists_are_stored_normalized(make):
    client, _key = make(origins=["HTTPS://A.example/"], networks=["10.0.0.1"], scopes=["codes:read", "codes:create"])
    client.refresh_from_db()
    assert (client.origins, client.networks) == (["https://a.example"], ["10.0.0.1/32"])
    assert client.scopes == ["codes:create", "codes:read"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"scopes": ["all"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"origins": ["*"]}, "origins"),
        ({"networks": ["office"]}, "networks"),
        ({"appids": [OTHER_APPID]}, "miniprograms"),
        ({"name": ""}, "name"),
    ],
)
def test_a_mistake_is_told_by_field_and_creates_nothing(make, options, field):
    with pytest.raises(ValidationError) as caught:
        make(**options)
    assert list(caught.value.message_dict) == [field]
    assert not ApiClient.objects.exists()


def test_a_name_is_used_once(make):
    make()
    with pytest.raises(ValidationError, match="already exists"):
        make()


def test_a_key_for_some_miniprograms_knows_only_those(make, miniprogram, other_miniprogram):
    _client, key = make(appids=[APPID, APPID])
    caller = find_caller(key)
    assert caller.appids == {APPID}
    assert caller.may_use(APPID) and not caller.may_use(OTHER_APPID)


def test_a_key_without_miniprograms_may_use_every_one(make):
    assert find_caller(make()[1]).appids is None


def test_rotation_replaces_the_key_at_once(make):
    client, old = make()
    new = services.rotate_key(client)
    assert find_caller(old) is None
    assert find_caller(new).client_id == client.pk
    assert client.key_prefix == new[:12]


def test_a_revoked_client_is_refused_at_once_and_stays_in_the_table(make):
    client, key = make()
    assert find_caller(key)
    services.revoke_client(client)
    assert find_caller(key) is None
    assert ApiClient.objects.filter(pk=client.pk).exists()


def test_rotation_does_not_bring_a_revoked_client_back(make):
    client, _key = make()
    services.revoke_client(client)
    assert find_caller(services.rotate_key(client)) is None


# --- which mini-programs ---------------------------------------------------------------------------------------


def test_deleting_the_only_miniprogram_of_a_key_does_not_open_the_others(make, miniprogram, other_miniprogram):
    _client, key = make(appids=[APPID])
    miniprogram.delete()
    assert find_caller(key).appids == frozenset()


def test_deleting_all_miniprograms_at_once_does_not_open_later_ones(make, miniprogram, other_miniprogram):
    _client, key = make(appids=[APPID, OTHER_APPID])
    type(miniprogram).objects.all().delete()
    assert find_caller(key).appids == frozenset()


def test_choosing_no_miniprogram_opens_every_one(make, miniprogram):
    client, key = make(appids=[APPID])
    client.miniprograms.clear()
    assert find_caller(key).appids is None
    assert client.is_limited is False


def test_adding_a_miniprogram_limits_the_key(make, miniprogram):
    client, key = make()
    client.miniprograms.add(miniprogram)
    assert find_caller(key).appids == {APPID}


def test_adding_a_key_to_a_miniprogram_limits_it_too(make, miniprogram):
    client, key = make()
    miniprogram.clients.add(client)
    assert find_caller(key).appids == {APPID}


def test_taking_a_key_from_its_only_miniprogram_opens_nothing(make, miniprogram):
    client, key = make(appids=[APPID])
    miniprogram.clients.remove(client)
    assert find_caller(key).appids == frozenset()
