"""Looking at batches: all of them, and one with its progress, which the page asks for again while it is open."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from apps.batches.exports.sheets import caption_columns
from apps.batches.models import BatchItem, CodeBatch, ItemState
from apps.batches.progress import find_progress
from apps.batches.services import announce
from apps.codes.lifetime import AnswerLost
from apps.codes.models import IssuedCode
from apps.errors import NotFound
from apps.exports.missing import Missing, find_missing
from apps.exports.sheets import PART_SIZE, count_parts
from apps.gallery.browsing import read_id
from apps.gallery.causes import ROWS_READ, cure_here, find_causes
from apps.gallery.pages import StaffPage
from apps.gallery.sheet_forms import sheet_facts
from apps.miniprograms.grants import Viewer, only_visible
from apps.miniprograms.labels import staff_label

PAGE_SIZE = 30
MORE = "more"
THUMBS = 12


class BatchesPage(StaffPage):
    """Batches, newest first; to htmx that asks for more of them only the next ones."""

    template_name = "gallery/batches.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        before = read_id(self.request.GET.get("before", ""))
        found = only_visible(CodeBatch.objects.with_facts(), self.request.user)
        rows = list((found if before is None else found.filter(pk__lt=before))[: PAGE_SIZE + 1])
        shown: dict[str, Any] = {"batches": rows[:PAGE_SIZE], "before": before}
        if len(rows) > PAGE_SIZE:
            shown["older"] = f"?before={rows[PAGE_SIZE - 1].pk}"
        if self.request.htmx and self.request.htmx.target == MORE:
            return HttpResponse(render_to_string("gallery/batch_rows.html", shown | {"is_more": True}, self.request))
        if not rows and before is None:
            shown["has_miniprogram"] = self.miniprograms.active().exists()
        return self.render_to_response(shown)


class BatchRow(StaffPage):
    """One batch of the list, which asks for itself while it is open."""

    template_name = "gallery/batch_row.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, batch=get_batch(self.request.user, kwargs["pk"]))


class BatchPage(StaffPage):
    """One batch: how far it is, what keeps it, what to do with it, its files."""

    template_name = "gallery/batch.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        batch = get_batch(self.request.user, kwargs["pk"])
        remember_told(batch, self.request)
        return show_batch(self.request, batch, **kwargs)


class BatchLive(StaffPage):
    """The progress of a batch, and those parts of its page that have changed since `?have=`."""

    template_name = "gallery/batch_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        batch = get_batch(self.request.user, kwargs["pk"])
        remember_told(batch, self.request)
        facts = facts_of(batch)
        have = self.request.GET.get("have", "")
        # the form for sheets is left alone while somebody may be filling it in
        has_files, had_files = bool(facts["parts"]), not have.endswith("-0")
        has_new_files = has_files != had_files or len(facts["parts"]) > 1 and not batch.is_open
        return super().get_context_data(
            **kwargs,
            **facts,
            **(sheet_facts(QueryDict(), captions=caption_columns(batch)) if has_new_files else {}),
            is_live=True,
            has_changed=have != facts["have"],
            has_new_files=has_new_files,
            missing=missing_below(batch) if has_new_files else None,
        )


def get_batch(user: Viewer, pk: int) -> CodeBatch:
    """The batch with this id, if `user` may see its mini-program. Raises NotFound."""
    batch: CodeBatch | None = only_visible(CodeBatch.objects.with_facts(), user).filter(pk=pk).first()
    if batch is None:
        raise NotFound(_("There is no batch %(id)d.") % {"id": pk}, advice=_("Look for it in the list of batches."))
    return batch


def show_batch(request: HttpRequest, batch: CodeBatch, *, status: int = 200, **shown: Any) -> TemplateResponse:
    """The page of `batch`; `problem` among `shown` is an error to tell first."""
    sheet = sheet_facts(request.GET, captions=caption_columns(batch))
    facts = facts_of(batch) | sheet | {"missing": missing_below(batch)} | shown
    return TemplateResponse(request, "gallery/batch.html", facts, status=status)


def missing_below(batch: CodeBatch) -> Missing | None:
    """What the sheets cannot show of its texts, looked for among the codes of the first document."""
    if not batch.issued:
        return None
    items = BatchItem.objects.filter(batch=batch, state=ItemState.ISSUED).order_by("pk")[:PART_SIZE]
    rows = items.values_list("label", "scene", "page", "external_id", "tags", "extra")
    name = batch.miniprogram.name
    return find_missing([*row[:4], *row[4], *row[5].values(), name] for row in rows)


def facts_of(batch: CodeBatch) -> dict[str, Any]:
    """Everything that the page of `batch` shows."""
    thumbs = _first_codes(batch)
    parts = count_parts(batch.issued) if batch.issued else 0
    return {
        "batch": batch,
        "progress": find_progress(batch),
        # asked for by the template, which leaves them out while they are the same
        "find_causes": partial(find_causes, batch),
        "most_read": ROWS_READ,
        "hold_cure": cure_here(batch.hold_errcode, batch.hold_advice),
        "lost": _count_lost(batch),
        "thumbs": thumbs,
        "parts": range(1, parts + 1),
        # what the page has beside the numbers: while this stays the same, only they are sent again
        "have": f"{batch.state}-{batch.failed}-{int(batch.waiting > 0)}-{len(thumbs)}-{parts}",
    }


def remember_told(batch: CodeBatch, request: HttpRequest) -> None:
    """Whoever looks at their ended batch needs no notice of it."""
    if batch.finished_at and batch.announced_at is None and batch.issued_by == staff_label(request.user):
        announce([batch])


def _first_codes(batch: CodeBatch) -> list[IssuedCode]:
    items = BatchItem.objects.filter(batch=batch, state=ItemState.ISSUED, code__isnull=False).with_codes()
    return [item.code for item in items[:THUMBS] if item.code is not None]


def _count_lost(batch: CodeBatch) -> int:
    if not (batch.failed and batch.is_limited_kind):
        return 0
    count: int = BatchItem.objects.filter(batch=batch, state=ItemState.FAILED, error=AnswerLost.code).count()
    return count
