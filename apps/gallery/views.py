"""Looking at codes: the newest ones, and one of them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_htmx.http import replace_url

from apps.batches.models import BatchItem
from apps.codes.models import IssuedCode
from apps.errors import NotFound
from apps.gallery import snippets
from apps.gallery.browsing import Search, find_neighbours
from apps.gallery.chips import chips_of
from apps.gallery.choices import choices_of
from apps.gallery.counting import MOST
from apps.gallery.pages import StaffPage
from apps.gallery.sizes import sizes_of
from apps.gallery.streaming import PLACE, stream_cards
from apps.gallery.suggesting import suggestions_of
from apps.miniprograms.grants import Viewer, only_visible

MORE = "more"


class HomePage(StaffPage):
    """The newest codes as cards, in pieces; to htmx that asks for more of them only the next cards."""

    template_name = "gallery/home.html"

    def get(  # type: ignore[override]  # TemplateView knows answers in one piece only
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        search = Search.read(self.request.GET, granted=self.appids)
        page = search.page()
        shown: dict[str, Any] = {"search": search, "codes": page.codes}
        if page.has_older:
            shown["older"] = search.query_string(before=page.codes[-1].pk)
        elif search.before is None:
            shown |= {"count": len(page.codes), "is_final": True}
        if self.request.htmx and self.request.htmx.target == MORE:
            return HttpResponse(render_to_string("gallery/cards.html", shown | {"is_more": True}, self.request))
        facts = shown | self._surroundings(search, is_empty=not page.codes)
        if self.request.htmx:
            response = self.render_to_response(facts)
            return replace_url(response, self.request.path + search.query_string(before=search.before))
        if not page.codes:
            return self.render_to_response(facts)
        return stream_cards(
            render_to_string(self.template_name, facts | {"place": PLACE}, self.request), page.codes, shown
        )

    def address_after_login(self) -> str:
        """With the words that the reader has just typed, which the browser's address does not have yet."""
        if not self.request.htmx or self.request.htmx.target == MORE:
            return super().address_after_login()
        typed = [(name, value) for name, value in self.request.GET.items() if value]
        return f"{self.request.path}?{urlencode(typed)}" if typed else self.request.path

    def _surroundings(self, search: Search, *, is_empty: bool) -> dict[str, Any]:
        around: dict[str, Any] = {"newest": search.query_string(), "chips": chips_of(search), "most": MOST}
        around["suggestions"] = suggestions_of(search, miniprograms=self.miniprograms)
        if self.request.htmx:
            # the form stays as it is
            return around
        miniprograms = list(self.miniprograms.only("appid", "name", "is_active"))
        around["miniprograms"] = miniprograms
        if is_empty and not search.is_narrowed and search.before is None:
            active = [miniprogram for miniprogram in miniprograms if miniprogram.is_active]
            around["state"] = "first-use" if active else "no-miniprogram"
            if active:
                address = self.request.build_absolute_uri(reverse("codes"))
                around["curl"] = snippets.curl_issue(address=address, appid=active[0].appid)
            return around
        return around | choices_of(search)


class CodePage(StaffPage):
    """One code: its pictures, everything that is known about it, what to copy, its neighbours in the search."""

    template_name = "gallery/code.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        code = get_code(self.request.user, kwargs["pk"])
        return super().get_context_data(**kwargs, **code_facts(self, code), told=self.request.GET.get("told", ""))


def code_facts(page: StaffPage, code: IssuedCode, *, typed: QueryDict | None = None) -> dict[str, Any]:
    """Everything that the page of `code` shows to the reader of `page`; `typed` is a form that was refused."""
    request = page.request
    search = Search.read(request.GET, granted=page.appids)
    newer, older = find_neighbours(code, search)
    address = request.build_absolute_uri(reverse("code-image", args=[code.pk]))
    return {
        "code": code,
        "search": search,
        "newer": newer,
        "older": older,
        "image_address": address,
        "curl": snippets.curl_picture(address=address),
        "on_load": snippets.on_load(scene=code.scene) if code.scene else snippets.on_load_path(path=code.page),
        "encoded_scene": quote(code.scene, safe=""),
        # the one that made it first
        "batch_items": BatchItem.objects.filter(code=code).select_related("batch").order_by("is_reused", "pk")[:3],
        "names": {"label": code.label, "tags": ", ".join(tag.name for tag in code.tags.all())}
        | {name: text for name, text in (typed or {}).items() if name in ("label", "tags")},
        **sizes_of(code),
    }


def get_code(user: Viewer, pk: int, *, columns: Sequence[str] = ()) -> IssuedCode:
    """The code with this id, all its facts or only `columns`, if `user` may see its mini-program. Raises NotFound."""
    codes = IssuedCode.objects.only(*columns) if columns else IssuedCode.objects.with_facts()
    code: IssuedCode | None = only_visible(codes, user).filter(pk=pk).first()
    if code is None:
        raise NotFound(_("There is no code %(id)d.") % {"id": pk}, advice=_("Look for it in the gallery."))
    return code
