"""Where a request really comes from: the one place that knows about proxies in front."""

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def client_address(meta: Mapping[str, Any]) -> str:
    """The network address of the caller, from a WSGI environment.

    That is the peer, unless the peer is one of TRUSTED_PROXIES: then the rightmost address in X-Forwarded-For that is
    not a trusted proxy, because everything left of it is whatever the caller wrote. An entry that is no address
    ends the search at the proxy that passed it on.
    """
    peer = str(meta.get("REMOTE_ADDR", ""))
    trusted = networks_of(tuple(settings.TRUSTED_PROXIES))
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", ""))
    if not trusted or not forwarded or not is_inside(peer, trusted):
        return peer
    address = peer
    for entry in reversed(forwarded.split(",")):
        hop = parse_address(entry)
        if hop is None:
            return address
        address = str(hop)
        if not is_inside(address, trusted):
            return address
    return address


def is_inside(address: str, networks: Sequence[Network]) -> bool:
    """Whether `address` is in one of `networks`; a text that is no address is in none."""
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def parse_address(text: str) -> Address | None:
    """The address in `text`, as some proxies write it with a port or in brackets; IPv4 behind IPv6 as IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    # a dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d
    return getattr(found, "ipv4_mapped", None) or found


def network_of(text: str) -> Network:
    """The network in `text`; IPv4 behind IPv6 (::ffff:10.0.0.0/104) as IPv4, as it is compared. Raises ValueError."""
    network = ipaddress.ip_network(text)
    if not isinstance(network, ipaddress.IPv6Network) or not network.subnet_of(MAPPED):
        return network
    first = network.network_address.ipv4_mapped
    return ipaddress.IPv4Network((int(first or 0), network.prefixlen - MAPPED.prefixlen))


@lru_cache(maxsize=8)
def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(network_of(text) for text in texts)
