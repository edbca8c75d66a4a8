"""Every other path of WeChat's: where to go instead, which is a path of ours if it was only misspelt."""

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, resolve
from django.views.decorators.csrf import csrf_exempt

from apps.gateway.refusals import Refusal, refusal_response

ROOT = "wechat"
AT_WECHAT = "call api.weixin.qq.com itself for this path, with the token from here"


@csrf_exempt
def elsewhere(request: HttpRequest) -> HttpResponse:
    """40066: the token that wxcode hands out works at WeChat itself for everything else."""
    return refusal_response(Refusal(40066, _advice(request)))


def _advice(request: HttpRequest) -> str:
    path = request.path_info
    parts = [part for part in path.split("/") if part]
    roots = 0
    while parts and parts[0] == ROOT:
        parts, roots = parts[1:], roots + 1
    door = "/".join(parts)
    if resolve(f"/{ROOT}/{door}", getattr(request, "urlconf", None)).func is elsewhere:
        return AT_WECHAT
    base = request.build_absolute_uri(f"{get_script_prefix()}{ROOT}")
    right = f"the base address is {base}, and this path {base}/{door}"
    if roots == 0:
        return f"/{ROOT} is missing: {right}"
    if roots > 1:
        return f"/{ROOT} is there {roots} times: {right}"
    return f"one slash too many: {right}"
