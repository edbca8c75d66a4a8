"""Addresses of older services, below /api/."""

from django.urls import path

from apps.gateway import older

urlpatterns = [
    path("extend/get/wx/token", older.extend_token),
    path("extend/get/wx/unlimited", older.extend_unlimited),
    path("qrcode", older.qrcode),
    path("health", older.health),
]
