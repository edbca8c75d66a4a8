"""A WSGI layer in front of Django: the plain reads of access tokens, answered without Django and the database.

It answers only what Django answered the same way moments ago, with the headers that Django used; the caller and
the token are looked at anew each time. Everything else goes to Django unchanged, above all every refusal.
"""

import json
import re
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer

from apps.clients.addresses import client_address
from apps.clients.credentials import recall_key
from apps.clients.facts import ShortMemory
from apps.clients.rate_limits import HEADERS, RateStanding, find_standing
from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens.api import AccessTokenView
from apps.tokens.readings import note_reading
from apps.tokens.services import find_usable_token

PLAIN_PATH = re.compile(r"/api/v1/miniprograms/(wx[0-9a-f]{16})/access-token/")
SCOPE = AccessTokenView.required_scopes["GET"]
# A request with any of these is Django's: browsers, staff sessions, bodies, options.
UNUSUAL = (
    "QUERY_STRING",
    "HTTP_ORIGIN",
    "HTTP_REFERER",
    "HTTP_COOKIE",
    "CONTENT_LENGTH",
    "HTTP_TRANSFER_ENCODING",
    "SCRIPT_NAME",
)
# What else of a request decides on status, headers and form of the answer.
DECISIVE = (
    "wsgi.url_scheme",
    "HTTP_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING",
)
EXAMPLES = 4096
# An answer that took longer (it waited for WeChat) says nothing about the mini-program of now.
QUICK_SECONDS = 1.0


@dataclass(frozen=True)
class Example:
    """How Django answered a read: everything but the token and its time."""

    headers: list[tuple[str, str]]
    length_position: int
    token_mode: str

    def headers_for(self, body: bytes, standing: RateStanding | None) -> list[tuple[str, str]]:
        headers = self.headers.copy()
        headers[self.length_position] = ("Content-Length", str(len(body)))
        return headers if standing is None else headers + standing.headers


examples: ShortMemory[Example] = ShortMemory(size=EXAMPLES)
render = JSONRenderer().render


class TokenFront:
    """The WSGI application that answers plain token reads itself and hands everything else to `django`."""

    def __init__(self, django: WSGIApplication) -> None:
        self._django = django

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        read = PLAIN_PATH.fullmatch(environ["PATH_INFO"])
        if read is None or environ["REQUEST_METHOD"] != "GET" or any(map(environ.get, UNUSUAL)):
            return self._django(environ, start_response)
        appid = read[1]
        kind = (appid, *map(environ.get, DECISIVE))
        example = examples.find(kind)
        found = None if example is None else find_body(environ, appid, example.token_mode)
        if example is None or found is None:
            return self._ask_django(environ, start_response, kind)
        body, standing = found
        start_response("200 OK", example.headers_for(body, standing))
        return [body]

    def _ask_django(self, environ: WSGIEnvironment, start_response: StartResponse, kind: Hashable) -> Iterable[bytes]:
        generation, started = examples.generation, time.monotonic()
        response = self._django(environ, start_response)
        if time.monotonic() - started < QUICK_SECONDS:
            example = find_example(response)
            if example is not None:
                examples.keep(kind, example, generation=generation)
        return response


def find_body(environ: WSGIEnvironment, appid: str, token_mode: str) -> tuple[bytes, RateStanding | None] | None:
    """The body for a caller who is known here and allowed to read, from a token that can be served now.

    The request is counted last and only if it is answered here; one that its limit refuses is left to Django.
    """
    address = client_address(environ)
    caller = recall_key(
        authorization=environ.get("HTTP_AUTHORIZATION"),
        x_api_key=environ.get("HTTP_X_API_KEY"),
        address=address,
    )
    if caller is None or SCOPE not in caller.scopes or not caller.may_use(appid):
        return None
    try:
        token = find_usable_token(appid)
        if token is None:
            return None
        standing = find_standing(caller)
    except CoordinationUnavailable:
        return None
    if standing is not None and not standing.is_granted:
        return None
    # the id in this thread is that of an earlier request, which Django answered
    note_reading(appid, reader=caller.label, address=address, request_id="")
    return render_token(token.value, token.expires_in(time.time()), token_mode), standing


def render_token(value: str, expires_in: int, token_mode: str) -> bytes:
    """The bytes that REST framework makes of `token_response`."""
    body: bytes = render({"access_token": value, "expires_in": expires_in, "token_mode": token_mode})
    return body


def find_example(response: Any) -> Example | None:
    """What later answers may repeat of Django's `response`, None unless it is of the plain form."""
    if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
        return None
    # the limit is the caller's, not the address's
    headers = [(name, value) for name, value in response.items() if name not in HEADERS]
    names = [name for name, _value in headers]
    if "Content-Length" not in names or response.headers["Content-Type"] != JSONRenderer.media_type:
        return None
    token = json.loads(response.content)
    if render_token(token["access_token"], token["expires_in"], token["token_mode"]) != response.content:
        # indented, for example, because the caller accepts that
        return None
    return Example(headers, names.index("Content-Length"), token["token_mode"])


@receiver(post_save, sender=MiniProgram)
@receiver(post_delete, sender=MiniProgram)
def forget_examples(**kwargs: Any) -> None:
    """A changed mini-program counts at once here, and within seconds in other processes."""
    examples.forget()
    # again once others can see it: a request in between may have read, and kept, the old row
    transaction.on_commit(examples.forget)
