"""Views that need scopes, before the addresses of the service."""

from typing import Any

from django.urls import include, path
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView


class Codes(GenericAPIView):
    serializer_class = Serializer
    required_scopes = {"GET": "codes:read", "POST": "codes:create"}

    def get(self, request: Any) -> Response:
        return Response({"label": request.auth.label, "user": str(request.user)})

    def post(self, request: Any) -> Response:
        return Response({"label": request.auth.label}, status=201)


class PostOnly(APIView):
    required_scopes = {"POST": "codes:create"}

    def post(self, request: Any) -> Response:
        return Response(status=201)


class OneMiniProgram(APIView):
    required_scopes = {"GET": "codes:read"}

    def get(self, request: Any, appid: str) -> Response:
        request.auth.require_miniprogram(appid)
        return Response({"appid": appid})


class Undeclared(APIView):
    def get(self, request: Any) -> Response:
        return Response()


urlpatterns = [
    path("api/v1/codes/", Codes.as_view()),
    path("api/v1/post-only/", PostOnly.as_view()),
    path("api/v1/undeclared/", Undeclared.as_view()),
    path("api/v1/miniprograms/<appid>/", OneMiniProgram.as_view()),
    path("", include("wxcode.urls")),
]
