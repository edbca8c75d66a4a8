"""Caller: who is calling and what they may do, as plain facts that need no database."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clients.addresses import is_inside
from apps.clients.errors import (
    InvalidKey,
    MiniProgramNotGranted,
    MissingScope,
    NetworkNotAllowed,
    OriginNotAllowed,
    PublishableKeyRefused,
)
from apps.clients.validation import IpNetwork
from apps.errors import NULL_ORIGIN, NULL_ORIGIN_SENT, WxcodeError
from apps.miniprograms.labels import as_label


@dataclass(frozen=True)
class Caller:
    """An API client (`client_id`) or a member of staff (`user_id`); `appids` None means every mini-program."""

    name: str
    client_id: int | None
    user_id: int | None
    scopes: frozenset[str]
    appids: frozenset[str] | None
    origins: frozenset[str] = frozenset()
    networks: tuple[IpNetwork, ...] = ()
    expires_at: dt.datetime | None = None
    # requests per minute; None: as many as it likes
    rate_limit: int | None = None
    # the key stands in the source of pages: it makes codes for these and does nothing else
    is_publishable: bool = False
    # the key was rotated and works until the end of its hand-over
    is_previous_key: bool = False

    @property
    def label(self) -> str:
        """What the history records: `client:shop-frontend` or `staff:anna`."""
        return as_label("client" if self.user_id is None else "staff", self.name)

    def may_use(self, appid: str) -> bool:
        return self.appids is None or appid in self.appids

    def require_miniprogram(self, appid: str) -> None:
        """Raises MiniProgramNotGranted unless the caller may use `appid`, whether or not that exists."""
        if not self.may_use(appid) and self.user_id is not None:
            raise MiniProgramNotGranted(
                _("You don’t have access to the mini-program %(appid)s.") % {"appid": appid},
                advice=_("An operator can grant it to one of your groups in the admin, under Groups."),
            )
        if not self.may_use(appid):
            raise MiniProgramNotGranted(
                _("This API key has no access to the mini-program %(appid)s.") % {"appid": appid},
                advice=_("An operator can add it to the key in the admin, under API clients."),
            )

    def require_scope(self, scope: str) -> None:
        """Raises MissingScope, which names the scope, unless the caller has it."""
        if scope not in self.scopes and self.user_id is not None:
            raise MissingScope(
                _("This needs the scope %(scope)s, which your account does not have.") % {"scope": scope},
                advice=_(
                    "Scopes come from your permissions. An operator can grant them to you or to one of your groups."
                ),
            )
        if scope not in self.scopes:
            raise MissingScope(
                _("This needs the scope %(scope)s, which the API key does not have.") % {"scope": scope},
                advice=_("An operator can add it to the key in the admin, under API clients."),
            )

    def refuse_publishable(self) -> None:
        """Raises PublishableKeyRefused where a key that everybody can read in a page must not go."""
        if self.is_publishable:
            raise PublishableKeyRefused(
                _("A publishable key can only create unlimited codes, with POST /api/v1/codes/."),
                advice=_("Call this from your server, with a secret key (wxc_…)."),
            )

    def find_refusal(
        self, *, address: str, origin: str | None = None, at: dt.datetime | None = None
    ) -> WxcodeError | None:
        """Why this caller is refused when calling from `address` and a page of `origin`, or None if it is not."""
        if self.expires_at is not None and self.expires_at <= (at or timezone.now()):
            return invalid_key()
        if self.networks and not is_inside(address, self.networks):
            return NetworkNotAllowed(
                _("This API key is not allowed from %(address)s.") % {"address": address},
                advice=_("An operator can add the address to the networks of the key in the admin."),
            )
        if self.is_publishable and origin is None:
            return OriginNotAllowed(
                _("A publishable key only works from web pages, but the request has no Origin header."),
                advice=_("Browsers send it automatically. On a server, use a secret key (wxc_…)."),
            )
        # a key without origins is for servers; browsers keep its answers from pages, as no CORS header comes with them
        is_limited = bool(self.origins) or self.is_publishable
        if is_limited and origin == NULL_ORIGIN:
            return null_origin_refused()
        if is_limited and origin is not None and origin not in self.origins:
            return OriginNotAllowed(
                _("This API key is not allowed on pages from %(origin)s.") % {"origin": origin},
                advice=_("An operator can add the origin to the key in the admin."),
            )
        return None


def null_origin_refused() -> OriginNotAllowed:
    """For a page that no list can name."""
    return OriginNotAllowed(
        NULL_ORIGIN_SENT,
        advice=_(
            "Browsers do this for a file opened from the disk, a sandboxed frame and some redirects. Serve the page "
            "from a web server, and call this address directly from it."
        ),
    )


def invalid_key() -> InvalidKey:
    """One wording for every unusable key, so that a stranger learns nothing about which keys exist."""
    return InvalidKey(_("The API key is unknown, revoked or expired."), advice=_("Ask an operator for a new key."))
