"""A small API that can fail in every way, and the real urls behind it."""

from typing import Any

from django.core import exceptions as django_errors
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from rest_framework import exceptions, permissions, renderers, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.pagination import NewestFirst
from apps.api.parsers import BoundedJSONParser
from apps.api.serializers import UnknownFieldsRefused
from apps.errors import Conflict, WxcodeError
from apps.miniprograms.models import MiniProgram


class Teapot(exceptions.APIException):
    status_code = 418
    default_detail = "short and stout"


class WeChatIsBusy(WxcodeError):
    code = "wechat_busy"
    http_status = 503


FAILURES: dict[str, Any] = {
    "ours": lambda: Conflict("taken", advice="choose another"),
    "wechat": lambda: WeChatIsBusy("busy", errcode=45011, rid="6a-1-2", retry_after=60),
    "http404": lambda: Http404("No Secret matches the given query."),
    "forbidden": lambda: django_errors.PermissionDenied("inside"),
    "database": lambda: OperationalError('connection to server at "10.0.0.7" failed'),
    "suspicious": lambda: django_errors.SuspiciousOperation("inside"),
    "too-big": lambda: django_errors.RequestDataTooBig("inside"),
    "django-validation": lambda: django_errors.ValidationError({"width": ["too wide"]}),
    "form-validation": lambda: django_errors.ValidationError("no good"),
    "validation": lambda: exceptions.ValidationError({"line_color": {"r": ["too red", "too bright"]}, "scene": ["x"]}),
    "parse": lambda: exceptions.ParseError("Bad JSON"),
    "unauthenticated": lambda: exceptions.NotAuthenticated(),
    "drf-forbidden": lambda: exceptions.PermissionDenied(),
    "drf-not-found": lambda: exceptions.NotFound("no such code"),
    "throttled": lambda: exceptions.Throttled(wait=1.2),
    "teapot": lambda: Teapot(),
    "fault": lambda: RuntimeError("password=hunter2"),
}


class PngRenderer(renderers.BaseRenderer):
    media_type = "image/png"
    format = "png"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"\x89PNG"


class Open(APIView):
    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    parser_classes = (BoundedJSONParser,)


class Failing(Open):
    """GET ?kind= fails in that way; it can also answer with a picture."""

    renderer_classes = (renderers.JSONRenderer, PngRenderer)

    def get(self, request: Any) -> Response:
        if kind := request.query_params.get("kind"):
            raise FAILURES[kind]()
        return Response({"ok": True})


class Colour(UnknownFieldsRefused, serializers.Serializer):
    r = serializers.IntegerField(max_value=255)


class NewThing(UnknownFieldsRefused, serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    scene = serializers.CharField(max_length=3)
    line_color = Colour(required=False)
    rows = Colour(many=True, required=False)


class Things(Open):
    def post(self, request: Any) -> Response:
        serializer = NewThing(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.validated_data, status=201)


class Listed(Open):
    def get(self, request: Any) -> Response:
        pages = NewestFirst()
        page = pages.paginate_queryset(MiniProgram.objects.all(), request, self)
        return pages.get_paginated_response([row.name for row in page])


def plain(request: HttpRequest) -> HttpResponse:
    """A Django view without REST framework."""
    if kind := request.GET.get("kind"):
        raise FAILURES[kind]()
    return JsonResponse({"ok": True})


urlpatterns = [
    path("api/v1/failing/", Failing.as_view()),
    path("api/v1/things/", Things.as_view()),
    path("api/v1/list/", Listed.as_view()),
    path("api/v1/plain/", plain),
    path("page/", plain),
    path("api/", include("apps.api.urls")),
]
handler400 = "apps.api.problems.bad_request"
handler403 = "apps.api.problems.permission_denied"
handler404 = "apps.api.problems.page_not_found"
handler500 = "apps.api.problems.server_error"
