"""Logging in to the gallery."""

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponseBase

from apps.gallery.pages import with_strict_headers


class GalleryLoginView(LoginView):
    """Django's own, on a page with the gallery's headers."""

    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return with_strict_headers(super().dispatch(request, *args, **kwargs))
