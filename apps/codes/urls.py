"""Addresses of the code endpoints, below /api/v1/."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from apps.codes.api import CodeDetail, CodeImageView, CodeList


class IdConverter(IntConverter):
    """A row number that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

urlpatterns = [
    path("codes/", CodeList.as_view(), name="codes"),
    path("codes/<id:pk>/", CodeDetail.as_view(), name="code"),
    path("codes/<id:pk>/image", CodeImageView.as_view(), name="code-image"),
]
