"""The description of the API, and the answer for every address that does not exist."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from apps.api.problems import not_found

# included last below /api/, because not_found takes whatever the others left
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^.*$", not_found),
]
