"""The filter of a list by its column `is_active`: All, active, inactive."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class StatusFilter(admin.SimpleListFilter):
    """Takes the parameter of Django's own filter, whose choices are Yes and No."""

    title = _("status")
    parameter_name = "is_active__exact"
    words: ClassVar = {"1": _("active"), "0": _("inactive")}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(is_active=self.value() == "1") if self.value() in self.words else queryset
