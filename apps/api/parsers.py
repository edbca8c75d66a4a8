"""A JSON parser that a deeply nested body cannot turn into a fault of the service."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import JSONParser

from apps.api.errors import MalformedJson


class BoundedJSONParser(JSONParser):
    """REST framework's parser; about a thousand brackets inside one another are malformed, not a RecursionError.

    The size of the body is bounded before it comes here, by DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Raises MalformedJson or REST framework's ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as exc:
            raise MalformedJson(_("The JSON is nested too deeply.")) from exc
