"""Who may read the metrics: a network or a bearer token that an operator named, and nobody else."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import client_address, is_inside
from apps.errors import WxcodeError


class MetricsClosed(WxcodeError):
    """The caller is in none of METRICS_NETWORKS and sent no METRICS_TOKEN."""

    code = "metrics_closed"
    title = _("The metrics are closed")
    http_status = 403


def demand_access(request: HttpRequest) -> None:
    """Raises MetricsClosed unless the caller's network or token is one that an operator named."""
    token: str = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return
    networks = [ipaddress.ip_network(text) for text in settings.METRICS_NETWORKS]
    if networks and is_inside(client_address(request.META), networks):
        return
    raise MetricsClosed(
        _("The metrics are not open to this address."),
        advice=_("Operators: set METRICS_NETWORKS, or METRICS_TOKEN and send it as bearer token."),
    )
