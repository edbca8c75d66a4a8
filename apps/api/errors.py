"""The errors that belong to HTTP itself rather than to any app."""

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext_lazy as _

from apps.errors import InvalidRequest, WxcodeError


class MalformedJson(WxcodeError):
    """The body is not the JSON that its Content-Type promises."""

    code = "malformed_json"
    title = _("The body is not valid JSON")
    http_status = 400


class InvalidCursor(InvalidRequest):
    """The `cursor` of a list was not made by this list."""

    code = "invalid_cursor"
    title = _("The cursor is not valid")


class NotAuthenticated(WxcodeError):
    """Nobody, or nobody known, is calling."""

    code = "not_authenticated"
    title = _("Authentication needed")
    http_status = 401


class PermissionRefused(WxcodeError):
    """The caller is known but may not do this."""

    code = "permission_denied"
    title = _("Not allowed")
    http_status = 403


class CsrfFailed(PermissionRefused):
    """A browser session sent an unsafe request without its CSRF token."""

    code = "csrf_failed"
    title = _("CSRF check failed")


class MethodNotAllowed(WxcodeError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    title = _("Method not allowed")
    http_status = 405


class NotAcceptable(WxcodeError):
    """None of the types in `Accept` is available."""

    code = "not_acceptable"
    title = _("No acceptable type")
    http_status = 406


class BodyTooLarge(WxcodeError):
    """The body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    code = "body_too_large"
    title = _("The body is too large")
    http_status = 413


class LengthRequired(WxcodeError):
    """The body comes without Content-Length, and is longer than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    code = "length_required"
    title = _("Content-Length needed")
    http_status = 411


class BodyLengthMissing(RequestDataTooBig):
    """What is raised in a middleware for LengthRequired, so that Django takes it for a bad request."""


class UnsupportedMediaType(WxcodeError):
    """Unsupported Content-Type."""

    code = "unsupported_media_type"
    title = _("Unsupported media type")
    http_status = 415


class TooManyRequests(WxcodeError):
    """The caller is faster than it may be."""

    code = "too_many_requests"
    title = _("Too many requests")
    http_status = 429
    is_retryable = True


class Unavailable(WxcodeError):
    """Something that the service needs is away for a moment."""

    code = "unavailable"
    title = _("Temporarily unavailable")
    http_status = 503
    is_retryable = True


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or refuses for the moment (restarting, out of connections, locked, full)."""

    code = "database_unavailable"
    title = _("The database is not responding")
