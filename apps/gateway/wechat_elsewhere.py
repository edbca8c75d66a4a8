"""Every other path of WeChat's below /wechat/: not ours, and the caller is told where to go."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.gateway.refusals import Refusal, refusal_response


@csrf_exempt
def elsewhere(request: HttpRequest) -> HttpResponse:
    """40066: the token that wxcode hands out works at WeChat itself for everything else."""
    return refusal_response(Refusal(40066, "call api.weixin.qq.com itself for this path, with the token from here"))
