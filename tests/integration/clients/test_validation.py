"""Origins, networks and scopes are understood generously and refused with a reason."""

import pytest
from django.core.exceptions import ValidationError

from apps.clients.validation import normalize_networks, normalize_origins, normalize_scopes, validate_scopes

ORIGINS = [
    ("https://shop.example.com", "https://shop.example.com"),
    ("  HTTPS://Shop.Example.com/ ", "https://shop.example.com"),
    ("https://shop.example.com:443", "https://shop.example.com"),
    ("http://localhost:5173", "http://localhost:5173"),
    ("http://127.0.0.1:80", "http://127.0.0.1"),
    ("http://[::1]:8080", "http://[::1]:8080"),
    ("http://[::1]", "http://[::1]"),
    ("capacitor://localhost", "capacitor://localhost"),
]
NOT_ORIGINS = [
    "*", "", "shop.example.com", "https://", "https://*.example.com", "https://a.example/path", "https://a?b",
    "https://a#b", "https://user@a.example", "https://a.example:port", "https://a.example:99999", "https://商店.example",
    "https://a b", "//a.example", "https://[::1", "https://a.example:",
]  # fmt: skip


@pytest.mark.parametrize(("text", "origin"), ORIGINS)
def test_an_origin_is_kept_as_browsers_send_it(text, origin):
    assert normalize_origins([text, text]) == [origin]


@pytest.mark.parametrize("text", NOT_ORIGINS)
def test_what_browsers_never_send_is_no_origin(text):
    with pytest.raises(ValidationError, match="is not an origin"):
        normalize_origins([text])


def test_the_origin_of_hidden_pages_is_refused_with_its_reason():
    with pytest.raises(ValidationError, match="“null” can’t be allowed"):
        normalize_origins(["Null"])


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
        # as a dual-stack socket reports IPv4
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_a_network_is_an_address_or_cidr(text, network):
    assert normalize_networks([text, text]) == [network]


@pytest.mark.parametrize("text", ["", "office", "10.0.0.0/33", "10.0.0", "https://a.example"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValidationError, match="is not a network"):
        normalize_networks([text])


def test_a_network_with_host_bits_is_refused_with_the_one_meant():
    with pytest.raises(ValidationError, match=r"Did you mean 10\.0\.0\.0/8\?"):
        normalize_networks(["10.1.2.3/8"])


def test_scopes_are_kept_once_in_their_official_order():
    assert normalize_scopes(["tokens:read", "codes:read", "codes:read"]) == ["codes:read", "tokens:read"]


def test_an_unknown_scope_is_named_with_the_known_ones():
    with pytest.raises(ValidationError, match=r"Unknown scope: codes:delete\. There are: codes:create, codes:read"):
        normalize_scopes(["codes:delete"])


@pytest.mark.parametrize("value", [[], "codes:read", {"codes:read": 1}, [1], None])
def test_scopes_are_a_list_with_something_in_it(value):
    with pytest.raises(ValidationError):
        validate_scopes(value)
