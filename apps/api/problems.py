"""Every failure below /api/ as one shape, application/problem+json (https://www.rfc-editor.org/rfc/rfc9457)."""

import json
import re
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.shortcuts import render
from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import set_rollback

from apps.api import errors
from apps.api.translation import find_wxcode_error
from apps.errors import NULL_ORIGIN, NULL_ORIGIN_ADVICE, NULL_ORIGIN_SENT, InvalidRequest, NotFound, WxcodeError

MEDIA_TYPE = "application/problem+json"
API_PATHS = re.compile(r"/+api/")
SHOWN_HOST_LENGTH = 100


def problem_bytes(error: WxcodeError) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of `error`, for a layer that answers without Django's views."""
    # "replace": a lone surrogate from the caller's JSON may come back in a message and has no UTF-8
    body = json.dumps(error.as_problem(), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    if error.retry_after is not None:
        headers.append(("Retry-After", str(error.retry_after)))
    if error.http_status == 401:
        headers.append(("WWW-Authenticate", "Bearer"))
    return error.http_status, headers, body


def problem_response(error: WxcodeError) -> HttpResponse:
    """`error` as a Django response, the same bytes as `problem_bytes`."""
    status, headers, body = problem_bytes(error)
    return HttpResponse(body, status=status, headers=dict(headers))


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's EXCEPTION_HANDLER; None lets a fault of ours go up to `server_error`.

    A plain response, because REST framework's own would be rendered as whatever `Accept` asked for.
    """
    view = context.get("view")
    error = find_wxcode_error(exc, allowed_methods=getattr(view, "allowed_methods", None))
    if error is None:
        return None
    set_rollback()
    return problem_response(error)


def is_api(request: HttpRequest) -> bool:
    return API_PATHS.match(request.path_info) is not None


# exempt: an unknown address is a 404 for a POST without a CSRF token, too
@csrf_exempt
def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The view for every address below /api/ that nothing else answers."""
    advice: Any = _("See /api/docs/ for a list of endpoints.")
    with_slash = f"{request.path_info}/"
    with_single_slashes = re.sub("/{2,}", "/", request.path_info)
    if with_single_slashes != request.path_info:
        advice = _("Write one slash where there are several: %(path)s") % {"path": _address(with_single_slashes)}
    elif not request.path_info.endswith("/") and is_answered(with_slash, getattr(request, "urlconf", None)):
        advice = _("Add the slash at the end: %(path)s") % {"path": _address(with_slash)}
    return problem_response(NotFound(_("No such endpoint: %(path)s.") % {"path": request.path}, advice=advice))


def _address(path: str) -> str:
    """`path` of ours as the caller writes it, below SCRIPT_NAME."""
    return get_script_prefix().rstrip("/") + path


def is_answered(path: str, urlconf: str | None) -> bool:
    """Whether a view other than `not_found` answers at `path`."""
    try:
        return resolve(path, urlconf).func is not not_found
    except Resolver404:
        return False


def explain(request: HttpRequest, exception: Exception) -> WxcodeError | None:
    """What to tell about a request that Django itself refuses."""
    if isinstance(exception, DisallowedHost):
        host = str(request.META.get("HTTP_HOST", ""))[:SHOWN_HOST_LENGTH]
        return InvalidRequest(
            _("The request is for the host “%(host)s”, which is not in ALLOWED_HOSTS.") % {"host": host},
            advice=_(
                "Use a name that is in ALLOWED_HOSTS, or add this one and restart. Behind a proxy, have it pass on the "
                "Host header."
            ),
        )
    return find_wxcode_error(exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: a Http404 that left a plain view."""
    if is_api(request):
        return problem_response(find_wxcode_error(exception) or NotFound())
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: a request that Django itself refuses, such as one with a foreign Host."""
    error = explain(request, exception)
    if is_api(request):
        return problem_response(error or errors.MalformedJson())
    if isinstance(exception, DisallowedHost | errors.BodyLengthMissing):
        facts = {"problem": error}
        return render(request, "400.html", facts, status=error.http_status if error is not None else 400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`: a PermissionDenied that left a plain view."""
    if is_api(request):
        return problem_response(find_wxcode_error(exception) or errors.PermissionRefused())
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: Django has logged the traceback by now; the caller learns only that it is our fault."""
    if is_api(request):
        return problem_response(
            WxcodeError(
                _("Internal error in wxcode. Your request is not the cause."),
                advice=_("Operators: the traceback is in the service log."),
            )
        )
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: as a problem below /api/, a page that names the likely cause elsewhere."""
    if is_api(request) and request.headers.get("Origin") == NULL_ORIGIN:
        return problem_response(errors.CsrfFailed(NULL_ORIGIN_SENT, advice=NULL_ORIGIN_ADVICE))
    if is_api(request):
        return problem_response(errors.CsrfFailed(reason))
    origin = request.headers.get("Origin", "")
    facts = {
        "origin": origin[:SHOWN_HOST_LENGTH],
        "has_no_referer": reason == csrf.REASON_NO_REFERER,
        "is_foreign": reason == csrf.REASON_BAD_ORIGIN % origin,
        "has_no_cookie": reason == csrf.REASON_NO_CSRF_COOKIE,
    }
    return render(request, "403_csrf.html", facts, status=403)
