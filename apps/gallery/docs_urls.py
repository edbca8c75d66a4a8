"""The address of the page that documents the API."""

from django.urls import path

from apps.gallery.api_docs import ApiDocsPage

urlpatterns = [path("", ApiDocsPage.as_view(), name="docs")]
