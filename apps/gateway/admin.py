"""Open doors in the admin: who may use an older service's door without a key."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.clients.forms import LinesField
from apps.clients.validation import normalize_networks
from apps.gateway.models import OpenDoor
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
        fields = ["door", "networks", "origins", "notes"]


@admin.register(OpenDoor)
class OpenDoorAdmin(EveryMiniProgramAdmin):
    form = OpenDoorForm
    list_display = ["door", "network_list", "origin_list"]
    change_list_template = "admin/stacked_list.html"

    @admin.display(description=_("networks"))
    def network_list(self, door: OpenDoor) -> Any:
        return ", ".join(door.networks) or _("closed without a key")

    @admin.display(description=_("browser origins"))
    def origin_list(self, door: OpenDoor) -> str:
        return ", ".join(door.origins)
