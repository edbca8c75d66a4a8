"""What browsers are told: what a page may load, which powers it does without, and that data of the API is no page."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

# Nothing inline and nothing from outside.
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Swagger's page has a style element, and its script sets styles.
DOCS_PATH = "/api/docs/"
DOCS = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
# Data, for which nothing guesses a file's name from the address. Pictures and tables have names of their own.
API_ROOT, JSON, DATA_TYPES = "/api/", "application/json", ("application/json", "application/problem+json")
FILE_NAME = 'filename="api.json"'
POWERS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


class SecurityHeaders:
    """Middleware: policies on every page that has none of its own, and a file name on JSON of the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        # data and pictures load nothing
        if media_type == "text/html":
            policy = DOCS if request.path_info == DOCS_PATH else STRICT
            response.headers.setdefault("Content-Security-Policy", policy)
            response.headers.setdefault("Permissions-Policy", POWERS)
        elif media_type in DATA_TYPES and request.path_info.startswith(API_ROOT):
            show_or_save(request, response)
        return response


def show_or_save(request: HttpRequest, response: HttpResponseBase) -> None:
    """Somebody who opens an address of the API in a browser reads the answer; a browser saves a type it cannot show."""
    # browsers take anything after HTML
    is_opened = request.accepts(JSON) and request.get_preferred_type([JSON, "text/html"]) == "text/html"
    if is_opened:
        response.headers["Content-Type"] = JSON
    response.headers.setdefault("Content-Disposition", f"{'inline' if is_opened else 'attachment'}; {FILE_NAME}")
    patch_vary_headers(response, ["Accept"])
