"""Addresses below /admin/ that stand before Django's own."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from apps.overview.start_page import start_page

urlpatterns = [
    path("", admin.site.admin_view(start_page)),
    # one page for one's own password
    path("password_change/", admin.site.admin_view(RedirectView.as_view(pattern_name="accounts:password"))),
]
