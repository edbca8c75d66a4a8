"""The Idempotency-Key of a request: what makes it the same request again.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256

from django.utils.translation import gettext as _

from apps.clients.caller import Caller
from apps.coordination.idempotency import Repeatable, guarded
from apps.errors import InvalidRequest

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


def find_repeatable(headers: Mapping[str, str], caller: Caller, *, content: Iterable[bytes]) -> Repeatable | None:
    """The request as one that may be repeated, None without the header. `content` in pieces; read only if needed.

    Raises InvalidRequest for a key that is none.
    """
    sent = headers.get(HEADER)
    if sent is None:
        return None
    if VISIBLE.fullmatch(sent) is None:
        message = _("Use 1 to 255 visible ASCII characters, for example a UUID.")
        raise InvalidRequest(f"{HEADER}: {message}", errors={HEADER: [message]})
    digest = sha256()
    for piece in content:
        digest.update(piece)
    owner = f"client:{caller.client_id}" if caller.user_id is None else f"staff:{caller.user_id}"
    return Repeatable(owner, sent, digest.hexdigest())


@contextmanager
def guard(headers: Mapping[str, str], caller: Caller, *, content: Iterable[bytes]) -> Iterator[bool]:
    """Around work that gives the same result when repeated; gives whether the request was a repeated one.

    Raises InvalidRequest, KeyReused.
    """
    request = find_repeatable(headers, caller, content=content)
    if request is None:
        yield False
        return
    with guarded(request) as is_repeated:
        yield is_repeated
