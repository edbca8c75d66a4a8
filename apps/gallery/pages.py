"""StaffPage, below every view of the gallery: who may see it, and what a failure looks like."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from apps.errors import WxcodeError
from apps.gallery.rights import require_right
from apps.miniprograms.grants import visible_appids, visible_miniprograms
from apps.miniprograms.models import MiniProgramQuerySet

# Nothing inline and nothing from outside; htmx is told in base.html to do without its own style element.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class HtmxHttpRequest(HttpRequest):
    """A request after django-htmx's middleware."""

    htmx: HtmxDetails


class StaffPage(TemplateView):
    """A page for staff. Every WxcodeError raised below it becomes a page with its HTTP status, here and only here."""

    request: HtmxHttpRequest
    # method -> the right (rights.py) that it needs beside the grant; a POST always says, "" where anybody may
    needs: ClassVar[Mapping[str, str]] = {}

    # its fragments come to a page with a form: loading that page again would lose what was typed
    is_beside_typing: ClassVar[bool] = False

    @cached_property
    def miniprograms(self) -> MiniProgramQuerySet:
        """Those that the reader may see; nothing of any other is shown."""
        return visible_miniprograms(self.request.user)

    @cached_property
    def appids(self) -> frozenset[str] | None:
        """Their appids; None means every one."""
        return visible_appids(self.request.user)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return with_strict_headers(self._answer(*args, **kwargs))

    def _answer(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = self.request.user
        if not user.is_authenticated:
            return self._send_to_login()
        if not user.is_staff:
            return _render(TemplateResponse(self.request, "gallery/not_staff.html", status=403))
        if not (self.appids is None or self.appids):
            facts = {"groups": user.groups.order_by("name")}
            return _render(TemplateResponse(self.request, "gallery/no_grants.html", facts, status=403))
        try:
            require_right(
                user, self.needs.get("GET" if self.request.method == "HEAD" else self.request.method or "", "")
            )
            return _render(super().dispatch(self.request, *args, **kwargs))
        except WxcodeError as error:
            response = _render(self.render_problem(error))
            if error.retry_after is not None:
                response.headers["Retry-After"] = str(error.retry_after)
            return response

    def _send_to_login(self) -> HttpResponseBase:
        if not self.request.htmx:
            return redirect_to_login(self.address_after_login())
        if self.is_beside_typing:
            # nothing changes on the page; the form finds out when it is sent
            return HttpResponse(status=204)
        # a fragment cannot hold the login page
        return HttpResponseClientRedirect(redirect_to_login(self.address_after_login()).url)

    def address_after_login(self) -> str:
        """Where a reader whose session has ended goes on; a form or a search may take along what was typed."""
        if self.request.htmx:
            return self.request.htmx.current_url_abs_path or reverse("gallery:home")
        return self.request.get_full_path()

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """The answer for `error`; a page with a form shows it beside what was typed."""
        return TemplateResponse(self.request, "gallery/problem.html", {"problem": error}, status=error.http_status)


def with_strict_headers(response: HttpResponseBase) -> HttpResponseBase:
    """`response` for one person's browser only, with the Content-Security-Policy of the gallery."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _render(response: HttpResponseBase) -> HttpResponseBase:
    """Rendered now, where a WxcodeError is still caught."""
    return response.render() if isinstance(response, TemplateResponse) else response
