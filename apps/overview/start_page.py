"""The admin's start page: first steps, what needs attention with the button that mends it, the state of everything."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.miniprograms.grants import Viewer, sees_every, visible_miniprograms
from apps.overview import meters
from apps.overview.attention import SHOWN, find_needs
from apps.overview.chart import draw_chart
from apps.overview.issuing import count_per_day
from apps.overview.open_batches import BATCHES_SHOWN, OpenBatches, find_open_batches
from apps.overview.records import find_first_steps, group_models
from apps.tokens.admin_health import describe_beat, summarize
from apps.tokens.overview import Overview, find_states, sort_by_urgency

# of these the list of needs tells; without any of them there is nothing to say
TOLD = (
    "miniprograms.view_miniprogram",
    "batches.view_codebatch",
    "codes.view_failedattempt",
    "axes.view_accessattempt",
)


def start_page(request: HttpRequest) -> HttpResponse:
    """`/admin/`; each part is for those who may see its rows. Works without Redis, and says so."""
    app_list = admin.site.get_app_list(request)
    facts = {"first_steps": find_first_steps(app_list), "groups": group_models(app_list)}
    response: HttpResponse = admin.site.index(request, extra_context=facts | collect(request.user))
    return response


def collect(user: Viewer) -> dict[str, Any]:
    """What the page shows to `user`: at most eleven queries and nine round trips, however many rows there are."""
    now = timezone.now()
    facts: dict[str, Any] = {}
    overviews: list[Overview] = []
    fullest: list[meters.Meters] = []
    batches: OpenBatches | None = None
    if user.has_perm("miniprograms.view_miniprogram"):
        overviews = sort_by_urgency(find_states(list(visible_miniprograms(user))))
        fullest = meters.find_meters(overviews)
        facts |= _tokens(overviews, fullest)
    if user.has_perm("batches.view_codebatch"):
        batches = find_open_batches(user, now=now, limit=SHOWN)
        facts |= {"batches": batches.listed[:BATCHES_SHOWN], "open_batches": batches.count}
    if any(user.has_perm(permission) for permission in TOLD):
        facts["needs"] = find_needs(user, overviews, meters=fullest, batches=batches, now=now)
    # the days that are over are counted for all mini-programs together
    if user.has_perm("codes.view_issuedcode") and sees_every(user):
        facts["chart"] = draw_chart(count_per_day(now=now))
    return facts


def _tokens(overviews: list[Overview], fullest: list[meters.Meters]) -> dict[str, Any]:
    return {
        "has_tokens": True,
        "summary": summarize(overviews),
        "beat_warning": describe_beat(),
        "meters": fullest[: meters.SHOWN],
        "more_meters": max(len(fullest) - meters.SHOWN, 0),
    }
