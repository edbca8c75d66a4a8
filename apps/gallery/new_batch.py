"""Ordering a batch: the form, the check that spends nothing, and the start. What was given is kept in between."""

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.batches.errors import RowsInvalid
from apps.batches.exports.again import find_alike
from apps.batches.models import CodeBatch
from apps.batches.ordering import BatchOrder, Report, create_batch, dry_run, name_batch
from apps.batches.uploads import KeptUpload, UploadGone, forget_upload, keep_upload, open_upload
from apps.codes.models import Door, Kind
from apps.codes.requests import Issuer
from apps.errors import WxcodeError
from apps.gallery.batch_forms import FILE, PATTERN_TEXTS, TEXT, VARIABLE_TEXTS, OrderForm, PatternForm
from apps.gallery.batches import get_batch
from apps.gallery.browsing import read_id, recent_pages
from apps.gallery.failed_rows import find_faulty_field, values_of_failed
from apps.gallery.first_rows import first_rows_of
from apps.gallery.forms import WIDTHS, defaults_of
from apps.gallery.pages import StaffPage
from apps.gallery.rights import ORDER_BATCHES
from apps.gallery.trail import record_addition
from apps.gallery.typed import address_with, sent_values, typed_values
from apps.miniprograms.labels import staff_label

# what an address may fill in
TEXTS = ("miniprogram", "name", "source", TEXT, "kind", "page", "env_version", "width", "color", "line_color", "tags")
START, START_VALID = "start", "start-valid"
PREVIEWED = 3


