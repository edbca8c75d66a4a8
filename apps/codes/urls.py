"""Addresses of the code endpoints, below /api/v1/."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from apps.codes.api import CodeList, FailedAttemptList
from apps.codes.api_code import CodeArchive, CodeDetail, CodeImageView, CodeReissue, CodeUnarchive
from apps.codes.api_miniprograms import MiniProgramList


class IdConverter(IntConverter):
    """A row number that the database can hold."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

urlpatterns = [
    path("miniprograms/", MiniProgramList.as_view(), name="miniprograms"),
    path("codes/", CodeList.as_view(), name="codes"),
    path("codes/<id:pk>/", CodeDetail.as_view(), name="code"),
    path("codes/<id:pk>/archive", CodeArchive.as_view(), name="code-archive"),
    path("codes/<id:pk>/unarchive", CodeUnarchive.as_view(), name="code-unarchive"),
    path("codes/<id:pk>/reissue", CodeReissue.as_view(), name="code-reissue"),
    path("failed-attempts/", FailedAttemptList.as_view(), name="failed-attempts"),
    path("codes/<id:pk>/image", CodeImageView.as_view(), name="code-image"),
]
