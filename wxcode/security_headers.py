"""What browsers are told about every page: what it may load, and which powers of the browser it does without."""

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
POWERS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


class SecurityHeaders:
    """Middleware: a Content-Security-Policy and a Permissions-Policy on every page that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # data and pictures load nothing
        if response.headers.get("Content-Type", "").startswith("text/html"):
            policy = DOCS if request.path_info == DOCS_PATH else STRICT
            response.headers.setdefault("Content-Security-Policy", policy)
            response.headers.setdefault("Permissions-Policy", POWERS)
        return response
