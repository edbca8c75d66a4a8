"""Telling people what of theirs has ended, batches and work on selections, until they have seen it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.batches.models import CodeBatch
from apps.batches.services import announce
from apps.gallery.browsing import read_id
from apps.gallery.pages import StaffPage
from apps.miniprograms.grants import only_visible
from apps.miniprograms.labels import staff_label
from apps.selections import jobs
from apps.selections.models import SelectionJob

NAMED = 5


class EndedNotice(StaffPage):
    """What a page says about batches of its reader that have ended: asked for again while some are open."""

    template_name = "gallery/ended.html"
    is_beside_typing = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, **notice_facts(self.request))


class DismissNotice(StaffPage):
    """`POST` with one `batch` or one `job`, or none for all of them: its reader knows."""

    needs: ClassVar[Mapping[str, str]] = {"POST": ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = only_visible(CodeBatch.objects.to_announce(staff_label(self.request.user)), self.request.user)
        chosen, job = (read_id(self.request.POST.get(name, "")) for name in ("batch", "job"))
        ended = SelectionJob.objects.to_announce(self.request.user.pk or 0)
        if job is None:
            announce(list(mine if chosen is None else mine.filter(pk=chosen)))
        if chosen is None:
            jobs.announce(list(ended if job is None else ended.filter(pk=job)))
        if self.request.htmx:
            return TemplateResponse(self.request, "gallery/ended.html", notice_facts(self.request))
        back = self.request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={self.request.get_host()})
        return HttpResponseRedirect(back if is_ours else reverse("gallery:batches"))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("gallery:batches"))


def notice_facts(request: HttpRequest) -> dict[str, Any]:
    """The reader's ended batches that nobody told them of, and whether others of theirs are still open."""
    label = staff_label(request.user)
    mine = CodeBatch.objects.to_announce(label) | CodeBatch.objects.open().filter(issued_by=label)
    mine = only_visible(mine, request.user)
    # two queries a page; those that have ended come first
    rows = list(mine.order_by(F("finished_at").desc(nulls_last=True))[: NAMED + 1])
    work = list(SelectionJob.objects.to_tell(request.user.pk or 0)[: NAMED + 1])
    return {
        "ended": [batch for batch in rows if batch.finished_at is not None][:NAMED],
        "ended_jobs": [job for job in work if job.finished_at is not None][:NAMED],
        "has_open": any(len(found) > NAMED or any(row.finished_at is None for row in found) for found in (rows, work)),
    }
