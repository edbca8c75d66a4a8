"""Printing one code from its own page: the form, and the document."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_noop

from apps.errors import WxcodeError
from apps.exports.captions import CAPTIONS, read_captions
from apps.exports.files import send
from apps.exports.missing import find_missing
from apps.exports.names import safe_stem
from apps.exports.outlines import draw_test_page
from apps.exports.sheet_options import as_query, is_test_page, read_layout, read_number
from apps.exports.sheets import SheetEntry, draw_sheets
from apps.gallery.pages import StaffPage
from apps.gallery.sheet_forms import sheet_facts
from apps.gallery.trail import record_changes
from apps.gallery.views import get_code

TAKEN = gettext_noop("Downloaded its print sheets (PDF).")
MOST_COPIES = 300


class PrintPage(StaffPage):
    """The form for a document with one code."""

    template_name = "gallery/print.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **print_facts(self))


class CodeSheets(StaffPage):
    """The document: `copies` of the code on paper as the form wants it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        code, query = get_code(self.request.user, kwargs["pk"]), as_query(self.request.GET)
        names = read_captions(query.get("caption"))
        layout = read_layout(query, captions=len(names))
        copies = read_number(query, "copies", default=1, least=1, most=MOST_COPIES)
        name = safe_stem(code.title, otherwise=f"code-{code.pk}")
        if is_test_page(query):
            return send(f"{name}-test", "pdf", draw_test_page(code.title, layout))
        entries = [SheetEntry(code, [CAPTIONS[name][1](code) for name in names])] * copies
        file = draw_sheets(code.title, entries, count=copies, layout=layout)
        record_changes(self.request, [code], TAKEN)
        return send(name, "pdf", file)

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """The form with `error` at its field, or the error alone if there is no such code."""
        if error.http_status == 404:
            return super().render_problem(error)
        facts = print_facts(self) | {"problem": error}
        return TemplateResponse(self.request, "gallery/print.html", facts, status=error.http_status)


def print_facts(page: StaffPage) -> dict[str, Any]:
    """Everything that the page with the form shows."""
    code = get_code(page.request.user, page.kwargs["pk"])
    texts = (code.label, code.scene, code.page, code.external_id, code.miniprogram.name)
    return {
        "code": code,
        "most_copies": MOST_COPIES,
        "missing": find_missing([[*texts, *(tag.name for tag in code.tags.all())]]),
        **sheet_facts(page.request.GET),
    }
