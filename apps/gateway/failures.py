"""Django's own failures (a Host that is not allowed, a fault of ours) in WeChat's shape on WeChat's paths."""

import re

from django.http import HttpRequest, HttpResponse

from apps.api import problems
from apps.errors import join_sentences
from apps.gateway.refusals import SYSTEM_ERROR, Refusal, refusal_response

WECHAT_PATHS = re.compile(r"/+(?:wechat|cgi-bin|wxa)(?:/|$)")
INVALID_URL, BAD_BODY = 40066, 47001


def is_wechat(request: HttpRequest) -> bool:
    return WECHAT_PATHS.match(request.path_info) is not None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    if not is_wechat(request):
        return problems.bad_request(request, exception)
    error = problems.explain(request, exception)
    # 413 and 411 are about the body, everything else is about the address
    errcode = BAD_BODY if error is not None and error.http_status != 400 else INVALID_URL
    return refusal_response(Refusal(errcode, join_sentences(error, error.advice) if error is not None else ""))


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: Django has logged the traceback by now."""
    if not is_wechat(request):
        return problems.server_error(request)
    return refusal_response(Refusal(SYSTEM_ERROR, "the fault is in the service; its log has the traceback"))