class NewBatchPage(StaffPage):
    """`?miniprogram=APPID` fills in its defaults, fields of the form in the address come over them.
    `?failed=ID` fills in the failed rows of that batch and everything that they had.

    POST checks, or with `action` starts.
    """

    template_name = "gallery/new_batch.html"
    is_beside_typing = True
    needs: ClassVar[Mapping[str, str]] = {"GET": ORDER_BATCHES, "POST": ORDER_BATCHES}
    kept: KeptUpload | None = None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        query = self.request.GET
        failed = read_id(query.get("failed", ""))
        if failed is not None:
            return self._show_failed(get_batch(self.request.user, failed))
        active = self.miniprograms.active()
        chosen = active.filter(appid=query.get("miniprogram", "").replace("\0", "")).first() or active.first()
        values = defaults_of(chosen) if chosen else {}
        values |= typed_values(query, (*TEXTS[1:], *PATTERN_TEXTS, *VARIABLE_TEXTS))
        lost = set(query.getlist("lost"))
        if query.get("kept"):
            try:
                self.kept = open_upload(query["kept"], owner=self._owner)
                self.kept.file.close()
            except UploadGone:
                lost.add(FILE)
        return self._show(self._form(initial=values), was_away="away" in query, lost=lost)

    def _show_failed(self, batch: CodeBatch) -> HttpResponse:
        alike = find_alike(batch)
        values, self.kept = values_of_failed(batch, alike, owner=self._owner)
        if self.kept is not None:
            self.kept.file.close()
        form = self._form(initial=values)
        if faulty := find_faulty_field(batch, alike):
            name, cause = faulty
            form.mark(name, [cause.text, cause.cure])
        return self._show(form, failed_batch=batch)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self._form(self.request.POST)
        try:
            self._take_upload(form)
            if form.is_valid() and form.chosen_source == FILE and self.kept is None:
                form.add_error(None, _("Choose a CSV or XLSX file."))
            if not form.is_valid():
                return self._show(form, status=400)
            return self._check_or_start(form)
        finally:
            if self.kept is not None:
                self.kept.file.close()

    def address_after_login(self) -> str:
        """The form as it was filled in, but for a file that was chosen and rows too long for an address."""
        if self.request.method != "POST":
            return super().address_after_login()
        sent, path = self.request.POST, reverse("gallery:new-batch")
        values: dict[str, Any] = {"away": "1", "lost": [FILE] if "file" in self.request.FILES else []}
        values |= sent_values(sent, (*TEXTS, *PATTERN_TEXTS))
        # a variable that is not there has no name
        values |= {name: sent[name] for name in (*VARIABLE_TEXTS, "kept") if sent.get(name)}
        shorter = values | {TEXT: "", "lost": [*values["lost"], TEXT]}
        return address_with(path, values) or address_with(path, shorter) or f"{path}?away=1&lost=all"

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        if self.request.method != "POST":
            return super().render_problem(error)
        form = self._form(self.request.POST)
        form.is_valid()
        return self._show(form, status=error.http_status, problem=error)

    def _check_or_start(self, form: OrderForm) -> HttpResponse:
        action = self.request.POST.get("action")
        order = self._order(form, skip_invalid=action == START_VALID)
        if action not in (START, START_VALID):
            return self._show(form, report=dry_run(order))
        try:
            batch, _report = create_batch(order)
        except RowsInvalid:
            # started without a check, or something has changed since
            return self._show(form, status=400, report=dry_run(order), is_refused=True)
        record_addition(self.request, batch, gettext_noop("Created in the gallery."))
        if self.kept is not None:
            forget_upload(self.kept)
        return HttpResponseRedirect(reverse("gallery:batch", args=[batch.pk]))

    def _form(self, *args: Any, **kwargs: Any) -> OrderForm:
        return OrderForm(*args, miniprograms=self.miniprograms.active(), **kwargs)

    def _take_upload(self, form: OrderForm) -> None:
        """Keep a file that comes along, before anything else may fail; else find the one that was kept."""
        upload = self.request.FILES.get("file")
        token = self.request.POST.get("kept", "")
        if upload is not None:
            self.kept = keep_upload(upload, owner=self._owner)
        elif token:
            try:
                self.kept = open_upload(token, owner=self._owner)
            except UploadGone:
                if form.chosen_source == FILE:
                    raise

    @property
    def _owner(self) -> str:
        return f"user:{self.request.user.pk}"

    def _order(self, form: OrderForm, *, skip_invalid: bool) -> BatchOrder:
        kept = self.kept if form.chosen_source == FILE else None
        return BatchOrder(
            miniprogram=form.cleaned_data["miniprogram"],
            name=name_batch(form.cleaned_data["name"], kept.name.rsplit(".", 1)[0] if kept else ""),
            source=kept.source() if kept else form.typed_source(),
            issuer=Issuer(label=staff_label(self.request.user), door=Door.GALLERY),
            defaults=form.defaults,
            skip_invalid=skip_invalid,
        )

    def _show(self, form: OrderForm, *, status: int = 200, report: Report | None = None, **shown: Any) -> HttpResponse:
        appid = str(form["miniprogram"].value() or "").replace("\0", "")
        miniprogram = self.miniprograms.active().filter(appid=appid).first()
        shown |= {
            "form": form,
            "report": report,
            "first_rows": first_rows_of(report, defaults=form.defaults) if report else None,
            "kept": self.kept,
            "miniprogram": miniprogram,
            "pages": recent_pages(miniprogram) if miniprogram else [],
            "widths": WIDTHS,
            "preview": preview_of(form.pattern),
        }
        return TemplateResponse(self.request, self.template_name, shown, status=status)


class PatternPreview(StaffPage):
    """What the pattern in the query makes, while it is typed."""

    template_name = "gallery/pattern_preview.html"
    is_beside_typing = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, preview=preview_of(PatternForm(self.request.GET)))


def preview_of(form: PatternForm) -> dict[str, Any]:
    """The first rows, the last one and how many: `rows`, `last`, `count`; or `problems`."""
    if not form.is_valid():
        own = [f"{form.fields[name].label}: {text}" for name in form.fields for text in form.errors.get(name, [])]
        return {"problems": [*own, *form.non_field_errors()]}
    try:
        source = form.source(kind=Kind.UNLIMITED)
    except WxcodeError as error:
        return {"problems": [text for texts in (error.errors or {}).values() for text in texts] or [error]}
    rows, last, count = [], deque(maxlen=1), 0  # type: ignore[var-annotated]
    for row in source.rows():
        count += 1
        if count <= PREVIEWED:
            rows.append(row.values)
        else:
            last.append(row.values)
    return {"rows": rows, "last": last[0] if last else None, "count": count}
