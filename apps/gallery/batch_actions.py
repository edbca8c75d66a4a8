"""Steering a batch from its page, and its files."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_noop

from apps.batches import services
from apps.batches.downloads import FILES
from apps.batches.models import CodeBatch
from apps.errors import WxcodeError
from apps.exports.sheet_options import as_query
from apps.gallery.batches import get_batch, show_batch
from apps.gallery.pages import StaffPage
from apps.gallery.rights import STEER_BATCHES
from apps.gallery.trail import record_changes
from apps.miniprograms.grants import only_visible
from apps.miniprograms.labels import staff_label
from apps.miniprograms.trail import as_message, sentence

# the last argument is who does it
ACTIONS: dict[str, Callable[[CodeBatch, QueryDict, str], object]] = {
    "pause": lambda batch, form, by: services.pause_batch(batch, by=by),
    "resume": lambda batch, form, by: services.resume_batch(batch),
    "cancel": lambda batch, form, by: services.cancel_batch(batch, by=by),
    "retry": lambda batch, form, by: services.retry_failed(batch),
    "retry-lost": lambda batch, form, by: services.retry_failed(batch, include_lost=True),
    "rename": lambda batch, form, by: services.rename_batch(batch, name=form.get("name", "")),
}
ENTRIES = {
    "pause": gettext_noop("Paused."),
    "resume": gettext_noop("Resumed."),
    "cancel": gettext_noop("Cancelled."),
    "retry": gettext_noop("Retried the failed rows."),
    "retry-lost": gettext_noop("Retried failed rows and rows without a response."),
    "rename": gettext_noop("Renamed from “%(old)s” to “%(new)s”."),
}
TAKEN = {
    "zip": gettext_noop("Downloaded its images (ZIP)."),
    "csv": gettext_noop("Downloaded its rows (CSV)."),
    "xlsx": gettext_noop("Downloaded its rows (XLSX)."),
    "pdf": gettext_noop("Downloaded its print sheets (PDF)."),
}


class BatchAction(StaffPage):
    """`POST` does it and leads back to the page of the batch; a failure is told there."""

    needs: ClassVar[Mapping[str, str]] = {"POST": STEER_BATCHES}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # after a login in between
        return HttpResponseRedirect(reverse("gallery:batch", args=[kwargs["pk"]]))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        batch = get_batch(self.request.user, kwargs["pk"])
        old, entry = batch.name, ENTRIES[kwargs["action"]]
        ACTIONS[kwargs["action"]](batch, self.request.POST, staff_label(self.request.user))
        if kwargs["action"] == "rename":
            entry = as_message(sentence(entry, old=old, new=batch.name))
        record_changes(self.request, [batch], entry)
        return HttpResponseRedirect(reverse("gallery:batch", args=[batch.pk]))

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        return render_on_batch(self, error)


class BatchFile(StaffPage):
    """`zip`, `csv`, `xlsx` or `pdf`; the query is that of the API, or of the form on the page."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        batch = get_batch(self.request.user, kwargs["pk"])
        answer = FILES[kwargs["extension"]](batch, as_query(self.request.GET))
        record_changes(self.request, [batch], TAKEN[kwargs["extension"]])
        return answer

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        return render_on_batch(self, error)


def render_on_batch(page: StaffPage, error: WxcodeError) -> HttpResponseBase:
    """The batch's own page with `error` on top, or the error alone if there is no such batch."""
    batch = only_visible(CodeBatch.objects.with_facts(), page.request.user).filter(pk=page.kwargs["pk"]).first()
    if batch is None:
        return StaffPage.render_problem(page, error)
    return show_batch(page.request, batch, status=error.http_status, problem=error)
