"""Changing one code on its page: what people call it, the archive and back."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.codes.changes import archive_code, change_code
from apps.codes.models import IssuedCode
from apps.codes.serializers import ChangeInput
from apps.errors import InvalidRequest, WxcodeError
from apps.gallery.browsing import Search
from apps.gallery.causes import cure_of_code
from apps.gallery.forms import flat, read_tags
from apps.gallery.pages import StaffPage
from apps.gallery.rights import CHANGE_CODES, RightMissing
from apps.gallery.trail import record_changes
from apps.gallery.views import code_facts, get_code
from apps.miniprograms.grants import only_visible
from apps.miniprograms.trail import as_message, word
from apps.miniprograms.trailed_admin import describe_change

ARCHIVED = gettext_noop("Archived.")
RESTORED = gettext_noop("Restored from the archive.")


class CodeAction(StaffPage):
    """What is done with one code: a POST leads back to its page, in the search it was found by; so does a failure."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        # after a login in between
        return HttpResponseRedirect(reverse("gallery:code", args=[self.kwargs["pk"]]))

    def lead_back(self, code: IssuedCode, **said: str) -> HttpResponse:
        """To the page of `code`, which tells what `said` names."""
        address = Search.read(self.request.GET, granted=self.appids).newest().query_string()
        query = "&".join(filter(None, [address.removeprefix("?"), urlencode(said)]))
        return HttpResponseRedirect(f"{reverse('gallery:code', args=[code.pk])}{'?' if query else ''}{query}")

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """The page of the code with `error` on top, or the error alone if there is no such code."""
        codes = only_visible(IssuedCode.objects, self.request.user)
        if isinstance(error, RightMissing) or not codes.filter(pk=self.kwargs["pk"]).exists():
            return super().render_problem(error)
        facts = code_facts(self, get_code(self.request.user, self.kwargs["pk"]), typed=self.request.POST)
        facts |= {"problem": error, "cure": cure_of_code(error)}
        return TemplateResponse(self.request, "gallery/code.html", facts, status=error.http_status)


class ChangeView(CodeAction):
    """`POST` with `label` and `tags`, parted by commas: from now on the code has these."""

    needs: ClassVar[Mapping[str, str]] = {"POST": CHANGE_CODES}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = get_code(self.request.user, kwargs["pk"])
        wanted = _read_names(self.request.POST)
        label, tags = code.label, sorted(tag.name for tag in code.tags.all())
        if (wanted["label"], set(wanted["tags"])) == (label, set(tags)):
            return self.lead_back(code)
        change_code(code, **wanted)
        changes = [
            *describe_change(word("label"), label, wanted["label"]),
            *describe_change(word("tags"), tags, sorted(wanted["tags"])),
        ]
        record_changes(self.request, [code], as_message(*changes))
        return self.lead_back(code, told="changed")


class ArchiveView(CodeAction):
    """`POST` archives the code, or brings it back; twice is once."""

    needs: ClassVar[Mapping[str, str]] = {"POST": CHANGE_CODES}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code, is_archived = get_code(self.request.user, kwargs["pk"]), kwargs["is_archived"]
        if (code.archived_at is not None) != is_archived:
            archive_code(code, is_archived=is_archived)
            record_changes(self.request, [code], ARCHIVED if is_archived else RESTORED)
        return self.lead_back(code, told="archived" if is_archived else "restored")


def _read_names(form: QueryDict) -> dict[str, Any]:
    """Label and tags as the API takes them. Raises InvalidRequest."""
    body = ChangeInput(data={"label": form.get("label", "").strip(), "tags": read_tags(form)})
    if not body.is_valid():
        wrong = {name: flat(messages) for name, messages in body.errors.items()}
        raise InvalidRequest(_("Label and tags were not changed."), errors=wrong)
    return dict(body.validated_data)
