"""Admin pages of the tokens app that belong to no single model, below /admin/tokens/."""

from django.contrib import admin
from django.urls import path

from apps.tokens.admin_health import token_health

urlpatterns = [path("health/", admin.site.admin_view(token_health), name="token-health")]
