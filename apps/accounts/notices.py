"""Telling holders what happened to how their account logs in: in every session but the one that did it."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.acting import acting_session_of, current_actor
from apps.accounts.models import NoticeQuerySet, SecurityNotice

Kind = SecurityNotice.Kind
# in a session: the notices of what it did itself, its login included
OWN = "own_notices"
MOST_OWN = 30


def tell_holder(user: Any, kind: Kind, *, count: int = 1) -> None:
    """Notes for `user` what happened, and who did it; call it in the transaction of what it tells of."""
    actor = current_actor()
    facts = {"at": timezone.now(), "by": actor.name, "address": actor.address}
    unread = SecurityNotice.objects.unread(user)
    if kind == Kind.CODE_REUSED:
        # One who goes on typing an old code makes no heap of notices. The row may tell of a thief later, so no
        # session owns it.
        if not unread.filter(kind=kind).update(**facts):
            SecurityNotice.objects.create(user_id=user.pk, kind=kind, **facts)
        return
    notice = SecurityNotice.objects.create(user_id=user.pk, kind=kind, count=count, **facts)
    session = acting_session_of(user)
    if session is not None:
        _own(session, notice)


def tell_of_login(request: HttpRequest, user: Any) -> None:
    """A browser that nobody knew has logged in: every session but this very one says so."""
    actor = current_actor()
    notice = SecurityNotice.objects.create(user_id=user.pk, kind=Kind.NEW_BROWSER, address=actor.address)
    _own(request.session, notice)


def unread_in(request: HttpRequest) -> NoticeQuerySet:
    """What this session has to say to its holder."""
    return SecurityNotice.objects.unread(request.user).exclude(pk__in=request.session.get(OWN, []))


def dismiss(user: Any, notices: Iterable[str]) -> None:
    """`user` has read those of their notices with these ids; whatever else is given dismisses nothing."""
    ids = [int(notice) for notice in notices if notice.isdecimal() and len(notice) < 19]
    SecurityNotice.objects.unread(user).filter(pk__in=ids).update(dismissed_at=timezone.now())


def in_words(notice: SecurityNotice, holder: Any) -> str:
    """What happened, when, from where and by whom, in the active language and time zone."""
    facts = {
        "when": date_format(timezone.localtime(notice.at), "DATETIME_FORMAT"),
        "origin": _origin(notice, holder),
        "count": notice.count,
    }
    return _sentence(notice) % facts


def advice(notice: SecurityNotice) -> str:
    """What to do if it was somebody else."""
    if notice.kind in (Kind.CODE_REUSED, Kind.NEW_BROWSER):
        return _("If this wasn’t you, someone knows your password. Change it now.")
    return _("If this wasn’t you, change your password, log out of all other sessions and tell an operator.")


def _own(session: Any, notice: SecurityNotice) -> None:
    session[OWN] = [*session.get(OWN, []), notice.pk][-MOST_OWN:]


def _sentence(notice: SecurityNotice) -> str:
    if notice.kind == Kind.SESSIONS_ENDED:
        return ngettext(
            "%(count)d of your sessions was ended on %(when)s %(origin)s.",
            "%(count)d of your sessions were ended on %(when)s %(origin)s.",
            notice.count,
        )
    sentences = {
        Kind.NEW_BROWSER: _("Your account was used in a new browser on %(when)s %(origin)s."),
        Kind.PASSWORD_CHANGED: _("Your password was changed on %(when)s %(origin)s."),
        Kind.EMAIL_CHANGED: _("Your e-mail address was changed on %(when)s %(origin)s."),
        Kind.SECOND_FACTOR_SET_UP: _("A second factor was set up for your account on %(when)s %(origin)s."),
        Kind.SECOND_FACTOR_REMOVED: _("Your second factor was removed on %(when)s %(origin)s."),
        Kind.BACKUP_CODES_RENEWED: _("New backup codes were created on %(when)s %(origin)s."),
        Kind.BACKUP_CODE_USED: _("One of your backup codes was used to log in on %(when)s %(origin)s."),
        Kind.CODE_REUSED: _("A code from your authenticator app was entered twice on %(when)s %(origin)s."),
    }
    return sentences[Kind(notice.kind)]


def _origin(notice: SecurityNotice, holder: Any) -> str:
    if not notice.address:
        return _("from the server’s command line")
    if notice.by == holder.get_username():
        return _("from %(address)s, by yourself") % {"address": notice.address}
    if not notice.by:
        return _("from %(address)s") % {"address": notice.address}
    return _("from %(address)s by %(name)s") % {"address": notice.address, "name": notice.by}
