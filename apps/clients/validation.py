"""What may stand in the lists of an API client: scopes, browser origins, networks."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import network_of
from apps.errors import NULL_ORIGIN

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# Redis keeps the moments of one minute's requests per key: 9 bytes each
MAX_RATE_LIMIT = 60_000

DEFAULT_PORTS = {"http": 80, "https": 443}
# apps in a web view send origins such as capacitor://localhost, so the scheme is not limited to http and https
ORIGIN_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
ORIGIN_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")


class Scope(models.TextChoices):
    """What a key may do; the label is what operators read."""

    CODES_CREATE = "codes:create", _("codes:create – create mini-program codes")
    CODES_READ = "codes:read", _("codes:read – view the history and the images")
    TOKENS_READ = "tokens:read", _("tokens:read – get access tokens (full access to the mini-program’s WeChat APIs)")
    TOKENS_REFRESH = "tokens:refresh", _("tokens:refresh – report a rejected token so that it is replaced")


# everybody who reads the page has the key
PUBLISHABLE_SCOPES = frozenset({Scope.CODES_CREATE.value})
DEFAULT_SCOPES = (Scope.CODES_CREATE.value, Scope.CODES_READ.value)


def normalize_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes without repeats, in their official order; ValidationError names the unknown ones."""
    asked = set(scopes)
    unknown = sorted(asked - set(Scope.values))
    if unknown:
        raise ValidationError(
            _("Unknown scope: %(unknown)s. There are: %(known)s."),
            params={"unknown": ", ".join(unknown), "known": ", ".join(Scope.values)},
        )
    return [scope for scope in Scope.values if scope in asked]


def normalize_origin(text: str) -> str:
    """The origin as browsers send it: lower case, without a default port, a path or a trailing slash."""
    if text.strip().lower() == NULL_ORIGIN:
        raise ValidationError(
            _("“null” can’t be allowed: browsers send it for every page whose origin they hide, whoever made the page.")
        )
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    if not (ORIGIN_SCHEME.fullmatch(parts.scheme) and ORIGIN_HOST.fullmatch(host) and is_bare):
        raise ValidationError(
            _(
                "“%(text)s” is not an origin. Enter scheme://host or scheme://host:port, for example "
                "https://shop.example.com."
            ),
            params={"text": text},
        )
    needs_port = port is not None and DEFAULT_PORTS.get(parts.scheme) != port
    return f"{parts.scheme}://{host}:{port}" if needs_port else f"{parts.scheme}://{host}"


def parse_network(text: str) -> IpNetwork:
    """The network written as CIDR or as one address; IPv4 behind IPv6 is IPv4."""
    try:
        return network_of(text.strip())
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as exc:
        raise ValidationError(
            _("“%(text)s” is not a network. Enter an address or CIDR, for example 203.0.113.7 or 10.0.0.0/8."),
            params={"text": text},
        ) from exc
    raise ValidationError(
        _("“%(text)s” is an address within a network. Did you mean %(meant)s?"),
        params={"text": text, "meant": str(meant)},
    )


def normalize_origins(origins: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(normalize_origin(origin) for origin in origins))


def normalize_networks(networks: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(str(parse_network(network)) for network in networks))


def demand_list_of_texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError(_("This must be a list of strings."))
    return value


def validate_scopes(value: Any) -> None:
    if not normalize_scopes(demand_list_of_texts(value)):
        raise ValidationError(_("Choose at least one scope; without one, the key can’t do anything."))


def publishable_mistakes(*, scopes: Any, origins: Any, miniprograms: Any) -> dict[str, ValidationError]:
    """What is wrong, per field, with a key that may stand in the source of a page."""
    mistakes = {
        "scopes": set(scopes) - PUBLISHABLE_SCOPES
        and _("A publishable key can only have the scope codes:create, because anyone can read it."),
        "origins": not origins and _("A publishable key needs the origins of the pages that use it."),
        "miniprograms": not miniprograms
        and _("Choose the mini-programs that this publishable key can create codes for."),
    }
    return {field: ValidationError(mistake) for field, mistake in mistakes.items() if mistake}


def validate_origins(value: Any) -> None:
    normalize_origins(demand_list_of_texts(value))


def validate_networks(value: Any) -> None:
    normalize_networks(demand_list_of_texts(value))
