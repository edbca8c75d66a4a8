"""Batches in the admin: how far, what holds them, which work is stuck, and the rows, to search and to export."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext
from django_object_actions import action

from apps.batches import services
from apps.batches.models import (
    MAX_OPEN,
    MAX_ROWS,
    UNATTENDED,
    BatchItem,
    BatchLimit,
    BatchRun,
    BatchState,
    CodeBatch,
    CodeBatchQuerySet,
    ItemState,
)
from apps.batches.progress import find_progress
from apps.errors import WxcodeError, join_sentences
from apps.miniprograms.granted_admin import EveryMiniProgramAdmin, GrantedActions, GrantedFilter, GrantedRows
from apps.miniprograms.labels import staff_label
from apps.tables.asking import AsksFirst


class History:
    """Made and changed by runs, not by hands; to see it takes the permission to view, not to change."""

    opts: Any

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StuckFilter(admin.SimpleListFilter):
    """Batches that should be worked on, and by nobody are."""

    title = _("stalled")
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("no worker has picked it up"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.unattended(timezone.now()) if self.value() == "1" else queryset


@admin.register(CodeBatch)
class CodeBatchAdmin(GrantedActions, History, AsksFirst, GrantedRows):
    list_display = ["name", "miniprogram", "state_now", "progress", "failures", "speed", "issued_by", "created_at"]
    list_filter = ["state", StuckFilter, ("miniprogram", GrantedFilter), "kind", "created_at"]
    search_fields = ["name", "issued_by"]
    change_list_template = "admin/stacked_list.html"
    list_per_page = 50
    show_full_result_count = False
    change_actions = ["pause", "resume", "retry", "retry_lost", "cancel"]
    fields = [
        "name",
        "miniprogram",
        "kind",
        "state_now",
        "progress",
        "speed",
        "failures",
        "downloads",
        "issued_by",
        "client",
        "created_at",
        "started_at",
        "finished_at",
    ]

    def get_queryset(self, request: HttpRequest) -> CodeBatchQuerySet:
        found: CodeBatchQuerySet = super().get_queryset(request)
        return found.select_related("miniprogram__batch_run", "client")

    def get_change_actions(self, request: HttpRequest, object_id: str, form_url: str) -> list[str]:
        batch = self.get_object(request, object_id)
        if batch is None or not request.user.has_perm("batches.change_codebatch"):
            return []
        wanted = {
            BatchState.RUNNING: ["pause", "cancel"],
            BatchState.HELD: ["resume", "pause", "cancel"],
            BatchState.PAUSED: ["resume", "cancel"],
            BatchState.DONE: [],
        }
        names = list(wanted.get(BatchState(batch.state), []))
        if batch.failed and batch.state in wanted:
            names += ["retry", "retry_lost"] if batch.is_limited_kind else ["retry"]
        return names

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, batch: CodeBatch) -> Any:
        text = batch.stopped_words or batch.get_state_display()
        if batch.state == BatchState.HELD:
            reason = f"{batch.hold_cause} {batch.hold_cure}"
            return format_html("<strong>{}</strong><br>{}", text, reason)
        run = getattr(batch.miniprogram, "batch_run", None)
        is_attended = run is not None and run.lease_until > timezone.now()
        if batch.state == BatchState.RUNNING and not is_attended:
            return format_html("{}<br><strong>{}</strong>", text, UNATTENDED)
        return text

    @admin.display(description=_("progress"))
    def progress(self, batch: CodeBatch) -> str:
        return f"{batch.issued} / {batch.total} ({find_progress(batch).percent} %)"

    @admin.display(description=_("speed"))
    def speed(self, batch: CodeBatch) -> str:
        found = find_progress(batch)
        if not found.per_minute or found.seconds_left is None:
            return "–"
        facts = {"speed": found.per_minute, "minutes": -(-found.seconds_left // 60)}
        return str(_("%(speed)d per minute, %(minutes)d min left") % facts)

    @admin.display(description=_("failed"), ordering="failed")
    def failures(self, batch: CodeBatch) -> Any:
        if not batch.failed:
            return _("none failed")
        rows = f"{reverse('admin:batches_batchitem_changelist')}?batch__id__exact={batch.pk}&state__exact=failed"
        export = f"{reverse('batch-csv', args=[batch.pk])}?state={ItemState.FAILED}"
        words = _("%(count)d failed") % {"count": batch.failed}
        return format_html('<a href="{}">{}</a> · <a href="{}">CSV</a>', rows, words, export)

    @admin.display(description=_("files"))
    def downloads(self, batch: CodeBatch) -> Any:
        names = [("zip", "ZIP"), ("pdf", "PDF"), ("xlsx", "XLSX"), ("csv", "CSV")]
        links = [(reverse(f"batch-{name}", args=[batch.pk]), title) for name, title in names]
        return format_html(" · ".join(['<a href="{}">{}</a>'] * len(links)), *(part for link in links for part in link))

    @action(label=_("Pause"), methods=("POST",), button_type="form")
    def pause(self, request: HttpRequest, obj: CodeBatch) -> HttpResponse:
        pause = partial(services.pause_batch, by=staff_label(request.user))
        return self._steer(request, obj, pause, gettext_noop("Paused."))

    @action(label=_("Resume"), methods=("POST",), button_type="form")
    def resume(self, request: HttpRequest, obj: CodeBatch) -> HttpResponse:
        return self._steer(request, obj, services.resume_batch, gettext_noop("Resumed."))

    @action(label=_("Retry failed rows"), methods=("POST",), button_type="form")
    def retry(self, request: HttpRequest, obj: CodeBatch) -> HttpResponse:
        return self._steer(request, obj, services.retry_failed, gettext_noop("Retried the failed rows."))

    @action(
        label=_("Also retry rows without a response"),
        description=_("Each row may use up one more of the 100,000 limited codes"),
        methods=("POST",),
        button_type="form",
    )
    def retry_lost(self, request: HttpRequest, obj: CodeBatch) -> HttpResponse:
        _demand_steering(request)
        if not self.is_answered(request):
            question = _("Retry the rows of “%(name)s” that got no response?") % {"name": obj.name}
            words = _(
                "WeChat may have counted these codes already: each row may use up one more of the 100,000 limited "
                "codes. This can’t be undone."
            )
            return self.ask(request, obj, question=question, consequences=[words], button=_("Retry"))
        retry = partial(services.retry_failed, include_lost=True)
        return self._steer(request, obj, retry, gettext_noop("Retried failed rows and rows without a response."))

    @action(label=_("Cancel batch"), methods=("POST",), button_type="form")
    def cancel(self, request: HttpRequest, obj: CodeBatch) -> HttpResponse:
        _demand_steering(request)
        if not self.is_answered(request):
            words = ngettext(
                "%(count)d row that is waiting will not be created. This can’t be undone. Codes that exist are kept.",
                "%(count)d rows that are waiting will not be created. This can’t be undone. Codes that exist are kept.",
                obj.waiting,
            )
            return self.ask(
                request,
                obj,
                question=_("Cancel the batch “%(name)s”?") % {"name": obj.name},
                consequences=[words % {"count": obj.waiting}],
                button=_("Cancel batch"),
                back=_("Keep running"),
                is_stopping=True,
            )
        cancel = partial(services.cancel_batch, by=staff_label(request.user))
        return self._steer(request, obj, cancel, gettext_noop("Cancelled."))

    def _steer(self, request: HttpRequest, batch: CodeBatch, act: Any, entry: str) -> HttpResponse:
        _demand_steering(request)
        try:
            act(batch)
        except WxcodeError as error:
            self.message_user(request, join_sentences(error, error.advice), messages.ERROR)
        else:
            state = CodeBatch.objects.get(pk=batch.pk).get_state_display()
            self.log_change(request, batch, entry)
            self.message_user(request, _("The batch is now: %(state)s.") % {"state": state}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:batches_codebatch_change", args=[batch.pk]))


def _demand_steering(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not request.user.has_perm("batches.change_codebatch"):
        raise PermissionDenied


@admin.register(BatchItem)
class BatchItemAdmin(History, GrantedRows):
    miniprogram_path = "batch__miniprogram"
    list_display = ["row", "batch", "scene", "label", "state", "errcode", "problem", "cure", "rid", "finished_at"]
    change_list_template = "admin/stacked_list.html"
    list_filter = ["state", "errcode", ("batch__miniprogram", GrantedFilter)]
    search_fields = ["scene", "label", "external_id", "rid"]
    list_select_related = ["batch"]
    raw_id_fields = ["batch", "code"]
    # stored in a language of the worker's own
    exclude = ["detail", "advice"]
    readonly_fields = ["problem", "cure"]
    list_per_page = 100
    show_full_result_count = False

    @admin.display(description=_("detail"))
    def problem(self, item: BatchItem) -> str:
        return item.cause

    @admin.display(description=_("what to do"))
    def cure(self, item: BatchItem) -> str:
        return item.cure


@admin.register(BatchRun)
class BatchRunAdmin(History, GrantedRows):
    list_display = ["miniprogram", "process", "lease_until", "is_alive"]
    change_list_template = "admin/stacked_list.html"
    list_select_related = ["miniprogram"]

    @admin.display(description=_("running"), boolean=True)
    def is_alive(self, run: BatchRun) -> bool:
        return run.lease_until > timezone.now()


class BatchLimitForm(forms.ModelForm):  # type: ignore[type-arg]
    max_rows = forms.IntegerField(
        label=_("Rows per batch"),
        min_value=1,
        max_value=MAX_ROWS,
        initial=MAX_ROWS,
        help_text=format_lazy(
            _("The most rows that one batch of this API client can have, 1 to {most}. Default: {most}."),
            most=f"{MAX_ROWS:,}",
        ),
    )
    max_open = forms.IntegerField(
        label=_("Open batches"),
        min_value=1,
        initial=MAX_OPEN,
        help_text=format_lazy(
            _("How many unfinished batches this API client can have at a time. Default: {most}."), most=MAX_OPEN
        ),
    )

    class Meta:
        model = BatchLimit
        fields = ["client", "max_rows", "max_open"]
        help_texts: ClassVar[Any] = {"client": _("API clients that are not listed here have the default limits.")}


@admin.register(BatchLimit)
class BatchLimitAdmin(EveryMiniProgramAdmin):
    form = BatchLimitForm
    list_display = ["client", "max_rows", "max_open"]
    change_list_template = "admin/stacked_list.html"
    list_select_related = ["client"]
