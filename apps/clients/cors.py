"""Which browser pages may read answers below /api/: those whose origin an API client lists."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from apps.clients.credentials import find_key
from apps.clients.facts import find_caller, known_origins


@receiver(check_request_enabled)
def is_origin_allowed(*, request: HttpRequest, **kwargs: Any) -> bool:
    """Whether the browser may hand the answer to the page.

    A preflight carries no key, so the origin of any active client will do; the request itself carries one,
    and then only the origins of that key count. A server key lists none.
    """
    origin = request.headers.get("Origin")
    if origin is None or not request.path_info.startswith("/api/"):
        return False
    key = find_key(authorization=request.headers.get("Authorization"), x_api_key=request.headers.get("X-API-Key"))
    caller = None if key is None else find_caller(key)
    return origin in (known_origins() if caller is None else caller.origins)
