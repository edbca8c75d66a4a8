"""What OPTIONS answers: the methods of an address, and where the whole description is."""

from typing import Any

from django.urls import reverse
from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request


class MethodsOnly(BaseMetadata):
    """`{"methods": [...], "schema": "/api/schema/"}`: REST framework's own would list the answer's fields as input."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        return {
            "methods": [method for method in view.allowed_methods if method != "OPTIONS"],
            "schema": reverse("schema"),
        }
