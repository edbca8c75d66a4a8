"""Making one code: the form, the result beside it, and every error where it belongs."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_noop

from apps.codes.lifetime import codes_left
from apps.codes.models import PATH_KINDS, Door, IssuedCode
from apps.codes.requests import Issuer, code_request
from apps.codes.services import Issued, issue_code
from apps.errors import WxcodeError
from apps.gallery.browsing import recent_pages
from apps.gallery.causes import FIELDS_OF_ERRCODES, messages_of
from apps.gallery.forms import (
    KINDS_IN_SHORT,
    SCENE_LENGTH,
    WIDTHS,
    CodeForm,
    defaults_of,
    path_messages,
    scene_messages,
    values_of,
)
from apps.gallery.pages import StaffPage
from apps.gallery.preview import preview_of
from apps.gallery.rights import MAKE_CODES
from apps.gallery.trail import record_addition
from apps.gallery.typed import address_with, sent_values, typed_values
from apps.gallery.views import get_code
from apps.miniprograms.labels import staff_label
from apps.miniprograms.models import MiniProgram

# Fields that an address may fill in.
TYPED = ("kind", "scene", "path", "page", "env_version", "width", "color", "line_color", "label", "tags")
# The button below a page that WeChat does not know: once more, without the check.
UNCHECKED = "unchecked"


class MakePage(StaffPage):
    """`?miniprogram=APPID` fills in its defaults, `?like=ID` another code's values, `?made=ID` shows the result.

    Fields of the form in the address (`?scene=table%3D7`, 0 and 1 for boxes) are filled in over the defaults.
    """

    template_name = "gallery/make.html"
    is_beside_typing = True
    needs: ClassVar[Mapping[str, str]] = {"GET": MAKE_CODES, "POST": MAKE_CODES}

    @cached_property
    def sent(self) -> QueryDict:
        """The form as it was sent, and as the button that was pressed says."""
        sent = self.request.POST.copy()
        if UNCHECKED in sent:
            sent.pop("check_path", None)
        return sent

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        query = self.request.GET
        example = query.get("made") or query.get("like") or ""
        if not (example.isascii() and example.isdigit() and len(example) <= 18):
            values = self._first_values(query.get("miniprogram", "")) | typed_values(query, TYPED)
            return self._render(self._form(initial=values), was_away="away" in query)
        code = get_code(self.request.user, int(example))
        reused = {"is_reused": "reused" in query, "keeps_its_names": query.get("reused") == "own-names"}
        result: dict[str, Any] = {"made": code} | reused if "made" in query else {}
        return self._render(self._form(initial=values_of(code)), **result)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = self._form(self.sent)
        if not form.is_valid():
            return self._render(form, status=400)
        issued = self._issue(form)
        reused = "&reused" if issued.is_reused else ""
        if reused and _has_other_names(issued.code, form):
            reused += "=own-names"
        return HttpResponseRedirect(f"{reverse('gallery:make')}?made={issued.code.pk}{reused}#result")

    def address_after_login(self) -> str:
        elsewhere = super().address_after_login()
        if self.request.method != "POST":
            return elsewhere
        typed = sent_values(self.sent, ("miniprogram", *TYPED))
        return address_with(reverse("gallery:make"), typed | {"away": "1"}) or elsewhere

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        if self.request.method != "POST":
            return super().render_problem(error)
        form = self._form(self.sent)
        form.is_valid()
        field = FIELDS_OF_ERRCODES.get(error.errcode or 0)
        if field == "page" and form.chosen_kind in PATH_KINDS:
            field = "path"
        can_uncheck = field == "page" and bool(form["check_path"].value())
        if field:
            form.add_error(field, messages_of(error))
        return self._render(
            form, status=error.http_status, problem=error, is_marked=bool(field), can_uncheck=can_uncheck
        )

    def _issue(self, form: CodeForm) -> Issued:
        miniprogram: MiniProgram = form.cleaned_data["miniprogram"]
        issued = issue_code(
            miniprogram=miniprogram,
            request=code_request(miniprogram, **form.given),
            issuer=Issuer(label=staff_label(self.request.user), door=Door.GALLERY),
        )
        if not issued.is_reused:
            record_addition(self.request, issued.code, gettext_noop("Created in the gallery."))
        return issued

    def _form(self, *args: Any, **kwargs: Any) -> CodeForm:
        return CodeForm(*args, miniprograms=self.miniprograms.active(), **kwargs)

    def _first_values(self, appid: str) -> dict[str, Any]:
        active = self.miniprograms.active()
        chosen = active.filter(appid=appid.replace("\0", "")).first() or active.first()
        return defaults_of(chosen) if chosen else {}

    def _render(self, form: CodeForm, *, status: int = 200, **shown: Any) -> TemplateResponse:
        appid = str(form["miniprogram"].value() or "").replace("\0", "")
        miniprogram = self.miniprograms.active().filter(appid=appid).first()
        shown |= {
            "form": form,
            "miniprogram": miniprogram,
            "pages": recent_pages(miniprogram) if miniprogram else [],
            "widths": WIDTHS,
            "kinds": KINDS_IN_SHORT.items(),
            "pool_left": codes_left(miniprogram) if miniprogram else 0,
            "preview": preview_of(form),
            "scene_length": SCENE_LENGTH,
        }
        return TemplateResponse(self.request, self.template_name, shown, status=status)


def _has_other_names(code: IssuedCode, form: CodeForm) -> bool:
    """Whether a label or tags were typed that the stored code does not have."""
    label, tags = form.given.get("label", ""), set(form.given.get("tags", ()))
    return bool(label and label != code.label) or not tags <= {tag.name for tag in code.tags.all()}


class SceneCheck(StaffPage):
    """What is wrong with `?scene=`, or with `?path=` for a `kind`, while it is typed."""

    template_name = "gallery/scene_check.html"
    is_beside_typing = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        scene, path = query.get("scene", "").strip(), query.get("path", "").strip()
        wrong = path_messages(query.get("kind", ""), path) if path else scene_messages(scene)
        return super().get_context_data(**kwargs, messages_of_scene=wrong)
