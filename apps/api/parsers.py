"""A JSON parser that takes what JSON means in one way only, and that no body can turn into a fault of the service."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import JSONParser

from apps.api.errors import MalformedJson
from apps.api.serializers import SHOWN_NAME_LENGTH


class BoundedJSONParser(JSONParser):
    """JSON in UTF-8, or in the charset of the Content-Type; a byte order mark is forgiven.

    A name that stands twice in an object, numbers that no computer takes as they are written, and about a thousand
    brackets inside one another are malformed. The size of the body is bounded before it comes here, by
    DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Raises MalformedJson."""
        encoding = str((parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)).lower()
        try:
            text = stream.read().decode("utf-8-sig" if encoding in ("utf-8", "utf8") else encoding)
            return json.loads(
                text, object_pairs_hook=_with_each_name_once, parse_float=_finite, parse_constant=_refuse_constant
            )
        except RecursionError as exc:
            raise MalformedJson(_("The JSON is nested too deeply.")) from exc
        except UnicodeDecodeError as exc:
            raise MalformedJson(
                _("Byte %(place)d of the body is no text in %(encoding)s.")
                % {"place": exc.start, "encoding": encoding},
                advice=_("Send the JSON as UTF-8."),
            ) from exc
        except json.JSONDecodeError as exc:
            raise MalformedJson(
                _("Not JSON at line %(line)d, column %(column)d: %(reason)s.")
                % {"line": exc.lineno, "column": exc.colno, "reason": exc.msg},
                advice=_("Names and texts stand in double quotes; no comma follows the last value."),
            ) from exc
        except ValueError as exc:
            # Python takes whole numbers of 4,300 digits
            raise MalformedJson(_("A number in the body has thousands of digits.")) from exc


def _with_each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _value in pairs).most_common(1)[0][0]
        raise MalformedJson(
            _("“%(name)s” stands twice in the same object.") % {"name": twice[:SHOWN_NAME_LENGTH]},
            advice=_("Send each name once."),
        )
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise MalformedJson(_("The number %(digits)s is too large.") % {"digits": digits[:SHOWN_NAME_LENGTH]})
    return number


def _refuse_constant(name: str) -> Any:
    raise MalformedJson(_("%(name)s is not JSON.") % {"name": name}, advice=_("Send a number, or leave it out."))
