"""Cells of the admin's lists and panels: a token's state, its last refresh, its quota, its last error."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.retold import retold, tell_cause, tell_cure
from apps.tokens.cures import find_button
from apps.tokens.health import TokenState
from apps.tokens.models import Outcome, TokenEvent
from apps.tokens.overview import Overview, Urgency
from apps.tokens.quota import REFUSE_SHARE, WARN_SHARE, QuotaUse
from apps.tokens.theft import advice_for
from apps.tokens.trouble import Trouble
from apps.wechat.types import CODE_CALLS_PER_MINUTE

register = template.Library()

NOTHING = "—"
# below this the meter would be an empty box
METER_SHARE = 0.01
# the look of a pill; its words say the same, so that nobody needs the colour
LOOKS = {
    Urgency.BROKEN: "bad",
    Urgency.FAILING: "bad",
    Urgency.WARNING: "warning",
    Urgency.UNKNOWN: "unknown",
    Urgency.WAITING: "waiting",
    Urgency.PAUSED: "paused",
    Urgency.WELL: "good",
    Urgency.OFF: "off",
}
OUTCOME_LOOKS = {
    Outcome.REFRESHED: "good",
    Outcome.UNCHANGED: "good",
    Outcome.FAILED: "bad",
    Outcome.DIED_EARLY: "warning",
}


@register.filter
def token_state(overview: Overview) -> SafeString:
    """The state in a word, coloured, with the time left."""
    left = overview.health.expires_in
    note = _("%(time)s left") % {"time": duration(left)} if left is not None else ""
    return format_html(
        '<span class="token-pill is-{}">{}</span> <span class="token-note token-left">{}</span>',
        LOOKS[overview.urgency],
        _state_word(overview),
        note,
    )


@register.filter
def token_last_refresh(overview: Overview) -> str:
    """How long ago, why and by whom."""
    event = overview.last_refresh
    if event is None:
        return NOTHING
    return format_html(
        '<span title="{}">{}</span><br><span class="token-note">{}</span>',
        date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT"),
        ago(event.at),
        _who(event),
    )


@register.filter
def token_quota(overview: Overview) -> str:
    """The meter of today's fetches, with forced refreshes and this minute's code calls."""
    use = overview.use
    if use is None:
        return _("unknown")
    facts = [
        _("%(used)s of %(limit)s code calls this minute")
        % {"used": thousands(overview.code_calls or 0), "limit": thousands(CODE_CALLS_PER_MINUTE)}
    ]
    if use.forced:
        facts.insert(0, _("%(used)d of %(limit)d forced") % {"used": use.forced, "limit": use.forced_limit})
    fetches = _("%(used)s of %(limit)s fetches") % {
        "used": thousands(use.fetches),
        "limit": thousands(use.fetch_limit),
    }
    if use.is_warning:
        share = _("%(share)d %% used") % {"share": round(use.share * 100)}
        fetches = format_html("{} <strong>{}</strong>", fetches, share)
    return format_html(
        '<span title="{}">{}</span>{}<span class="token-note">{}</span>',
        _("token fetches today, as WeChat counts days (Asia/Shanghai)"),
        fetches,
        _meter(use),
        " · ".join(facts),
    )


@register.filter
def token_error(overview: Overview) -> str:
    """The failure that is not over yet, with its cure; else what is known of thieves."""
    trouble = overview.health.trouble
    if trouble is not None:
        name = f"{trouble.errcode}" if trouble.errcode is not None else trouble.problem["code"]
        return format_html(
            '<strong>{}</strong> {}<br><span class="token-note">{}</span>', name, what_happened(trouble), cure(trouble)
        )
    return token_circuits(overview) or token_thefts(overview) or NOTHING


@register.filter
def token_circuits(overview: Overview) -> str:
    """The endpoints of WeChat that are left alone for this mini-program, and what to do; empty if none."""
    if not overview.left_alone:
        return ""
    since = datetime.fromtimestamp(min(each.since for each in overview.left_alone), timezone.get_current_timezone())
    return format_html(
        '<strong>{}</strong> {} ({})<br><span class="token-note">{}</span>',
        _("WeChat is not responding"),
        ", ".join(each.endpoint for each in overview.left_alone),
        _("calls suspended since %(time)s") % {"time": date_format(since, "TIME_FORMAT")},
        _(
            "wxcode rejects calls immediately and lets one through at a time as a test. If this persists, "
            "check this server’s connection to WeChat and the mini-program’s proxy."
        ),
    )


@register.filter
def token_cure(overview: Overview) -> SafeString | str:
    """What is wrong and what to do, of everything that is wrong; empty if nothing is."""
    miniprogram, use = overview.miniprogram, overview.use
    found = [token_error(overview)] if overview.health.trouble else []
    found += [text for text in (token_circuits(overview), token_thefts(overview)) if text]
    if miniprogram.is_active and miniprogram.is_refresh_paused:
        found.append(_("Token refresh is paused. Once the current token expires, no more codes can be created."))
    if not found and miniprogram.is_active and use is not None and use.is_warning:
        words = _("More than half of today’s token fetches are used. Find out which system fetches so often.")
        found.append(words)
    if not found and overview.urgency is Urgency.WAITING:
        found.append(_("A token is fetched within a minute. If not, check the Celery worker and beat."))
    return format_html_join(mark_safe("<br>"), "{}", ((text,) for text in found))  # noqa: S308  # nosec B308 B703


register.filter("token_button", find_button)


@register.filter
def token_thefts(overview: Overview) -> str:
    """How often a token died before its time within the last day, and what to do; empty if never."""
    thefts = overview.thefts
    if thefts is None:
        return ""
    count = ngettext("%(count)d token expired early today", "%(count)d tokens expired early today", thefts.count)
    facts = _("last %(ago)s, usually after %(life)s") % {
        "ago": ago(thefts.last_at),
        "life": duration(thefts.usual_life_seconds),
    }
    return format_html(
        '<strong>{}</strong> ({})<br><span class="token-note">{}</span>',
        count % {"count": thefts.count},
        facts,
        advice_for(overview.miniprogram),
    )


@register.filter
def event_outcome(event: TokenEvent) -> SafeString:
    """How it ended, coloured."""
    look = OUTCOME_LOOKS.get(Outcome(event.outcome), "waiting")
    return format_html('<span class="token-pill is-{}">{}</span>', look, event.get_outcome_display())


@register.filter
def event_meaning(event: TokenEvent) -> str:
    """What WeChat said, in the active language, or what else is to be known."""
    return tell_cause(event.errcode, event.detail)


def event_explanation(event: TokenEvent) -> str:
    """The errcode, what it means, what to do about it, and WeChat's name of the call."""
    name = event.code if event.errcode is None else str(event.errcode)
    return format_html(
        '<strong>{}</strong> {} <span class="token-note">{} {}</span>',
        name,
        event_meaning(event),
        tell_cure(event.errcode, ""),
        f"rid {event.rid}" if event.rid else "",
    )


