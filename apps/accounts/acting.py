"""Who acts: the request that is being answered, for those who write down later who did something and from where."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.clients.addresses import client_address

# the longest that an IPv6 address is written
ADDRESS_LENGTH = 45
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@dataclass(frozen=True)
class Actor:
    """`name` of who is logged in, if anybody is, and the address; both empty for a command on the server."""

    name: str = ""
    address: str = ""


@contextmanager
def acting_in(request: HttpRequest) -> Iterator[None]:
    """What happens inside is done by whoever sent `request`."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def current_actor() -> Actor:
    request = _request.get()
    if request is None:
        return Actor()
    # a server behind a Unix socket knows no address
    address = client_address(request.META)[:ADDRESS_LENGTH] or "?"
    return Actor(request.user.get_username(), address)


def acting_session_of(user: Any) -> Any | None:
    """The session that acts now, if it is one of `user`'s own; half a login is enough."""
    request = _request.get()
    if request is None:
        return None
    owners = (request.user, getattr(request, "half_user", None))
    return request.session if any(owner is not None and owner.pk == user.pk for owner in owners) else None
