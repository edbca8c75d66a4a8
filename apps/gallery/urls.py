"""Addresses of the gallery."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from apps.codes import urls as _registers_the_id_converter  # noqa: F401
from apps.gallery import making, views
from apps.gallery.login import GalleryLoginView

app_name = "gallery"

urlpatterns = [
    path("", views.HomePage.as_view(), name="home"),
    path("codes/<id:pk>/", views.CodePage.as_view(), name="code"),
    path("codes/<id:pk>/picture", views.PictureView.as_view(), name="picture"),
    path("make/", making.MakePage.as_view(), name="make"),
    path("make/scene/", making.SceneCheck.as_view(), name="scene-check"),
    path("login/", GalleryLoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
