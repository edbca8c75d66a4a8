"""The admin within the grants: operators who do not see every mini-program meet only their own in it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django_object_actions import DjangoObjectActions

from apps.miniprograms.grants import only_visible, sees_every, visible_miniprograms
from apps.miniprograms.trailed_admin import TrailedAdmin


class GrantedRows(TrailedAdmin):
    """Rows of mini-programs: lists, pages, buttons and exports know those that the reader may see."""

    # from a row to its mini-program
    miniprogram_path = "miniprogram"

    def get_queryset(self, request: HttpRequest) -> Any:
        return only_visible(super().get_queryset(request), request.user, path=self.miniprogram_path)


class GrantedActions(DjangoObjectActions):
    """Buttons on rows of mini-programs: the library looks the row up by itself, past the list's own rows."""

    def get_urls(self) -> list[Any]:
        patterns: list[Any] = super().get_urls()
        for pattern in patterns:
            if pattern.name == self.tools_view_name.removeprefix("admin:"):
                pattern.callback = self._for_visible_rows(pattern.callback)
        return patterns

    def _for_visible_rows(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        admin: Any = self

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # the view itself sends strangers to the login
            is_signed_in = admin.admin_site.has_permission(request)
            if "pk" in kwargs and is_signed_in and admin.get_object(request, kwargs["pk"]) is None:
                raise Http404
            return view(request, *args, **kwargs)

        return guarded


class GrantedFilter(admin.RelatedFieldListFilter):
    """By mini-program, one of those that the reader may see; does not ask which of them have rows."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        ordering = self.field_admin_ordering(field, request, model_admin)
        mine = {"pk__in": visible_miniprograms(request.user)}
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=mine)


class EveryMiniProgramAdmin(TrailedAdmin):
    """What reaches over all mini-programs, like keys and the audit trail: for those who see every one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_every(request.user) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_every(request.user) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_every(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_every(request.user) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_every(request.user) and super().has_delete_permission(request, obj)
