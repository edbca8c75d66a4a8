"""Who may use an older service's door: whoever has a key for it, and without one whom an operator let in."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import Network, client_address, is_inside
from apps.clients.caller import null_origin_refused
from apps.clients.credentials import authenticate_key, find_key, not_authenticated
from apps.clients.errors import NetworkNotAllowed, OriginNotAllowed
from apps.clients.facts import ShortMemory
from apps.clients.rate_limits import count_request
from apps.clients.validation import parse_network
from apps.codes.requests import Issuer
from apps.errors import NULL_ORIGIN
from apps.gateway.models import OlderDoor, OpenDoor
from apps.gateway.openness import is_origin_listed


@dataclass(frozen=True)
class Openness:
    """To whom a door is open without a key."""

    networks: tuple[Network, ...] = ()
    origins: frozenset[str] = frozenset()

    def admits_page_of(self, origin: str) -> bool:
        return is_origin_listed(origin, self.origins)


CLOSED = Openness()
remembered: ShortMemory[Openness] = ShortMemory(size=len(OlderDoor))


def find_openness(door: str) -> Openness:
    """The operator's choice for `door`, at most three seconds old."""
    found = remembered.find(door)
    if found is None:
        generation = remembered.generation
        row = OpenDoor.objects.filter(door=door).first()
        found = CLOSED if row is None else Openness(tuple(map(parse_network, row.networks)), frozenset(row.origins))
        remembered.keep(door, found, generation=generation)
    return found


@receiver(post_save, sender=OpenDoor)
@receiver(post_delete, sender=OpenDoor)
def forget_openness(**kwargs: Any) -> None:
    remembered.forget()
    # again once others can see it: a request in between may have read, and kept, the old row
    transaction.on_commit(remembered.forget)


def admit(request: HttpRequest, *, door: str, source: str, scope: str | None, appid: str | None) -> Issuer:
    """Who is knocking, for the history; `source` is what the history calls the door.

    Raises Unauthenticated, InvalidKey, NetworkNotAllowed, OriginNotAllowed, RateLimitExceeded, MissingScope,
    MiniProgramNotGranted.
    """
    sent = {"authorization": request.headers.get("Authorization"), "x_api_key": request.headers.get("X-API-Key")}
    if find_key(**sent) is None:
        _demand_openness(request, find_openness(door))
        return Issuer(label=f"door:{source}", door=source)
    caller = authenticate_key(**sent, address=client_address(request.META), origin=request.headers.get("Origin"))
    count_request(request, caller)
    caller.refuse_publishable()
    if scope is not None:
        caller.require_scope(scope)
    if appid is not None:
        caller.require_miniprogram(appid)
    return Issuer(label=caller.label, door=source, client_id=caller.client_id, client_name=caller.name)


def _demand_openness(request: HttpRequest, openness: Openness) -> None:
    if not openness.networks:
        raise not_authenticated()
    address = client_address(request.META)
    if _is_behind_unknown_proxy(request, address) or not is_inside(address, openness.networks):
        raise NetworkNotAllowed(
            _("An API key is required from %(address)s.") % {"address": address},
            advice=_("Send an API key, or ask an operator to allow this network in the admin, under Keyless access."),
        )
    origin = request.headers.get("Origin")
    is_own_page = origin == f"{request.scheme}://{request.get_host()}"
    if origin == NULL_ORIGIN:
        raise null_origin_refused()
    if origin is not None and not is_own_page and not openness.admits_page_of(origin):
        raise OriginNotAllowed(
            _("An API key is required from pages on %(origin)s.") % {"origin": origin},
            advice=_("An operator can allow this origin in the admin, under Keyless access."),
        )


def _is_behind_unknown_proxy(request: HttpRequest, address: str) -> bool:
    """Whether somebody passed the request on whom nobody trusts, so that its address says nothing of the caller."""
    return "X-Forwarded-For" in request.headers and address == request.META.get("REMOTE_ADDR", "")
