"""What was typed into a form, carried in the address over a login that came between."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

# proxies take 8 KB for the whole request line
QUERY_MAX_LENGTH = 6000
# of every form for codes; the one that spends a code of the 100,000 is not among them
BOXES = ("check_path", "is_hyaline")


def typed_values(query: QueryDict, texts: Iterable[str]) -> dict[str, Any]:
    """What an address says to fill in: `texts`, and BOXES as 0 and 1."""
    values: dict[str, Any] = {name: str(query[name]).replace("\0", "") for name in texts if name in query}
    return values | {name: query[name] == "1" for name in BOXES if name in query}


def sent_values(form: QueryDict, texts: Iterable[str]) -> dict[str, str]:
    """What a form that was sent says to fill in, as `typed_values` reads it from an address."""
    values = {name: form.get(name, "") for name in texts}
    return values | {name: str(int(name in form)) for name in BOXES}


def address_with(path: str, values: Mapping[str, Any]) -> str | None:
    """The address that fills them in; None where it would be too long."""
    query = urlencode(values, doseq=True)
    return f"{path}?{query}" if len(query) <= QUERY_MAX_LENGTH else None
