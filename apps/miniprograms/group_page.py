"""A group's page in the admin, with the mini-programs that it is granted beside its permissions."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.miniprograms.models import MiniProgram
from apps.miniprograms.permission_choice import PermissionChoice

admin.site.unregister(Group)


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """Mini-programs are kept on their side of the relation."""

    miniprograms = forms.ModelMultipleChoiceField(
        MiniProgram.objects.all(),
        required=False,
        label=_("Mini-programs"),
        widget=FilteredSelectMultiple(_("mini-programs"), is_stacked=False),
        help_text=_("Members who are staff find these, their codes and their batches in the gallery and the admin."),
    )

    class Meta:
        model = Group
        fields = ["name", "miniprograms", "permissions"]
        help_texts: ClassVar[Any] = {
            "permissions": _(
                "The grant is enough to look and to download in the gallery. To make codes: “Can add issued code”; to "
                "change, archive and reissue them: “Can change issued code”; batches likewise: “Can add batch”, “Can "
                "change batch”. “Can see every mini-program” stands for all grants."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None and "miniprograms" in self.fields:
            self.fields["miniprograms"].initial = self.instance.miniprograms.all()

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        self.instance.miniprograms.set(self.cleaned_data["miniprograms"])


@admin.register(Group)
class GrantingGroupAdmin(GroupAdmin):
    """Django's own, and what the group sees."""

    form = GroupForm
    list_display = ["name", "sees", "members"]
    change_list_template = "admin/stacked_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        found = super().get_queryset(request).prefetch_related("miniprograms")
        return found.annotate(member_count=Count("user"))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            kwargs["form_class"] = PermissionChoice
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("mini-programs"))
    def sees(self, group: Any) -> str:
        return ", ".join(miniprogram.name for miniprogram in group.miniprograms.all()) or str(_("no mini-program"))

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, group: Any) -> str:
        return ngettext("%(count)d member", "%(count)d members", group.member_count) % {"count": group.member_count}
