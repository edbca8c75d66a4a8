"""Whose address counts: the peer's, unless the peer is a proxy that the operator trusts."""

import pytest

from apps.clients.addresses import client_address
from apps.clients.facts import forget_everything
from apps.clients.models import ApiClient
from apps.clients.services import create_client
from tests.integration.clients.conftest import bearer

PROXY, INNER, CLIENT, FORGED = "10.0.0.5", "10.0.0.6", "203.0.113.7", "192.0.2.1"


def seen(forwarded: str, *, peer: str = PROXY) -> str:
    return client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded})


def test_without_trusted_proxies_nobody_can_claim_an_address(settings):
    settings.TRUSTED_PROXIES = []
    assert seen(FORGED) == PROXY


@pytest.fixture
def behind_proxies(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/24", "::1"]


@pytest.mark.usefixtures("behind_proxies")
@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (CLIENT, CLIENT),
        (f"{FORGED}, {CLIENT}", CLIENT),
        (f"{FORGED}, {CLIENT}, {INNER}", CLIENT),
        (f"{INNER}, {INNER}", INNER),
        (f"{CLIENT}, unknown", PROXY),
        (f"{CLIENT}, , {INNER}", INNER),
        ("", PROXY),
        (f"{CLIENT}:51234", CLIENT),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", CLIENT),
        ("not an address" * 1000, PROXY),
    ],
)
def test_the_rightmost_untrusted_hop_counts(forwarded, expected):
    assert seen(forwarded) == expected


@pytest.mark.usefixtures("behind_proxies")
def test_a_peer_that_is_no_proxy_is_never_believed():
    assert seen(FORGED, peer=CLIENT) == CLIENT


@pytest.mark.usefixtures("behind_proxies")
@pytest.mark.parametrize("peer", ["::1", "::ffff:10.0.0.5"])
def test_proxies_are_known_in_both_address_families(peer):
    assert seen(CLIENT, peer=peer) == CLIENT


@pytest.mark.django_db
@pytest.mark.parametrize(("forwarded", "status"), [(CLIENT, 200), (FORGED, 403), (f"{CLIENT}, {FORGED}", 403)])
def test_the_networks_of_a_key_are_held_against_the_client_behind_the_proxy(client, settings, forwarded, status):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    _client, key = create_client(name="shop", scopes=["codes:read"], networks=[f"{CLIENT}/32"])
    answer = client.get("/api/v1/codes/", headers=bearer(key) | {"X-Forwarded-For": forwarded})
    assert answer.status_code == status


@pytest.mark.django_db
def test_a_network_in_the_form_of_ipv6_means_the_addresses_of_ipv4(client, settings):
    api_client, key = create_client(name="shop", scopes=["codes:read"])
    # as the version before kept it
    ApiClient.objects.filter(pk=api_client.pk).update(networks=["::ffff:127.0.0.0/104"])
    forget_everything()
    assert [ask(client, key, peer) for peer in ("127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1")] == [200, 200, 403]


def ask(client, key, peer):
    return client.get("/api/v1/codes/", headers=bearer(key), REMOTE_ADDR=peer).status_code
