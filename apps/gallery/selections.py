"""Selections: choosing codes on the home page, the list of one's own, and one of them with the work on it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.exports.missing import Missing, find_missing
from apps.exports.sheets import PART_SIZE
from apps.gallery.browsing import Search, read_id
from apps.gallery.chips import chips_of
from apps.gallery.pages import StaffPage
from apps.gallery.sheet_forms import sheet_facts
from apps.miniprograms.grants import visible_appids
from apps.selections.choosing import (
    MOST_CODES,
    choose_found,
    choose_ticked,
    codes_within_rights,
    get_selection,
    read_codes,
)
from apps.selections.jobs import announce
from apps.selections.models import Selection, SelectionJob
from apps.selections.ordering import Order, default_order
from apps.selections.printing import MOST_PRINTED

PAGE_SIZE = 20
THUMBS = 12
ALL = "all"


class SelectionsPage(StaffPage):
    """One's own selections, newest first, with the work on them. POST chooses: `what=all` of `search`, or `code`s."""

    template_name = "gallery/selections.html"
    needs: ClassVar[Mapping[str, str]] = {"POST": ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = read_id(self.request.GET.get("before", ""))
        found = Selection.objects.filter(user=user_id(self.request)).defer("code_ids").prefetch_related("jobs")
        rows = list((found if before is None else found.filter(pk__lt=before))[: PAGE_SIZE + 1])
        shown = rows[:PAGE_SIZE]
        for selection in shown:
            tell_search(selection, granted=self.appids)
        return super().get_context_data(
            **kwargs,
            selections=shown,
            before=before,
            older=f"?before={shown[-1].pk}" if len(rows) > PAGE_SIZE else "",
            is_moving=any(job.is_open for selection in shown for job in selection.jobs.all()),
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self.request.POST
        if form.get("what") == ALL:
            search = read_search(form.get("search", ""), granted=self.appids).newest()
            ids = [row.id for row in search.history()[: MOST_CODES + 1]]
            selection = choose_found(user_id(self.request), ids, search=search.query_string())
        else:
            # the script sends one field: Django takes no form of more than a thousand
            texts = [*form.getlist("code"), *form.get("codes", "").split(",")]
            ids = [pk for text in texts if (pk := read_id(text)) is not None]
            selection = choose_ticked(user_id(self.request), ids)
        return HttpResponseRedirect(reverse("gallery:selection", args=[selection.pk]))

    def address_after_login(self) -> str:
        """Back to the codes, not to a list without the selection that was not made."""
        if self.request.method != "POST":
            return super().address_after_login()
        search = read_search(self.request.POST.get("search", ""), granted=None)
        return reverse("gallery:home") + search.newest().query_string()


class SelectionPage(StaffPage):
    """One selection: what is in it, what to do with it, and the work on it so far."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        selection = get_selection(user_id(self.request), kwargs["pk"])
        return show_selection(self.request, selection)


class SelectionLive(StaffPage):
    """The work on a selection, which its page asks for again while some is open."""

    template_name = "gallery/selection_jobs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        selection = get_selection(user_id(self.request), kwargs["pk"])
        return super().get_context_data(**kwargs, selection=selection, **job_facts(selection))


def show_selection(
    request: HttpRequest, selection: Selection, *, status: int = 200, form: QueryDict | None = None, **shown: Any
) -> TemplateResponse:
    """The page of `selection`; `problem` among `shown` is an error to tell first, `form` what was sent then."""
    tell_search(selection, granted=visible_appids(request.user))
    facts = {
        "selection": selection,
        "thumbs": list(read_codes(selection.user_id, selection.code_ids[: -THUMBS - 1 : -1])),
        "orders": Order.choices,
        "order": (form or QueryDict()).get("order") or default_order(selection).value,
        "most_printed": MOST_PRINTED,
        "part_size": PART_SIZE,
        "missing": missing_below(selection),
        "form": form or QueryDict(),
        **sheet_facts(form or QueryDict()),
        **job_facts(selection),
    }
    return TemplateResponse(request, "gallery/selection.html", facts | shown, status=status)


def missing_below(selection: Selection) -> Missing | None:
    """What the sheets cannot show of its texts, looked for among the codes of the first document."""
    codes = codes_within_rights(selection.user_id, selection.code_ids[:PART_SIZE])
    return find_missing(codes.order_by().values_list("label", "scene", "page", "external_id", "miniprogram__name"))


def read_search(search: str, *, granted: frozenset[str] | None) -> Search:
    """What the address bar `search` means."""
    return Search.read(QueryDict(search.removeprefix("?")), granted=granted)


def tell_search(selection: Selection, *, granted: frozenset[str] | None) -> None:
    """Lets `selection` say in words what it was searched by, as its `chips`."""
    vars(selection)["chips"] = chips_of(read_search(selection.search or "", granted=granted))


def job_facts(selection: Selection) -> dict[str, Any]:
    """The work on `selection`, newest first; whoever looks at what has ended needs no notice of it."""
    jobs = list(SelectionJob.objects.filter(selection=selection))
    untold = [job for job in jobs if job.finished_at and job.announced_at is None]
    if untold:
        announce(untold)
    return {"jobs": jobs, "is_moving": any(job.is_open for job in jobs)}


def user_id(request: HttpRequest) -> int:
    """The reader's, who is signed in: every page of the gallery sees to it."""
    return int(request.user.pk or 0)
