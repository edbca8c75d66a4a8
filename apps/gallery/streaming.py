"""A page of cards in pieces: a browser begins to paint its head while the cards are still being written."""

import secrets
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.template.loader import get_template
from django.utils import timezone, translation

from apps.codes.models import IssuedCode

# Stands in a page where its cards come; nobody who writes a search or a label can guess it.
PLACE = f"cards-{secrets.token_hex(16)}"
# As many as a large screen shows.
PIECE = 20


def stream_cards(page: str, codes: list[IssuedCode], shown: dict[str, Any]) -> StreamingHttpResponse:
    """`page` with the cards of `codes` at its PLACE; `shown` is what their template needs besides.

    Everything was read before: a failure could not be told any more once the head is on its way.
    """
    head, _place, foot = page.partition(PLACE)
    # what is active now is not any more when the server takes the pieces
    zone, language = timezone.get_current_timezone(), translation.get_language()
    response = StreamingHttpResponse(_pieces(head, foot, codes, shown, zone=zone, language=language))
    # nginx would gather the pieces
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _pieces(
    head: str, foot: str, codes: list[IssuedCode], shown: dict[str, Any], *, zone: Any, language: str | None
) -> Iterator[str]:
    yield head
    cards = get_template("gallery/cards.html")
    for start in range(0, len(codes), PIECE):
        is_last = start + PIECE >= len(codes)
        part = shown | {"codes": codes[start : start + PIECE], "older": shown.get("older") if is_last else None}
        with timezone.override(zone), translation.override(language):
            piece = cards.render(part)
        yield piece
    yield foot
