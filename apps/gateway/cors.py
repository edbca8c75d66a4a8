"""Which browser pages may read the answers of older services' doors: those that an operator listed for the door."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from apps.gateway.access import find_openness
from apps.gateway.models import OlderDoor

DOORS = {f"/{door.label.partition('/')[2]}": door.value for door in OlderDoor}


@receiver(check_request_enabled)
def is_page_admitted(*, request: HttpRequest, **kwargs: Any) -> bool:
    """Whether the browser may hand the answer to the page, also for a preflight."""
    origin, door = request.headers.get("Origin"), DOORS.get(request.path_info)
    return origin is not None and door is not None and find_openness(door).admits_page_of(origin)
