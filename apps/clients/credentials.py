"""From the headers of a request to its caller, without Django REST framework."""

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.clients.caller import Caller, invalid_key
from apps.clients.errors import Unauthenticated
from apps.clients.facts import find_caller, recall_caller
from apps.clients.rate_limits import count_wrong_key
from apps.clients.usage import is_use_noted, note_use


def find_key(*, authorization: str | None, x_api_key: str | None) -> str | None:
    """The key in `Authorization: Bearer <key>` or else in `X-API-Key`; another scheme is not for us."""
    scheme, _space, key = (authorization or "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return x_api_key.strip() if x_api_key is not None else None


@sensitive_variables()
def authenticate_key(
    *, authorization: str | None, x_api_key: str | None, address: str, origin: str | None = None
) -> Caller:
    """The caller with this key, calling from `address` and, in a browser, from a page of `origin`.

    Raises Unauthenticated (no key), InvalidKey, RateLimitExceeded, NetworkNotAllowed, OriginNotAllowed. Costs no
    query while the key is remembered (3 s), and one small write per key and minute.
    """
    key = find_key(authorization=authorization, x_api_key=x_api_key)
    if key is None:
        raise not_authenticated()
    caller = find_caller(key)
    if caller is None:
        count_wrong_key(address)
    refusal = invalid_key() if caller is None else caller.find_refusal(address=address, origin=origin)
    if caller is None or refusal is not None:
        raise refusal or invalid_key()
    if caller.client_id is not None:
        note_use(caller.client_id, is_previous_key=caller.is_previous_key)
    return caller


def recall_key(*, authorization: str | None, x_api_key: str | None, address: str) -> Caller | None:
    """The caller that `authenticate_key` would answer, or None where it needs the database or would refuse."""
    key = find_key(authorization=authorization, x_api_key=x_api_key)
    caller = None if key is None else recall_caller(key)
    if caller is None or caller.client_id is None:
        return None
    if not is_use_noted(caller.client_id, is_previous_key=caller.is_previous_key):
        return None
    return caller if caller.find_refusal(address=address) is None else None


def not_authenticated() -> Unauthenticated:
    return Unauthenticated(
        _("An API key is required."), advice=_("Send it as Authorization: Bearer <key> or as X-API-Key: <key>.")
    )
