"""Addresses of the token endpoints, below /api/v1/."""

from django.urls import path

from apps.tokens.api import AccessTokenRefreshView, AccessTokenView

urlpatterns = [
    path("miniprograms/<str:appid>/access-token/", AccessTokenView.as_view(), name="access-token"),
    path(
        "miniprograms/<str:appid>/access-token/refresh/",
        AccessTokenRefreshView.as_view(),
        name="access-token-refresh",
    ),
]
