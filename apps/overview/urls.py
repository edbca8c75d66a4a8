"""Addresses below /admin/ that stand before Django's own."""

from django.contrib import admin
from django.urls import path

from apps.overview.password import change_password
from apps.overview.start_page import start_page

urlpatterns = [
    path("", admin.site.admin_view(start_page)),
    path("password_change/", admin.site.admin_view(change_password, cacheable=True)),
]
