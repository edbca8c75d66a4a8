"""What browsers are told: what a page may load, which powers it does without, and that data of the API is no page."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Nothing inline and nothing from outside.
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Swagger's page has a style element, and its script sets styles.
DOCS_PATH = "/api/docs/"
DOCS = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
# What a browser that opens such an answer does with it: it saves a file. Pictures and tables have names of their own.
API_ROOT, DATA_TYPES = "/api/", ("application/json", "application/problem+json")
API_FILE = 'attachment; filename="api.json"'
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
            response.headers.setdefault("Content-Disposition", API_FILE)
        return response
