"""Why a caller is turned away; every other app may raise these."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError


class Unauthenticated(WxcodeError):
    """No API key and no staff session came with the request."""

    code = "not_authenticated"
    title = _("Authentication needed")
    http_status = 401


class InvalidKey(Unauthenticated):
    """The key is not usable; which of the possible reasons it is stays ours."""

    code = "invalid_key"
    title = _("The API key is not valid")


class CallerRefused(WxcodeError, PermissionDenied):
    """The caller is known but may not do this; a PermissionDenied, because REST framework's OPTIONS asks for one."""

    code = "permission_denied"
    title = _("Not allowed")
    http_status = 403


class MissingScope(CallerRefused):
    """The key lacks the scope that this method needs."""

    code = "missing_scope"
    title = _("The API key lacks a scope")


class MiniProgramNotGranted(CallerRefused):
    """The key is limited to other mini-programs."""

    code = "miniprogram_not_granted"
    title = _("Not granted for this mini-program")


class NetworkNotAllowed(CallerRefused):
    """The request came from outside the networks of the key."""

    code = "network_not_allowed"
    title = _("Not allowed from this network")


class OriginNotAllowed(CallerRefused):
    """A browser page that the key does not list made the request."""

    code = "origin_not_allowed"
    title = _("Not allowed from this origin")


class PublishableKeyRefused(CallerRefused):
    """A key that stands in the source of pages asked for more than a code."""

    code = "publishable_key_refused"
    title = _("Not allowed with a publishable key")


class RateLimitExceeded(WxcodeError):
    """The key has made as many requests in the last minute as it may."""

    code = "rate_limit_exceeded"
    title = _("Rate limit exceeded")
    http_status = 429
    is_retryable = True


class CsrfFailed(CallerRefused):
    """A staff session sent an unsafe request without its CSRF token."""

    code = "csrf_failed"
    title = _("CSRF check failed")
