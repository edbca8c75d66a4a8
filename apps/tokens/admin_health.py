"""The health page: every mini-program's token, the most urgent first."""

import time
from collections import Counter

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.grants import visible_miniprograms
from apps.tokens.heartbeat import BEAT_LATE_SECONDS, find_beat_age
from apps.tokens.overview import Overview, Urgency, add_last_refreshes, find_states, sort_by_urgency
from apps.tokens.templatetags.token_cells import LOOKS

ROWS_PER_PAGE = 50


def token_health(request: HttpRequest) -> TemplateResponse:
    """`/admin/tokens/health/`; works without Redis, then all it says is that it does not know."""
    if not request.user.has_perm("miniprograms.view_miniprogram"):
        raise PermissionDenied
    overviews = sort_by_urgency(find_states(list(visible_miniprograms(request.user))))
    page = Paginator(overviews, ROWS_PER_PAGE).get_page(request.GET.get("p"))
    page.object_list = add_last_refreshes(list(page.object_list))
    context = {
        **admin.site.each_context(request),
        "title": _("Token health"),
        "summary": summarize(overviews),
        "beat_warning": describe_beat(),
        "page": page,
    }
    return TemplateResponse(request, "admin/tokens/health.html", context)


def summarize(overviews: list[Overview]) -> list[tuple[str, str, int]]:
    """How many there are of each kind, as (look, words, count), the most urgent first."""
    words = {
        Urgency.BROKEN: _("need attention"),
        Urgency.FAILING: _("failing"),
        Urgency.WARNING: _("with a warning"),
        Urgency.UNKNOWN: _("unknown"),
        Urgency.WAITING: _("no token yet"),
        Urgency.PAUSED: _("paused"),
        Urgency.WELL: _("OK"),
        Urgency.OFF: _("inactive"),
    }
    counts = Counter(overview.urgency for overview in overviews)
    return [(LOOKS[urgency], words[urgency], counts[urgency]) for urgency in sorted(counts)]


def describe_beat() -> str:
    """What is wrong with the refresher as a whole; empty if nothing is."""
    try:
        age = find_beat_age(now=time.time())
    except CoordinationUnavailable:
        return _("Redis is not responding, so the state of the tokens is unknown. See /readyz.")
    if age is None:
        return _("Token refresh has not run yet. Start a Celery worker and beat.")
    if age > BEAT_LATE_SECONDS:
        return _("Token refresh last ran %(minutes)d minutes ago. Check the Celery worker and beat.") % {
            "minutes": age // 60
        }
    return ""
