"""How far a door may be opened: networks that are narrow enough for tokens, and origins of pages."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import network_of
from apps.clients.validation import demand_list_of_texts, normalize_origin

# A public network that one organisation may well have for itself; private ones may be larger.
NARROWEST_PREFIX = {4: 16, 6: 32}
ANY_PORT = ":*"
LOOPBACK_ORIGIN = re.compile(r"(https?://(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?")


def demand_narrow(networks: object) -> None:
    """Raises ValidationError for a network that is so large that it means "everybody"."""
    for text in demand_list_of_texts(networks):
        try:
            network = network_of(text)
        except ValueError:
            # reported by the validator of the field
            continue
        if not network.is_private and network.prefixlen < NARROWEST_PREFIX[network.version]:
            raise ValidationError(
                {
                    "networks": _(
                        "%(network)s is too large. A token gives full access to the WeChat account, so "
                        "this endpoint can only be opened to private networks, or to public networks of "
                        "/%(prefix)d or smaller."
                    )
                    % {"network": text, "prefix": NARROWEST_PREFIX[network.version]}
                }
            )


def normalize_door_origins(origins: Iterable[str]) -> list[str]:
    """Origins as browsers send them; `http://localhost:*` stays for every port of this machine."""
    return list(dict.fromkeys(map(_normalize, origins)))


def validate_door_origins(value: Any) -> None:
    normalize_door_origins(demand_list_of_texts(value))


def is_origin_listed(origin: str, listed: Iterable[str]) -> bool:
    """Whether a page of `origin` is meant by one of the `listed` ones."""
    known = frozenset(listed)
    loopback = LOOPBACK_ORIGIN.fullmatch(origin)
    return origin in known or (loopback is not None and loopback[1] + ANY_PORT in known)


def _normalize(text: str) -> str:
    bare = text.strip().lower()
    if not bare.endswith(ANY_PORT):
        return normalize_origin(bare)
    host = bare.removesuffix(ANY_PORT)
    if LOOPBACK_ORIGIN.fullmatch(host) is None:
        raise ValidationError(
            _("“%(text)s”: any port (:*) is only allowed for localhost, 127.0.0.1 and [::1]."), params={"text": text}
        )
    return bare
