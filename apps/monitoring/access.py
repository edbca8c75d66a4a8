"""Who may read the metrics, and what is wrong: a network or a bearer token that an operator named."""

import hmac

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import client_address, is_inside, networks_of, parse_address
from apps.errors import WxcodeError


class MetricsClosed(WxcodeError):
    """The caller is in none of METRICS_NETWORKS and sent no METRICS_TOKEN."""

    code = "metrics_closed"
    title = _("Metrics not available")
    http_status = 403


def demand_access(request: HttpRequest) -> None:
    """Raises MetricsClosed unless the caller's network or token is one that an operator named."""
    if not is_named(request):
        raise MetricsClosed(
            _("Metrics are not available from this address."),
            advice=_("Operators: set METRICS_NETWORKS, or METRICS_TOKEN and send it as bearer token."),
        )


def is_named(request: HttpRequest) -> bool:
    """Whether an operator named the caller's network or token."""
    token: str = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    return is_inside(client_address(request.META), networks_of(tuple(settings.METRICS_NETWORKS)))


def is_from_this_machine(request: HttpRequest) -> bool:
    """Whether nobody else can have sent it. A proxy here that is not trusted may speak for anybody."""
    address = parse_address(client_address(request.META))
    if address is None or not address.is_loopback:
        return False
    if "HTTP_X_FORWARDED_FOR" in request.META:
        return is_inside(str(request.META.get("REMOTE_ADDR", "")), networks_of(tuple(settings.TRUSTED_PROXIES)))
    return "HTTP_FORWARDED" not in request.META
