"""The description of the API, its page for people, and the answer for every address that does not exist."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.api.problems import not_found

# included last below /api/, because not_found takes whatever the others left
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    # split: its script is a file of its own, as the Content-Security-Policy wants it
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    re_path(r"^.*$", not_found),
]
