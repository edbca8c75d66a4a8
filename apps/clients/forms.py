"""The admin's form for an API client: scopes as boxes, lists as one entry per line."""

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.clients.models import ApiClient
from apps.clients.validation import (
    DEFAULT_SCOPES,
    Scope,
    normalize_networks,
    normalize_origins,
    publishable_mistakes,
)
from apps.miniprograms.models import MiniProgram

# more of them are found faster in the two boxes with their search
BOXES_AT_MOST = 12

Normalize = Callable[[list[str]], list[str]]


class LinesField(forms.CharField):
    """A list of texts, edited as one per line; `normalize` raises ValidationError for what may not stand in it."""

    def __init__(self, *, normalize: Normalize, **options: Any) -> None:
        super().__init__(widget=forms.Textarea({"rows": 4, "cols": 60, "spellcheck": "false"}), **options)
        self.normalize = normalize

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        kept: list[str] = []
        mistakes: list[ValidationError] = []
        for line in lines:
            try:
                kept += self.normalize([line])
            except ValidationError as exc:
                mistakes.append(exc)
        if mistakes:
            raise ValidationError(mistakes)
        return list(dict.fromkeys(kept))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except ValidationError:
            return True


def wording(name: str) -> dict[str, Any]:
    """Label and help of the model's field, for a form field that replaces its own."""
    field = cast("models.Field[Any, Any]", ApiClient._meta.get_field(name))
    return {"label": capfirst(field.verbose_name), "help_text": field.help_text}


class Reach(models.TextChoices):
    """Which mini-programs a key can use."""

    ONLY = "only", _("only these")
    ALL = "all", _("all, also those added later")


class ApiClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Everything an operator decides about a client; the key is made by wxcode, and ended by a button."""

    reach = forms.ChoiceField(label=_("Mini-programs"), choices=Reach, widget=forms.RadioSelect, initial=Reach.ONLY)
    miniprograms = forms.ModelMultipleChoiceField(
        MiniProgram.objects.all(), required=False, label=_("Only these"), widget=forms.CheckboxSelectMultiple
    )

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=list(DEFAULT_SCOPES), **wording("scopes")
    )
    origins = LinesField(normalize=normalize_origins, required=False, **wording("origins"))
    networks = LinesField(normalize=normalize_networks, required=False, **wording("networks"))

    class Meta:
        model = ApiClient
        fields = [
            "name",
            "scopes",
            "reach",
            "miniprograms",
            "origins",
            "networks",
            "is_publishable",
            "rate_limit",
            "expires_at",
            "notes",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reach" not in self.fields:
            # for those who may only look
            return
        if self.instance.pk is not None:
            self.fields["reach"].initial = Reach.ONLY if self.instance.is_limited else Reach.ALL
        if MiniProgram.objects.count() > BOXES_AT_MOST:
            field: Any = self.fields["miniprograms"]
            field.widget = FilteredSelectMultiple(_("mini-programs"), is_stacked=False)
            # the new widget has none of its own
            field.widget.choices = field.choices

    def clean_miniprograms(self) -> Any:
        """To the models none means every one; what is still ticked below “all” is not meant."""
        chosen = self.cleaned_data["miniprograms"]
        return chosen.none() if self.cleaned_data.get("reach") == Reach.ALL else chosen

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        # on the form of an existing client it is only shown
        is_publishable = cleaned.get("is_publishable", self.instance.is_publishable)
        names = ("scopes", "origins", "miniprograms")
        if any(name in self.errors for name in (*names, "reach")):
            return cleaned
        if is_publishable:
            # with “all” the boxes are out of sight
            shown_at = {"miniprograms": "reach"} if cleaned["reach"] == Reach.ALL else {}
            for field, mistake in publishable_mistakes(**{name: cleaned[name] for name in names}).items():
                self.add_error(shown_at.get(field, field), mistake)
        elif cleaned["reach"] == Reach.ONLY and not cleaned["miniprograms"] and not self._has_lost_all():
            self.add_error("miniprograms", _("Choose at least one mini-program, or “all”."))
        return cleaned

    def _has_lost_all(self) -> bool:
        """Whether its mini-programs were deleted: it stays without any until somebody chooses."""
        is_known = self.instance.pk is not None and self.instance.is_limited
        return is_known and not self.instance.miniprograms.exists()

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        if self.cleaned_data.get("reach") == Reach.ALL:
            # a key whose mini-programs were deleted is opened again by this alone
            self.instance.miniprograms.clear()


class HandOverForm(forms.Form):
    """How long a replaced key still works, so that its users can change over."""

    hand_over = forms.TypedChoiceField(
        label=_("Keep the current key working for"),
        choices=[
            ("0", _("0 – stop it now (it may have leaked)")),
            ("1", _("1 hour")),
            ("24", _("1 day")),
            ("168", _("7 days")),
            ("720", _("30 days")),
        ],
        coerce=lambda hours: dt.timedelta(hours=int(hours)),
        initial="24",
    )