@register.filter
def event_who(event: TokenEvent) -> str:
    """Why, and on whose behalf."""
    return _who(event)


@register.filter
def duration(seconds: Any) -> str:
    """Seconds as people say them: `1 h 58 min`, `3 min`, `40 s`."""
    whole = int(seconds)
    if whole < 60:
        return _("%(s)d s") % {"s": whole}
    hours, minutes = divmod(whole // 60, 60)
    if hours == 0:
        return _("%(min)d min") % {"min": minutes}
    return _("%(h)d h %(min)d min") % {"h": hours, "min": minutes}


@register.filter
def ago(moment: datetime) -> str:
    """`3 minutes ago`, or `just now`."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(moment, depth=1)}


def what_happened(trouble: Trouble) -> str:
    """The failure in the active language."""
    return tell_cause(trouble.errcode, str(trouble.problem["detail"]))


def cure(trouble: Trouble) -> str:
    """What to do about it."""
    return tell_cure(trouble.errcode, str(trouble.problem.get("advice", "")))


@register.filter
def thousands(number: int) -> str:
    """`500,000`: long numbers are read wrong."""
    return f"{number:,}"


def _meter(use: QuotaUse) -> SafeString:
    if use.share < METER_SHARE:
        return mark_safe("<br>")  # noqa: S308  (a constant) # nosec B308
    return format_html(
        '<meter class="token-meter" min="0" max="{}" low="{}" high="{}" optimum="0" value="{}">{}</meter>',
        use.fetch_limit,
        int(use.fetch_limit * WARN_SHARE),
        int(use.fetch_limit * REFUSE_SHARE),
        use.fetches,
        f"{use.share:.0%}",
    )


def _state_word(overview: Overview) -> str:
    state = overview.health.state
    if state is TokenState.FRESH and overview.left_alone:
        return _("valid, but WeChat is not responding")
    if state is TokenState.FRESH and overview.thefts is not None:
        return _("valid, but one expired early")
    if state is TokenState.FRESH and overview.urgency is Urgency.WARNING:
        return _("valid, quota running low")
    if state is TokenState.TROUBLE:
        return _("action needed") if overview.urgency is Urgency.BROKEN else _("failing, retrying")
    return {
        TokenState.FRESH: _("OK"),
        TokenState.MISSING: _("no token yet"),
        TokenState.PAUSED: _("paused"),
        TokenState.INACTIVE: _("inactive"),
    }.get(state, _("unknown: Redis is not responding"))


def _who(event: TokenEvent) -> str:
    why, who = event.get_trigger_display(), retold(event.requested_by)
    return (
        _("%(who)s (%(why)s)") % {"who": who, "why": why} if who and event.requested_by != event.trigger else str(why)
    )
