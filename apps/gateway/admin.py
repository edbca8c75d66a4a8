"""Legacy addresses in the admin: from where each can be used without a key."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.clients.forms import LinesField
from apps.clients.validation import normalize_networks
from apps.gateway.models import OlderDoor, OpenDoor
from apps.gateway.openness import normalize_door_origins
from apps.miniprograms.granted_admin import EveryMiniProgramAdmin


def _wording(name: str) -> dict[str, Any]:
    field: Any = OpenDoor._meta.get_field(name)
    return {"label": capfirst(field.verbose_name), "help_text": field.help_text}


class OpenDoorForm(forms.ModelForm):  # type: ignore[type-arg]
    networks = LinesField(normalize=normalize_networks, required=False, **_wording("networks"))
    origins = LinesField(normalize=normalize_door_origins, required=False, **_wording("origins"))

    class Meta:
        model = OpenDoor
        fields = ["networks", "origins", "notes"]


@admin.register(OpenDoor)
class OpenDoorAdmin(EveryMiniProgramAdmin):
    """A row for each address, which wxcode has, whether or not somebody has opened it."""

    form = OpenDoorForm
    list_display = ["door", "access", "origin_list"]
    list_display_links = ["door"]
    readonly_fields = ["door"]
    fields = ["door", "networks", "origins", "notes"]
    change_list_template = "admin/gateway/doors.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_view_permission(request):
            # a row without networks means what no row means
            missing = set(OlderDoor.values) - set(OpenDoor.objects.values_list("door", flat=True))
            if missing:
                OpenDoor.objects.bulk_create([OpenDoor(door=door) for door in missing], ignore_conflicts=True)
        context = {"title": _("Access without an API key"), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description=_("access"))
    def access(self, door: OpenDoor) -> Any:
        if not door.networks:
            return _("API key required")
        return _("open to %(networks)s") % {"networks": ", ".join(door.networks)}

    @admin.display(description=_("browser origins"))
    def origin_list(self, door: OpenDoor) -> str:
        return ", ".join(door.origins)
