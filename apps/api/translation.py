"""Turns the errors of Django and Django REST framework into ours, which know how to show themselves."""

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions as drf_errors

from apps.api import errors
from apps.errors import Conflict, FieldErrors, InvalidRequest, NotFound, WxcodeError

logger = logging.getLogger(__name__)

DATABASE_RETRY_SECONDS = 2

# for exceptions of other libraries, which only say their status
ERROR_OF_STATUS: dict[int, type[WxcodeError]] = {
    401: errors.NotAuthenticated,
    403: errors.PermissionRefused,
    404: NotFound,
    405: errors.MethodNotAllowed,
    406: errors.NotAcceptable,
    409: Conflict,
    411: errors.LengthRequired,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedMediaType,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
}


def find_wxcode_error(exc: BaseException, *, allowed_methods: list[str] | None = None) -> WxcodeError | None:
    """The error that tells the caller what `exc` means, or None if it is a fault of the service."""
    if isinstance(exc, WxcodeError):
        return exc
    if isinstance(exc, Http404):
        return NotFound(_("Not found, or you don’t have access to it."))
    if isinstance(exc, django_errors.PermissionDenied):
        return errors.PermissionRefused(_("You don’t have permission to do this."))
    if isinstance(exc, django_errors.ValidationError):
        return invalid_request(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    if isinstance(exc, errors.BodyLengthMissing):
        return errors.LengthRequired(
            _("The body has no Content-Length and is longer than wxcode reads without one."),
            advice=_("Send it with Content-Length instead of Transfer-Encoding: chunked."),
        )
    if isinstance(exc, django_errors.RequestDataTooBig):
        return errors.BodyTooLarge(_("The request body is too large."))
    if isinstance(exc, django_errors.SuspiciousOperation | django_errors.BadRequest):
        return InvalidRequest(_("The request is malformed."))
    if isinstance(exc, drf_errors.APIException):
        return from_rest_framework(exc, allowed_methods=allowed_methods or [])
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("the database failed a request", exc_info=exc)
        return errors.DatabaseUnavailable(
            _("wxcode can’t reach its database."),
            advice=_("Try again in a few seconds. Operators: see /readyz and the log."),
            retry_after=DATABASE_RETRY_SECONDS,
        )
    return None


def from_rest_framework(exc: drf_errors.APIException, *, allowed_methods: list[str]) -> WxcodeError:
    """The error for an exception of Django REST framework; its own words are kept where they help."""
    if isinstance(exc, drf_errors.ValidationError):
        return invalid_request(exc.detail)
    if isinstance(exc, drf_errors.ParseError):
        return errors.MalformedJson(str(exc.detail))
    if isinstance(exc, drf_errors.NotAuthenticated):
        return errors.NotAuthenticated(_("An API key is required."), advice=_("Send Authorization: Bearer <key>."))
    if isinstance(exc, drf_errors.MethodNotAllowed):
        methods = ", ".join(method for method in allowed_methods if method != "OPTIONS")
        return errors.MethodNotAllowed(str(exc.detail), advice=methods and _("Use %(methods)s.") % {"methods": methods})
    if isinstance(exc, drf_errors.NotAcceptable):
        made = ", ".join(renderer.media_type for renderer in exc.available_renderers or [])
        return errors.NotAcceptable(str(exc.detail), advice=made and _("Send Accept: %(types)s.") % {"types": made})
    if isinstance(exc, drf_errors.UnsupportedMediaType):
        return errors.UnsupportedMediaType(str(exc.detail), advice=_("Send Content-Type: application/json."))
    if isinstance(exc, drf_errors.Throttled):
        # REST framework sets it only when it knows
        wait = getattr(exc, "wait", None)
        return errors.TooManyRequests(str(exc.detail), retry_after=None if wait is None else math.ceil(wait))
    kind = ERROR_OF_STATUS.get(exc.status_code, WxcodeError if exc.status_code >= 500 else InvalidRequest)
    return kind(" ".join(text for _path, text in flatten(exc.detail)))


def invalid_request(detail: Any) -> InvalidRequest:
    """The error for `detail`, the nested messages of a serializer, form or filter."""
    fields: dict[str, list[str]] = {}
    for path, text in flatten(detail):
        fields.setdefault(path, []).append(text)
    return InvalidRequest(summary(fields), errors=fields if any(fields) else None)


def summary(fields: FieldErrors) -> str:
    """One sentence that is enough where only `detail` is shown."""
    found = [(path, text) for path, texts in fields.items() for text in texts]
    if not found:
        return ""
    path, text = found[0]
    first = text if path in ("", "non_field_errors") else f"{path}: {text}"
    if len(found) == 1:
        return first
    return _("%(first)s (and %(count)d more, see errors)") % {"first": first, "count": len(found) - 1}


def flatten(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every message in `detail` with its dotted path: `line_color.r`, `rows.3.scene`; "" where there is none."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flatten(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            # a list of messages belongs to its field, a list of rows has a place per row
            is_row = isinstance(inner, Mapping | list | tuple)
            yield from flatten(inner, f"{path}.{number}".lstrip(".") if is_row else path)
    else:
        yield path, str(detail)
