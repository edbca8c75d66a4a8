"""A JSON parser that takes what JSON means in one way only, and that no body can turn into a fault of the service."""

import codecs
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

# where the layer in front (wxcode/incoming.py) puts the charset of the Content-Type
CHARSET = "wxcode.charset"
# Python has codecs that compress, escape, or take minutes; everything else is read as UTF-8
READABLE_CHARSETS = frozenset(
    codecs.lookup(name).name
    for name in ("utf-16", "utf-16le", "utf-16be", "utf-32", "gb18030", "gbk", "gb2312", "big5", "latin1", "cp1252")
)


class BoundedJSONParser(JSONParser):
    """JSON in UTF-8, or in a charset of the Content-Type that is listed above; a byte order mark is forgiven.

    A name that stands twice in an object, numbers that no computer takes as they are written, and about a thousand
    brackets inside one another are malformed. The size of the body is bounded before it comes here, by
    DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Raises MalformedJson."""
        encoding = _readable_charset(parser_context or {})
        try:
            text = stream.read().decode("utf-8-sig" if encoding == "utf-8" else encoding)
            return json.loads(
                text, object_pairs_hook=_with_each_name_once, parse_float=_finite, parse_constant=_refuse_constant
            )
        except RecursionError as exc:
            raise MalformedJson(_("The JSON is nested too deeply.")) from exc
        except UnicodeDecodeError as exc:
            raise MalformedJson(
                _("The body is not valid %(encoding)s (byte %(place)d).") % {"place": exc.start, "encoding": encoding},
                advice=_("Send the JSON as UTF-8."),
            ) from exc
        except json.JSONDecodeError as exc:
            raise MalformedJson(
                _("Not JSON at line %(line)d, column %(column)d: %(reason)s.")
                % {"line": exc.lineno, "column": exc.colno, "reason": exc.msg},
                advice=_("Put names and strings in double quotes, and don’t put a comma after the last value."),
            ) from exc
        except ValueError as exc:
            # Python takes whole numbers of 4,300 digits
            raise MalformedJson(_("A number in the body has thousands of digits.")) from exc


def _readable_charset(context: Mapping[str, Any]) -> str:
    asked = context.get("encoding", settings.DEFAULT_CHARSET)
    if "request" in context:
        asked = context["request"].META.get(CHARSET, asked)
    try:
        name = codecs.lookup(str(asked)).name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in READABLE_CHARSETS else "utf-8"


def _with_each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _value in pairs).most_common(1)[0][0]
        raise MalformedJson(
            _("“%(name)s” appears twice in the same object.") % {"name": twice[:SHOWN_NAME_LENGTH]},
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
