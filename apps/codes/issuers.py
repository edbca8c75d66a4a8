"""Who has codes issued: members of staff, API clients and doors, by the labels that the history has for them."""

from typing import Any, NamedTuple

from django.contrib.auth import get_user_model

from apps.clients.models import ApiClient
from apps.codes.models import Door

# A list to choose from; whoever is not in it is found by the label all the same.
LISTED_AT_MOST = 300
STAFF, CLIENT, DOOR = "staff:", "client:", "door:"
DOORS = (Door.WECHAT, Door.EXTEND, Door.QRCODE)


class KnownIssuer(NamedTuple):
    """`staff:anna`, and what people call it."""

    label: str
    name: str


def known_staff(granted: frozenset[str] | None) -> list[KnownIssuer]:
    """Members of staff by their names; those with a grant for one of the appids `granted`, None: everybody."""
    staff = get_user_model().objects.filter(is_staff=True)
    if granted is not None:
        staff = staff.filter(groups__miniprograms__appid__in=granted).distinct()
    names = staff.order_by("username").values_list("username", flat=True)
    return [KnownIssuer(f"{STAFF}{name}", name) for name in names[:LISTED_AT_MOST]]


def known_clients(granted: frozenset[str] | None) -> list[KnownIssuer]:
    """API clients by their names; those that are limited to one of the appids `granted`, None: every one."""
    clients = ApiClient.objects.all()
    if granted is not None:
        clients = clients.filter(miniprograms__appid__in=granted).distinct()
    names = clients.order_by("name").values_list("name", flat=True)
    return [KnownIssuer(f"{CLIENT}{name}", name) for name in names[:LISTED_AT_MOST]]


def known_doors() -> list[KnownIssuer]:
    """The doors that ask without an API key."""
    return [KnownIssuer(f"{DOOR}{door.value}", str(door.label)) for door in DOORS]


def is_issuer(label: str) -> bool:
    """Whether `label` may be one."""
    return label.startswith((STAFF, CLIENT, DOOR))


def wanted_issuer(label: str) -> dict[str, Any]:
    """The part of a Wanted that finds the codes of `label`; those of a client that is gone are found as well."""
    name = label.removeprefix(CLIENT)
    if label.startswith(CLIENT) and ApiClient.objects.filter(name=name).exists():
        return {"client": name}
    return {"issued_by": label} if label else {}
