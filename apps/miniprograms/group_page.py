"""A group's page in the admin: the mini-programs that it is granted, and its rights in six boxes."""

from collections.abc import Collection, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.miniprograms.models import MiniProgram
from apps.miniprograms.permission_choice import PermissionChoice
from apps.miniprograms.rights import RIGHTS, Right, change_rights, describe_rights, held, read_permissions
from apps.miniprograms.trail import Sentence
from apps.miniprograms.trailed_admin import TrailedAdmin

admin.site.unregister(Group)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """Mini-programs are kept on their side of the relation."""

    miniprograms = forms.ModelMultipleChoiceField(
        MiniProgram.objects.all(),
        required=False,
        label=_("Mini-programs"),
        widget=FilteredSelectMultiple(_("mini-programs"), is_stacked=False),
        help_text=_("Staff in this group can see these mini-programs, their codes and their batches."),
    )
    rights = forms.MultipleChoiceField(
        label=_("Rights"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Members can always view and download codes of the mini-programs above."),
    )

    class Meta:
        model = Group
        fields = ["name", "miniprograms", "rights", "permissions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        self.permissions_before = frozenset() if is_new else read_permissions(self.instance)
        self.rights_before = held(self.permissions_before)
        if "rights" in self.fields:
            boxes: Any = self.fields["rights"]
            boxes.choices = [(right.name, _box(right, self.permissions_before)) for right in RIGHTS]
            boxes.initial = self.rights_before
        if not is_new and "miniprograms" in self.fields:
            # read now: the audit trail compares it with what is saved
            self.fields["miniprograms"].initial = list(self.instance.miniprograms.all())

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        self.instance.miniprograms.set(self.cleaned_data["miniprograms"])
        change_rights(self.instance, before=self.rights_before, now=self.cleaned_data["rights"])


def _box(right: Right, permissions: frozenset[str]) -> str:
    """What stands beside a box; a group of an earlier version may have a part of what it stands for."""
    count = len(right.permissions & permissions)
    facts = {"count": count, "total": len(right.permissions)}
    part = _("The group has %(count)d of its %(total)d permissions, and keeps them.") % facts
    is_part = 0 < count < len(right.permissions)
    return format_html('{}<span class="right-help">{} {}</span>', right.label, right.help_text, part if is_part else "")


@admin.register(Group)
class GrantingGroupAdmin(TrailedAdmin, GroupAdmin):
    """Django's own, and what the group sees; the raw list of permissions is for superusers."""

    form = GroupForm
    list_display = ["name", "sees", "rights", "members"]
    trail_told = trail_on_add = ("miniprograms",)
    change_list_template = "admin/stacked_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).prefetch_related("miniprograms", "permissions__content_type")
        return found.annotate(member_count=Count("user"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Django shows no relation that is kept on its other side
        granted = "miniprograms" if obj is None or self.has_change_permission(request, obj) else "sees"
        fieldsets: list[Any] = [(None, {"fields": ["name", granted, "rights"]})]
        if getattr(request.user, "is_superuser", False):
            words = _("Permissions that no box stands for stay as they are. A box that you tick or untick goes first.")
            raw = {"classes": ["collapse"], "fields": ["permissions"], "description": words}
            fieldsets.append((_("All permissions"), raw))
        return fieldsets

    def describe_form(self, form: Any, changed: Collection[str], *, is_new: bool = False) -> Iterator[Sentence]:
        others = [name for name in changed if name not in ("rights", "permissions")]
        yield from super().describe_form(form, others, is_new=is_new)
        yield from describe_rights(form.permissions_before, read_permissions(form.instance))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            kwargs["form_class"] = PermissionChoice
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("mini-programs"))
    def sees(self, group: Any) -> str:
        return ", ".join(miniprogram.name for miniprogram in group.miniprograms.all()) or str(_("no mini-program"))

    @admin.display(description=_("rights"))
    def rights(self, group: Any) -> str:
        permissions = {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
        names = [str(right.label) for right in RIGHTS if right.permissions <= permissions]
        return ", ".join(names) or str(_("view and download only"))

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, group: Any) -> str:
        return ngettext("%(count)d member", "%(count)d members", group.member_count) % {"count": group.member_count}
