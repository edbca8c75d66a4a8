"""What is done with a selection: its pictures, sheets to print, tags, the archive; and the files of a job."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.errors import NotFound, WxcodeError
from apps.exports.files import send, stream
from apps.gallery.browsing import read_id
from apps.gallery.pages import StaffPage
from apps.gallery.rights import CHANGE_CODES
from apps.gallery.selections import show_selection, user_id
from apps.selections.actions import read_tags
from apps.selections.choosing import get_selection
from apps.selections.jobs import cancel_job, start_job
from apps.selections.models import Action, Selection, SelectionJob
from apps.selections.ordering import read_order
from apps.selections.pictures import zip_selection
from apps.selections.printing import PRINTED_AT_ONCE, draw_part, draw_test, read_sheet, with_ids
from apps.selections.trail import record_pictures, record_sheets

OPTIONS: dict[Action, Callable[[QueryDict], dict[str, Any]]] = {
    Action.TAG: lambda form: {"tags": read_tags(form.get("tags", ""))},
    Action.UNTAG: lambda form: {"tags": read_tags(form.get("tags", ""))},
    Action.ARCHIVE: lambda form: {},
    Action.RESTORE: lambda form: {},
}


class OnSelection(StaffPage):
    """What all of these share: one's own selection, its page for a problem, and the way back to it."""

    def selection(self) -> Selection:
        return get_selection(user_id(self.request), self.kwargs["pk"])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        # after a login in between
        return HttpResponseRedirect(reverse("gallery:selection", args=[self.kwargs["pk"]]))

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        selection = Selection.objects.filter(user=user_id(self.request), pk=self.kwargs["pk"]).first()
        if selection is None:
            return super().render_problem(error)
        return show_selection(self.request, selection, status=error.http_status, form=self.request.POST, problem=error)

    def lead_back(self, selection_id: int) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('gallery:selection', args=[selection_id])}#jobs")


class SelectionChange(OnSelection):
    """`POST` adds or removes tags, archives or brings back: at once for a few codes, else by a worker."""

    needs: ClassVar[Mapping[str, str]] = {"POST": CHANGE_CODES}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        selection, action = self.selection(), Action(kwargs["action"])
        start_job(selection, action, OPTIONS[action](self.request.POST))
        return self.lead_back(selection.pk)


class SelectionSheets(OnSelection):
    """`POST` with the form for sheets: the PDF at once for a few codes, else a worker draws it."""

    needs: ClassVar[Mapping[str, str]] = {"POST": ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        selection = self.selection()
        options = read_sheet(selection, self.request.POST)
        name = options["title"] or f"codes-{selection.pk}"
        if (test_page := draw_test(options)) is not None:
            return send(f"{name}-test", "pdf", test_page)
        in_order = with_ids(selection, options)
        if selection.count > PRINTED_AT_ONCE:
            start_job(selection, Action.PRINT, in_order)
            return self.lead_back(selection.pk)
        file, _count = draw_part(selection.user_id, in_order["ids"], options)
        record_sheets(selection)
        return send(name, "pdf", file)


class SelectionPictures(OnSelection):
    """The pictures as a zip, made while it is sent; `?order=` as for the sheets."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        selection = self.selection()
        order = read_order(selection, self.request.GET.get("order", ""))
        record_pictures(selection)
        return stream(f"codes-{selection.pk}", "zip", zip_selection(selection, order))


class JobSheets(StaffPage):
    """`?part=2`: a document that a worker has drawn."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        job = get_job(user_id(self.request), kwargs["pk"])
        part = read_id(self.request.GET.get("part", "1")) or 0
        try:
            file = default_storage.open(job.files[part - 1]["place"]) if 0 < part <= len(job.files) else None
        except FileNotFoundError:
            file = None
        if file is None:
            raise NotFound(_("There is no such file."), advice=_("Files are kept for a week. Create the PDF again."))
        name = job.options.get("title") or f"codes-{job.selection_id}"
        return send(f"{name}-{part}" if len(job.files) > 1 else name, "pdf", file)


class CancelJob(StaffPage):
    """`POST` stops it; what is done stays done."""

    needs: ClassVar[Mapping[str, str]] = {"POST": ""}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = get_job(user_id(self.request), kwargs["pk"])
        return HttpResponseRedirect(reverse("gallery:selection", args=[job.selection_id]))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = get_job(user_id(self.request), kwargs["pk"])
        cancel_job(job)
        return HttpResponseRedirect(f"{reverse('gallery:selection', args=[job.selection_id])}#jobs")


def get_job(user_id: int, pk: int) -> SelectionJob:
    """The user's own job. Raises NotFound."""
    job: SelectionJob | None = SelectionJob.objects.filter(selection__user=user_id, pk=pk).first()
    if job is None:
        raise NotFound(
            _("You have no job with the number %(id)d.") % {"id": pk}, advice=_("Look for it in your selections.")
        )
    return job
