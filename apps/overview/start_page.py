"""The admin's start page: the state of everything at a glance, what wants attention, and the button that mends it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.miniprograms.grants import Viewer, sees_every, visible_miniprograms
from apps.overview import attention, meters
from apps.overview.chart import draw_chart
from apps.overview.failures import find_failures
from apps.overview.issuing import count_per_day
from apps.overview.open_batches import find_open_batches
from apps.tokens.admin_health import describe_beat, summarize
from apps.tokens.overview import find_states, sort_by_urgency


def start_page(request: HttpRequest) -> HttpResponse:
    """`/admin/`; each part is for those who may see its rows. Works without Redis, and says so."""
    response: HttpResponse = admin.site.index(request, extra_context=collect(request.user))
    return response


def collect(user: Viewer) -> dict[str, Any]:
    """What the page shows to `user`: at most ten queries and nine round trips, however many rows there are."""
    now = timezone.now()
    facts: dict[str, Any] = {}
    if user.has_perm("miniprograms.view_miniprogram"):
        facts |= _tokens(user)
    # the days that are over are counted for all mini-programs together
    if user.has_perm("codes.view_issuedcode") and sees_every(user):
        facts["chart"] = draw_chart(count_per_day(now=now))
    if user.has_perm("codes.view_failedattempt"):
        facts["failures"] = find_failures(user, now=now)
    if user.has_perm("batches.view_codebatch"):
        facts["batches"], facts["open_batches"] = find_open_batches(user, now=now)
    return facts


def _tokens(user: Viewer) -> dict[str, Any]:
    overviews = sort_by_urgency(find_states(list(visible_miniprograms(user))))
    cases, fullest = attention.find_cases(overviews), meters.find_meters(overviews)
    return {
        "has_tokens": True,
        "summary": summarize(overviews),
        "beat_warning": describe_beat(),
        "cases": cases[: attention.SHOWN],
        "more_cases": max(len(cases) - attention.SHOWN, 0),
        "meters": fullest[: meters.SHOWN],
        "more_meters": max(len(fullest) - meters.SHOWN, 0),
    }
