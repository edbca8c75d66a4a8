"""API clients in the admin: a key is shown on the page that answers its making, and nowhere else."""

from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_variables
from django_object_actions import DjangoObjectActions, action

from apps.clients.forms import ApiClientForm, HandOverForm
from apps.clients.models import ApiClient
from apps.clients.services import assign_new_key, end_hand_over, revoke_client, rotate_key
from apps.miniprograms.granted_admin import EveryMiniProgramAdmin
from apps.miniprograms.trail import as_message, moment, sentence
from apps.tables.admin_export import CsvExport
from apps.tables.asking import AsksFirst
from apps.tables.deletion import CountedDeletion

TEMPLATES = "admin/clients/apiclient"


class ConditionFilter(admin.SimpleListFilter):
    """By the words of the list's own column."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("active", _("active")), ("expired", _("expired")), ("revoked", _("revoked"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "revoked":
            return queryset.filter(is_active=False)
        working = ApiClient.objects.active().values("pk")
        if self.value() == "expired":
            return queryset.filter(is_active=True).exclude(pk__in=working)
        return queryset.filter(pk__in=working) if self.value() == "active" else queryset


@admin.register(ApiClient)
class ApiClientAdmin(DjangoObjectActions, AsksFirst, CsvExport, CountedDeletion, EveryMiniProgramAdmin):
    """List, form, and the two actions on a key; both ask before they act."""

    form = ApiClientForm
    trail_on_add = ("scopes", "miniprograms")
    list_display = ["name", "visible_key", "scope_list", "miniprogram_list", "condition", "use"]
    change_list_template = "admin/stacked_list.html"
    list_filter = [ConditionFilter, "miniprograms"]
    search_fields = ["name", "key_prefix", "notes"]
    readonly_fields = ["condition", "visible_key", "last_used_at", "previous_key", "created_at"]
    change_actions = ["rotate_key", "end_hand_over", "revoke"]
    fieldsets = [
        (None, {"fields": ["name", "is_publishable", "scopes", "reach", "miniprograms"]}),
        (_("Allowed origins and networks"), {"fields": ["origins", "networks"]}),
        (_("Rate limit and expiry"), {"fields": ["rate_limit", "expires_at"]}),
        (_("Notes"), {"fields": ["notes"]}),
    ]
    # of a key what the list shows, its beginning
    csv_columns: ClassVar = {
        "id": attrgetter("pk"),
        "name": attrgetter("name"),
        "key": attrgetter("key_prefix"),
        "is_publishable": attrgetter("is_publishable"),
        "scopes": lambda client: " ".join(client.scopes),
        "miniprograms": lambda client: _appids(client),
        "origins": lambda client: " ".join(client.origins),
        "networks": lambda client: " ".join(client.networks),
        "rate_limit": attrgetter("rate_limit"),
        "is_active": attrgetter("is_active"),
        "expires_at": attrgetter("expires_at"),
        "last_used_at": attrgetter("last_used_at"),
        "key_before_ends_at": attrgetter("previous_key_ends_at"),
        "created_at": attrgetter("created_at"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        return super().get_queryset(request).prefetch_related("miniprograms")

    def get_fieldsets(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        if obj is None:
            return self.fieldsets
        previous = ["previous_key"] if obj.is_handing_over() else []
        names = ["condition", "visible_key", "last_used_at", *previous, "created_at"]
        return [*self.fieldsets, (_("The key"), {"fields": names})]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        # the kind of a key is part of the key
        return self.readonly_fields if obj is None else [*self.readonly_fields, "is_publishable"]

    def get_change_actions(self, request: HttpRequest, object_id: str, form_url: str) -> list[str]:
        client = self.get_object(request, object_id)
        if client is None or not client.is_active or not self.has_change_permission(request, client):
            return []
        return [name for name in self.change_actions if name != "end_hand_over" or client.is_handing_over()]

    @admin.display(description=_("key"), ordering="key_prefix")
    def visible_key(self, client: ApiClient) -> str:
        return f"{client.key_prefix}…"

    @admin.display(description=_("previous key"))
    def previous_key(self, client: ApiClient) -> str:
        words = _("%(key)s… works until %(end)s, last used: %(used)s")
        end, used = client.previous_key_ends_at, client.previous_key_used_at
        return words % {
            "key": client.previous_key_prefix,
            "end": _day(end) if end else "",
            "used": _day(used) if used else _("never"),
        }

    @admin.display(description=_("scopes"))
    def scope_list(self, client: ApiClient) -> str:
        return ", ".join(client.scopes)

    @admin.display(description=_("mini-programs"))
    def miniprogram_list(self, client: ApiClient) -> Any:
        if not client.is_limited:
            return _("all")
        return ", ".join(miniprogram.name for miniprogram in client.miniprograms.all()) or _("none (deleted)")

    @admin.display(description=_("state"), ordering="is_active")
    def condition(self, client: ApiClient) -> Any:
        words = _("active") if client.is_active else _("revoked")
        if client.is_active and client.is_expired():
            words = _("expired")
        kind = f" · {_('publishable')}" if client.is_publishable else ""
        look = "good" if client.is_active and not client.is_expired() else "bad"
        return format_html('<span class="token-pill is-{}">{}</span>{}', look, words, kind)

    @admin.display(description=_("usage"), ordering="last_used_at")
    def use(self, client: ApiClient) -> Any:
        used = _("last used %(when)s") % {"when": _day(client.last_used_at)} if client.last_used_at else _("never used")
        ends = _("expires %(when)s") % {"when": _day(client.expires_at)} if client.expires_at else _("never expires")
        return format_html('{}<br><span class="token-note">{}</span>', used, ends)

    # --- the key -------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        if not change:
            # a key that nobody learns; response_add makes the one that is shown
            assign_new_key(obj)
        super().save_model(request, obj, form, change)

    @sensitive_variables()
    def response_add(self, request: HttpRequest, obj: ApiClient, post_url_continue: str | None = None) -> HttpResponse:
        return self.show_key(request, obj, rotate_key(obj), title=_("The API client was added"))

    @action(
        label=_("Rotate key"), description=_("Replace the key with a new one"), methods=("POST",), button_type="form"
    )
    @sensitive_variables()
    def rotate_key(self, request: HttpRequest, obj: ApiClient) -> HttpResponse:
        self.demand_change(request, obj)
        form = HandOverForm(request.POST if self.is_answered(request) else None)
        if not form.is_valid():
            question = _("Create a new key for “%(name)s”?") % {"name": obj.name}
            words = _("Choose how long the current key %(key)s keeps working.") % {"key": self.visible_key(obj)}
            button = _("Create new key")
            return self.ask(request, obj, question=question, consequences=[words], button=button, form=form)
        key = rotate_key(obj, hand_over=form.cleaned_data["hand_over"])
        self.log_change(request, obj, _rotated(obj))
        return self.show_key(request, obj, key, title=_("The key was replaced"))

    @action(
        label=_("Revoke previous key"),
        description=_("Stop accepting the key from before the last rotation"),
        methods=("POST",),
        button_type="form",
    )
    def end_hand_over(self, request: HttpRequest, obj: ApiClient) -> HttpResponse | None:
        self.demand_change(request, obj)
        if not self.is_answered(request):
            question = _("Revoke the previous key of “%(name)s”?") % {"name": obj.name}
            words = _("From then on, only %(key)s works.") % {"key": self.visible_key(obj)}
            button = _("Revoke previous key")
            return self.ask(request, obj, question=question, consequences=[words], button=button, is_stopping=True)
        end_hand_over(obj)
        self.log_change(request, obj, gettext_noop("Revoked the previous key."))
        self.message_user(request, _("The previous key of “%(name)s” was revoked.") % {"name": obj.name})
        return HttpResponseRedirect(reverse("admin:clients_apiclient_change", args=[obj.pk]))

    @action(label=_("Revoke"), description=_("Stop accepting this key"), methods=("POST",), button_type="form")
    def revoke(self, request: HttpRequest, obj: ApiClient) -> HttpResponse | None:
        self.demand_change(request, obj)
        if not self.is_answered(request):
            question = _("Revoke the key of “%(name)s”?") % {"name": obj.name}
            words = _(
                "%(key)s stops working within 3 seconds, and so does a previous key. This can’t be undone. The history "
                "is kept."
            ) % {"key": self.visible_key(obj)}
            return self.ask(request, obj, question=question, consequences=[words], button=_("Revoke"), is_stopping=True)
        revoke_client(obj)
        self.log_change(request, obj, gettext_noop("Revoked the key."))
        self.message_user(request, _("The key of “%(name)s” is revoked.") % {"name": obj.name}, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:clients_apiclient_change", args=[obj.pk]))

    def demand_change(self, request: HttpRequest, client: ApiClient) -> None:
        """Raises PermissionDenied for those who may only look."""
        if not self.has_change_permission(request, client):
            raise PermissionDenied

    def show_key(self, request: HttpRequest, client: ApiClient, key: str, *, title: Any) -> TemplateResponse:
        """The one page that shows a key: an answer to a POST, so it is in no session, cookie, history or cache."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": client,
            "key": key,
        }
        return TemplateResponse(request, f"{TEMPLATES}/key.html", context, headers={"Cache-Control": "no-store"})


def _rotated(client: ApiClient) -> str:
    end = client.previous_key_ends_at
    if end is None:
        return gettext_noop("Created a new key; the previous one no longer works.")
    text = gettext_noop("Created a new key; the previous one works until %(end)s.")
    return as_message(sentence(text, end=moment(end)))


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def _appids(client: ApiClient) -> str:
    if not client.is_limited:
        return "*"
    return " ".join(sorted(miniprogram.appid for miniprogram in client.miniprograms.all()))
